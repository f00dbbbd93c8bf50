"""What time brings to orders and what they wait for: answers and renewals."""

from __future__ import annotations

import logging
import time
from datetime import datetime

from celery import shared_task

from catalog.models import TaxRate
from catalog.taxes import Taxes
from kernel.actors import Actor
from lifecycle.models import ProvisioningRequest
from orders.models import Order
from orders.services import announcing, renewal
from orders.services.fulfil import answer_provisioning
from orders.services.taxed import overtaken_orders
from orders.services.unpaid import end_unpaid_order
from store.doorbell import MOST_HELPERS, end_of_share, wake_helpers
from store.due import first_after
from store.tally import Tally, for_each

logger = logging.getLogger(__name__)

RENEWS = Actor.job("auto-renew")
BATCH = 5000


def renew_automatically(*, at: datetime) -> int:
    """Returns how many were tried here: a refused renewal is the customer's news, not a failure of the job."""
    until = end_of_share()
    renewed, refused = renewal.renew_automatically(
        actor=RENEWS, at=at, until=until, planned=lambda groups: _wake_helpers(at, count=groups - 1)
    )
    if time.monotonic() >= until:
        _wake_helpers(at, count=MOST_HELPERS)
    logger.info("auto-renew: %s renewed, %s refused", renewed, refused)
    return renewed + refused


def announce_renewals(*, at: datetime) -> int:
    return announcing.announce_renewals(at=at)


@shared_task
def help_renewing(at: str) -> None:
    """Renew what nobody else holds; without anything left there is nothing to do."""
    until, when = end_of_share(), datetime.fromisoformat(at)
    renewal.renew_automatically(actor=RENEWS, at=when, until=until)
    if time.monotonic() >= until:
        _wake_helpers(when, count=1)


def _wake_helpers(at: datetime, *, count: int) -> None:
    wake_helpers(help_renewing, at.isoformat(), count=count)


def time_out_requests(*, at: datetime) -> Tally:
    """Who has not answered by now has failed."""
    due = ProvisioningRequest.objects.due_for_time_out(at).order_by("deadline").values_list("pk", flat=True)[:BATCH]
    timed_out, actor = ProvisioningRequest.State.TIMED_OUT, Actor.job("time-out")
    return for_each(
        list(due), lambda pk: answer_provisioning(pk, timed_out, actor=actor, at=at), what="provisioning request"
    )


def next_time_out(after: datetime) -> datetime | None:
    return first_after(after, ProvisioningRequest.objects.unanswered(), "deadline")


def expire_unpaid_orders(*, at: datetime) -> Tally:
    """Whose time to pay is over, and whose VAT has changed."""
    late = Order.objects.due_for_expiry(at).order_by("expires_at").values_list("pk", flat=True)[:BATCH]
    due = dict.fromkeys([*late, *overtaken_orders(at=at, at_most=BATCH)])
    actor = Actor.job("expire-orders")
    return for_each(list(due), lambda pk: end_unpaid_order(pk, expired=True, actor=actor, at=at), what="order")


def next_order_expiry(after: datetime) -> datetime | None:
    ends = first_after(after, Order.objects.filter(state=Order.State.AWAITING_PAYMENT), "expires_at")
    if ends is None:
        return None
    late = first_after(after, TaxRate.objects.all(), "entered_at")
    return min(filter(None, (ends, Taxes.read().changes_after(after), late)))
