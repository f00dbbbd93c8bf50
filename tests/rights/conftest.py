"""One of each of Alice's, and her people, for all addresses at once."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Customer
from orders.models import CheckoutSession
from tests.api.conftest import now, offer, things

__all__ = ["alices", "now", "offer", "things"]


@pytest.fixture
def alices(things: dict[str, Any], alice: Customer) -> dict[str, Any]:
    """`things`, and the checkout session is hers as well: before it is somebody's, whoever opens it may have it."""
    CheckoutSession.objects.filter(pk=things["session"]).update(customer=alice)
    return things | {"member": alice.memberships.get(user=things["user"]).pk}
