"""API keys of customers and product teams: made, taken over, revoked."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.audit import Did
from accounts.four_eyes import leave_for_review
from accounts.may import May
from accounts.models import ApiKey, Customer, CustomerKey, User
from accounts.services import record_audit
from kernel.actors import Actor, ActorKind
from kernel.errors import DomainError

MOST_KEYS = 20


class TooManyKeys(DomainError):
    code = "too-many-keys"
    message = _("There are %(most)s keys already. Revoke one that is not used any more.")


@transaction.atomic
def issue_customer_key(customer: Customer, name: str, *, actor: Actor, at: datetime) -> tuple[CustomerKey, str]:
    """
    A new API key for the customer's own programs, and its secret, which nobody can read again. Its keeper is `actor`, when
    that is one of the customer's users.

    :raises TooManyKeys: some have to be revoked first
    """
    held = Customer.objects.lock(customer.pk)
    if held.keys.filter(revoked_at=None).count() >= MOST_KEYS:
        raise TooManyKeys(most=MOST_KEYS)
    keeper = held.users.filter(email=actor.name).first() if actor.kind == ActorKind.CUSTOMER else None
    key, secret = CustomerKey.issue(at=at, name=name, customer=held, keeper=keeper)
    record_audit(Did.ISSUE_KEY, key.pk, actor=actor, at=at, reason=name, customer=held)
    return key, secret


def keys_in_hand(user: User) -> list[CustomerKey]:
    """Keys that open something and that `user` may revoke: a new password ends none of them."""
    if user.customer is None or May.MANAGE_KEYS not in user.rights:
        return []
    return list(CustomerKey.working().filter(customer=user.customer).select_related("keeper").order_by("name", "pk"))


@transaction.atomic
def revoke_in_hand(user: User, pks: Collection[UUID], *, actor: Actor, at: datetime) -> list[CustomerKey]:
    """Those of `pks` that are in hand open nothing any more."""
    chosen = [key for key in keys_in_hand(user) if key.pk in pks]
    for key in chosen:
        revoke_key(key, actor=actor, at=at)
    return chosen


@transaction.atomic
def take_over_customer_key(key: CustomerKey, keeper: User, *, actor: Actor, at: datetime) -> None:
    """`keeper`, an owner, answers for the key from now on. A key that was revoked stays so."""
    changed = CustomerKey.objects.filter(pk=key.pk, revoked_at=None).exclude(keeper=keeper).update(keeper=keeper)
    if changed:
        before = key.keeper.email if key.keeper else ""
        record_audit(
            Did.TAKE_OVER_KEY, key.pk, actor=actor, at=at, reason=key.name, customer=key.customer, kept_before=before
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
