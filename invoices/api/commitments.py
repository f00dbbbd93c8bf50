"""Commitments by REST: what was agreed, how far the month is, what is offered."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Flag, Identifier, Input, Instant, Rate
from accounts.may import TO_COMMIT, May
from catalog.commitments import open_offers
from catalog.models import Commitment, CommitmentOffer
from catalog.models.commitments import following_month
from invoices.models import CommittedMonth
from invoices.services.committing import set_renewal, take_offer
from invoices.services.shortfalls import progress_of


class DecidedShape(serializers.Serializer[object]):
    """A month that is over: counted + shortfall is at least what was committed."""

    month = serializers.CharField(help_text="2026-12, in the billing zone.")
    amount = serializers.IntegerField()
    counted = serializers.IntegerField(help_text="VND with VAT of the invoices that count.")
    shortfall = serializers.IntegerField(help_text="What is billed because it was not spent.")
    invoice = serializers.UUIDField(source="invoice_id", allow_null=True)
    decided_at = Instant()


class CommitmentShape(serializers.Serializer[object]):
    """So much is spent a month, and all use costs a share less."""

    id = serializers.UUIDField()
    amount = serializers.IntegerField(help_text="VND with VAT in each calendar month.")
    share = Rate(help_text="Off all use: 0.05 is 5 %.")
    starts_on = serializers.DateField(help_text="The first day of its first month.")
    ends_on = serializers.DateField(help_text="The first day after its last month.")
    renews = serializers.BooleanField(help_text="Whether another like it follows.")
    offer = serializers.UUIDField(source="offer_id", allow_null=True)
    agreed_at = Instant()
    decided = DecidedShape(many=True, help_text="Its months that are over, the latest first.")


class ProgressShape(serializers.Serializer[object]):
    """The present month: until now, and by its end if nothing changes."""

    commitment = serializers.UUIDField(source="commitment.pk")
    month = serializers.CharField(source="month.key")
    amount = serializers.IntegerField(source="commitment.amount")
    counted = serializers.IntegerField()
    expected = serializers.IntegerField()
    lacking = serializers.IntegerField(help_text="What would be billed because it is not spent.")


class OfferShape(serializers.Serializer[object]):
    """What may be committed to now."""

    id = serializers.UUIDField()
    name = serializers.CharField(source="__str__")
    amount = serializers.IntegerField()
    share = Rate()
    months = serializers.IntegerField()


class OfferedCommitments(serializers.Serializer[object]):
    starts_on = serializers.DateField(help_text="When what is taken now would begin.")
    offers = OfferShape(many=True)


class TakeWish(Input):
    offer = Identifier()
    renews = Flag(default=False, help_text="Whether another like it shall follow.")


class RenewalWish(Input):
    commitment = Identifier()
    renews = Flag()


class CommitmentViewSet(mixins.ListModelMixin, Endpoint):
    """What the customer has committed to."""

    queryset = Commitment.objects.none()
    serializer_class = CommitmentShape
    sees = May.VIEW_BILLING
    does = TO_COMMIT
    keyset = ("starts_on", "id")
    queries: ClassVar = {**Endpoint.queries}

    def visible(self) -> QuerySet[Commitment]:
        decided = CommittedMonth.objects.order_by("-month")
        return Commitment.objects.filter(self.principal.scope()).prefetch_related(Prefetch("decided", decided))

    @extend_schema(responses={201: CommitmentShape})
    @idempotent(TakeWish)
    def create(self, request: Request) -> Response:
        """Commit to an offer, from the next month on. It cannot be cancelled before its end. Keys are refused: a person commits."""
        wish = self.wish
        made = take_offer(self.customer.pk, wish["offer"], renews=wish["renews"], actor=self.actor, at=self.at)
        return self.show(made, status=201)

    @extend_schema(operation_id="commitments_renewal", responses={200: CommitmentShape})
    @action(detail=False, methods=["post"])
    @idempotent(RenewalWish)
    def renewal(self, request: Request) -> Response:
        """Decide until the end of its last day whether another like it follows. A key may let it end, and let none follow."""
        wish = self.wish
        return self.show(
            set_renewal(self.customer.pk, wish["commitment"], renews=wish["renews"], actor=self.actor, at=self.at)
        )

    @extend_schema(operation_id="commitments_progress", responses={200: ProgressShape(many=True)})
    @action(detail=False, serializer_class=ProgressShape, pagination_class=None)
    def progress(self, request: Request) -> Response:
        """How far the present month is; empty without a commitment."""
        found = progress_of(self.customer, at=self.at)
        return Response(ProgressShape([found] if found else [], many=True).data)

    @extend_schema(operation_id="commitments_offers", responses={200: OfferedCommitments})
    @action(detail=False, serializer_class=OfferedCommitments, pagination_class=None)
    def offers(self, request: Request) -> Response:
        """What may be committed to now."""
        offers: QuerySet[CommitmentOffer] = open_offers(self.at).order_by("amount", "months")
        return self.show({"starts_on": following_month(self.at), "offers": offers})
