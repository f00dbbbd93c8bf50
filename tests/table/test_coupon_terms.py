"""A coupon takes an amount or a share: the database asks, also where a column is empty."""

from __future__ import annotations

import pytest

from tests.cast import make_coupon
from tests.table.attack import MARKS, refuse

pytestmark = MARKS


@pytest.mark.parametrize("terms", ["amount = NULL", "share = 0.1", "amount = 0", "amount = NULL, share = 1.1"])
def test_a_coupon_takes_either_and_something(terms: str) -> None:
    make_coupon("TET", 1_000)
    refuse(f"UPDATE catalog_coupon SET {terms}", match="coupon_takes_an_amount_or_a_share")
