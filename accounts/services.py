"""What staff do to accounts leaves a trace."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import AuditEntry, Customer
from kernel.actors import Actor


def record_audit(
    verb: str,
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
        at=at, actor=str(actor), verb=verb, customer=customer, subject=str(subject)[:200], reason=reason, facts=facts
    )
