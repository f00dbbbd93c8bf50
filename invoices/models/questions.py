"""What customers question on their invoices."""

from __future__ import annotations

from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from invoices.models.corrections import CreditNote
from invoices.models.documents import Invoice
from invoices.models.lines import InvoiceLine
from kernel.ids import new_id
from store.personal import Because, kept
from store.triggers import frozen, never_deleted


class QuestionQuerySet(models.QuerySet["Question"]):
    def open(self) -> Self:
        return self.filter(state=Question.State.OPEN)

    def amounts(self) -> dict[object, int]:
        """Invoice -> what is questioned of it now."""
        return dict(self.open().order_by().values_list("invoice").annotate(sum=Sum("amount")))


class Question(models.Model):
    """
    A customer questions a line: its `amount` (net of the coupon) is neither dunned nor paid automatically until staff answer.

    Justified: a credit note says how much. Explained: the text says why it is right. Either stands: to ask again and again would keep a
    debt from being dunned for ever.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    class State(models.TextChoices):
        OPEN = "open", _("being looked into")
        JUSTIFIED = "justified", _("justified: credited")
        EXPLAINED = "explained", _("explained")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="questions", verbose_name=_("customer")
    )
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, db_index=False, related_name="questions", verbose_name=_("invoice")
    )
    line = models.ForeignKey(
        InvoiceLine, on_delete=models.PROTECT, db_index=False, related_name="questions", verbose_name=_("line")
    )
    amount = models.BigIntegerField(_("amount"))
    text = models.CharField(_("question"), max_length=1000)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.OPEN)
    answer = models.TextField(_("answer"), blank=True)
    credit_note = models.ForeignKey(
        CreditNote,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="questions",
        verbose_name=_("credit note"),
    )
    actor = models.CharField(_("by"), max_length=200)
    at = models.DateTimeField(_("at"))
    answered_by = models.CharField(_("answered by"), max_length=200, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("questioned line")
        verbose_name_plural = _("questioned lines")
        constraints: ClassVar = [
            models.UniqueConstraint(name="a_line_is_questioned_once", fields=["line"]),
            models.CheckConstraint(
                name="a_question_is_about_money_and_says_why", condition=Q(amount__gt=0) & ~Q(text="")
            ),
            models.CheckConstraint(
                name="a_question_is_open_justified_or_explained",
                condition=Q(state="open", credit_note__isnull=True, answered_at__isnull=True, answer="", answered_by="")
                | Q(Q(state="justified", credit_note__isnull=False, answered_at__isnull=False) & ~Q(answered_by=""))
                | Q(
                    Q(state="explained", credit_note__isnull=True, answered_at__isnull=False)
                    & ~Q(answer="")
                    & ~Q(answered_by="")
                ),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="questions_of_an_invoice", fields=["invoice", "id"]),
            models.Index(name="questions_that_are_open", fields=["at"], condition=Q(state="open")),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen(
                "is_what_was_asked",
                columns=["customer_id", "invoice_id", "line_id", "amount", "text", "actor", "at"],
            ),
            frozen(
                "is_answered_once",
                columns=["state", "answer", "credit_note_id", "answered_by", "answered_at"],
                unless="OLD.state = 'open'",
            ),
            pgtrigger.Trigger(
                name="is_about_its_own",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                IF NOT EXISTS (SELECT FROM invoices_invoiceline l WHERE l.id = NEW.line_id AND l.invoice_id = NEW.invoice_id
                               AND l.customer_id = NEW.customer_id AND l.total >= NEW.amount)
                    OR NEW.credit_note_id IS NOT NULL AND NOT EXISTS
                        (SELECT FROM invoices_creditnote n WHERE n.id = NEW.credit_note_id AND n.invoice_id = NEW.invoice_id) THEN
                    RAISE EXCEPTION 'a question is about a line of its invoice, and no more than that costs'
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice}: {self.line.name}"
