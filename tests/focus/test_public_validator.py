"""
The public validator of FOCUS, in an environment of its own: `make focus`.

Its last release (1.0.0) knows FOCUS 1.0 alone, and wants all columns that are conditional there. So what it says of a file of 1.2 is
compared with what it must say; everything else of 1.2 is held by `checker`.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from accounts.models import Customer
from catalog.models import Item
from invoices.focus.charges import charges_of
from invoices.focus.files import csv_file
from invoices.services.month_end import bill_ended_months
from kernel.periods import CalendarMonth
from payments.services.correct import correct_invoice
from tests.cast import DAY, JOB, NOON, STAFF, create, make_coupon

VALIDATOR = os.environ.get("FOCUS_VALIDATOR", "")
LACKING = {f"{name}_Required" for name in ("RegionId", "RegionName", "SubAccountId", "SubAccountName")}
"""Of regions and sub-accounts, which there are none of; 1.2 asks for their columns only where there are."""
MISTAKEN = {
    *(
        f"{name}_Required" for name in ("InvoiceIssuer", "Provider", "Publisher", "ResourceID")
    ),  # in 1.0 they end with Name and Id
    "SkuPriceId_Nullable",  # asks a column ChargeType, which no version has
    "BilledCost_IsDecimal",  # pandas takes a column of whole amounts for integers
    "EffectiveCost_IsDecimal",
}
"""What it says of any file like ours, and should not."""

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not VALIDATOR, reason="make focus: the public validator needs an environment of its own"),
]


def test_the_public_validator_finds_columns_of_what_there_is_not_and_its_own_mistakes(
    alice: Customer, bob: Customer, small: Item, disk: Item, tmp_path: Path
) -> None:
    march = CalendarMonth.of(NOON)
    make_coupon("TET", 20_000)
    [server] = create(alice, small, (disk, 7), coupon="TET", at=march.period.ends_at)
    create(bob, small, at=NOON)
    bill_ended_months(actor=JOB, at=march.period.ends_at)
    correct_invoice(server.invoices.get().pk, 11_000, note="goodwill", actor=STAFF, at=march.period.ends_at + DAY)
    file = tmp_path / "focus.csv"
    file.write_bytes(b"".join(csv_file(charges_of(march.following))))
    asked = [str(Path(VALIDATOR).absolute()), "--data-file", str(file), "--validate-version", "1.0"]
    packages = next(Path(VALIDATOR).resolve().parent.parent.glob("lib/python3*/site-packages"))
    said = subprocess.run(
        asked, cwd=packages, capture_output=True, text=True, check=False, timeout=120
    )  # its list of currencies
    assert "Errors:" in said.stdout or "failed" in said.stdout, said.stdout + said.stderr
    assert set(re.findall(r"^(\w+) failed:", said.stdout, re.MULTILINE)) == LACKING | MISTAKEN, said.stdout
