"""API keys of customers and product teams: made, replaced, taken over, revoked; and what a key with a limit may still spend."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.audit import Did
from accounts.four_eyes import leave_for_review
from accounts.may import FOR_KEYS, ROLES, May, Rights, Role, words_of
from accounts.models import ApiKey, Customer, CustomerKey, KeySpending, Membership, User
from accounts.services import record_audit
from kernel.actors import Actor, ActorKind
from kernel.errors import DomainError, InvalidInput
from kernel.periods import local_day, start_of_day

MOST_KEYS = 20
MOST_NETWORKS = 20
USUAL_OVERLAP_HOURS = 24
LONGEST_OVERLAP = timedelta(days=7)


class TooManyKeys(DomainError):
    code = "too-many-keys"
    message = _("There are %(most)s keys already. Revoke one that is not used any more.")


class BeyondKeeper(DomainError):
    code = "beyond-keeper"
    status = 422
    message = _("A key may no more than who keeps it. Your role does not include the right %(right)s.")


class KeyIsOver(DomainError):
    code = "key-over"
    message = _("This key is revoked, expired or replaced already.")


class KeyIsKept(DomainError):
    code = "key-kept"
    message = _("Somebody who manages the keys answers for this one already.")


class KeyLimitReached(DomainError):
    code = "key-limit-reached"
    message = _("This key may spend %(limit)s ₫ a day and has spent %(spent)s ₫ today: %(amount)s ₫ is too much.")


@dataclass(frozen=True, slots=True)
class Terms:
    """
    What a key may: `carries` nothing in particular means all that its keeper may. `daily_limit` is what it spends a day at most,
    `networks` where it is used from (CIDR), `expires_at` until when.
    """

    carries: Rights = frozenset()
    daily_limit: int | None = None
    networks: tuple[str, ...] = ()
    expires_at: datetime | None = None


ANYTHING = Terms()


@transaction.atomic
def issue_customer_key(
    customer: Customer, name: str, terms: Terms = ANYTHING, *, actor: Actor, at: datetime
) -> tuple[CustomerKey, str]:
    """
    A new API key for the customer's own programs, and its secret, which nobody can read again. Its keeper is `actor`, when
    that is one of the customer's users.

    :raises TooManyKeys: some have to be revoked first
    :raises BeyondKeeper: it would carry what its keeper may not
    """
    held = Customer.objects.lock_open(customer.pk)
    if held.keys.filter(revoked_at=None).exclude(expires_at__lte=at).count() >= MOST_KEYS:
        raise TooManyKeys(most=MOST_KEYS)
    keeper = _keeper(held, actor)
    most = FOR_KEYS & (ROLES[Role(keeper.role)] if keeper else FOR_KEYS)
    if beyond := [right for right in May if right in terms.carries - most]:
        raise BeyondKeeper(right=words_of(beyond))
    key, secret = CustomerKey.issue(
        at=at,
        name=name,
        customer=held,
        keeper=keeper.user if keeper else None,
        carries=sorted(terms.carries or most),
        daily_limit=terms.daily_limit,
        networks=list(terms.networks),
        expires_at=terms.expires_at,
    )
    record_audit(Did.ISSUE_KEY, key.pk, actor=actor, at=at, reason=name, customer=held)
    return key, secret


@transaction.atomic
def rotate_customer_key(key: CustomerKey, *, overlap: timedelta, actor: Actor, at: datetime) -> tuple[CustomerKey, str]:
    """
    Another secret for the same: a new key in its place, kept by `actor`; the old one works for `overlap` longer, so that programs
    change over without a gap.

    :raises KeyIsOver: it is revoked, has expired, or was replaced
    :raises BeyondKeeper: it carries what `actor` may not
    """
    held = Customer.objects.lock_open(key.customer_id)
    old = CustomerKey.objects.select_for_update().get(pk=key.pk)
    if old.revoked_at or old.has_expired(at) or CustomerKey.objects.filter(succeeds=old).exists():
        raise KeyIsOver
    keeper = _keeper(held, actor)
    carried = frozenset(May(one) for one in old.carries)
    if keeper and (beyond := [right for right in May if right in carried - ROLES[Role(keeper.role)]]):
        raise BeyondKeeper(right=words_of(beyond))
    new, secret = CustomerKey.issue(
        at=at,
        name=old.name,
        customer=held,
        keeper=keeper.user if keeper else None,
        carries=old.carries,
        daily_limit=old.daily_limit,
        networks=old.networks,
        expires_at=old.expires_at,
        succeeds=old,
    )
    ends = at + min(max(overlap, timedelta(seconds=1)), LONGEST_OVERLAP)
    old.expires_at = min(ends, old.expires_at) if old.expires_at else ends
    old.save(update_fields=["expires_at"])
    record_audit(Did.ROTATE_KEY, new.pk, actor=actor, at=at, reason=new.name, customer=held, former=str(old.pk))
    return new, secret


def _keeper(customer: Customer, actor: Actor) -> Membership | None:
    if actor.kind != ActorKind.CUSTOMER:
        return None
    return customer.memberships.select_related("user").filter(user__email=actor.name).first()


def read_networks(text: str) -> tuple[str, ...]:
    """
    Networks as people list them, by lines, commas or spaces: 203.0.113.7, 203.0.113.0/24, 2001:db8::/48.

    :raises InvalidInput: names the first that is none
    """
    found: dict[str, None] = {}
    for one in text.replace(",", " ").split():
        try:
            found[str(ip_network(one, strict=False))] = None
        except ValueError:
            raise InvalidInput(
                _("“%(network)s” is no network, such as 203.0.113.0/24."), field="networks", network=one[:50]
            ) from None
    if len(found) > MOST_NETWORKS:
        raise InvalidInput(_("At most %(most)s networks."), field="networks", most=MOST_NETWORKS)
    return tuple(found)


def spend_by_key(actor: Actor, amount: int, *, at: datetime) -> None:
    """
    What a key spends counts, in the transaction that spends it: together never more than its limit for the day, also with the key
    whose place it took.

    :raises KeyLimitReached:
    """
    key = CustomerKey.objects.filter(pk=actor.key).exclude(daily_limit=None).first() if actor.key else None
    if key is None or key.daily_limit is None or amount <= 0:
        return
    limit = key.daily_limit
    today, _made = KeySpending.objects.get_or_create(key=_first_of_the_day(key, at=at), day=local_day(at))
    within = KeySpending.objects.filter(pk=today.pk, spent__lte=limit - amount)
    if not within.update(spent=F("spent") + amount):
        today.refresh_from_db()
        raise KeyLimitReached(limit=limit, spent=today.spent, amount=amount)


def _first_of_the_day(key: CustomerKey, *, at: datetime) -> CustomerKey:
    """Of the keys that took each other's place, the first that worked today: they are one, with one limit."""
    first, since = key, start_of_day(local_day(at))
    while key.created_at + LONGEST_OVERLAP > since and (before := CustomerKey.objects.filter(successor=key).first()):
        key = before
        first = first if key.has_expired(since) else key
    return first


