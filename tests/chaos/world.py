"""
Who lives in the house: `python -m tests.chaos.world` makes them and prints, as JSON, how they get in. Before that, with
`migrate` and as the owner, the tables.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timedelta
from typing import Any

import django


def build(*, customers: int) -> dict[str, Any]:
    """Every third customer is postpaid and owes the invoices of last month; the others have credit."""
    from accounts.models import CustomerKey
    from kernel import clock
    from ledger.models import Entry
    from tests.cast import make_coupon, make_customer

    at = clock.now()
    shelves = {"vserver": _shelf("vserver", at, webhook=True), "vstorage": _shelf("vstorage", at, webhook=False)}
    people = []
    for number in range(customers):
        mode = "postpaid" if number % 3 == 2 else "prepaid"
        customer = make_customer(f"Customer {number}", mode=mode, credit=30_000_000, pays_invoices_automatically=False)
        _key, secret = CustomerKey.issue(at=at, customer=customer, name="chaos")
        people.append({"id": str(customer.pk), "name": customer.name, "mode": mode, "key": secret})
        if mode == "postpaid":
            _owe(customer, at)
    make_coupon("CHAOS", 10_000)
    return {
        "customers": people,
        "shelves": {code: shelf["items"] for code, shelf in shelves.items()},
        "team": shelves["vstorage"]["key"],
        "last_entry": Entry.objects.order_by("-id").values_list("id", flat=True).first() or 0,
    }


def _shelf(code: str, at: datetime, *, webhook: bool) -> dict[str, Any]:
    """A product with two flavours; its team is the sandbox's, told by webhook, or ours, which asks."""
    from django.conf import settings

    from catalog.models import Product, ProductKey
    from tests.cast import make_item, make_product

    facts: dict[str, Any] = {"provisioner": Product.Provisioner.POLLING}
    if webhook:
        facts = {
            "provisioner": Product.Provisioner.WEBHOOK,
            "webhook_url": f"{settings.SANDBOX_URL}/shop/{code}/webhook",
            "webhook_secret": f"secret of {code}",
        }
    product = make_product(code, **facts)
    _key, secret = ProductKey.issue(at=at, product=product, name="team")
    if webhook:
        keys = {code: {"api_key": secret, "webhook_secret": facts["webhook_secret"]}}
        settings.SHOP_KEYS_FILE.write_text(json.dumps(keys))
    items = [make_item(product, f"{code}-{size}", price).code for size, price in (("s", 181_000), ("l", 520_000))]
    return {"key": secret, "items": items}


INVOICES = 25


def _owe(customer: Any, at: datetime) -> None:
    """Open invoices: resources that ran all of last month."""
    from catalog.models import Item
    from invoices.services.month_end import run_month_end
    from kernel.periods import CalendarMonth
    from tests.cast import JOB, create

    this = CalendarMonth.of(at)
    last = CalendarMonth.of(this.period.starts_at - timedelta(days=1))
    item = Item.objects.select_related("product").get(code="vstorage-s")
    create(customer, item, at=last.period.starts_at, quantity=INVOICES, name="old")
    run_month_end(last, actor=JOB, at=at)


if __name__ == "__main__":
    django.setup()
    if sys.argv[1:] == ["migrate"]:
        from stack.prepare import migrate

        migrate()  # and no static files: nobody looks at pages
    else:
        print(json.dumps(build(customers=int(os.environ.get("CUSTOMERS") or 6))))
