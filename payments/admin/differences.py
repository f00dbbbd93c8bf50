"""What staff do to a difference between a statement and our books: its page shows both sides, and each act ends it."""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime
from typing import ClassVar, Unpack
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.tasks import ReasonForm, Task
from accounts.four_eyes import ask
from kernel import display
from kernel.actors import Actor
from kernel.shapes import Cleaned, FormOptions, Json, Sent, Uploads
from payments import acts
from payments.admin.reversals import GiveBack, another_field, ask_to_give_back
from payments.admin.sides import sides
from payments.models import SETTLED, Payment, ReconciliationCase, Reversal, StatementLine
from payments.rights import DECIDE_PAYMENT, RECONCILE, TAKE_BACK_PAYMENT
from payments.services.after_all import book_carried_out, was_refused
from payments.services.differences import FOR_SUSPENSE, end_if_both_agree, explain, take_into_suspense
from payments.services.held import book_won, may_be_won
from payments.services.reversals import booked_by_letter, name_as_told, take_back

Movement = StatementLine.Movement
Kind = ReconciliationCase.Kind


class OfCase(Task):
    """Something that ends a difference; its page shows both sides."""

    def is_open(self, subject: ReconciliationCase, at: datetime) -> bool:
        return subject.resolved_at is None

    def context(self, subject: ReconciliationCase, *, at: datetime) -> dict[str, object]:
        facts = [(what, f"{theirs} | {ours}") for what, theirs, ours in sides(subject)]
        return {"facts": [(_("Difference"), subject.get_kind_display()), (_("Compared"), _("statement | we")), *facts]}


