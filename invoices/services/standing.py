"""Where a customer stands on the ladder: what was done, what comes next and when, and what rests it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from invoices.models import Act, DunningStep, Hold, Invoice, Rung
from invoices.models.dunning import HARMFUL, is_in_force
from invoices.services.questions import chargeable
from kernel.errors import DomainError
from kernel.periods import local_day

MOST_STEPS = 10


class OrdersBlocked(DomainError):
    code = "orders-blocked"
    message = _(
        "Invoices are overdue: until they are paid, nothing new can be ordered or committed to, and nothing resized."
    )


def refuse_blocked(customer_id: UUID) -> None:
    """:raises OrdersBlocked: dunning blocks new orders"""
    if is_in_force(Act.BLOCK, customer_id):
        raise OrdersBlocked


@dataclass(frozen=True, slots=True)
class Ahead:
    """What comes on `day` unless it is paid before. What does harm is announced before that."""

    act: Act
    day: date
    is_announced: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """`overdue` VND are past their due date. `ahead` is in the order of days; nothing while a hold `rests` it."""

    overdue: int
    done: list[DunningStep]
    ahead: list[Ahead]
    rests: Hold | None
    is_blocked: bool
    is_stopped: bool

    @property
    def next(self) -> Ahead | None:
        return self.ahead[0] if self.ahead else None

    @property
    def is_worth_showing(self) -> bool:
        return bool(self.overdue or self.is_blocked or self.is_stopped or self.ahead)


def standing_of(customer: Customer, *, at: datetime) -> Standing:
    """In five queries, however many invoices there are."""
    open_ones = list(Invoice.objects.open().filter(customer=customer).order_by("due_at"))
    owed = chargeable(open_ones)
    debts = [(invoice.due_date, owed[invoice.pk]) for invoice in open_ones if owed[invoice.pk]]
    steps = list(DunningStep.objects.filter(customer=customer).select_related("rung", "invoice").order_by("-at")[:100])
    standing = [step for step in steps if step.lifted_at is None and step.act in HARMFUL]
    rests = Hold.objects.stopping_dunning().in_force(at).filter(customer=customer).order_by("-until").first()
    today = local_day(at)
    return Standing(
        overdue=sum(owed for day, owed in debts if day < today),
        done=[step for step in steps if step.done_at][:MOST_STEPS],
        ahead=[] if rests or not debts else _ahead(_ladder_of(customer, at), debts[0][0], steps, today),
        rests=rests,
        is_blocked=any(step.act == Act.BLOCK and step.done_at for step in standing),
        is_stopped=any(step.act == Act.STOP and step.done_at for step in standing),
    )


def _ladder_of(customer: Customer, at: datetime) -> list[Rung]:
    rungs = list(Rung.objects.in_force(at).order_by("days", "pk"))
    own = [rung for rung in rungs if rung.group_id and rung.group_id == customer.group_id]
    return own or [rung for rung in rungs if rung.group_id is None]


def _ahead(ladder: list[Rung], oldest: date, steps: list[DunningStep], today: date) -> list[Ahead]:
    """Of the oldest debt, which climbs first."""
    waiting = {
        step.rung_id: local_day(step.happens_at)
        for step in steps
        if step.happens_at and not step.done_at and not step.lifted_at
    }
    taken = {step.rung_id for step in steps if step.act in {Act.CALL, *HARMFUL} and not step.lifted_at} - waiting.keys()
    found = []
    for rung in ladder:
        act, day = Act(rung.act), oldest + timedelta(days=rung.days)
        if rung.pk in waiting:
            found.append(Ahead(act, waiting[rung.pk], is_announced=True))
        elif rung.pk not in taken and (act in HARMFUL or day > today):
            found.append(Ahead(act, max(day, today + timedelta(days=rung.announced_days)), is_announced=False))
    return sorted(found, key=lambda one: one.day)
