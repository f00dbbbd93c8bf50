"""What needs a person: work that is parked, stuck or unknown, counted in one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Model, QuerySet, Value
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, StaffAct, User
from accounts.rights import APPROVE_MONEY, REVIEW_ACCESS
from accounts.staff import Right
from billing_portal.models import Finding
from door.models import PrivacyRequest
from door.rights import ANSWER_PRIVACY
from invoices.models import DunningStep, Invoice, ParkedBilling, Question
from invoices.rights import ANSWER_QUESTION, CALL
from kernel.periods import local_day, start_of_day
from kernel.shapes import Wording
from lifecycle.models import DeliveryChannel, ProvisioningRequest, ResourceEvent
from notifications.models import Letter, Notice
from orders.models import Order, OrderItem
from payments.models import (
    BankTransfer,
    LinkedAccount,
    Payment,
    ReconciliationCase,
    Refund,
    Reversal,
    TransferClaim,
)
from payments.queries import closed_with_credit
from payments.rights import CORRECT_INVOICE, RECORD_BANK_TRANSFER
from team.models import Closing
from team.rights import CLOSE_ACCOUNT

LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that waits for staff: how many rows, how to name them, and the list where they stand."""

    name: str
    label: Wording
    rows: QuerySet[Model]
    query: str
    tone: str = "amber"
    right: Right | None = None
    """Whom it waits for; those who may look at the list otherwise."""

    @property
    def permission(self) -> str:
        if self.right:
            return self.right.permission
        meta = self.rows.model._meta
        return f"{meta.app_label}.view_{meta.model_name}"

    def url(self) -> str:
        meta = self.listed._meta
        return f"{reverse(f'admin:{meta.app_label}_{meta.model_name}_changelist')}?{self.query}"

    @property
    def listed(self) -> type[Model]:
        """Stuck order items are shown as their orders."""
        return Order if self.rows.model is OrderItem else self.rows.model


def matters(at: datetime) -> list[Matter]:
    """In the order of the front page."""
    return [*_of_bills(at), *_of_gateways(), *_of_transfers(at), *_of_product_teams(at), *_of_staff(at)]


def _of_bills(at: datetime) -> list[Matter]:
    return [
        Matter("findings", _("findings of the auditor"), Finding.objects.open(), "gone_at__isempty=1", "red"),
        Matter(
            "parked billings",
            _("bills held back at the month-end"),
            ParkedBilling.objects.filter(state=ParkedBilling.State.PARKED),
            "state__exact=parked",
            "red",
        ),
        Matter(
            "late rates",
            _("invoices taxed at another rate than the law says by now"),
            Invoice.objects.mistaxed(),
            "vat=late",
            "red",
            right=CORRECT_INVOICE,
        ),
        Matter(
            "stuck orders",
            _("items of paid orders that are stuck"),
            OrderItem.objects.stuck(at),
            "progress=stuck",
            "red",
        ),
        Matter(
            "questions",
            _("questions of customers about lines of invoices"),
            Question.objects.open(),
            "state__exact=open",
            right=ANSWER_QUESTION,
        ),
        Matter(
            "calls",
            _("customers to call about debts"),
            DunningStep.objects.calls(),
            "stand=calls",
            right=CALL,
        ),
    ]


def _of_gateways() -> list[Matter]:
    return [
        Matter(
            "held payments",
            _("payments that are held for staff"),
            Payment.objects.exclude(held=""),
            "waits=held",
            "red",
        ),
        Matter(
            "payments taken back",
            _("payments that a bank or gateway took back"),
            Reversal.objects.filter(closed_at=None),
            "closed_at__isempty=1",
            "red",
        ),
        Matter(
            "stuck refunds",
            _("refunds of which the gateway never said what became of them"),
            Refund.objects.stuck(),
            "waits=stuck",
            "red",
        ),
        Matter(
            "stuck links",
            _("linked accounts that have ended here and not at the gateway"),
            LinkedAccount.objects.filter(stuck_at__isnull=False),
            "stuck_at__isempty=0",
        ),
        Matter(
            "differences",
            _("differences between a statement and our books"),
            ReconciliationCase.objects.filter(resolved_at=None),
            "resolved_at__isempty=1",
            "red",
        ),
    ]


