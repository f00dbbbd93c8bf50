"""Prices over time, list and negotiated, and negotiated discounts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Self

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.meters import Meter, Tier, Tiering
from catalog.models.products import Item, Product
from catalog.models.taxes import STANDARD, TaxCategory
from catalog.models.validity import STARTS_BEFORE_IT_ENDS, VALIDITY
from catalog.terms import LONGEST
from kernel import display
from kernel.ids import new_id
from kernel.money import MAXIMUM
from kernel.periods import HOUR_MINUTES, MONTH_MINUTES
from store.personal import Because, kept
from store.triggers import frozen, never_deleted

OF_METERED = (
    "tiering", "tier_from", "tier_prices", "package_size", "included", "minimum", "cap",
)  # fmt: skip
"""What only the prices of metered items have."""
HAS_NONE_OF_IT = Q(tiering="flat", tier_from__len=0, package_size__isnull=True, included=0, minimum=0, cap__isnull=True)


class PriceQuerySet(models.QuerySet["Price"]):
    def in_force(self, at: datetime) -> Self:
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=at), valid_from__lte=at)


class Price(models.Model):
    """
    What one unit of an item costs, from an instant on; for everybody or negotiated with one customer.

    One with more `months` than one is a term price: for whoever pays for at least so many months ahead.
    A metered item is priced by the unit used, with tiers of what is used in a calendar month; all others by time.

    Only the end of a price can be changed. A price that should never have begun is withdrawn by ending it at its start.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    class Per(models.IntegerChoices):
        MONTH = MONTH_MINUTES, _("30 days")
        HOUR = HOUR_MINUTES, _("hour")
        UNIT = 0, _("unit used")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="prices", verbose_name=_("item"))
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="negotiated_prices",
        verbose_name=_("negotiated with"),
    )
    unit_price = models.DecimalField(_("unit price"), max_digits=18, decimal_places=6)
    per_minutes = models.PositiveIntegerField(_("per"), choices=Per.choices, default=Per.MONTH)
    includes_vat = models.BooleanField(_("includes VAT"), default=True)
    tax_category = models.ForeignKey(
        TaxCategory, on_delete=models.PROTECT, default=STANDARD, related_name="+", verbose_name=_("tax category")
    )
    tiering = models.CharField(
        _("tiers"), max_length=9, choices=Tiering.choices, default=Tiering.FLAT, db_default=Tiering.FLAT
    )
    tier_from = ArrayField(
        models.DecimalField(max_digits=18, decimal_places=6),
        verbose_name=_("tiers begin above"),
        default=list,
        db_default=[],
        blank=True,
    )
    tier_prices = ArrayField(
        models.DecimalField(max_digits=18, decimal_places=6),
        verbose_name=_("unit prices of the tiers"),
        default=list,
        db_default=[],
        blank=True,
    )
    package_size = models.DecimalField(_("units in a package"), max_digits=18, decimal_places=6, null=True, blank=True)
    included = models.DecimalField(
        _("included each month"), max_digits=18, decimal_places=6, default=Decimal(0), db_default=0
    )
    minimum = models.BigIntegerField(_("least a month"), default=0, db_default=0)
    cap = models.BigIntegerField(_("most a month"), null=True, blank=True)
    months = models.PositiveSmallIntegerField(
        _("for at least (months)"),
        default=1,
        db_default=1,
        help_text=_(
            "1: the price of any time. 2 to 36: a term price, for whoever pays for at least so many months ahead."
        ),
    )
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    objects = PriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="price_is_not_negative",
                violation_error_message=_("A price cannot be below zero."),
                condition=Q(unit_price__gte=0),
            ),
            models.CheckConstraint(
                name="price_is_per_month_per_hour_or_per_unit_used",
                violation_error_message=_("A price is per month, per hour or per unit used."),
                condition=Q(per_minutes__in=[MONTH_MINUTES, HOUR_MINUTES, 0]),
            ),
            models.CheckConstraint(
                name="only_prices_per_unit_used_have_tiers_and_bounds",
                violation_error_message=_(
                    "Tiers, packages, what is included, a least and a most belong to prices per unit used alone."
                ),
                condition=Q(per_minutes=0) | HAS_NONE_OF_IT,
            ),
            models.CheckConstraint(
                name="a_price_has_the_tiers_or_the_package_that_it_says",
                violation_error_message=_(
                    "Graduated and volume prices have tiers, prices by packages the size of a package, others neither."
                ),
                condition=Q(tiering="flat", tier_from__len=0, package_size__isnull=True)
                | Q(tiering__in=["graduated", "volume"], tier_from__len__gt=0, package_size__isnull=True)
                | Q(tiering="package", tier_from__len=0, package_size__isnull=False, package_size__gt=0),
            ),
            models.CheckConstraint(
                name="each_tier_has_its_price",
                violation_error_message=_("Each tier has one beginning and one price."),
                condition=Q(tier_from__len=F("tier_prices__len")),
            ),
            models.CheckConstraint(
                name="what_is_included_and_the_least_and_the_most_are_sane",
                violation_error_message=_(
                    "What is included and the least of a month are not below zero, and the most is not below the least."
                ),
                condition=Q(included__gte=0, minimum__gte=0, minimum__lte=MAXIMUM)
                & (Q(cap__isnull=True) | Q(cap__gte=F("minimum"), cap__lte=MAXIMUM)),
            ),
            models.CheckConstraint(
                name="a_term_is_one_to_thirty_six_months",
                violation_error_message=_("A term is 1 to 36 months."),
                condition=Q(months__gte=1, months__lte=LONGEST),
            ),
            models.CheckConstraint(
                name="only_time_is_priced_by_term",
                violation_error_message=_("What is priced per unit used has no term: nobody pays for it ahead."),
                condition=Q(months=1) | Q(per_minutes__gt=0),
            ),
            models.CheckConstraint(
                name="price_starts_before_it_ends",
                violation_error_message=_("The end must lie after the beginning."),
                condition=STARTS_BEFORE_IT_ENDS,
            ),
            ExclusionConstraint(
                name="list_prices_of_an_item_never_overlap",
                violation_error_message=_("Another list price of this item is valid in this time. End that one first."),
                expressions=[
                    ("item", RangeOperators.EQUAL),
                    ("months", RangeOperators.EQUAL),
                    (VALIDITY, RangeOperators.OVERLAPS),
                ],
                condition=Q(customer__isnull=True),
            ),
            ExclusionConstraint(
                name="negotiated_prices_of_an_item_never_overlap",
                violation_error_message=_(
                    "This customer has another negotiated price for this item in this time. End that one first."
                ),
                expressions=[
                    ("item", RangeOperators.EQUAL),
                    ("customer", RangeOperators.EQUAL),
                    ("months", RangeOperators.EQUAL),
                    (VALIDITY, RangeOperators.OVERLAPS),
                ],
                condition=Q(customer__isnull=False),
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen(
                "only_its_end_changes",
                columns=[
                    "item_id",
                    "customer_id",
                    "unit_price",
                    "per_minutes",
                    "includes_vat",
                    "tax_category_id",
                    *OF_METERED,
                    "months",
                    "valid_from",
                ],
            ),
            pgtrigger.Trigger(
                name="is_priced_as_its_item_is_sold",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                IF (SELECT i.kind = 'metered' FROM catalog_item i WHERE i.id = NEW.item_id) <> (NEW.per_minutes = 0) THEN
                    RAISE EXCEPTION 'metered items are priced by the unit used, all others by time' USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="tiers_ascend",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                IF EXISTS (SELECT FROM unnest(NEW.tier_from, NEW.tier_prices) WITH ORDINALITY tier (above, price, place)
                           WHERE above IS NULL OR price IS NULL OR price < 0 OR above <= coalesce(NEW.tier_from[place - 1], 0))
                    OR greatest(array_ndims(NEW.tier_from), array_ndims(NEW.tier_prices)) > 1 THEN
                    RAISE EXCEPTION 'each tier begins above the one before, at a price of its own' USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        term = f" ({self.months}+)" if self.months > 1 else ""
        return f"{self.item}: {display.rate(self.unit_price)} {display.SIGN} / {self.get_per_minutes_display()}{term}"

    @property
    def meter(self) -> Meter | None:
        """Of a price per unit used: how the units of a month become an amount."""
        if self.per_minutes != self.Per.UNIT:
            return None
        further = map(Tier, self.tier_from, self.tier_prices)
        return Meter(
            (Tier(Decimal(0), self.unit_price), *further),
            Tiering(self.tiering),
            self.package_size,
            self.included,
            self.minimum,
            self.cap,
        )


class Discount(models.Model):
    """A negotiated share off every price of a product, for one customer and a time."""

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="discounts", verbose_name=_("customer")
    )
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="discounts", verbose_name=_("product"))
    share = models.DecimalField(_("share off"), max_digits=5, decimal_places=4)
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    class Meta:
        verbose_name = _("negotiated discount")
        verbose_name_plural = _("negotiated discounts")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="discount_is_a_share",
                violation_error_message=_("A discount is more than zero and at most a hundred percent."),
                condition=Q(share__gt=0, share__lte=1),
            ),
            models.CheckConstraint(
                name="discount_starts_before_it_ends",
                violation_error_message=_("The end must lie after the beginning."),
                condition=STARTS_BEFORE_IT_ENDS,
            ),
            ExclusionConstraint(
                name="discounts_of_a_customer_never_overlap",
                violation_error_message=_(
                    "This customer has another discount on this product in this time. End that one first."
                ),
                expressions=[
                    ("customer", RangeOperators.EQUAL),
                    ("product", RangeOperators.EQUAL),
                    (VALIDITY, RangeOperators.OVERLAPS),
                ],
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("only_its_end_changes", columns=["customer_id", "product_id", "share", "valid_from"]),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.product} -{self.share:.2%}"