def keys_in_hand(user: User, *, at: datetime) -> list[CustomerKey]:
    """Keys that open something and that `user` may revoke, of whichever customer: a new password ends none of them."""
    places = [one.customer_id for one in user.belongs if May.MANAGE_KEYS in one.rights]
    if not places:
        return []
    found = CustomerKey.working(at).filter(customer__in=places).select_related("keeper", "customer")
    return list(found.order_by("customer__name", "customer", "name", "pk"))


def names_in_hand(user: User, *, at: datetime) -> str:
    """The same for a letter; each with its customer, where they are of several."""
    keys = keys_in_hand(user, at=at)
    several = len({key.customer_id for key in keys}) > 1
    return ", ".join(f"{key.name} ({key.customer})" if several else key.name for key in keys)


@transaction.atomic
def revoke_in_hand(user: User, pks: Collection[UUID], *, actor: Actor, at: datetime) -> list[CustomerKey]:
    """Those of `pks` that are in hand open nothing any more."""
    chosen = [key for key in keys_in_hand(user, at=at) if key.pk in pks]
    for key in chosen:
        revoke_key(key, actor=actor, at=at)
    return chosen


@transaction.atomic
def take_over_customer_key(key: CustomerKey, keeper: User, *, actor: Actor, at: datetime) -> None:
    """
    `keeper`, who manages keys there, answers for a key whose own keeper does so no more. A key that was revoked stays so.

    :raises KeyIsKept: somebody answers for it, or our support does
    """
    Customer.objects.lock(key.customer_id)
    held = CustomerKey.objects.with_keeper().select_related("keeper").get(pk=key.pk)
    if held.revoked_at or held.keeper_id == keeper.pk:
        return
    if held.keeper is None or not held.is_stopped:
        raise KeyIsKept
    CustomerKey.objects.filter(pk=held.pk).update(keeper=keeper)
    record_audit(
        Did.TAKE_OVER_KEY,
        held.pk,
        actor=actor,
        at=at,
        reason=held.name,
        customer=key.customer,
        kept_before=held.keeper.email,
    )


@transaction.atomic
def issue_key_for(
    kind: type[ApiKey], *, reason: str, actor: Actor, at: datetime, **owner_and_name: Any
) -> tuple[ApiKey, str]:
    """A new key that staff make, for a customer or a product team, and its secret; somebody else reviews it."""
    key, secret = kind.issue(at=at, **owner_and_name)
    customer: Customer | None = getattr(key, "customer", None)
    leave_for_review("make-key", customer=customer, subject=key, reason=reason, actor=actor, at=at)
    return key, secret


@transaction.atomic
def revoke_key(key: ApiKey, *, reason: str = "", actor: Actor, at: datetime) -> None:
    """
    The key opens nothing any more; revoking it again changes nothing.

    :param reason: why staff do it; somebody else reviews it. Owners need none.
    """
    if not type(key)._default_manager.filter(pk=key.pk, revoked_at=None).update(revoked_at=at):
        return
    customer: Customer | None = getattr(key, "customer", None)
    record_audit(
        Did.REVOKE_KEY, key.pk, actor=actor, at=at, reason=reason or key.name, customer=customer, name=key.name
    )
    if actor.kind == ActorKind.STAFF:
        leave_for_review("revoke-key", customer=customer, subject=key, reason=reason, actor=actor, at=at)
