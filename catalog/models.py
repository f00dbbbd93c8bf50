"""What is sold: products with their policies, items, prices over time, negotiated discounts, coupons."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Self
from urllib.parse import unquote, urlsplit
from uuid import UUID

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, Customer
from kernel.actors import Actor, ActorKind
from kernel.ids import new_id
from kernel.keys import coupon_key
from kernel.periods import HOUR_MINUTES, MONTH_MINUTES
from kernel.text import validate_printable
from store.triggers import frozen, never_deleted


class InstantRange(Func):
    """tstzrange(from, until): half-open, without end when `until` is null."""

    function = "TSTZRANGE"


VALIDITY = InstantRange("valid_from", "valid_until")
STARTS_BEFORE_IT_ENDS = Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from"))


LONGEST_STAGE = 90
STAGE = [MaxValueValidator(LONGEST_STAGE)]
"""Grace, and each stay in the trash: whole days."""


class Named(models.Model):
    """Something with a Vietnamese and an English name."""

    name = models.CharField(_("name (Vietnamese)"), max_length=120, validators=[validate_printable])
    name_en = models.CharField(_("name (English)"), max_length=120, validators=[validate_printable])

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name_in(get_language() or "vi")

    def name_in(self, language: str) -> str:
        return self.name_en if language.startswith("en") else self.name


class Product(Named):
    """A service on offer and the policies that its resources live by; each policy is business, so it is data."""

    class Provisioner(models.TextChoices):
        WEBHOOK = "webhook", _("signed webhook, answered through the API")
        POLLING = "polling", _("polled and answered through the API")

    class LateRenewal(models.TextChoices):
        IN_GRACE = "grace", _("in grace")
        IN_SUSPENSION = "suspension", _("in suspension too")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField(_("code"), unique=True)
    is_on_sale = models.BooleanField(_("on sale"), default=True)
    days_in_trash_after_expiry = models.PositiveSmallIntegerField(
        _("days in trash after expiry"), default=7, validators=STAGE, help_text=_("0 to 90.")
    )
    days_in_trash_after_deletion = models.PositiveSmallIntegerField(
        _("days in trash after deletion"), default=7, validators=STAGE, help_text=_("0 to 90; 0 deletes at once.")
    )
    grace_days = models.PositiveSmallIntegerField(
        _("days of grace between the end of paid time and the trash"),
        default=0,
        validators=STAGE,
        help_text=_("0 to 90."),
    )
    late_renewal = models.CharField(
        _("late renewal"),
        max_length=10,
        choices=LateRenewal.choices,
        default=LateRenewal.IN_GRACE,
        help_text=_("Until when the old period can be continued. Recovery from the trash begins a new one, always."),
    )
    is_refundable = models.BooleanField(_("unused paid time is refunded on deletion"), default=True)
    stopped_time_is_free = models.BooleanField(_("stopped time is free of charge (postpaid)"), default=False)
    provisioner = models.CharField(
        _("provisioning"), max_length=10, choices=Provisioner.choices, default=Provisioner.WEBHOOK
    )
    webhook_url = models.URLField(_("webhook address"), blank=True)
    webhook_secret = models.CharField(_("webhook secret"), max_length=100, blank=True)
    return_urls = models.JSONField(
        _("return addresses"),
        default=list,
        blank=True,
        help_text=_("Checkout sends customers back only to addresses that begin with one of these."),
    )

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="a_stage_of_the_end_lasts_90_days_at_most",
                violation_error_message=_("Each stage after the end lasts 90 days at most."),
                condition=Q(
                    days_in_trash_after_expiry__lte=LONGEST_STAGE,
                    days_in_trash_after_deletion__lte=LONGEST_STAGE,
                    grace_days__lte=LONGEST_STAGE,
                ),
            ),
            models.CheckConstraint(
                name="late_renewal_is_a_known_policy",
                violation_error_message=_("Late renewal is allowed in grace, or in suspension too."),
                condition=Q(late_renewal__in=["grace", "suspension"]),
            ),
        ]
        triggers: ClassVar = [never_deleted()]

    @property
    def grace(self) -> timedelta:
        return timedelta(days=self.grace_days)

    @property
    def renews_from_trash(self) -> bool:
        """Whether what has expired may be renewed in the trash, too."""
        return self.late_renewal == self.LateRenewal.IN_SUSPENSION

    @property
    def keeps_deleted(self) -> bool:
        """Whether a deleted resource goes to the trash first."""
        return self.days_in_trash_after_deletion > 0

    def allows_return_to(self, url: str) -> bool:
        """On the list, or below an entry that ends with a slash; an address that climbs out of it again is not."""
        try:
            path = unquote(urlsplit(url).path)
        except ValueError:
            return False
        if "\\" in url or " " in url or not url.isprintable() or any(part in {".", ".."} for part in path.split("/")):
            return False
        return any(
            url == allowed or (allowed.endswith("/") and url.startswith(allowed)) for allowed in self.return_urls
        )


class ProductKey(ApiKey):
    """Lets a product team's programs act for its product."""

    PREFIX = "bpp_"

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="keys", verbose_name=_("product"))

    class Meta:
        verbose_name = _("product API key")
        verbose_name_plural = _("product API keys")

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.PRODUCT_TEAM, f"key:{self.name}")


