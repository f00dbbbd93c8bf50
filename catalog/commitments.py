"""Commitments, from the agreement to the end: made by two of the staff or taken by an owner, followed by another, ended early."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from catalog.audit import Did
from catalog.committed import After, facts_of
from catalog.meters import Aggregation
from catalog.models import STANDARD, Commitment, CommitmentOffer, Item, Price, Product
from catalog.models.commitments import LARGEST, after_months, following_month, months_between
from catalog.terms import LONGEST
from kernel import display
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.money import CURRENCY
from kernel.periods import local_day
from notifications.models import Notice
from notifications.services import notice_of, tell_all
from store.tally import Tally, for_each

SAID_BEFORE = timedelta(days=30)
"""So long before the end of a commitment its customer is told."""
DAY = timedelta(days=1)
SINCE = datetime.fromisoformat("2000-01-01T00:00+00:00")


class Agreed(NamedTuple):
    """What a commitment is, as its row keeps it."""

    amount: int
    share: Decimal
    starts_on: date
    ends_on: date
    renews: bool
    offer: CommitmentOffer | None = None
    follows: Commitment | None = None


class PrepaidCommitsToNothing(DomainError):
    code = "prepaid-commits-to-nothing"
    message = _("A commitment is billed afterwards: it is for postpaid customers.")


class CommittedAlready(DomainError):
    code = "committed-already"
    message = _("There is a commitment in this time already, from %(since)s on.")


class OfferNotOpen(DomainError):
    code = "offer-not-open"
    message = _("This offer is not open any more, or not yet.")


class UnknownCommitment(DomainError):
    code = "unknown-commitment"
    status = 404
    message = _("There is no such commitment.")


class KeysCommitToNothing(DomainError):
    """It binds for years, and a key's limit is for a day."""

    code = "keys-commit-to-nothing"
    status = 403
    message = _("Programs may not do this: what the account commits to is decided by somebody who signs in.")


class CommitmentOver(DomainError):
    code = "commitment-over"
    message = _("This commitment is over, or is followed by another already.")


class NotEarlier(DomainError):
    code = "commitment-not-earlier"
    message = _("A commitment ends after the present month at the earliest, and before the end that it has.")


@transaction.atomic
def agree(
    customer_id: UUID,
    *,
    amount: int,
    share: Decimal,
    months: int,
    starts_on: date,
    renews: bool,
    reason: str,
    actor: Actor,
    at: datetime,
) -> Commitment:
    """
    Staff agree with a customer. Only ever by way of `acts.AgreeCommitment`: it takes two.

    :raises InvalidInput: no amount, share or months that there can be, or it would begin within a month or in the past
    :raises PrepaidCommitsToNothing, CommittedAlready: see `_make`
    """
    customer = Customer.objects.lock_open(customer_id)
    if not 0 < amount <= LARGEST:
        raise InvalidInput(_("The spend of a month lies above 0 and below 100 billion đồng."), field="amount")
    if not 0 < share < 1:
        raise InvalidInput(_("A discount is more than nothing and less than all."), field="share")
    if not 1 <= months <= LONGEST:
        raise InvalidInput(_("A commitment lasts 1 to 36 months."), field="months")
    if starts_on.day != 1 or starts_on < following_month(at):
        raise InvalidInput(_("A commitment begins with a month that has not begun yet."), field="starts_on")
    agreed = Agreed(amount, share, starts_on, after_months(starts_on, months), renews)
    made = _make(customer, agreed, actor=actor, at=at)
    record_audit(
        Did.AGREE_COMMITMENT,
        made.pk,
        actor=actor,
        at=at,
        reason=reason,
        customer=customer,
        amount=amount,
        share=f"{share:f}",
    )
    return made


