"""Time that POC credit has paid for: there is no invoice for it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.models import InstantRange, Product
from invoices.models import Invoice
from kernel.ids import new_id
from kernel.money import MAXIMUM
from ledger.models import Grant
from lifecycle.models import Resource
from store.carried import CarriedKey
from store.personal import Because, kept
from store.triggers import frozen, never_deleted


class PocTimeQuerySet(models.QuerySet["PocTime"]):
    def ahead(self, at: datetime) -> Self:
        """Not over yet."""
        return self.filter(covered_until__gt=at)

    def at_the_end(self) -> Self:
        """With which the paid time of its resource ends: nothing else was bought after it."""
        return self.filter(covered_until=F("resource__paid_until"))


class PocTime(models.Model):
    """
    A stretch of a resource's time, what it cost, and the grant of POC credit that paid it.

    What an invoice is for time that was paid with money: its `lines` say what it consists of, and are those of the quote. It is
    no claim and no sale, so it has no number and no VAT is owed on it. `returned` went back to the grant when it was cut short.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    said: list[tuple[str, int]]
    """Of those read by `payments.poc`: what it paid, in the reader's language."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    grant = models.ForeignKey(
        Grant, on_delete=models.PROTECT, db_constraint=False, related_name="times", verbose_name=_("POC credit")
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_index=False, related_name="+", verbose_name=_("customer")
    )
    resource = models.ForeignKey(
        Resource, on_delete=models.PROTECT, db_constraint=False, related_name="poc_times", verbose_name=_("resource")
    )
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, db_index=False, related_name="+", verbose_name=_("product")
    )
    item_id = models.UUIDField(_("order item"), unique=True)
    resource_name = models.CharField(_("resource name"), max_length=100)
    lines = models.JSONField(_("lines"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    covered_until = models.DateTimeField(_("covered until"))
    amount = models.BigIntegerField(_("amount"))
    returned = models.BigIntegerField(_("returned"), default=0)
    at = models.DateTimeField(_("at"))

    objects = PocTimeQuerySet.as_manager()

    class Meta:
        verbose_name = _("time paid with POC credit")
        verbose_name_plural = _("times paid with POC credit")
        constraints: ClassVar = [
            CarriedKey("grant", name="poc_time_is_its_grants_customers"),
            CarriedKey("resource", name="poc_time_is_its_resources_customers"),
            models.CheckConstraint(
                name="poc_time_returns_no_more_than_it_cost",
                condition=Q(amount__gte=0, amount__lte=MAXIMUM, returned__gte=0, returned__lte=F("amount")),
            ),
            models.CheckConstraint(
                name="poc_time_covers_part_of_its_period",
                condition=Q(covered_until__gte=F("starts_at"), covered_until__lte=F("ends_at")),
            ),
            ExclusionConstraint(
                name="no_minute_is_paid_twice_with_poc_credit",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    (InstantRange("starts_at", "covered_until"), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen(
                "poc_time_is_what_was_paid",
                columns=[
                    *("grant_id", "customer_id", "resource_id", "product_id", "item_id", "resource_name", "lines"),
                    *("starts_at", "ends_at", "amount", "at"),
                ],
            ),
            frozen("poc_time_only_shrinks", columns=["covered_until"], unless="NEW.covered_until < OLD.covered_until"),
            frozen("what_was_returned_stays_returned", columns=["returned"], unless="NEW.returned > OLD.returned"),
            pgtrigger.Trigger(
                name="poc_time_is_paid_by_its_grant",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("returned"),
                timing=pgtrigger.Deferred,
                func="""
                IF NOT EXISTS (
                    SELECT FROM payments_poctime p JOIN ledger_grant g ON g.id = p.grant_id
                    JOIN lifecycle_resource r ON r.id = p.resource_id AND r.product_id = p.product_id
                    WHERE p.id = NEW.id AND g.kind = 'poc' AND p.product_id = ANY(g.products)
                        AND p.starts_at >= date_trunc('minute', g.starts_at) AND p.ends_at <= g.expires_at
                        AND p.amount - p.returned = coalesce((
                            SELECT sum(u.amount) FROM ledger_transaction t JOIN ledger_grantuse u ON t.id IN (u.transaction_id, u.origin_id)
                            WHERE t.kind = 'poc_payment' AND t.source = g.id || ':' || p.item_id AND u.grant_id = g.id
                        ), 0)
                ) THEN
                    RAISE EXCEPTION 'grant % has not paid for this time: not its product, not in its dates, or another amount', NEW.grant_id
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="poc_time_is_not_billed",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func="""
                IF EXISTS (
                    SELECT FROM payments_poctime p JOIN invoices_invoice i ON i.resource_id = p.resource_id AND NOT i.is_late
                    WHERE p.id = NEW.id AND tstzrange(i.period_start, i.covered_until) && tstzrange(p.starts_at, p.covered_until)
                ) THEN
                    RAISE EXCEPTION 'resource % has an invoice for time that POC credit paid', NEW.resource_id USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_name}: {self.amount}"

    @property
    def kept(self) -> int:
        """What of the grant it has used up."""
        return self.amount - self.returned


class InvoicedTime(Invoice):
    """Invoices as payments see them: what POC credit paid is not billed as well."""

    class Meta:
        proxy = True
        default_permissions = ()
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="bills_no_poc_time",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_invoices"),
                declare=[("broken", "text")],
                func="""
                SELECT n.number INTO broken FROM new_invoices n JOIN payments_poctime p ON p.resource_id = n.resource_id
                WHERE NOT n.is_late AND tstzrange(n.period_start, n.covered_until) && tstzrange(p.starts_at, p.covered_until) LIMIT 1;
                IF broken IS NOT NULL THEN
                    RAISE EXCEPTION 'invoice % bills time that POC credit has paid', broken USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]
