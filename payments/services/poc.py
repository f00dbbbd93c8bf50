"""POC credit, as staff give and stop it, and its end: credit for a proof of concept with some products, for some time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from catalog.models import Product
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.periods import local_day, truncate
from ledger.grants import take_back
from ledger.models import Grant
from ledger.poc import grant_poc, stop_poc
from lifecycle.models import Resource
from lifecycle.services.running import shorten_paid_time
from notifications.events import stamp
from notifications.models import Notice
from notifications.services import tell
from payments.audit import Did
from payments.models import PocTime
from payments.services.poc_time import cut_poc_time
from store.tally import Tally, for_each

ANNOUNCED_BEFORE = (7, 1)
"""So many days before its end POC credit is spoken of."""
MOST_NAMED = 20


class PrepaidForPoc(DomainError):
    code = "prepaid-for-poc"
    message = _("POC credit pays ahead, and this customer is postpaid. Switch the billing mode first.")


class PocCreditOver(DomainError):
    code = "poc-credit-over"
    message = _("This POC credit has ended already.")


@transaction.atomic
def grant_poc_credit(
    customer: Customer,
    amount: int,
    *,
    products: Collection[UUID],
    starts_at: datetime,
    expires_at: datetime,
    reason: str,
    actor: Actor,
    at: datetime,
) -> Grant:
    """
    Staff give a prepaid customer credit for a proof of concept with some products, to be spent between two instants.

    :raises PrepaidForPoc: they are postpaid
    """
    if amount <= 0 or expires_at <= max(at, starts_at):
        raise InvalidInput(_("POC credit needs an amount above zero and an end that lies ahead."), field="amount")
    chosen = list(Product.objects.filter(pk__in=products).order_by("code"))
    if not chosen or len(chosen) != len(set(products)):
        raise InvalidInput(_("Choose the products that it is for."), field="products")
    held = Customer.objects.lock_open(customer.pk)
    if held.is_postpaid:
        raise PrepaidForPoc
    pks = [product.pk for product in chosen]
    grant = grant_poc(held, amount, products=pks, starts_at=starts_at, expires_at=expires_at, reason=reason, at=at)
    record_audit(Did.GRANT_POC, held.pk, actor=actor, at=at, reason=reason, customer=held, amount=amount)
    tell(
        held,
        Notice.Kind.POC_GRANTED,
        grant.key,
        at=at,
        amount=amount,
        products=[str(pk) for pk in pks],
        **{"from": starts_at},
        until=expires_at,
        reason=reason,
    )
    return grant


@transaction.atomic
def stop_poc_credit(grant_id: int, *, reason: str, actor: Actor, at: datetime) -> Grant:
    """
    Staff end POC credit before its time: what is left is gone, and what runs on it gets the renewal window.

    So much time there is to buy a paid period, or to save what is on it; then the resource goes the way of its product. What
    was renewed with money already, or rolls over into postpaid usage, keeps its time.

    :raises PocCreditOver: it has ended
    """
    customer = Customer.objects.lock(Grant.objects.values_list("customer", flat=True).get(pk=grant_id))
    grant = Grant.objects.get(pk=grant_id, kind=Grant.Kind.POC)
    if grant.has_ended(at):
        raise PocCreditOver
    left = stop_poc(grant, reason=reason, at=at)
    window = truncate(at) + timedelta(days=settings.RENEWAL_WINDOW_DAYS)
    for resource in Resource.objects.lock_all(list(running_on(grant, at=at).values_list("resource", flat=True))):
        if resource.is_running and not resource.rolls_over:
            _shorten(resource, grant, window, reason=reason, actor=actor, at=at)
    record_audit(Did.STOP_POC, grant.pk, actor=actor, at=at, reason=reason, customer=customer, amount=left)
    _tell_end(grant, customer, left, stopped=True, at=at)
    return grant


def _shorten(resource: Resource, grant: Grant, window: datetime, *, reason: str, actor: Actor, at: datetime) -> None:
    """What the grant has paid at the end of its time goes back, as far as it lies behind the window."""
    cut = []
    for time in PocTime.objects.filter(resource=resource).ahead(window).select_related("grant").order_by("-starts_at"):
        if time.grant_id != grant.pk:
            break
        cut_poc_time(time, window, refundable=True, at=at)
        cut.append(time)
    if cut:
        shorten_paid_time(resource, until=max(window, cut[-1].starts_at), reason=reason, actor=actor, at=at)


def running_on(grant: Grant, *, at: datetime) -> QuerySet[PocTime]:
    """The time ahead that a grant paid with which its resources end; what was renewed with money since is not among it."""
    times = PocTime.objects.filter(grant=grant).ahead(at).at_the_end()
    return times.select_related("resource").order_by("covered_until", "pk")


def announce_ends(*, at: datetime) -> int:
    """Tell whose POC credit ends soon what is left of it and what runs on it; returns how many grants that were."""
    days = {local_day(at) + timedelta(days=ahead) for ahead in ANNOUNCED_BEFORE}
    soon = Grant.objects.filter(
        kind=Grant.Kind.POC,
        stopped_at=None,
        expires_at__gt=at,
        expires_at__lte=at + timedelta(days=max(ANNOUNCED_BEFORE) + 1),
    )
    count = 0
    for grant in soon.select_related("customer").order_by("pk"):
        day = _last_day(grant)
        if day in days and (grant.rest or running_on(grant, at=at).exists()):
            tell(
                grant.customer,
                Notice.Kind.POC_ENDING,
                grant.key,
                day.isoformat(),
                (day - local_day(at)).days,
                at=at,
                left=grant.rest,
                until=grant.expires_at,
                runs=_runs(grant, at=at),
            )
            count += 1
    return count


def expire_poc_credit(*, at: datetime) -> Tally:
    """End the grants whose time is over: what is left is taken back, and its customer is told; each in a transaction of its own."""
    ended = Grant.objects.filter(kind=Grant.Kind.POC, stopped_at=None, expires_at__lte=at, rest__gt=0)
    return for_each(list(ended.values_list("pk", flat=True)), lambda pk: _expire(pk, at=at), what="POC credit")


@transaction.atomic
def _expire(grant_id: int, *, at: datetime) -> None:
    customer = Customer.objects.lock(Grant.objects.values_list("customer", flat=True).get(pk=grant_id))
    grant = Grant.objects.get(pk=grant_id)
    if left := grant.rest:
        take_back(grant, left, at, at=at)
        _tell_end(grant, customer, left, stopped=False, at=at)


def _last_day(grant: Grant) -> date:
    return local_day(grant.last_instant)


def _tell_end(grant: Grant, customer: Customer, left: int, *, stopped: bool, at: datetime) -> None:
    tell(
        customer,
        Notice.Kind.POC_ENDED,
        grant.key,
        at=at,
        stopped=stopped,
        reason=grant.stop_reason,
        lost=left,
        runs=_runs(grant, at=at),
    )


def _runs(grant: Grant, *, at: datetime) -> list[dict[str, str]]:
    """What runs on it, and until when."""
    times = running_on(grant, at=at)[:MOST_NAMED]
    return [{"name": time.resource_name, "until": stamp(time.covered_until)} for time in times]