@transaction.atomic
def take_offer(customer_id: UUID, offer_id: UUID, *, renews: bool, actor: Actor, at: datetime) -> Commitment:
    """
    An owner commits to what is offered, from the next month on.

    :raises KeysCommitToNothing: a program asks
    :raises OfferNotOpen: not now, or there is none such
    :raises PrepaidCommitsToNothing, CommittedAlready: see `_make`
    """
    if actor.key:
        raise KeysCommitToNothing
    customer = Customer.objects.lock_open(customer_id)
    offer = open_offers(at).filter(pk=offer_id).first()
    if offer is None:
        raise OfferNotOpen
    starts_on = following_month(at)
    ends_on = after_months(starts_on, offer.months)
    agreed = Agreed(offer.amount, offer.share, starts_on, ends_on, renews, offer)
    made = _make(customer, agreed, actor=actor, at=at)
    record_audit(
        Did.TAKE_COMMITMENT,
        made.pk,
        actor=actor,
        at=at,
        reason="",
        customer=customer,
        amount=made.amount,
        share=f"{made.share:f}",
    )
    return made


@transaction.atomic
def set_renewal(customer_id: UUID, commitment_id: UUID, *, renews: bool, actor: Actor, at: datetime) -> Commitment:
    """
    Whether it is followed by another like it, as an owner decides until the end of its last day; then another is there at once, or
    is called off before it begins.

    :raises UnknownCommitment: not this customer's
    :raises KeysCommitToNothing: a program lets another follow
    :raises CommitmentOver: too late, or another that was agreed on comes after it
    """
    customer = Customer.objects.lock_open(customer_id)
    commitment = Commitment.objects.filter(pk=commitment_id, customer=customer).first()
    if commitment is None:
        raise UnknownCommitment
    if actor.key and renews:
        raise KeysCommitToNothing
    today = local_day(at)
    others = Commitment.objects.filter(customer=customer).lasting(commitment.ends_on)
    if commitment.is_over(today) or others.exclude(follows=commitment).exists():
        raise CommitmentOver
    if commitment.renews == renews:
        return commitment
    commitment.renews = renews
    commitment.save(update_fields=["renews"])
    record_audit(
        Did.SET_COMMITMENT_RENEWAL, commitment.pk, actor=actor, at=at, reason="", customer=customer, renews=renews
    )
    if not renews:
        others.update(ends_on=F("starts_on"), renews=False)
    elif commitment.ends_on <= today + DAY:
        _follow(commitment.pk, actor=actor, at=at)
    if commitment.ends_on <= today + SAID_BEFORE:
        tell_all(_ends([commitment], at, After.FOLLOWS if renews else After.NOTHING, at=at))
    return commitment


@transaction.atomic
def end_early(commitment_id: UUID, *, ends_on: date, reason: str, actor: Actor, at: datetime) -> Commitment:
    """
    It ends before its time, and nothing is owed for the rest. Only ever by way of `acts.EndCommitment`: it takes two. One that is
    called off does not come back as what follows the one before it.

    :param ends_on: the first day on which it is not in force; of one that has not begun, that of its beginning
    :raises NotEarlier: within the present month, or not before its end
    """
    customer = Customer.objects.lock(Commitment.objects.values_list("customer", flat=True).get(pk=commitment_id))
    commitment = Commitment.objects.lock(commitment_id)
    if ends_on.day != 1 or not earliest_end(commitment, at) <= ends_on < commitment.ends_on:
        raise NotEarlier
    commitment.ends_on, commitment.renews = ends_on, False
    commitment.save(update_fields=["ends_on", "renews"])
    if commitment.is_called_off and commitment.follows_id:
        Commitment.objects.filter(pk=commitment.follows_id).update(renews=False)
    record_audit(
        Did.END_COMMITMENT,
        commitment.pk,
        actor=actor,
        at=at,
        reason=reason,
        customer=customer,
        ends_on=ends_on.isoformat(),
    )
    tell_all(_ends([commitment], at=at))
    return commitment


def earliest_end(commitment: Commitment, at: datetime) -> date:
    """When it can end at the earliest: with the month that has begun, or before it has begun itself."""
    return max(commitment.starts_on, following_month(at))


def see_to_ends(*, actor: Actor, at: datetime) -> Tally:
    """What ends tomorrow and renews is followed by another, each by itself; of what ends soon its customer is told once."""
    today = local_day(at)
    ends = Commitment.objects.standing().filter(renews=True, ends_on__lte=today + DAY, customer__closed_at=None)
    follow = list(ends.exclude(_is_followed()).order_by("pk").values_list("pk", flat=True))
    tally = for_each(follow, lambda pk: _follow(pk, actor=actor, at=at), what="commitment")
    ending = Commitment.objects.lasting(today).filter(ends_on__lte=today + SAID_BEFORE).select_related("customer")
    tell_all(_ends(ending.order_by("pk"), at=at))
    return tally