class Item(Named):
    """Something of a product that a configuration can hold."""

    class Kind(models.TextChoices):
        FLAVOUR = "flavour", _("flavour")
        VOLUME = "volume", _("volume")
        PACKAGE = "package", _("package")
        METERED = "metered", _("metered")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="items", verbose_name=_("product"))
    code = models.SlugField(_("code"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    unit = models.CharField(_("unit"), max_length=30, validators=[validate_printable])
    maximum = models.PositiveIntegerField(_("most per resource"), default=1)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="item_code_is_unique_in_its_product",
                violation_error_message=_("Another item of this product has this code."),
                fields=["product", "code"],
            )
        ]
        triggers: ClassVar = [never_deleted()]

    @property
    def is_choice(self) -> bool:
        """A resource has exactly one of its product's flavours or packages; the rest is added to it."""
        return self.kind in {self.Kind.FLAVOUR, self.Kind.PACKAGE}


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
        return f"{self.item}: {self.unit_price:f} / {self.get_per_minutes_display()}"


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


class CouponQuerySet(models.QuerySet["Coupon"]):
    def lock(self, pk: UUID) -> Coupon:
        return self.select_for_update(no_key=True).get(pk=pk)


USED_MORE_OFTEN = _("It has been used more often than that already.")


class Coupon(models.Model):
    """A code that takes something off an order. `uses` counts reserved and used redemptions."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(_("code"), max_length=40, unique=True, validators=[validate_printable])
    amount = models.BigIntegerField(_("amount off"), null=True, blank=True)
    share = models.DecimalField(
        _("share off"), max_digits=5, decimal_places=4, null=True, blank=True, help_text=_("0.1 is 10 % off.")
    )
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    products = models.ManyToManyField(
        Product, blank=True, related_name="coupons", verbose_name=_("products"), help_text=_("None: all products.")
    )
    minimum_order = models.BigIntegerField(_("minimum order"), default=0)
    maximum_uses = models.PositiveIntegerField(_("uses in total"), null=True, blank=True)
    maximum_uses_per_customer = models.PositiveIntegerField(
        _("uses per customer"), default=1, validators=[MinValueValidator(1)]
    )
    uses = models.PositiveIntegerField(_("used"), default=0, editable=False)

    objects = CouponQuerySet.as_manager()

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="coupon_takes_an_amount_or_a_share",
                violation_error_message=_(
                    "Enter either an amount above zero or a share above 0 and up to 1, not both."
                ),
                condition=Q(amount__gt=0, share__isnull=True) | Q(amount__isnull=True, share__gt=0, share__lte=1),
            ),
            models.CheckConstraint(
                name="each_customer_can_use_a_coupon",
                violation_error_message=_("Each customer can use it once at least. End the coupon to stop its use."),
                condition=Q(maximum_uses_per_customer__gte=1),
            ),
            models.CheckConstraint(
                name="coupon_is_not_used_too_often",
                violation_error_message=USED_MORE_OFTEN,
                condition=Q(maximum_uses__isnull=True) | Q(uses__lte=F("maximum_uses")),
            ),
            models.CheckConstraint(
                name="coupon_starts_before_it_ends",
                violation_error_message=_("The end must lie after the beginning."),
                condition=STARTS_BEFORE_IT_ENDS,
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        self.code = coupon_key(self.code)
        if self.maximum_uses is not None and self.uses > self.maximum_uses:
            raise ValidationError({"maximum_uses": USED_MORE_OFTEN})


class Redemption(models.Model):
    """One use of a coupon by one order: reserved with the order, used with its payment, else returned."""

    class State(models.TextChoices):
        RESERVED = "reserved", _("reserved")
        USED = "used", _("used")
        RETURNED = "returned", _("returned")

    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="redemptions", verbose_name=_("coupon"))
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="redemptions", verbose_name=_("customer")
    )
    order_id = models.UUIDField(_("order"), unique=True)
    amount = models.BigIntegerField(_("amount"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.RESERVED)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("coupon redemption")
        verbose_name_plural = _("coupon redemptions")
        constraints: ClassVar = [
            models.CheckConstraint(name="redemption_is_worth_something", condition=Q(amount__gt=0))
        ]
        triggers: ClassVar = [never_deleted()]

    def __str__(self) -> str:
        return f"{self.coupon} ({self.get_state_display()})"
