"""
The end of an account: asked for by an owner or by staff, cancellable for three days, then carried out by a job.

What remains is what the law wants kept; the books stay as they are. See `store.personal` for what becomes of each table.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import (
    BuyerProfile,
    Customer,
    CustomerKey,
    IdempotencyKey,
    Identity,
    Membership,
    ProviderDomain,
    User,
)
from accounts.services import record_audit
from accounts.services.team import owners_of
from door.models import PrivacyRequest, SignUp
from door.services.privacy import end_closing_request, register
from door.services.sessions import end_sessions
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from notifications.events import stamp
from notifications.models import Letter, MailTrouble, Recipient
from notifications.services import write_letter
from store.due import first_after
from store.personal import forget
from store.tally import Tally, for_each
from team.audit import Did
from team.closing import Obstacle, end_all, in_the_way
from team.models import LEAST, Closing, Invitation
from team.services import shown_name, tell

State = Closing.State
LATELY = timedelta(days=365)
"""So long after the end we look again whether something could not be forgotten then."""


class ClosingAlready(DomainError):
    code = "closing-already"
    message = _("This account is to be closed already.")


class ClosingIsOver(DomainError):
    code = "closing-over"
    message = _("This closing was cancelled, or the account has closed.")


class SomethingIsOpen(DomainError):
    code = "something-open"
    message = _("The account cannot be closed yet. See to this first: %(what)s.")


@transaction.atomic
def ask_to_close(
    customer: Customer, *, user: User | None, gives_up: int | None = None, reason: str = "", actor: Actor, at: datetime
) -> Closing:
    """
    The account closes in three days, or as soon after as its credit has gone back; all owners are told.

    :param user: the owner who asks; None for staff, who say why
    :param gives_up: all credit that is left, as the owner saw it: they do without it
    :raises ClosingAlready:
    :raises SomethingIsOpen: what cannot be given up stands in the way
    :raises InvalidInput: there is another amount of credit than what was given up
    """
    held = Customer.objects.lock_open(customer.pk)
    if held.closes_at is not None:
        raise ClosingAlready
    found = in_the_way(held, at)
    if serious := [one for one in found if not one.can_be_given_up]:
        raise SomethingIsOpen(what=", ".join(one.label for one in serious))
    if gives_up is not None and gives_up != sum(one.amount for one in found):
        raise InvalidInput(_("The credit has changed meanwhile. Look at it again."), field="gives_up")
    request = register(held, user, PrivacyRequest.Kind.CLOSE, reason, actor=actor, at=at)
    closing = Closing.objects.create(
        customer=held,
        request=request,
        gives_up=gives_up or None,
        reason=reason,
        asked_by=str(actor),
        asked_at=at,
        closes_at=at + max(LEAST, timedelta(days=settings.CLOSING_DAYS)),
    )
    record_audit(
        Did.ASK_CLOSING, closing.pk, actor=actor, at=at, reason=reason, customer=held, gives_up=closing.gives_up
    )
    by = {"why": reason} if actor.is_staff else {"by": actor.name}
    tell(Letter.Kind.CLOSING_ASKED, owners_of(held), held, at=at, until=stamp(closing.closes_at), **by)
    return closing


@transaction.atomic
def cancel_closing(closing: Closing, *, reason: str = "", actor: Actor, at: datetime) -> Closing:
    """
    The account stays; all owners are told.

    :raises ClosingIsOver:
    """
    Customer.objects.lock(closing.customer_id)
    held = _held(closing.pk)
    _end(held, State.CANCELLED, actor=actor, at=at)
    end_closing_request(held.request_id, PrivacyRequest.State.CANCELLED, actor=actor, at=at)
    record_audit(Did.CANCEL_CLOSING, held.pk, actor=actor, at=at, reason=reason, customer=held.customer)
    by = {"why": reason} if actor.is_staff else {"by": actor.name}
    tell(Letter.Kind.CLOSING_CANCELLED, owners_of(held.customer), held.customer, at=at, **by)
    return held


def still_in_the_way(closing: Closing, at: datetime) -> list[Obstacle]:
    """What keeps the account open on its day: what was given up does not, as long as it is no more."""
    given_up = closing.gives_up or 0
    found = in_the_way(closing.customer, at)
    return [one for one in found if not (one.can_be_given_up and one.amount <= given_up)]


def close_due(*, at: datetime) -> Tally:
    """Close the accounts whose time has come, each in its own transaction; what is kept open waits, and its owners know."""
    due = list(Closing.objects.due(at).order_by("closes_at", "pk").values_list("pk", flat=True))
    return for_each(due, lambda pk: close(pk, at=at), what="closing")


def next_closing(after: datetime) -> datetime | None:
    return first_after(after, Closing.objects.waiting(), "closes_at")


@transaction.atomic
def close(closing_id: UUID, *, at: datetime) -> bool:
    """Returns whether the account has closed now: something may keep it open still."""
    actor = Actor.job("close-accounts")
    customer = Customer.objects.select_for_update(of=("self",)).get(
        closings=closing_id
    )  # whoever opens something is waited for
    closing = Closing.objects.lock(closing_id)
    if not closing.waits:
        return False
    closing.customer = customer
    if still_in_the_way(closing, at):
        _say_that_it_waits(closing, at=at)
        return False
    readers = [(owner.email, customer.language) for owner in owners_of(customer)]
    name = shown_name(customer)
    end_all(customer, actor=actor, at=at)
    _end_own(customer, at=at)
    _end(closing, State.CLOSED, actor=actor, at=at)
    end_closing_request(closing.request_id, PrivacyRequest.State.DONE, actor=actor, at=at)
    record_audit(Did.CLOSE, closing.pk, actor=actor, at=at, reason="", customer=customer)
    _forget(customer, at=at)
    for address, language in readers:
        write_letter(Letter.Kind.ACCOUNT_CLOSED, address, language, at=at, customer=name)
    return True


def forget_the_rest(*, at: datetime) -> int:
    """What could not be forgotten on the day (a gateway was to end something first) is now."""
    gone = list(Customer.objects.filter(closed_at__gt=at - LATELY).values_list("pk", flat=True))
    if gone:
        forget("customer", gone)
    return len(gone)


def _say_that_it_waits(closing: Closing, *, at: datetime) -> None:
    """Once."""
    if closing.told_at is None:
        closing.told_at = at
        closing.save(update_fields=["told_at"])
        tell(Letter.Kind.CLOSING_WAITS, owners_of(closing.customer), closing.customer, at=at)


def _end_own(customer: Customer, *, at: datetime) -> None:
    """What the apps below have: nobody comes in any more, and nobody is written to."""
    CustomerKey.objects.filter(customer=customer, revoked_at=None).update(revoked_at=at)
    Invitation.objects.undecided().filter(customer=customer).update(withdrawn_at=at)
    Recipient.objects.in_use().filter(customer=customer).update(removed_at=at)
    BuyerProfile.objects.filter(customer=customer).update(is_default=False)
    BuyerProfile.objects.in_use().filter(customer=customer).update(archived_at=at)
    Identity.objects.filter(provider__customer=customer).delete()
    ProviderDomain.objects.filter(provider__customer=customer).delete()
    for user in User.objects.filter(memberships__customer=customer):
        end_sessions(user)


def _forget(customer: Customer, *, at: datetime) -> None:
    """Whoever belongs to nobody else is forgotten with the account."""
    members = set(customer.memberships.values_list("user", flat=True))
    elsewhere = Membership.objects.exclude(customer=customer).filter(user__in=members).values_list("user", flat=True)
    gone = sorted(members - set(elsewhere))
    addresses = _addresses(customer, gone)
    principals = [f"customer-key:{pk}" for pk in customer.keys.values_list("pk", flat=True)]
    principals += [f"user:{pk}@{customer.pk}" for pk in members]
    forget("customer", [customer.pk])
    User.objects.filter(pk__in=gone).update(is_active=False, forgotten_at=at)
    forget("user", gone)
    IdempotencyKey.objects.filter(principal__in=principals).delete()
    _forget_addresses(addresses)


def _addresses(customer: Customer, gone: list[int]) -> set[str]:
    """By which these were known, in small letters; without those that somebody else here has."""
    found = {
        customer.email,
        *customer.recipients.values_list("email", flat=True),
        *customer.invitations.values_list("email", flat=True),
        *User.objects.filter(pk__in=gone).values_list("email", flat=True),
    }
    known = {address.lower() for address in found if address}
    others = User.objects.exclude(pk__in=gone).alias(address=Lower("email")).filter(address__in=known)
    customers = Customer.objects.exclude(pk=customer.pk).alias(address=Lower("email")).filter(address__in=known)
    for taken in (*others.values_list("email", flat=True), *customers.values_list("email", flat=True)):
        known.discard(taken.lower())
    return known


def _forget_addresses(addresses: set[str]) -> None:
    """Where nothing but an address says whose it is."""
    MailTrouble.objects.of(addresses).update(email="", detail="")
    SignUp.objects.alias(address=Lower("email")).filter(address__in=addresses).delete()
    Letter.objects.alias(address=Lower("recipient")).filter(Q(user=None), address__in=addresses).delete()


def _held(pk: UUID) -> Closing:
    """:raises ClosingIsOver:"""
    held = Closing.objects.lock(pk)
    if not held.waits:
        raise ClosingIsOver
    return held


def _end(closing: Closing, state: State, *, actor: Actor, at: datetime) -> None:
    closing.state, closing.ended_by, closing.ended_at = state, str(actor), at
    closing.save(update_fields=["state", "ended_by", "ended_at"])
