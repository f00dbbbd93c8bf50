"""Asking about a coupon before ordering."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Input, Money, Text
from accounts.may import May
from catalog.api.configurations import wanted_product
from catalog.models import Coupon
from catalog.services import find_coupon, refuse_used_up


class CouponQuestion(Input):
    code = Text(max_length=40)
    product = Text(max_length=60, help_text="The product's code.")
    amount = Money(help_text="What the order would cost without the coupon.")


class CouponAnswer(serializers.Serializer[object]):
    """What the coupon would take off. Quotes say the same, line by line."""

    code = serializers.CharField()
    reduction = serializers.IntegerField()


class CouponViewSet(Endpoint):
    """Coupons, by those who know their codes."""

    queryset = Coupon.objects.none()
    serializer_class = CouponAnswer
    does = May.ORDER

    def visible(self) -> QuerySet[Coupon]:
        return Coupon.objects.none()

    @extend_schema(responses={200: CouponAnswer})
    @idempotent(CouponQuestion)
    def check(self, request: Request) -> Response:
        """What a coupon would take off an order of this amount now; refused with the reason. Nothing is reserved."""
        product = wanted_product(self.wish["product"], self.principal)
        coupon, reduction = find_coupon(self.wish["code"], products=[product], subtotal=self.wish["amount"], at=self.at)
        refuse_used_up(coupon, self.customer)
        return self.show({"code": coupon.code, "reduction": reduction})
