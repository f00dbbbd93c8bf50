"""Invoices, frozen at issue, and their numbers. Their lines: `lines`."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Self
from uuid import UUID

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.models import InstantRange, Product
from catalog.terms import LONGEST
from invoices.models.taxed import MISTAXED
from invoices.models.totals import totals_kept
from kernel.ids import new_id
from kernel.money import MAXIMUM
from kernel.periods import local_day
from lifecycle.models import Resource
from store import personal
from store.carried import CarriedKey, unique_with
from store.kept import KeepsColumns
from store.personal import Because
from store.triggers import frozen, kept, never_deleted


class NumberSeries(models.Model):
    """The last number given in a series and year. Its row is locked until commit, so a rollback leaves no gap."""

    class Series(models.TextChoices):
        PREPAID = "P", _("prepaid invoices")
        USAGE = "U", _("usage invoices")
        CREDIT_NOTE = "C", _("credit notes")

    series = models.CharField(max_length=1, choices=Series.choices)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_counter_per_series_and_year", fields=["series", "year"])
        ]
        triggers: ClassVar = [never_deleted()]

    def __str__(self) -> str:
        return f"{self.series}{self.year}: {self.last}"


IN_PAID_TIME = "/use/"
"""In the period key of an invoice that bills what is metered and no time, for that was paid ahead."""
ORDER_OF_PAYMENT = ("issued_at", "due", "number")
"""The older first, then the smaller."""


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def lock_all(self, pks: list[UUID]) -> list[Invoice]:
        return list(self.select_for_update(of=("self",), no_key=True).filter(pk__in=pks).order_by("pk"))

    def open(self) -> Self:
        """Invoices on which something is due."""
        return self.filter(due__gt=0)

    def of_use(self) -> Self:
        """Those that bill what resources used, and not what lacks to a commitment."""
        return self.filter(kind="usage", resource__isnull=False)

    def of_paid_time(self) -> Self:
        """Those that bill what was used in time that was paid ahead."""
        return self.filter(is_late=True, period_key__contains=IN_PAID_TIME)

    def overdue(self, at: datetime) -> Self:
        return self.open().filter(due_at__lte=at)

    def mistaxed(self) -> Self:
        """What stands of them has another rate of VAT than its tax point: the law came late."""
        return self.filter(pk__in=RawSQL(MISTAXED, []), credited__lt=F("total"))  # noqa: S611 - a constant

    def in_order_of_payment(self) -> Self:
        """In the order of `ORDER_OF_PAYMENT`."""
        return self.order_by(*ORDER_OF_PAYMENT)


class Invoice(KeepsColumns):
    """
    The bill for one resource over one covered period, or (without one) for what lacks to a commitment in a month.

    Frozen at issue. Only four facts move, each by a trigger or in one direction: `paid` follows the allocations,
    `credited` and `refunded` follow the credit notes, and `covered_until` may shrink to where the service was cut
    short. A prepaid invoice is born paid: its allocations are there when its transaction commits.
    `due` and `status` are computed by the database.
    """

    AT_CLOSING: ClassVar = personal.kept(Because.BOOKS)

    class Kind(models.TextChoices):
        PREPAID = "prepaid", _("prepaid")
        USAGE = "usage", _("usage")

    class Status(models.TextChoices):
        UNPAID = "unpaid", _("unpaid")
        PARTIALLY_PAID = "partially_paid", _("partially paid")
        PAID = "paid", _("paid")
        VOID = "void", _("void")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(_("number"), max_length=20)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="invoices",
        verbose_name=_("customer"),
    )
    resource = models.ForeignKey(
        Resource,
        on_delete=models.PROTECT,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="invoices",
        verbose_name=_("resource"),
    )
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, db_index=False, related_name="+", verbose_name=_("product")
    )
    kind = models.CharField(_("kind"), max_length=7, choices=Kind.choices)
    period_key = models.CharField(
        _("period key"),
        max_length=60,
        help_text=_("What is billed: a month (2026-08), its last stretch (2026-08/...), or an order item."),
    )
    is_late = models.BooleanField(
        _("reported late"),
        default=False,
        db_default=False,
        help_text=_("It bills uses whose time had been billed before, paid ahead or not, and no time."),
    )
    resource_name = models.CharField(_("resource name"), max_length=100)
    buyer = models.JSONField(_("buyer as of issue"))
    seller = models.JSONField(_("seller as of issue"))
    period_start = models.DateTimeField(_("from"))
    period_end = models.DateTimeField(_("until"))
    covered_until = models.DateTimeField(_("covered until"))
    issued_at = models.DateTimeField(_("issued"))
    due_at = models.DateTimeField(_("due"), help_text=_("The last instant of the day on which it is due."))
    subtotal = models.BigIntegerField(_("sum of lines"))
    tax = models.BigIntegerField(_("VAT"))
    coupon = models.BigIntegerField(_("coupon"), default=0)
    coupon_code = models.CharField(_("coupon code"), max_length=40, blank=True)
    total = models.BigIntegerField(_("total"))
    term_months = models.PositiveSmallIntegerField(
        _("paid ahead for (months)"), default=1, db_default=1, help_text=_("A resize goes on with what was paid for.")
    )
    saved = models.BigIntegerField(
        _("saved by its term"),
        default=0,
        db_default=0,
        help_text=_("What more it would be without its term prices."),
    )
    saved_before = models.BigIntegerField(
        _("saved before in this term"),
        default=0,
        db_default=0,
        help_text=_("A resize goes on with a term: what that had saved until then."),
    )
    paid = models.BigIntegerField(_("paid"), default=0)
    credited = models.BigIntegerField(_("credited"), default=0)
    refunded = models.BigIntegerField(_("refunded"), default=0)
    due = models.GeneratedField(
        expression=F("total") - F("credited") - F("paid") + F("refunded"),
        output_field=models.BigIntegerField(_("still due")),
        db_persist=True,
    )
    status = models.GeneratedField(
        expression=Case(
            When(Q(total__gt=0, credited=F("total")), then=Value("void")),
            When(Q(total=F("credited") + F("paid") - F("refunded")), then=Value("paid")),
            When(Q(paid__gt=F("refunded")), then=Value("partially_paid")),
            default=Value("unpaid"),
        ),
        output_field=models.CharField(_("status"), max_length=14, choices=Status.choices),
        db_persist=True,
    )

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints: ClassVar = [
            unique_with(name="an_invoice_is_one_customers"),
            CarriedKey("resource", name="an_invoice_is_its_resources_customers"),
            models.UniqueConstraint(name="invoice_number_is_unique", fields=["number"]),
            models.UniqueConstraint(
                name="a_period_of_a_resource_is_billed_once", fields=["customer", "resource", "kind", "period_key"]
            ),
            models.CheckConstraint(
                name="invoice_total_is_subtotal_less_coupon", condition=Q(total=F("subtotal") - F("coupon"))
            ),
            models.CheckConstraint(
                name="invoice_total_is_sane", condition=Q(total__gte=0, total__lte=MAXIMUM, coupon__gte=0, tax__gte=0)
            ),
            models.CheckConstraint(
                name="nobody_pays_more_than_is_due", condition=Q(total__gte=F("credited") + F("paid") - F("refunded"))
            ),
            models.CheckConstraint(
                name="credit_is_capped_by_the_total", condition=Q(credited__gte=0, credited__lte=F("total"))
            ),
            models.CheckConstraint(
                name="refunds_come_from_credit_and_payments",
                condition=Q(refunded__gte=0, refunded__lte=F("credited")) & Q(refunded__lte=F("paid")),
            ),
            models.CheckConstraint(
                name="usage_is_billed_after_it_happened",
                condition=~Q(kind="usage") | Q(period_end__lte=F("issued_at")),
            ),
            models.CheckConstraint(
                name="invoice_covers_part_of_its_period",
                condition=Q(covered_until__gte=F("period_start"), covered_until__lte=F("period_end")),
            ),
            ExclusionConstraint(
                name="no_minute_of_a_resource_is_billed_twice",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    (InstantRange("period_start", "covered_until"), RangeOperators.OVERLAPS),
                ],
                condition=Q(is_late=False),
            ),
            models.CheckConstraint(
                name="what_is_for_no_resource_is_billed_after_its_month",
                condition=Q(resource__isnull=False) | Q(kind="usage", is_late=False),
            ),
            models.CheckConstraint(name="only_use_is_reported_late", condition=Q(is_late=False) | Q(kind="usage")),
            models.CheckConstraint(
                name="a_term_saves_what_is_paid_ahead",
                condition=Q(term_months=1, saved=0, saved_before=0)
                | Q(kind="prepaid", term_months__gte=1, term_months__lte=LONGEST, saved__gte=0, saved_before__gte=0),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="invoices_of_a_customer", fields=["customer", "-issued_at", "-id"]),
            models.Index(name="coupons_of_a_customer", fields=["customer", "covered_until"], condition=Q(coupon__gt=0)),
            models.Index(name="open_invoices_of_a_customer", fields=["customer", "issued_at"], condition=Q(due__gt=0)),
            models.Index(name="open_invoices_by_due_date", fields=["due_at"], condition=Q(due__gt=0)),
        ]
        triggers: ClassVar = [
            never_deleted(),
            *totals_kept(),
            frozen(
                "is_frozen_at_issue",
                columns=[
                    "number",
                    "customer_id",
                    "resource_id",
                    "product_id",
                    "kind",
                    "period_key",
                    "is_late",
                    "resource_name",
                    "buyer",
                    "seller",
                    "period_start",
                    "period_end",
                    "issued_at",
                    "due_at",
                    "subtotal",
                    "tax",
                    "coupon",
                    "coupon_code",
                    "total",
                    "term_months",
                    "saved",
                    "saved_before",
                ],
            ),
            kept("only_allocations_and_credit_notes_move_it", columns=["paid", "credited", "refunded"]),
            frozen("cover_only_shrinks", columns=["covered_until"], unless="NEW.covered_until < OLD.covered_until"),
            pgtrigger.Trigger(
                name="starts_without_credit",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=~(pgtrigger.Q(new__credited=0) & pgtrigger.Q(new__refunded=0)),
                func="RAISE EXCEPTION 'an invoice starts without credit' USING ERRCODE = 'check_violation';",
            ),
            pgtrigger.Trigger(
                name="has_lines",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func="""
                IF NOT EXISTS (SELECT FROM invoices_invoiceline WHERE invoice_id = NEW.id) THEN
                    RAISE EXCEPTION 'invoice % says nothing: it has no lines', NEW.number USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="lies_in_the_life_of_its_resource",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_invoices"),
                declare=[("broken", "text")],
                func="""
                SELECT n.number INTO broken FROM new_invoices n JOIN lifecycle_resource r ON r.id = n.resource_id
                WHERE n.period_start < date_trunc('minute', r.created_at)
                    OR (r.state = 'deleted' AND n.covered_until > greatest(r.changed_at, n.period_start))
                    OR (n.kind = 'usage' AND NOT EXISTS (
                        SELECT FROM lifecycle_serviceperiod p WHERE p.resource_id = n.resource_id AND (n.is_late OR p.billing_mode = 'postpaid')
                            AND p.starts_at < n.period_end AND (p.ends_at IS NULL OR p.ends_at > n.period_start)))
                LIMIT 1;
                IF broken IS NOT NULL THEN
                    RAISE EXCEPTION 'invoice % is for a time in which its resource was not there, or was not used like that', broken
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_of_paid_time(self) -> bool:
        """It bills what was used of metered items in time that was paid ahead, and is written when the month is over."""
        return self.is_late and IN_PAID_TIME in self.period_key

    @property
    def due_date(self) -> date:
        """It is due all of this day, and overdue from the next one on."""
        return local_day(self.due_at)

    def is_overdue(self, at: datetime) -> bool:
        return self.due > 0 and self.due_at <= at

    def status_at(self, at: datetime) -> str:
        """The status to show: "overdue" says more than "unpaid"."""
        return "overdue" if self.is_overdue(at) else str(self.status)

    @property
    def paid_net(self) -> int:
        """What was paid and not given back."""
        return self.paid - self.refunded
