"""Resize: another configuration from the quoted minute to the unchanged end, for the difference in price. A term goes on."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.configuration import check_configuration
from invoices.models import CreditNote, Invoice
from invoices.services.credit import Unused, at_most, credit_unused, paying, term_paid_for, unused_time
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.periods import MONTH_MINUTES, Period, truncate
from kernel.shapes import Cleaned
from lifecycle.models import ProvisioningRequest, Resource, ResourceEvent, State
from lifecycle.services.acts import Act, refuse
from lifecycle.services.provisioning import Verb, ask_product_team
from lifecycle.services.record import record_event
from lifecycle.services.running import apply_resize
from notifications.models import Notice
from orders.deal import GivenBack, Part
from orders.models import Action, OrderItem
from orders.services.stories.base import (
    NothingToDo,
    NotRunningAnyMore,
    RenewedMeanwhile,
    Story,
    charge_for,
    own_resources,
)
from orders.services.stories.settling import issue_of, pay_from_notes, settle
from payments.services.poc_time import runs_on_poc_time


class PostpaidByNow(DomainError):
    code = "postpaid-by-now"
    message = _("The paid time has ended, and the resource is postpaid now.")


class ChargeCorrected(DomainError):
    code = "charge-corrected"
    message = _("What was charged for the paid time has been corrected in the meantime.")


class RunsOnPocCredit(DomainError):
    code = "runs-on-poc-credit"
    message = _(
        "What runs on POC credit is not resized. Delete it and create another: what is unused goes back to the POC credit."
    )


class Resize(Story):
    action = Action.RESIZE
    notice = Notice.Kind.RESOURCE_RESIZED
    page = "resize"
    takes_coupons = False

    def offer(self, customer: Customer, inputs: Cleaned, *, at: datetime) -> list[Part]:
        (resource,) = own_resources(customer, [inputs["resource"]])
        refuse(Act.RESIZE, resource, at=at)
        if runs_on_poc_time(resource, at=at):
            raise RunsOnPocCredit
        configuration = check_configuration(resource.product, inputs["items"])
        if configuration == resource.configuration:
            raise NothingToDo
        start = truncate(at)
        period = Period(start, resource.paid_until or start + timedelta(minutes=MONTH_MINUTES))
        goes_on = term_paid_for(resource, at=at) if resource.is_prepaid else 1
        charge = charge_for(customer, configuration, period, at=at, goes_on=goes_on, ahead=resource.is_prepaid)
        unused = worth_of_unused(resource, charge.total, at=at) if resource.is_prepaid else []
        return [
            Part(
                resource.product_id,
                resource.name,
                configuration,
                charge,
                period,
                resource_id=resource.pk,
                postpaid=not resource.is_prepaid,
                goes_on=goes_on,
                unused=tuple(GivenBack(part.invoice.pk, part.minutes, part.amount, part.saved) for part in unused),
            )
        ]

    def begin(self, item: OrderItem, *, actor: Actor, at: datetime) -> ProvisioningRequest:
        return ask_product_team(item.its_resource, Verb.RESIZE, at=at, configuration=item.part.configuration)

    def refusal(self, part: Part, resource: Resource, *, at: datetime) -> type[DomainError] | None:
        """It may have ended, rolled over or been renewed, and staff may have credited an invoice of its paid time."""
        if not resource.is_running:
            return NotRunningAnyMore
        if resource.is_prepaid == part.postpaid:
            return PostpaidByNow
        if not resource.is_prepaid:
            return None
        if resource.paid_until != part.period.ends_at:
            return RenewedMeanwhile
        unused_now = sum(
            unused.amount for unused in worth_of_unused(resource, part.charge.total, at=part.period.starts_at)
        )
        return ChargeCorrected if unused_now != part.unused_total else None

    def complete(self, item: OrderItem, resource: Resource, *, actor: Actor, at: datetime) -> Invoice | None:
        """
        The old invoices end at the quoted instant with a credit note each; one new invoice covers the rest of the time.

        What the credit notes give back pays the new invoice first; only the difference is paid or refunded. What was still
        due of the time that is credited (the bank has taken its payment back) is due on the new invoice instead.
        """
        configuration, period = item.part.configuration, item.part.period
        if not resource.is_prepaid:
            apply_resize(resource, configuration, effective=at, actor=actor, at=at, order_id=item.order_id)
            return None
        start = period.starts_at
        unused = worth_of_unused(resource, item.part.charge.total, at=start)
        notes = credit_unused(unused, CreditNote.Reason.RESIZED, at=start)
        apply_resize(resource, configuration, effective=start, actor=actor, at=at, order_id=item.order_id)
        paid = item.due + sum(note.refunded for note in notes)
        invoice = issue_of(item, resource, period, at=at, unpaid=max(item.part.charge.total - paid, 0))
        pay_from_notes(invoice, notes, reference=resource.name, at=at)
        settle(item, invoice, at=at)
        return invoice

    def give_back(self, item: OrderItem, resource: Resource, *, reason: str, actor: Actor, at: datetime) -> None:
        failed = ResourceEvent.Kind.RESIZE_FAILED
        record_event(resource, failed, actor=actor, at=at, reason=reason, order_id=item.order_id)

    def clean_up(self, item: OrderItem, resource: Resource, *, at: datetime) -> None:
        """Back to what it was; for one that is gone by now the team has been told so."""
        if resource.state != State.DELETED:
            ask_product_team(resource, Verb.RESIZE, at=at, expects_answer=False)


def worth_of_unused(resource: Resource, new_price: int, *, at: datetime) -> list[Unused]:
    """
    What the unused time pays of the new configuration; of a product that is not refundable it pays no more than that.

    Whoever resizes to something that costs less gets no more for a term than by leaving it.
    """
    if not resource.product.is_refundable:
        return at_most(unused_time(resource, at=at), new_price)
    return paying(unused_time(resource, at=at, leaves=True), new_price)
