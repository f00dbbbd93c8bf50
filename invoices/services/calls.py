"""Staff call customers about their debts, and write down what came of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from invoices.audit import Did
from invoices.models import DunningStep, Hold
from invoices.services.holds import place_hold
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput

Outcome = DunningStep.Outcome


class NothingToCallAbout(DomainError):
    code = "nothing-to-call-about"
    message = _("There is nothing to call about any more: it was talked about, or the debt is settled.")


@transaction.atomic
def record_call(
    step_id: UUID, outcome: DunningStep.Outcome, *, note: str, until: datetime | None = None, actor: Actor, at: datetime
) -> DunningStep:
    """
    Talked to, promised to pay (which rests dunning `until` an instant), or no answer: then it stays to be done.

    :raises NothingToCallAbout: done before, or the debt is settled
    :raises InvalidInput: no note, or a promise without an end
    """
    if not note.strip():
        raise InvalidInput(_("Say what came of it."), field="reason")
    if outcome == Outcome.PROMISED and until is None:
        raise InvalidInput(_("Say until when they promised to pay."), field="last_day")
    customer = Customer.objects.lock(DunningStep.objects.values_list("customer", flat=True).get(pk=step_id))
    step = DunningStep.objects.select_for_update(no_key=True).filter(pk=step_id).calls().first()
    if step is None:
        raise NothingToCallAbout
    step.outcome, step.note, step.tries = outcome, note.strip(), step.tries + 1
    if outcome != Outcome.NO_ANSWER:
        step.done_at = at
    step.save(update_fields=["outcome", "note", "tries", "done_at"])
    record_audit(
        Did.CALL, customer.pk, actor=actor, at=at, reason=note, customer=customer, outcome=outcome, tries=step.tries
    )
    if outcome == Outcome.PROMISED:
        assert until is not None
        place_hold(customer.pk, Hold.Kind.PROMISE, until=until, reason=note, actor=actor, at=at)
    return step
