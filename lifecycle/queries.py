"""What is asked about many resources at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from uuid import UUID

from django.db.models import Count

from accounts.models import Customer
from catalog.models import Price
from kernel.tags import Wanted, folded, spelling
from lifecycle.models import Resource
from notifications.events import stamp


def facts_of_resources(pks: set[UUID]) -> dict[UUID, dict[str, object]]:
    """What notices about resources are held against, see `notifications.truth`."""
    rows = Resource.objects.filter(pk__in=pks).only(
        "state", "billing_mode", "paid_until", "suspend_at", "purge_at", "auto_renew_months"
    )
    return {
        row.pk: {
            "state": row.state,
            "mode": row.billing_mode,
            "auto_renew": row.auto_renew_months is not None,
            **{name: stamp(at) for name in ("paid_until", "suspend_at", "purge_at") if (at := getattr(row, name))},
        }
        for row in rows
    }


def running_with(price: Price) -> int:
    """How many running resources a price is for: all that hold its item or may use it by the meter, or those of its customer."""
    running = Resource.objects.running()
    if price.item.is_metered:
        found = running.filter(product=price.item.product_id)
    else:
        found = running.filter(configuration__contains=[{"item": str(price.item_id)}])
    return (found.filter(customer=price.customer_id) if price.customer_id else found).count()


def tags_in_use(customer: Customer, *, most: int) -> list[str]:
    """What the customer's resources are tagged with: "Environment=production", by the alphabet, at most so many."""
    sets = Resource.objects.filter(customer=customer).order_by().values_list("tags").annotate(count=Count("pk"))
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for tags, count in sets:
        for wish in (str(Wanted(key, value)) for key, value in tags.items()):
            written[folded(wish)][wish] += count
    return sorted(map(spelling, written.values()))[:most]
