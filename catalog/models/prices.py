"""Prices over time, list and negotiated, and negotiated discounts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.models.products import Item, Product
from catalog.models.validity import STARTS_BEFORE_IT_ENDS, VALIDITY
from kernel import display
from kernel.ids import new_id
from kernel.periods import HOUR_MINUTES, MONTH_MINUTES
from store.triggers import frozen, never_deleted


class PriceQuerySet(models.QuerySet["Price"]):
    def in_force(self, at: datetime) -> Self:
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=at), valid_from__lte=at)


class Price(models.Model):
    """
    What one unit of an item costs, from an instant on; for everybody or negotiated with one customer.

    Only the end of a price can be changed. A price that should never have begun is withdrawn by ending it at its start.
    """

    class Per(models.IntegerChoices):
        MONTH = MONTH_MINUTES, _("30 days")
        HOUR = HOUR_MINUTES, _("hour")

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
    vat_rate = models.DecimalField(_("VAT rate"), max_digits=4, decimal_places=3, default=Decimal("0.1"))
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
                name="vat_rate_is_a_fraction",
                violation_error_message=_("The VAT rate is a fraction from 0 up to 1, say 0.1 for ten per cent."),
                condition=Q(vat_rate__gte=0, vat_rate__lt=1),
            ),
            models.CheckConstraint(
                name="price_is_per_month_or_hour",
                violation_error_message=_("A price is per month or per hour."),
                condition=Q(per_minutes__in=[MONTH_MINUTES, HOUR_MINUTES]),
            ),
            models.CheckConstraint(
                name="price_starts_before_it_ends",
                violation_error_message=_("The end must lie after the beginning."),
                condition=STARTS_BEFORE_IT_ENDS,
            ),
            ExclusionConstraint(
                name="list_prices_of_an_item_never_overlap",
                violation_error_message=_("Another list price of this item is valid in this time. End that one first."),
                expressions=[("item", RangeOperators.EQUAL), (VALIDITY, RangeOperators.OVERLAPS)],
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
                    "vat_rate",
                    "valid_from",
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item}: {display.rate(self.unit_price)} {display.SIGN} / {self.get_per_minutes_display()}"


class Discount(models.Model):
    """A negotiated share off every price of a product, for one customer and a time."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="discounts", verbose_name=_("customer")
    )
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="discounts", verbose_name=_("product"))
    share = models.DecimalField(_("share off"), max_digits=5, decimal_places=4, help_text=_("0.25 is 25 % off."))
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    class Meta:
        verbose_name = _("negotiated discount")
        verbose_name_plural = _("negotiated discounts")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="discount_is_a_share",
                violation_error_message=_("A discount is a share above 0 and up to 1, say 0.25 for a quarter off."),
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
