"""What a customer does about a payment that is open: give it up, or have the gateway asked."""

from __future__ import annotations

from uuid import UUID

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import idempotent
from orders.services.settle import check_payment
from payments.api import PaymentListViewSet
from payments.services.attempts import cancel_attempt


class PaymentViewSet(PaymentListViewSet):
    """Payments of a customer, newest first, with the invoices that they paid."""

    @action(detail=True, methods=["post"])
    @idempotent()
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Give up an open payment, so that another can begin. Money that arrives all the same becomes credit."""
        cancel_attempt(self.get_object().pk, actor=self.actor, at=self.at)
        return self.show(self.get_object())

    @action(detail=True, methods=["post"])
    @idempotent(in_steps=True)
    def check(self, request: Request, pk: UUID) -> Response:
        """Ask the gateway now what became of a payment."""
        check_payment(self.get_object().pk, actor=self.actor, at=self.at)
        return self.show(self.get_object())
