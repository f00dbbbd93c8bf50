"""What an invoice bills, line by line: each line's columns are its explanation."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import NullIf
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.models import Item, Price
from invoices.models.documents import Invoice
from invoices.models.tags import tagged_as_their_resource
from invoices.models.taxed import taxed_at_their_tax_point
from store import personal
from store.carried import CarriedKey
from store.personal import Because
from store.rounded import Rounded
from store.triggers import append_only


def _tax_on_top_of_what_was_billed(over: Combinable) -> Combinable:
    """Of the month by now less that of the month before: lines of a month add up to it."""
    until = Rounded((F("amount_before") + F("amount")) * F("vat_rate"), over)
    return until - Rounded(F("amount_before") * F("vat_rate"), over)


class InvoiceLine(models.Model):
    """
    One item over one stretch of unchanged configuration and price; its columns are its explanation.

    Of a metered item (`per_minutes` is 0): the month's quantity beyond the `quantity_before` that had been billed, at one price and
    discount all month. `amount_before` is what that had come to.

    All lines of an invoice are written in one statement: none can be added later, not even one that costs nothing.
    """

    AT_CLOSING: ClassVar = personal.kept(Because.BOOKS)

    invoice = models.ForeignKey(
        Invoice,
        on_delete=models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="lines",
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
    position = models.PositiveSmallIntegerField(_("position"))
    item = models.ForeignKey(Item, on_delete=models.PROTECT, db_index=False, related_name="+", verbose_name=_("item"))
    price = models.ForeignKey(
        Price, on_delete=models.PROTECT, db_index=False, related_name="+", verbose_name=_("price version")
    )
    name = models.CharField(_("name"), max_length=120)
    unit = models.CharField(_("unit"), max_length=30)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    minutes = models.PositiveIntegerField(_("minutes"))
    quantity = models.DecimalField(_("quantity"), max_digits=18, decimal_places=6)
    unit_price = models.DecimalField(_("unit price"), max_digits=18, decimal_places=6)
    per_minutes = models.PositiveIntegerField(_("per minutes"))
    discount = models.DecimalField(_("discount"), max_digits=5, decimal_places=4)
    committed = models.DecimalField(
        _("discount of a commitment"),
        max_digits=5,
        decimal_places=4,
        default=Decimal(0),
        db_default=0,
        help_text=_("The part of the discount that a commitment gives."),
    )
    includes_vat = models.BooleanField(_("includes VAT"))
    vat_rate = models.DecimalField(_("VAT rate"), max_digits=4, decimal_places=3)
    taxed_at = models.DateTimeField(
        _("tax point"), help_text=_("Paid ahead: when it was paid. Usage: the last minute of the line.")
    )
    is_whole = models.BooleanField(
        _("taxed as a whole"),
        default=False,
        db_default=False,
        help_text=_("Of usage: not cut where the rate of VAT changes, by the setting of then."),
    )
    quantity_before = models.DecimalField(
        _("billed before"), max_digits=18, decimal_places=6, default=Decimal(0), db_default=0
    )
    amount_before = models.BigIntegerField(_("amount billed before"), default=0, db_default=0)
    amount = models.BigIntegerField(_("amount"))
    tax = models.BigIntegerField(_("VAT"))
    total = models.BigIntegerField(_("total"))
    tags = models.JSONField(_("tags"), help_text=_("Those of the resource when it was issued."))

    class Meta:
        verbose_name = _("invoice line")
        verbose_name_plural = _("invoice lines")
        constraints: ClassVar = [
            CarriedKey("invoice", name="a_line_is_its_invoices_customers"),
            models.UniqueConstraint(name="one_line_per_position", fields=["invoice", "position"]),
            models.CheckConstraint(
                name="line_total_is_amount_and_tax_on_top",
                condition=Q(includes_vat=True, total=F("amount")) | Q(includes_vat=False, total=F("amount") + F("tax")),
            ),
            models.CheckConstraint(
                name="line_is_as_long_as_it_says",
                condition=Q(ends_at=F("starts_at") + F("minutes") * Value(timedelta(minutes=1))),
            ),
            models.CheckConstraint(
                name="line_amount_follows_from_its_price",
                condition=Q(per_minutes=0)
                | Q(
                    amount=Rounded(
                        F("unit_price") * F("quantity") * (1 - F("discount")) * F("minutes"),
                        NullIf(F("per_minutes"), Value(0)),
                    )
                ),
            ),
            models.CheckConstraint(
                name="a_commitment_gives_a_part_of_the_discount",
                condition=Q(committed__gte=0, committed__lte=F("discount")),
            ),
            models.CheckConstraint(
                name="line_tax_follows_from_its_rate",
                condition=Q(includes_vat=True, tax=_tax_on_top_of_what_was_billed(1 + F("vat_rate")))
                | Q(includes_vat=False, tax=_tax_on_top_of_what_was_billed(Value(1))),
            ),
            models.CheckConstraint(
                name="only_use_goes_on_from_what_was_billed_before",
                condition=Q(per_minutes=0, quantity__gt=0, quantity_before__gte=0, amount_before__gte=0)
                | Q(per_minutes__gt=0, quantity_before=0, amount_before=0),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="lines_of_a_customer", fields=["customer", "-starts_at", "-id", "ends_at"]
            ),  # the usage report passes over what ended before its month without looking at it
            models.Index(name="lines_of_use", fields=["customer", "starts_at"], condition=Q(per_minutes=0)),
            BrinIndex(name="lines_by_tax_point", fields=["taxed_at"]),  # a rate begins after the last of them
        ]
        triggers: ClassVar = [
            append_only(),
            *tagged_as_their_resource(),
            taxed_at_their_tax_point(),
            pgtrigger.Trigger(
                name="lines_add_up_to_their_invoice",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_lines"),
                declare=[("broken", "text")],
                func="""
                SELECT n.invoice_id::text INTO broken
                FROM (SELECT invoice_id, count(*) AS lines FROM new_lines GROUP BY invoice_id) n
                WHERE (SELECT (i.subtotal::numeric, i.tax::numeric, n.lines) FROM invoices_invoice i WHERE i.id = n.invoice_id)
                    IS DISTINCT FROM
                    (SELECT (sum(l.total), sum(l.tax), count(*)) FROM invoices_invoiceline l
                     WHERE l.invoice_id = n.invoice_id) LIMIT 1;
                IF broken IS NOT NULL THEN
                    RAISE EXCEPTION 'the lines of invoice % do not add up, or come after it was issued', broken USING ERRCODE = 'check_violation';
                END IF;
                SELECT i.number INTO broken FROM new_lines n JOIN invoices_invoice i ON i.id = n.invoice_id
                WHERE n.starts_at < i.period_start OR n.ends_at > i.period_end LIMIT 1;
                IF broken IS NOT NULL THEN
                    RAISE EXCEPTION 'a line lies outside of the period of invoice %', broken USING ERRCODE = 'check_violation';
                END IF;
                SELECT invoice_id::text INTO broken FROM (
                    SELECT invoice_id, starts_at < lag(ends_at) OVER (PARTITION BY invoice_id, item_id ORDER BY starts_at) AS again
                    FROM new_lines WHERE minutes > 0
                ) one_after_another WHERE again LIMIT 1;
                IF broken IS NOT NULL THEN
                    RAISE EXCEPTION 'lines of invoice % bill an item twice for the same time', broken USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="use_costs_what_its_price_says",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_lines"),
                declare=[("broken", "text")],
                func="""
                SELECT n.invoice_id::text INTO broken FROM new_lines n WHERE n.per_minutes = 0 AND (n.amount_before, n.amount_before + n.amount)
                    IS DISTINCT FROM (metered_amount(n.price_id, n.quantity_before, n.discount),
                                      metered_amount(n.price_id, n.quantity_before + n.quantity, n.discount)) LIMIT 1;
                IF broken IS NOT NULL THEN
                    RAISE EXCEPTION 'a line of invoice % bills use at another amount than its price says', broken USING ERRCODE = 'check_violation';
                END IF;
                SELECT n.invoice_id::text INTO broken FROM new_lines n JOIN catalog_price p ON p.id = n.price_id
                WHERE n.per_minutes = 0 AND (n.item_id, n.unit_price, n.includes_vat) <> (p.item_id, p.unit_price, p.includes_vat) LIMIT 1;
                IF broken IS NOT NULL THEN
                    RAISE EXCEPTION 'a line of invoice % says another item or price than it bills use at', broken USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="use_follows_what_was_billed_before",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_lines"),
                declare=[("broken", "text")],
                func="""
                -- Of what follows others alone: the first bills of a month end are many, and have nothing before them.
                SELECT i.number INTO broken FROM new_lines n JOIN invoices_invoice i ON i.id = n.invoice_id
                CROSS JOIN LATERAL (
                    SELECT coalesce(sum(standing) FILTER (WHERE quantity_before < n.quantity_before), 0) AS before,
                        coalesce(sum(standing) FILTER (WHERE quantity_before = n.quantity_before AND id <> n.id), 0) AS beside
                    FROM (
                        SELECT l.id, l.quantity_before, l.quantity
                            - coalesce((SELECT sum(t.quantity) FROM invoices_usetakenback t WHERE t.line_id = l.id), 0) AS standing
                        FROM invoices_invoice o JOIN invoices_invoiceline l ON l.invoice_id = o.id
                        WHERE o.resource_id = i.resource_id AND o.kind = 'usage' AND NOT (o.status = 'void' AND o.covered_until = o.period_start)
                            AND l.per_minutes = 0 AND l.item_id = n.item_id
                            AND billing_month(l.starts_at) = billing_month(n.starts_at)
                    ) bills
                ) billed
                WHERE n.per_minutes = 0 AND (n.quantity_before > 0 OR i.is_late)
                    AND (billed.before <> n.quantity_before OR billed.beside <> 0) LIMIT 1;
                IF broken IS NOT NULL THEN
                    RAISE EXCEPTION 'invoice % bills use that does not follow what was billed of its month before', broken
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.total}"
