"""Coupons, and their uses."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import pgtrigger
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.models.products import Product
from catalog.models.validity import STARTS_BEFORE_IT_ENDS
from kernel.ids import new_id
from kernel.keys import coupon_key
from kernel.money import MAXIMUM
from kernel.text import validate_printable
from store import personal
from store.kept import KeepsColumns
from store.personal import Because
from store.triggers import edges_only, frozen, kept, never_deleted


class CouponQuerySet(models.QuerySet["Coupon"]):
    def lock(self, pk: UUID) -> Coupon:
        return self.select_for_update(no_key=True).get(pk=pk)


USED_MORE_OFTEN = _("It has been used more often than that already.")


class Coupon(KeepsColumns):
    """A code that takes something off an order. `uses` counts reserved and used redemptions, kept by the database."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(_("code"), max_length=40, unique=True, validators=[validate_printable])
    amount = models.BigIntegerField(_("amount off"), null=True, blank=True)
    share = models.DecimalField(_("share off"), max_digits=5, decimal_places=4, null=True, blank=True)
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
    new_customers_only = models.BooleanField(
        _("new customers only"), default=False, db_default=False, help_text=_("Who has not paid for an order yet.")
    )
    batch = models.CharField(
        _("batch"), max_length=40, blank=True, default="", db_default="", validators=[validate_printable]
    )
    uses = models.PositiveIntegerField(_("used"), default=0, editable=False)

    objects = CouponQuerySet.as_manager()

    class Meta:
        verbose_name = _("coupon")
        indexes: ClassVar = [models.Index(name="coupons_of_a_batch", fields=["batch"], condition=~Q(batch=""))]
        verbose_name_plural = _("coupons")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="coupon_takes_an_amount_or_a_share",
                violation_error_message=_(
                    "Enter either an amount above zero or a share above zero and up to a hundred percent, not both."
                ),
                condition=Q(amount__isnull=False, amount__gt=0, share__isnull=True)
                | Q(amount__isnull=True, share__isnull=False, share__gt=0, share__lte=1),
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
        triggers: ClassVar = [
            kept("only_its_redemptions_count", columns=["uses"]),
            pgtrigger.Trigger(
                name="starts_unused",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=~pgtrigger.Q(new__uses=0),
                func="RAISE EXCEPTION 'a coupon starts unused' USING ERRCODE = 'check_violation';",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        self.code = coupon_key(self.code)
        if self.maximum_uses is not None and self.uses > self.maximum_uses:
            raise ValidationError({"maximum_uses": USED_MORE_OFTEN})


class Redemption(models.Model):
    """
    One use of a coupon by one order: reserved with the order, used with its payment, returned when nothing came of it.

    That a use is left, in total and for this customer, is decided when the row is written: it holds the coupon meanwhile.
    """

    AT_CLOSING: ClassVar = personal.kept(Because.BOOKS)

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
            models.CheckConstraint(name="redemption_is_worth_something", condition=Q(amount__gt=0, amount__lte=MAXIMUM))
        ]
        triggers: ClassVar = [
            never_deleted(),
            edges_only(
                field="state",
                initial="reserved",
                edges=frozenset({("reserved", "used"), ("reserved", "returned"), ("used", "returned")}),
            ),
            frozen("is_what_was_taken_off", columns=["coupon_id", "customer_id", "order_id", "amount", "at"]),
            pgtrigger.Trigger(
                name="takes_a_use",
                level=pgtrigger.Row,
                when=pgtrigger.After,  # a row that ON CONFLICT leaves out uses nothing
                operation=pgtrigger.Insert,
                declare=[("each_may", "integer")],
                func="""
                UPDATE catalog_coupon SET uses = uses + 1 WHERE id = NEW.coupon_id RETURNING maximum_uses_per_customer INTO each_may;
                IF each_may < (SELECT count(*) FROM catalog_redemption
                                WHERE coupon_id = NEW.coupon_id AND customer_id = NEW.customer_id AND state <> 'returned') THEN
                    RAISE EXCEPTION 'customer % has used coupon % as often as each may', NEW.customer_id, NEW.coupon_id
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="gives_its_use_back",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__state="returned") & ~pgtrigger.Q(old__state="returned"),
                func="UPDATE catalog_coupon SET uses = uses - 1 WHERE id = NEW.coupon_id; RETURN NULL;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.coupon} ({self.get_state_display()})"
