"""What of which payment went to which invoice."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from invoices.models import CreditNote, Invoice
from kernel import display
from payments.models.attempts import Payment
from payments.models.reversals import Reversal
from store.carried import CarriedKey
from store.personal import Because, kept
from store.triggers import append_only


class Allocation(models.Model):
    """
    Money given to an invoice: part of a payment, or what a credit note on an earlier invoice gave back.

    When money was taken back, a negative one of its `reversal` takes the part from the invoice again.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    payment = models.ForeignKey(
        Payment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
        related_name="allocations",
        verbose_name=_("payment"),
    )
    credit_note = models.ForeignKey(
        CreditNote,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="allocations",
        verbose_name=_("credit note"),
    )
    invoice = models.ForeignKey(
        Invoice,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="allocations",
        verbose_name=_("invoice"),
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="+",
        verbose_name=_("customer"),
    )
    reversal = models.ForeignKey(
        Reversal,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="allocations",
        verbose_name=_("payment taken back"),
    )
    amount = models.BigIntegerField(_("amount"))
    promotional = models.BigIntegerField(_("of it promotional"), default=0)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        constraints: ClassVar = [
            CarriedKey("invoice", name="an_allocation_is_its_invoices_customers"),
            CarriedKey("payment", name="an_allocation_is_its_payments_customers"),
            CarriedKey("credit_note", name="an_allocation_is_its_credit_notes_customers"),
            CarriedKey("reversal", name="an_allocation_is_its_reversals_customers"),
            models.CheckConstraint(
                name="allocation_is_positive",
                condition=Q(amount__gt=0, promotional__gte=0, promotional__lte=F("amount"), reversal__isnull=True)
                | Q(amount__lt=0, promotional=0, reversal__isnull=False),
            ),
            models.CheckConstraint(
                name="an_allocation_has_one_source",
                condition=Q(payment__isnull=False, credit_note__isnull=True)
                | Q(payment__isnull=True, credit_note__isnull=False),
            ),
            models.UniqueConstraint(
                name="a_payment_reaches_an_invoice_once",
                fields=["payment", "invoice"],
                condition=Q(reversal__isnull=True),
            ),
        ]
        indexes: ClassVar = [
            # what a payment gave is added up at each one, and the rule above knows nothing of what was taken back
            models.Index(name="allocations_of_a_payment", fields=["payment"], condition=Q(payment__isnull=False)),
        ]
        triggers: ClassVar = [
            append_only(),
            pgtrigger.Trigger(
                name="pays_its_invoice",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_allocations"),
                func="""
                IF NOT EXISTS (SELECT FROM new_allocations) THEN
                    RETURN NULL;  -- plans are made at the first call of a connection: not for nothing, in tables that may be empty
                END IF;
                -- Held first, so that each sum below sees what another transaction gave just before.
                PERFORM FROM invoices_invoice WHERE id IN (SELECT invoice_id FROM new_allocations) ORDER BY id FOR NO KEY UPDATE;
                PERFORM FROM payments_payment WHERE id IN (SELECT payment_id FROM new_allocations) ORDER BY id FOR NO KEY UPDATE;
                UPDATE invoices_invoice i SET paid = given.amount
                FROM (SELECT invoice_id, sum(amount) AS amount FROM payments_allocation
                      WHERE invoice_id IN (SELECT invoice_id FROM new_allocations) GROUP BY invoice_id) given
                WHERE i.id = given.invoice_id AND i.paid <> given.amount;
                UPDATE payments_payment p SET allocated = given.amount
                FROM (SELECT payment_id, sum(amount) AS amount FROM payments_allocation
                      WHERE payment_id IN (SELECT payment_id FROM new_allocations) GROUP BY payment_id) given
                WHERE p.id = given.payment_id AND p.allocated <> given.amount;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{display.money(self.amount)} -> {self.invoice_id}"


class InvoiceBornPaid(Invoice):
    """
    An invoice that is issued as paid, as those of orders are: what payments promise about it.

    Invoices know nothing of payments, so the promise stands here, as a trigger on their table.
    """

    class Meta:
        proxy = True
        default_permissions = ()
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="born_paid_means_allocated",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(new__paid__gt=0),
                func="""
                IF NEW.paid <> coalesce((SELECT sum(amount) FROM payments_allocation a WHERE a.invoice_id = NEW.id), 0) THEN
                    RAISE EXCEPTION 'invoice % says that it is paid, but no payment says so', NEW.number
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]
