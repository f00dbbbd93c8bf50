"""What of resources keeps an account open: whatever has not been deleted for good."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import ngettext

from accounts.models import Customer
from lifecycle.models import Resource
from store.places import address_of
from team.closing import Obstacle


def resources_left(customer: Customer, at: datetime) -> Iterator[Obstacle]:
    """Those that run or are stopped, and those in the trash, which are deleted for good or recovered first."""
    del at
    left = Resource.objects.not_deleted().filter(customer=customer)
    thrown = left.filter(state=Resource.State.SUSPENSE).count()
    if running := left.count() - thrown:
        words = ngettext("%(count)d resource", "%(count)d resources", running) % {"count": running}
        yield Obstacle("resources", words, address_of("resources"))
    if thrown:
        words = ngettext("%(count)d resource in the trash", "%(count)d resources in the trash", thrown)
        yield Obstacle("trash", words % {"count": thrown}, address_of("trash"))