def _of_transfers(at: datetime) -> list[Matter]:
    return [
        Matter(
            "transfers with a rest",
            _("bank transfers of which a part is not given to a customer yet"),
            BankTransfer.objects.with_rest(),
            "rest=some",
        ),
        Matter(
            "claimed transfers",
            _("transfers that customers say they have made"),
            TransferClaim.objects.filter(state=TransferClaim.State.OPEN),
            "state__exact=open",
            right=RECORD_BANK_TRANSFER,
        ),
        Matter(
            "old payments",
            _("payments undecided for more than a day"),
            Payment.objects.open_for_a_day(at),
            "waits=old",
        ),
    ]


def _of_product_teams(at: datetime) -> list[Matter]:
    first_day = local_day(at - LATELY)
    return [
        Matter(
            "parked requests",
            _("requests that a product team does not take"),
            ProvisioningRequest.objects.filter(state=ProvisioningRequest.State.PARKED),
            "state__exact=parked",
            "red",
        ),
        Matter(
            "slow products",
            _("products that are slow or take no requests"),
            DeliveryChannel.objects.unwell(),
            "",
        ),
        Matter(
            "lost resources",
            _("resources reported as lost in the last 7 days"),
            ResourceEvent.objects.filter(kind=ResourceEvent.Kind.GONE, at__gte=start_of_day(first_day)),
            f"kind__exact=gone&at__gte={first_day}",
            "red",
        ),
        Matter(
            "timed out requests",
            _("requests that timed out in the last 7 days"),
            ProvisioningRequest.objects.filter(
                state=ProvisioningRequest.State.TIMED_OUT, requested_at__gte=start_of_day(first_day)
            ),
            f"state__exact=timed_out&requested_at__gte={first_day}",
        ),
    ]


def _of_staff(at: datetime) -> list[Matter]:
    return [
        Matter(
            "parked notices",
            _("mails that could not be delivered"),
            Notice.objects.filter(state=Notice.State.PARKED),
            "state__exact=parked",
        ),
        Matter(
            "parked letters",
            _("letters to people that could not be delivered"),
            Letter.objects.filter(state=Letter.State.PARKED),
            "state__exact=parked",
        ),
        Matter(
            "overdue privacy requests",
            _("privacy requests whose legal day has passed"),
            PrivacyRequest.objects.overdue(at),
            f"state__exact=open&due_at__lt={local_day(at)}",
            "red",
            right=ANSWER_PRIVACY,
        ),
        Matter(
            "privacy requests",
            _("privacy requests to answer"),
            PrivacyRequest.objects.open().filter(due_at__gt=at).exclude(kind=PrivacyRequest.Kind.CLOSE),
            "state__exact=open",
            right=ANSWER_PRIVACY,
        ),
        Matter(
            "closings that wait",
            _("accounts whose day to close has come, and something stands in the way"),
            Closing.objects.due(at).exclude(told_at=None),
            "state__exact=waiting",
            right=CLOSE_ACCOUNT,
        ),
        Matter(
            "credit of closed accounts",
            _("accounts that have closed and have credit: it goes back to its source, or is written off by two"),
            closed_with_credit(Customer.objects.all()),
            "stand=credit",
            right=APPROVE_MONEY,
        ),
        Matter(
            "acts to approve",
            _("acts of staff that wait for somebody else's approval"),
            StaffAct.objects.waiting(),
            "state__exact=waiting",
            "blue",
        ),
        Matter(
            "acts to review",
            _("acts that opened an account, to be reviewed"),
            StaffAct.objects.to_review(),
            "state__exact=to_review",
            right=REVIEW_ACCESS,
        ),
    ]


def count_matters(listed: Sequence[Matter]) -> dict[str, int]:
    """How many rows of each matter there are, by name, in one query; those without any may be missing."""
    counted = [
        matter.rows.order_by().annotate(matter=Value(matter.name)).values("matter").annotate(count=Count("pk"))
        for matter in listed
    ]
    return {row["matter"]: row["count"] for row in counted[0].union(*counted[1:], all=True)}


def what_needs_attention(user: User, at: datetime) -> list[dict[str, object]]:
    """The matters that `user` may see and of which there are any, in one query."""
    visible = [matter for matter in matters(at) if user.has_perm(matter.permission)]
    if not visible:
        return []
    counts = count_matters(visible)
    return [
        {"label": matter.label, "count": counts[matter.name], "url": matter.url(), "tone": matter.tone}
        for matter in visible
        if counts.get(matter.name)
    ]
