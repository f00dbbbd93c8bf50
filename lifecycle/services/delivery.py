"""
Bringing requests to the product teams: in order per resource, each product on its own; how one leaves is `store.outbox`'s.

A product has a share of the workers and a back-off of its own, so one whose webhook hangs is late alone: whoever works for
it finds out once, and leaves it alone for a while, longer each time. What waits for it keeps its attempts.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.services import record_audit
from catalog.models import Product
from kernel.actors import Actor
from kernel.backoff import Backoff
from kernel.errors import DomainError
from kernel.shapes import Json
from lifecycle.audit import Did
from lifecycle.models import DeliveryChannel, ProvisioningRequest
from lifecycle.models.channels import SLOW_MS
from lifecycle.provisioners import NotDelivered, NotReached, provisioner_of
from store.outbox import Outbox
from store.shares import share_of

logger = logging.getLogger(__name__)

AT_ONCE = 100
SHARE_SECONDS = 30
"""So long one worker stays with a product; the next turn goes on."""
REST = Backoff(first=timedelta(seconds=5), cap=timedelta(minutes=5))
"""Of a product that cannot be reached."""
State = ProvisioningRequest.State


class Requests(Outbox[ProvisioningRequest]):
    model = ProvisioningRequest
    backoff = Backoff(first=timedelta(seconds=10), cap=timedelta(hours=1))
    along = ("resource__product",)
    error = "reason"

    def may_be_parked(self, row: ProvisioningRequest) -> bool:
        return not row.expects_answer  # what does is ended by its deadline


REQUESTS = Requests()


class NotFailing(DomainError):
    code = "not-failing"
    message = _("This product takes its requests.")


def products_to_serve(at: datetime) -> list[UUID]:
    """Those with requests that are due, but not those that are left alone for now."""
    due = ProvisioningRequest.objects.filter(REQUESTS.is_due(at), product=OuterRef("pk"))
    awake = Q(channel=None) | Q(channel__rests_until=None) | Q(channel__rests_until__lte=at)
    return list(Product.objects.filter(awake, Exists(due)).values_list("pk", flat=True))


def deliver_requests(*, at: datetime) -> int:
    """Hand over what waits, product by product; returns how many were delivered."""
    return sum(deliver_to(product_id, at=at) for product_id in products_to_serve(at))


def deliver_to(product_id: UUID, *, at: datetime) -> int:
    """Hand over what waits for one product, unless others do; returns how many were delivered."""
    with share_of(f"product:{product_id}") as mine:
        if not mine:
            return 0
        channel = DeliveryChannel.objects.filter(product=product_id).first() or DeliveryChannel(product_id=product_id)
        if channel.rests(at):
            return 0
        waiting = ProvisioningRequest.objects.first_of_each_resource().filter(REQUESTS.is_due(at), product=product_id)
        pks = waiting.order_by("next_attempt_at", "pk").values_list("pk", flat=True)[:AT_ONCE]
        return _deliver_all(list(pks), channel, at=at)


@transaction.atomic
def deliver_again(request_id: UUID, *, reason: str, actor: Actor, at: datetime) -> None:
    """
    A parked request waits for delivery again.

    :raises NotParked:
    """
    REQUESTS.resend(request_id, at=at)
    request = ProvisioningRequest.objects.select_related("resource__customer").get(pk=request_id)
    customer = request.resource.customer
    record_audit(Did.RETRY_REQUEST, request, actor=actor, at=at, reason=reason, customer=customer)


def try_again_now(product_id: UUID, *, reason: str, actor: Actor, at: datetime) -> None:
    """
    Staff have heard that a product's system is up again: nobody waits any longer.

    :raises NotFailing: nobody does
    """
    with transaction.atomic():
        channel = DeliveryChannel.objects.failing().select_for_update(of=("self",)).filter(product=product_id).first()
        if channel is None:
            raise NotFailing
        _recover(channel, at=at)
        record_audit(Did.TRY_PRODUCT_AGAIN, product_id, actor=actor, at=at, reason=reason)


def _deliver_all(pks: list[UUID], channel: DeliveryChannel, *, at: datetime) -> int:
    delivered = slowest = 0
    ends = time.monotonic() + SHARE_SECONDS
    for pk in pks:
        began = time.monotonic()
        if began > ends:
            break
        try:
            taken = _deliver(pk, channel, at=at)
        except NotReached as failure:
            _leave_alone(channel, failure, at=at)
            break
        slowest = max(slowest, int((time.monotonic() - began) * 1000))
        if taken and channel.failures:
            _recover(channel, at=at)
        delivered += taken
    if max(slowest, channel.slowest_call_ms) >= SLOW_MS:
        DeliveryChannel.objects.update_or_create(product_id=channel.product_id, defaults={"slowest_call_ms": slowest})
    return delivered


def _deliver(pk: UUID, channel: DeliveryChannel, *, at: datetime) -> bool:
    """:raises NotReached: the product takes nothing at the moment"""
    with REQUESTS.claim(pk, at=at) as claimed:
        for request in claimed:
            try:
                provisioner_of(request.resource.product).deliver(payload_of(request))
            except NotDelivered as failure:
                logger.warning("provisioning request %s not delivered, attempt %s: %s", pk, request.attempts, failure)
                is_reached = not isinstance(failure, NotReached)
                if is_reached or not channel.failures:  # others are taken: it may be this one's fault
                    REQUESTS.failed(request, why=str(failure))
                else:
                    REQUESTS.spare(request)
                if not is_reached:
                    raise
                return False
            REQUESTS.close(request, state=State.DELIVERED, delivered_at=at, reason="")
        return bool(claimed)


def _leave_alone(channel: DeliveryChannel, failure: NotReached, *, at: datetime) -> None:
    failures = channel.failures + 1
    logger.warning("product %s cannot be reached, failure %s: %s", channel.product_id, failures, failure)
    DeliveryChannel.objects.update_or_create(
        product_id=channel.product_id,
        defaults={
            "failures": failures,
            "failing_since": channel.failing_since or at,
            "rests_until": at + REST.after(failures),
            "error": str(failure)[:500],
        },
    )


def _recover(channel: DeliveryChannel, *, at: datetime) -> None:
    """It takes requests again: what it did not take before is due at once."""
    channel.failures, channel.failing_since, channel.rests_until, channel.error = 0, None, None, ""
    channel.save()
    REQUESTS.rows().filter(product=channel.product_id, next_attempt_at__gt=at).update(next_attempt_at=at)


def payload_of(request: ProvisioningRequest) -> Json:
    """What the product team receives; items by their codes, as everywhere in the API."""
    resource = request.resource
    codes = {str(pk): code for pk, code in resource.product.items.values_list("pk", "code")}
    return {
        "id": str(request.pk),
        "type": request.verb,
        "resource": {
            "id": str(resource.pk),
            "name": resource.name,
            "product": resource.product.code,
            "customer": str(resource.customer_id),
            "configuration": [
                {"item": codes[entry["item"]], "quantity": entry["quantity"]} for entry in request.configuration
            ],
        },
        "answer_expected": request.expects_answer,
        **request.ordered_as,
    }
