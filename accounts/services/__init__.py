"""What is set for a customer, and the trace that privileged acts leave. API keys: `accounts.services.keys`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.audit import Did, Edit, Verb
from accounts.models import AuditEntry, Customer
from kernel.actors import Actor


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
