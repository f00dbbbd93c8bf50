"""What became of each month of a commitment: what of its spend was counted, and what of it is billed as its shortfall."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.models import Commitment
from invoices.models.documents import Invoice
from kernel.periods import CalendarMonth
from store.carried import CarriedKey
from store.personal import Because, kept
from store.triggers import append_only


class CommittedMonth(models.Model):
    """
    A month of a commitment that is decided: `counted` of its `amount` was spent, the `shortfall` is billed.

    Counted is what the customer's invoices of the month's use come to, less what was credited by then, and those of what was
    reported late that were issued since the decision before.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    commitment = models.ForeignKey(
        Commitment, on_delete=models.PROTECT, db_constraint=False, related_name="decided", verbose_name=_("commitment")
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_constraint=False, related_name="+", verbose_name=_("customer")
    )
    month = models.CharField(_("month"), max_length=7)
    amount = models.BigIntegerField(_("committed"))
    counted = models.BigIntegerField(_("counted spend"))
    shortfall = models.BigIntegerField(_("shortfall"))
    invoice = models.OneToOneField(
        Invoice,
        on_delete=models.PROTECT,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="committed_month",
        verbose_name=_("invoice"),
    )
    decided_at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name = _("committed month")
        verbose_name_plural = _("committed months")
        constraints: ClassVar = [
            CarriedKey("commitment", name="a_committed_month_is_its_commitments_customers"),
            CarriedKey("invoice", name="a_shortfall_is_billed_to_its_customer"),
            models.UniqueConstraint(name="a_month_of_a_commitment_is_decided_once", fields=["commitment", "month"]),
            models.CheckConstraint(
                name="what_is_not_counted_is_the_shortfall",
                condition=Q(amount__gt=0, counted__gte=0, shortfall=Greatest(F("amount") - F("counted"), 0)),
            ),
            models.CheckConstraint(
                name="a_shortfall_and_nothing_else_is_billed",
                condition=Q(shortfall=0, invoice__isnull=True) | Q(shortfall__gt=0, invoice__isnull=False),
            ),
        ]
        indexes: ClassVar = [models.Index(name="decided_of_a_customer", fields=["customer", "-decided_at"])]
        triggers: ClassVar = [
            append_only(),
            pgtrigger.Trigger(
                name="is_a_month_of_its_commitment",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                IF NOT EXISTS (
                    SELECT FROM catalog_commitment c WHERE c.id = NEW.commitment_id AND c.amount = NEW.amount
                        AND (NEW.month || '-01')::date >= c.starts_on AND (NEW.month || '-01')::date < c.ends_on
                        AND NEW.decided_at >= ((NEW.month || '-01')::timestamp + interval '1 month') AT TIME ZONE billing_zone()
                ) THEN
                    RAISE EXCEPTION '% is no month of commitment %, or is not over', NEW.month, NEW.commitment_id USING ERRCODE = 'check_violation';
                END IF;
                IF NEW.invoice_id IS NOT NULL AND NOT EXISTS (
                    SELECT FROM invoices_invoice i WHERE i.id = NEW.invoice_id AND i.resource_id IS NULL AND i.total = NEW.shortfall
                        AND i.period_key = NEW.month || '/commitment'
                ) THEN
                    RAISE EXCEPTION 'invoice % does not bill this shortfall', NEW.invoice_id USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.commitment_id}: {self.month}"

    @classmethod
    def of(cls, invoice: Invoice) -> CommittedMonth:
        """Of which an invoice bills the shortfall, or billed it again."""
        return cls.objects.get(customer=invoice.customer_id, month=invoice.period_key[: len("2026-08")])

    @property
    def calendar_month(self) -> CalendarMonth:
        return CalendarMonth.parse(self.month)


class ShortfallInvoice(Invoice):
    """An invoice as commitments see it: one without a resource bills what lacks to a commitment, or does so in the place of a void one."""

    class Meta:
        proxy = True
        default_permissions = ()
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="without_a_resource_it_bills_a_shortfall",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Condition("NEW.resource_id IS NULL"),
                func="""
                IF NOT EXISTS (
                    SELECT FROM invoices_committedmonth m JOIN invoices_invoice i ON i.id = m.invoice_id
                    WHERE m.invoice_id = NEW.id OR (m.customer_id = NEW.customer_id AND i.credited = i.total AND i.total = NEW.total
                        AND NEW.period_key LIKE i.period_key || '/again%')
                ) THEN
                    RAISE EXCEPTION 'invoice % is for no resource and for no commitment', NEW.number USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]
