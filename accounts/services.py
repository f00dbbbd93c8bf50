"""What is set for a customer, and the trace that privileged acts leave."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.audit import Did, Edit, Verb
from accounts.models import AuditEntry, Customer, CustomerKey, User
from kernel.actors import Actor, ActorKind
from kernel.errors import DomainError

MOST_KEYS = 20


class TooManyKeys(DomainError):
    code = "too-many-keys"
    message = _("There are %(most)s keys already. Revoke one that is not used any more.")


def record_audit(
    verb: Verb | Edit,
    subject: object,
    *,
    actor: Actor,
    at: datetime,
    reason: str,
    customer: Customer | None = None,
    **facts: Any,
) -> AuditEntry:
    """Write down a privileged act, in the transaction of the act itself."""
    return AuditEntry.objects.create(
        at=at,
        actor=str(actor),
        verb=verb.value,
        customer=customer,
        subject=str(subject)[:200],
        reason=reason,
        facts=facts,
    )


def set_language(customer: Customer, language: str, *, actor: Actor, at: datetime) -> None:
    """The language in which mails are written to `customer`, one of the model's choices."""
    del actor, at  # a preference: no money, no history
    Customer.objects.filter(pk=customer.pk).update(language=language)


@transaction.atomic
def set_automatic_payment(customer: Customer, is_on: bool, *, actor: Actor, at: datetime) -> None:
    """Whether open invoices are paid from the wallet by themselves; written down, for it decides about money."""
    changed = (
        Customer.objects.filter(pk=customer.pk)
        .exclude(pays_invoices_automatically=is_on)
        .update(pays_invoices_automatically=is_on)
    )
    if changed:
        record_audit(
            Did.SWITCH_AUTOMATIC_PAYMENT, customer.pk, actor=actor, at=at, reason="", customer=customer, is_on=is_on
        )


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
def revoke_customer_key(key: CustomerKey, *, actor: Actor, at: datetime) -> None:
    """The key opens nothing any more; revoking it again changes nothing."""
    if CustomerKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at):
        record_audit(Did.REVOKE_KEY, key.pk, actor=actor, at=at, reason=key.name, customer=key.customer)