@transaction.atomic
def _follow(pk: UUID, *, actor: Actor, at: datetime) -> None:
    """From its end on; never in a month that has begun. Of who pays ahead by now, or has another by now, there is none."""
    customer = Customer.objects.lock(Commitment.objects.values_list("customer", flat=True).get(pk=pk))
    last = Commitment.objects.lock(pk)
    if customer.is_prepaid or customer.closed_at or not last.renews or last.followed_by.standing().exists():
        return
    starts_on = max(last.ends_on, following_month(at))
    ends_on = after_months(starts_on, months_between(last.starts_on, last.ends_on))
    try:
        _make(customer, Agreed(last.amount, last.share, starts_on, ends_on, True, last.offer, last), actor=actor, at=at)
    except CommittedAlready:  # for good: else it would come back after that one
        last.renews = False
        last.save(update_fields=["renews"])


def _make(customer: Customer, agreed: Agreed, *, actor: Actor, at: datetime) -> Commitment:
    """
    What ended before it is followed by it and by nothing else.

    :raises PrepaidCommitsToNothing: the customer pays ahead
    :raises CommittedAlready: another one is in force in this time
    """
    if not customer.is_postpaid:
        raise PrepaidCommitsToNothing
    others = Commitment.objects.filter(customer=customer, starts_on__lt=agreed.ends_on).lasting(agreed.starts_on)
    if found := others.order_by("starts_on").first():
        raise CommittedAlready(since=display.month(found.starts_on))
    shortfall_item()
    made = Commitment.objects.create(customer=customer, agreed_at=at, agreed_by=actor.name, **agreed._asdict())
    over = Commitment.objects.filter(customer=customer, renews=True, ends_on__lte=made.starts_on)
    if made.follows_id:
        over = over.exclude(pk=made.follows_id)
    over.update(renews=False)
    facts = facts_of([made])[made.pk] | {"is_another": bool(made.follows_id)}
    tell_all([notice_of(customer, Notice.Kind.COMMITMENT_MADE, made.pk, at=at, **facts)])
    return made


def _ends(commitments: Iterable[Commitment], *marks: object, at: datetime) -> list[Notice]:
    """What comes after them: told once for each end that they have, and once more when an owner decides otherwise."""
    facts = facts_of(commitments)
    return [
        notice_of(
            one.customer, Notice.Kind.COMMITMENT_ENDS, one.pk, one.ends_on.isoformat(), *marks, at=at, **facts[one.pk]
        )
        for one in commitments
    ]


def _is_followed() -> Exists:
    return Exists(Commitment.objects.standing().filter(follows=OuterRef("pk")))


def open_offers(at: datetime) -> QuerySet[CommitmentOffer]:
    """What may be taken now."""
    until = Q(valid_until__isnull=True) | Q(valid_until__gt=at)
    return CommitmentOffer.objects.filter(until, valid_from__lte=at)


def shortfall_item() -> Item:
    """What a shortfall is billed as: so many đồng at one đồng each, taxed as its price says; staff may give it another price."""
    product, _made = Product.objects.get_or_create(
        code="commitment",
        defaults={
            "name": "Cam kết chi tiêu",
            "name_en": "Spend commitment",
            "is_on_sale": False,
            "provisioner": Product.Provisioner.POLLING,
        },
    )
    item, made = Item.objects.get_or_create(
        product=product,
        code="shortfall",
        defaults={
            "name": "Phần chi tiêu còn thiếu",
            "name_en": "Shortfall of the spend",
            "kind": Item.Kind.METERED,
            "aggregation": Aggregation.SUM,
            "unit": CURRENCY,
        },
    )
    if made:
        Price.objects.create(
            item=item, unit_price=1, per_minutes=Price.Per.UNIT, tax_category_id=STANDARD, valid_from=SINCE
        )
    return item
