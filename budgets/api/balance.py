"""When a prepaid customer is told that the wallet runs low."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Input, Instant, Money, Whole
from accounts.may import May
from budgets.models import BalanceAlert
from budgets.models.balance import LONGEST
from budgets.services.balance import balances_of, set_balance_alert


class BalanceAlertShape(serializers.Serializer[object]):
    """
    The customer is told when less than `below` is available, or what is available lasts for fewer than `days` at today's rate; both
    null: not at all.
    """

    below = serializers.IntegerField(allow_null=True)
    days = serializers.IntegerField(allow_null=True)
    told_at = Instant(allow_null=True, help_text="Null again when there is enough.")
    available = serializers.IntegerField()
    rate = serializers.IntegerField(help_text="What all that runs on paid time costs a day, at the prices of now.")
    days_left = serializers.IntegerField(allow_null=True, help_text="Null where nothing runs.")


class BalanceAlertWish(Input):
    """Both as a whole: what is left out is off."""

    below = Money(required=False, allow_null=True)
    days = Whole(required=False, allow_null=True, min_value=1, max_value=LONGEST)


class BalanceAlertViewSet(Endpoint):
    """The alert of a low balance."""

    queryset = BalanceAlert.objects.none()
    serializer_class = BalanceAlertShape
    sees = May.VIEW_BILLING
    does = May.MANAGE_WALLET

    @extend_schema(operation_id="wallet_alert_retrieve")
    def retrieve(self, request: Request) -> Response:
        """When the customer is told, and how long the wallet lasts."""
        return self.shown()

    @extend_schema(operation_id="wallet_alert_change")
    @idempotent(BalanceAlertWish)
    def change(self, request: Request) -> Response:
        """When the customer is told from now on."""
        set_balance_alert(
            self.customer, below=self.wish.get("below"), days=self.wish.get("days"), actor=self.actor, at=self.at
        )
        return self.shown()

    def shown(self) -> Response:
        alert = BalanceAlert.objects.filter(customer=self.customer).first() or BalanceAlert()
        balance = balances_of([self.customer], at=self.at)[self.customer.pk]
        return self.show(
            {
                "below": alert.below,
                "days": alert.days,
                "told_at": alert.told_at,
                "available": balance.available,
                "rate": balance.rate,
                "days_left": balance.days,
            }
        )
