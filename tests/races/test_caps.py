"""Orders at once, and a cap that they never pass."""

from __future__ import annotations

import pytest

from budgets.models import Alert
from budgets.services.refusing import CapReached
from budgets.services.setting import Cap, set_budget, set_cap
from orders.models import Action, Order
from orders.services.checkout import place_order
from payments.services.wallet import wallet_of
from tests.cast import NOON, chosen, make_customer, make_item, make_product, owner_of, quote
from tests.races.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_thirty_orders_at_once_never_pass_the_cap() -> None:
    """Five of 181,000 are within 1,000,000."""
    customer = make_customer(credit=10_000_000)
    owner, item = owner_of(customer), make_item(make_product(), "small", 181_000)
    budget = set_budget(customer, 1_000_000, actor=owner, at=NOON)
    set_cap(budget.pk, Cap(refuses_orders=True), actor=owner, at=NOON)
    inputs = {"product": str(item.product_id), "items": chosen(item), "quantity": 1, "months": 1}
    offers = [quote(customer, Action.CREATE, name=f"web{number}", **inputs) for number in range(30)]

    results = at_once(
        [
            lambda one=offer: place_order(
                customer.pk, one.pk, means=Order.Means.WALLET, key=str(one.pk), actor=owner, at=NOON
            )
            for offer in offers
        ],
        threads=10,
    )

    assert sum(isinstance(result, Order) for result in results) == 5
    assert sum(isinstance(result, CapReached) for result in results) == 25
    assert wallet_of(customer.pk).available == 10_000_000 - 5 * 181_000
    assert sorted(Alert.objects.values_list("mark", flat=True)) == ["50", "80"]
