"""Customers on product pages: whom the portal vouches for."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, User
from accounts.models.closed import opens_nothing_when_closed
from catalog.models import Product
from kernel.ids import new_id
from store.personal import Because, kept
from store.triggers import frozen, never_deleted


class VisitQuerySet(models.QuerySet["Visit"]):
    def running(self, at: datetime) -> Self:
        """Taken up by the product page, not over, and of a user who may still sign in for that customer."""
        return self.filter(
            taken_up_at__isnull=False,
            ends_at__gt=at,
            ended_at__isnull=True,
            user__is_active=True,
            user__memberships__customer=F("customer"),
        )


class Visit(models.Model):
    """
    A signed-in user of a customer on a product's page, vouched for by the portal.

    The browser carries a code of one use and a minute's life; the product team takes the visit up with it. The visit ends
    when its time is over, or when the user signs out here.
    """

    AT_CLOSING: ClassVar = kept(Because.PROOF)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="visits", verbose_name=_("product"))
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="visits", verbose_name=_("customer"))
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="visits", verbose_name=_("user"))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    browser = models.CharField(max_length=64, editable=False, db_index=True)
    return_url = models.URLField(_("return address"), max_length=500)
    language = models.CharField(_("language"), max_length=5)
    created_at = models.DateTimeField(_("created"))
    code_ends_at = models.DateTimeField(_("code good until"))
    taken_up_at = models.DateTimeField(_("taken up"), null=True, blank=True)
    ends_at = models.DateTimeField(_("good until"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit of a product page")
        verbose_name_plural = _("visits of product pages")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="a_visit_is_taken_up_while_its_code_is_good",
                condition=Q(taken_up_at__isnull=True) | Q(taken_up_at__lt=F("code_ends_at")),
            ),
        ]
        triggers: ClassVar = [
            opens_nothing_when_closed(),
            never_deleted(),
            frozen(
                "who_is_vouched_for_stays",
                columns=["product_id", "customer_id", "user_id", "digest", "browser", "return_url", "code_ends_at", "ends_at"],
            ),
            frozen("a_visit_is_taken_up_once", columns=["taken_up_at"], unless="OLD.taken_up_at IS NULL"),
            frozen("a_visit_ends_once", columns=["ended_at"], unless="OLD.ended_at IS NULL"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.user} · {self.product} · {self.pk}"
