"""Credit notes: how an invoice, frozen at issue, is corrected."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from invoices.models.documents import Invoice
from invoices.models.lines import InvoiceLine
from kernel.ids import new_id
from store.carried import CarriedKey, unique_with
from store.personal import Because, kept
from store.triggers import append_only


class CreditNote(models.Model):
    """
    A correction of an invoice: `amount` of it is taken back.

    It first reduces what is still due; the rest, `refunded`, was paid and goes back to the customer.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    class Reason(models.TextChoices):
        RESIZED = "resized", _("resized before the end of the period")
        DELETED = "deleted", _("deleted before the end of the period")
        GONE = "gone", _("lost by the product team")
        CORRECTION = "correction", _("correction by staff")
        USED_LESS = "used_less", _("less was used than had been reported")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(_("number"), max_length=20)
    invoice = models.ForeignKey(
        Invoice,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="credit_notes",
        verbose_name=_("invoice"),
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="credit_notes",
        verbose_name=_("customer"),
    )
    line = models.ForeignKey(
        InvoiceLine,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="credit_notes",
        verbose_name=_("line"),
        help_text=_("What it is about, if that is one line."),
    )
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices)
    note = models.TextField(_("note"), blank=True)
    amount = models.BigIntegerField(_("amount"))
    tax = models.BigIntegerField(_("VAT"))
    refunded = models.BigIntegerField(_("refunded"))
    minutes_unused = models.PositiveIntegerField(_("unused minutes"), null=True, blank=True)
    issued_at = models.DateTimeField(_("issued"))

    class Meta:
        verbose_name = _("credit note")
        verbose_name_plural = _("credit notes")
        constraints: ClassVar = [
            unique_with(name="a_credit_note_is_one_customers"),
            CarriedKey("invoice", name="a_credit_note_is_its_invoices_customers"),
            models.UniqueConstraint(name="credit_note_number_is_unique", fields=["number"]),
            models.CheckConstraint(
                name="a_credit_note_gives_something",
                condition=Q(amount__gt=0, refunded__gte=0, refunded__lte=F("amount")),
            ),
            models.CheckConstraint(
                name="unused_time_is_credited_by_the_minute",
                condition=Q(reason__in=["correction", "used_less"], minutes_unused__isnull=True)
                | ~Q(reason__in=["correction", "used_less"]) & Q(minutes_unused__isnull=False, minutes_unused__gt=0),
            ),
        ]
        triggers: ClassVar = [
            append_only(),
            pgtrigger.Trigger(
                name="gives_back_what_unused_time_is_worth",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.minutes_unused > 0"),
                declare=[("worth", "numeric")],
                func="""
                -- As pricing.unused_part: of what a term has saved, the part of the time that was used stays here, if its customer leaves it.
                SELECT div(2 * ((total - credited)::numeric * NEW.minutes_unused - lost * (minutes - NEW.minutes_unused)) + minutes,
                           nullif(2 * minutes, 0)) - lost_before INTO worth
                FROM (
                    SELECT total, credited, (extract(epoch FROM covered_until - period_start) / 60)::bigint AS minutes,
                        CASE NEW.reason WHEN 'deleted' THEN saved ELSE 0 END AS lost,
                        CASE NEW.reason WHEN 'deleted' THEN saved_before ELSE 0 END AS lost_before
                    FROM invoices_invoice WHERE id = NEW.invoice_id
                ) covered;
                IF NEW.amount > coalesce(worth, 0) THEN
                    RAISE EXCEPTION 'the unused time of invoice % is worth % and no more', NEW.invoice_id, coalesce(worth, 0)
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="is_about_a_line_of_its_invoice",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__line__isnull=False),
                func="""
                IF NOT EXISTS (SELECT FROM invoices_invoiceline WHERE id = NEW.line_id AND invoice_id = NEW.invoice_id) THEN
                    RAISE EXCEPTION 'credit note % is about a line of another invoice', NEW.number USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="says_its_rates",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func="""
                IF (NEW.amount::numeric, NEW.tax::numeric) IS DISTINCT FROM
                    (SELECT (sum(net + tax), sum(tax)) FROM invoices_creditedpart WHERE credit_note_id = NEW.id) THEN
                    RAISE EXCEPTION 'credit note % does not say of which rates of VAT it is', NEW.number USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="credits_its_invoice",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func="""
                UPDATE invoices_invoice SET credited = credited + NEW.amount, refunded = refunded + NEW.refunded WHERE id = NEW.invoice_id;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.number


class CreditedPart(models.Model):
    """
    What a credit note takes back at one rate of VAT; its parts add up to it.

    All parts of a note are written in one statement. Of no rate more is taken back than its invoice has of it.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    credit_note = models.ForeignKey(
        CreditNote, on_delete=models.PROTECT, db_index=False, related_name="parts", verbose_name=_("credit note")
    )
    vat_rate = models.DecimalField(_("VAT rate"), max_digits=4, decimal_places=3)
    net = models.BigIntegerField(_("net"))
    tax = models.BigIntegerField(_("VAT"))

    class Meta:
        verbose_name = _("part of a credit note")
        verbose_name_plural = _("parts of credit notes")
        constraints: ClassVar = [
            models.UniqueConstraint(name="a_credit_note_says_a_rate_once", fields=["credit_note", "vat_rate"]),
            models.CheckConstraint(name="a_part_takes_something_back", condition=Q(tax__gte=0, net__gt=-F("tax"))),
        ]
        triggers: ClassVar = [
            append_only(),
            pgtrigger.Trigger(
                name="takes_back_what_its_invoice_has",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_parts"),
                declare=[("broken", "text")],
                func="""
                SELECT c.number INTO broken FROM (SELECT credit_note_id, sum(net + tax) AS amount, sum(tax) AS tax FROM new_parts GROUP BY 1) n
                JOIN invoices_creditnote c ON c.id = n.credit_note_id
                WHERE (c.amount, c.tax) <> (n.amount, n.tax) LIMIT 1;
                IF broken IS NOT NULL THEN
                    RAISE EXCEPTION 'the parts of credit note % do not add up to it, or come after it was issued', broken
                        USING ERRCODE = 'check_violation';
                END IF;
                SELECT i.number INTO broken FROM (
                    SELECT DISTINCT c.invoice_id, n.vat_rate FROM new_parts n JOIN invoices_creditnote c ON c.id = n.credit_note_id
                ) n JOIN invoices_invoice i ON i.id = n.invoice_id, LATERAL (
                    SELECT sum(l.total) AS total, sum(l.tax) AS tax FROM invoices_invoiceline l
                    WHERE l.invoice_id = n.invoice_id AND l.vat_rate = n.vat_rate
                ) has, LATERAL (
                    SELECT sum(p.net + p.tax) AS total, sum(p.tax) AS tax FROM invoices_creditedpart p
                    JOIN invoices_creditnote c ON c.id = p.credit_note_id WHERE c.invoice_id = n.invoice_id AND p.vat_rate = n.vat_rate
                ) gone
                WHERE has.total IS NULL OR gone.total > has.total OR gone.tax > has.tax LIMIT 1;
                IF broken IS NOT NULL THEN
                    RAISE EXCEPTION 'of a rate of VAT more is taken back than invoice % has of it', broken USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.credit_note_id} {self.vat_rate}: {self.net + self.tax}"


class UseTakenBack(models.Model):
    """
    So much of what a line billed was not used after all: a later report corrected an earlier one.

    What it had cost is credited by a credit note; there is none if it had cost nothing, or nothing of its invoice was left.
    """

    line = models.ForeignKey(
        InvoiceLine, on_delete=models.PROTECT, related_name="taken_back", verbose_name=_("invoice line")
    )
    credit_note = models.ForeignKey(
        CreditNote,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="uses",
        verbose_name=_("credit note"),
    )
    quantity = models.DecimalField(_("quantity"), max_digits=18, decimal_places=6)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("use taken back")
        verbose_name_plural = _("uses taken back")
        constraints: ClassVar = [
            models.CheckConstraint(name="something_is_taken_back", condition=Q(quantity__gt=0)),
        ]
        triggers: ClassVar = [
            append_only(),
            pgtrigger.Trigger(
                name="takes_back_what_its_line_billed",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func="""
                IF NOT EXISTS (
                    SELECT FROM invoices_invoiceline l WHERE l.id = NEW.line_id AND l.per_minutes = 0
                        AND l.quantity >= (SELECT sum(t.quantity) FROM invoices_usetakenback t WHERE t.line_id = l.id)
                        AND (NEW.credit_note_id IS NULL
                             OR l.invoice_id = (SELECT c.invoice_id FROM invoices_creditnote c WHERE c.id = NEW.credit_note_id))
                ) THEN
                    RAISE EXCEPTION 'line % did not bill so much use, or is of another invoice than the credit note', NEW.line_id
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id}: -{self.quantity}"
