"""Staff have looked at a bill that was held back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from invoices.audit import Did
from invoices.models import BillingRun, Invoice, NumberSeries, ParkedBilling
from invoices.services.issue import issue_invoices, next_numbers
from invoices.services.less import take_back
from invoices.services.month_end import hold_unpriced, unbilled_months
from invoices.services.shortfalls import decide
from invoices.services.usage import draft_usage, up_to
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.periods import CalendarMonth


class NotHeldBack(DomainError):
    code = "not-parked"
    message = _("This bill is not held back any more.")


class HeldAsAWhole(DomainError):
    code = "held-as-a-whole"
    message = _("All that this customer used in the month is held back: release that first.")


@transaction.atomic
def release(parked_id: int, *, reason: str, actor: Actor, at: datetime) -> ParkedBilling:
    """
    Staff have looked at a bill that was held back: issue it now, up to now, and with the last of a month what lacks to a commitment.

    :raises NotHeldBack: somebody released it before
    :raises HeldAsAWhole: of one resource, while all that its customer used in the month is held back
    :raises DomainError, DatabaseError: it fails again, and stays parked
    """
    customer = Customer.objects.lock(ParkedBilling.objects.values_list("customer", flat=True).get(pk=parked_id))
    parked = ParkedBilling.objects.select_for_update(of=("self",)).get(pk=parked_id)
    if parked.state != ParkedBilling.State.PARKED:
        raise NotHeldBack
    if parked.resource_id and ParkedBilling.objects.holding(parked.month).filter(customer=customer, resource=None):
        raise HeldAsAWhole
    parked.state = ParkedBilling.State.RELEASED
    parked.save()
    scope = Q(resource=parked.resource_id) if parked.resource_id else Q(customer=customer.pk)
    drafted = draft_usage([customer], scope, *up_to(CalendarMonth.parse(parked.month), at))
    for usage, lacking in drafted.unpriced:
        if usage.resource.pk == parked.resource_id:
            raise lacking
        hold_unpriced(CalendarMonth.parse(parked.month), usage, lacking, at=at)
    next_numbers(
        NumberSeries.Series.USAGE, 0, at=at
    )  # before those of credit notes, whatever is billed: as the month end takes them
    issue_invoices(drafted.drafts, Invoice.Kind.USAGE, at=at)
    for less in drafted.credits:
        take_back(less, at=at)
    parked.state = ParkedBilling.State.BILLED
    parked.save()
    record_audit(Did.RELEASE_PARKED, parked, actor=actor, at=at, reason=reason, customer=customer)
    if parked.run_id and not ParkedBilling.objects.holding(parked.month).exists():
        BillingRun.objects.filter(pk=parked.run_id, state=BillingRun.State.PARKED).update(state=BillingRun.State.DONE)
    month = CalendarMonth.parse(parked.month)
    if month.period.ends_at <= at and month not in unbilled_months(at):
        decide(month, [customer.pk], at=at)
    return parked
