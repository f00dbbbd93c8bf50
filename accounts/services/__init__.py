"""What is set for a customer, and the trace that privileged acts leave. API keys: `accounts.services.keys`."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db import transaction

from accounts.audit import Did, Edit, Verb
from accounts.models import AuditEntry, Customer, IdempotencyKey, User
from kernel.actors import Actor

KEPT = timedelta(days=7)


def record_audit(
    verb: Verb | Edit,
    subject: object,
    *,
    actor: Actor,
    at: datetime,
    reason: str,
    customer: Customer | None = None,
    **facts: object,
) -> AuditEntry:
    """Write down a privileged act, in the transaction of the act itself."""
    return AuditEntry.objects.create(
        at=at,
        actor=str(actor),
        actor_kind=actor.kind,
        verb=verb.value,
        customer=customer,
        subject=str(subject)[:200],
        reason=reason,
        facts=facts,
    )


def record_audit_of(
    user: User | None, verb: Verb, subject: object, *, actor: Actor, at: datetime, reason: str, **facts: object
) -> None:
    """Write down an act on somebody's access, for each customer that they belong to."""
    places: list[Customer | None] = [one.customer for one in user.belongs] if user else []
    for customer in places or [None]:
        record_audit(verb, subject, actor=actor, at=at, reason=reason, customer=customer, **facts)


def set_language(customer: Customer, language: str) -> None:
    """The language in which mails are written to `customer`, one of the model's choices: a preference, without a history."""
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


def view_as_customer(customer: Customer, *, reason: str, actor: Actor, at: datetime) -> None:
    """Staff look at the portal as the customer does, and can change nothing: that they did, and why, is written down."""
    record_audit(Did.VIEW_AS_CUSTOMER, customer.pk, actor=actor, at=at, reason=reason, customer=customer)


def forget_old(*, at: datetime, machine_at: datetime) -> int:
    """
    Forget answers to REST writes after 7 days, when nobody retries any more, and sessions that have ended.

    :param machine_at: sessions live by the machine's clock: who moves the business clock stays signed in
    """
    answers, _ = IdempotencyKey.objects.older_than(KEPT, at=at).delete()
    sessions, _ = Session.objects.filter(expire_date__lte=machine_at).delete()
    return answers + sessions