class BookIt(OfCase):
    name = "book"
    label = _("Book what the gateway received")
    lead = _(
        "The statement says that the customer has paid. It becomes credit and pays what it was meant for, as if the gateway had told us."
    )
    button = _("Book it")
    right = DECIDE_PAYMENT
    once = True

    def is_open(self, subject: ReconciliationCase, at: datetime) -> bool:
        line, payment = subject.line, subject.payment
        return bool(
            super().is_open(subject, at)
            and line
            and payment
            and line.movement == Movement.PAYMENT
            and subject.kind in {Kind.LATE, Kind.MISSING_HERE}
            and payment.state not in SETTLED
        )

    def carry_out(self, subject: ReconciliationCase, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        assert subject.line is not None
        assert subject.payment is not None
        asked = ask(
            acts.BookReceived,
            customer=subject.payment.customer,
            amount=subject.line.amount,
            subject=subject.payment.reference,
            facts={"payment": str(subject.payment.pk), "gateway_txn_id": subject.line.transaction},
            reason=data["reason"],
            actor=actor,
            at=at,
        )
        if not asked.waits:
            end_if_both_agree(subject, actor=actor, at=at)
        return asked.sentence or text("%(amount)s are booked.") % {"amount": display.money(subject.line.amount)}


class TakenBackForm(ReasonForm):
    is_another = another_field()
    field_order = ("is_another", "reason")


class BookAsTold(OfCase):
    """What the statement says has happened to a payment, and we have not booked: it is, as the line says."""

    button = _("Book it")
    right = TAKE_BACK_PAYMENT
    once = True
    movement: ClassVar[Movement]

    def is_open(self, subject: ReconciliationCase, at: datetime) -> bool:
        line, payment = subject.line, subject.payment
        is_told = line is not None and line.movement == self.movement and subject.kind == Kind.MISSING_HERE
        return super().is_open(subject, at) and is_told and payment is not None and self.fits(payment)

    @abstractmethod
    def fits(self, payment: Payment) -> bool:
        """Whether it can have happened to `payment`."""

    @abstractmethod
    def book(self, payment_id: UUID, line: StatementLine, data: Cleaned, *, actor: Actor, at: datetime) -> None: ...

    def carry_out(self, subject: ReconciliationCase, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        assert subject.line is not None
        assert subject.payment_id is not None
        self.book(subject.payment_id, subject.line, data, actor=actor, at=at)
        end_if_both_agree(subject, actor=actor, at=at)
        return text("%(amount)s are booked.") % {"amount": display.money(subject.line.amount)}


class BookTakenBack(BookAsTold):
    name = "take-back"
    label = _("Taken back by bank or gateway")
    lead = _(
        "Credit is taken back as far as there is any, then invoices that were paid with it are open again, and the rest is a debt."
    )
    form = TakenBackForm
    dangerous = True
    movement = Movement.TAKEN_BACK

    def fits(self, payment: Payment) -> bool:
        return payment.state in SETTLED

    def book(self, payment_id: UUID, line: StatementLine, data: Cleaned, *, actor: Actor, at: datetime) -> None:
        take_back(
            payment_id,
            line.amount,
            reference=line.transaction,
            reason=data["reason"],
            is_another=data["is_another"],
            actor=actor,
            at=at,
        )


class ReversalChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Reversal) -> str:
        return f"{obj.reference} · {display.money(obj.amount)} · {display.instant(obj.at)}"


class SameForm(ReasonForm):
    reversal = ReversalChoice(Reversal.objects.none(), label=_("Booked as"), empty_label=None)
    field_order = ("reversal", "reason")

    def __init__(
        self, data: Sent = None, files: Uploads = None, *, case: ReconciliationCase, **options: Unpack[FormOptions]
    ) -> None:
        super().__init__(data, files, **options)
        chooser = self.fields["reversal"]
        assert isinstance(chooser, ReversalChoice)
        chooser.queryset = _booked_otherwise(case)


def _booked_otherwise(case: ReconciliationCase) -> QuerySet[Reversal]:
    """What staff booked by a letter, and the line may be about."""
    line, payment = case.line, case.payment
    is_missing = case.kind == Kind.MISSING_HERE and case.moved == Movement.TAKEN_BACK
    return booked_by_letter(payment, line.amount) if is_missing and line and payment else Reversal.objects.none()


class SameAs(OfCase):
    name = "same"
    label = _("It is what we have booked")
    lead = _(
        "Staff booked it by a letter that names it otherwise. The line is that one from now on, and no money moves; its difference ends, too."
    )
    button = _("It is the same")
    right = RECONCILE
    form = SameForm

    def is_open(self, subject: ReconciliationCase, at: datetime) -> bool:
        return super().is_open(subject, at) and _booked_otherwise(subject).exists()

    def form_options(self, subject: ReconciliationCase, *, at: datetime) -> Json:
        return {"case": subject}

    def carry_out(self, subject: ReconciliationCase, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        assert subject.line is not None
        name_as_told(data["reversal"].pk, subject.line.transaction, reason=data["reason"], actor=actor, at=at)
        end_if_both_agree(subject, actor=actor, at=at)
        return text("The difference has ended.")


class CarriedOut(OfCase):
    name = "carried-out"
    label = _("Book that it was returned after all")
    lead = _(
        "The gateway had refused this refund and carried it out nevertheless. That credit is taken again as far as there is any; the rest is owed."
    )
    button = _("Book it")
    right = TAKE_BACK_PAYMENT
    once = True
    dangerous = True

    def is_open(self, subject: ReconciliationCase, at: datetime) -> bool:
        line, refund = subject.line, subject.refund
        is_late = subject.kind == Kind.LATE and subject.moved == Movement.REFUND
        return bool(
            super().is_open(subject, at)
            and is_late
            and line
            and refund
            and was_refused(refund)
            and line.amount == refund.amount
        )

    def carry_out(self, subject: ReconciliationCase, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        assert subject.refund is not None
        reversal = book_carried_out(subject.refund.pk, reason=data["reason"], actor=actor, at=at)
        end_if_both_agree(subject, actor=actor, at=at)
        return text("%(amount)s are booked.") % {"amount": display.money(reversal.amount)}


class NeverTaken(OfCase):
    name = "never-taken"
    label = _("It was never taken back")
    lead = _(
        "The gateway's statements tell nothing of it: look it up there first. Approved by somebody else it is given back, and the difference ends."
    )
    button = _("Ask for approval")
    right = TAKE_BACK_PAYMENT
    once = True

    def is_open(self, subject: ReconciliationCase, at: datetime) -> bool:
        reversal = subject.reversal
        is_missing = subject.kind == Kind.MISSING_THERE and subject.movement == Movement.TAKEN_BACK
        return bool(super().is_open(subject, at) and is_missing and reversal and not reversal.given_back)

    def carry_out(self, subject: ReconciliationCase, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        reversal = subject.reversal
        assert reversal is not None
        waits = ask_to_give_back(reversal, reversal.amount, reason=data["reason"], actor=actor, at=at)
        if not waits:
            end_if_both_agree(subject, actor=actor, at=at)
        return waits or text("%(amount)s are booked.") % {"amount": display.money(reversal.amount)}


class BookGivenBack(BookAsTold):
    name = "give-back"
    label = _("Given back by bank or gateway")
    lead = GiveBack.lead
    movement = Movement.GIVEN_BACK

    def fits(self, payment: Payment) -> bool:
        return may_be_won(payment)

    def book(self, payment_id: UUID, line: StatementLine, data: Cleaned, *, actor: Actor, at: datetime) -> None:
        book_won(payment_id, line, reason=data["reason"], actor=actor, at=at)


class IntoSuspense(OfCase):
    name = "suspense"
    label = _("Take it into suspense")
    lead = _(
        "The gateway received money that none of our payments was for. It then stands among the bank transfers, to be given or sent back."
    )
    button = _("Take it")
    right = RECONCILE
    once = True

    def is_open(self, subject: ReconciliationCase, at: datetime) -> bool:
        line = subject.line
        is_money = line is not None and line.movement == Movement.PAYMENT
        return super().is_open(subject, at) and subject.kind in FOR_SUSPENSE and is_money

    def carry_out(self, subject: ReconciliationCase, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        transfer = take_into_suspense(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("%(amount)s wait in suspense.") % {"amount": display.money(transfer.amount)}


class Explain(OfCase):
    name = "explain"
    label = _("Explain it")
    lead = _("You know why both sides differ, and nothing is left to do here. No money moves.")
    button = _("End the difference")
    right = RECONCILE

    def carry_out(self, subject: ReconciliationCase, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        explain(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("The difference has ended.")


TASKS = (BookIt(), SameAs(), BookTakenBack(), BookGivenBack(), CarriedOut(), NeverTaken(), IntoSuspense(), Explain())
"""As their buttons stand."""
