"""What of the catalogue keeps an account open: a commitment that is not over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Customer
from catalog.models import Commitment
from kernel import display
from kernel.periods import local_day
from store.places import address_of
from team.closing import Obstacle


def commitments_left(customer: Customer, at: datetime) -> Iterator[Obstacle]:
    for one in Commitment.objects.lasting(local_day(at)).filter(customer=customer).order_by("starts_on"):
        words = {"amount": display.money(one.amount), "month": display.month(one.last_month)}
        yield Obstacle(
            "commitment", _("A commitment of %(amount)s a month until %(month)s") % words, address_of("commitments")
        )
