"""Buyer profiles: as whom a customer is named on invoices."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Choice, Flag, Input, Instant, Remark, Text
from accounts.api.query import Paged
from accounts.may import LOOK, May
from accounts.models import BuyerProfile
from accounts.services.buyers import Named, add_buyer, archive_buyer, change_buyer, make_default


class BuyerShape(serializers.Serializer[object]):
    """A company with its tax code, a person with their identity number, or a consumer without a number."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=BuyerProfile.Kind.choices)
    name = serializers.CharField()
    tax_code = serializers.CharField()
    personal_id = serializers.SerializerMethodField(help_text="Whole for who may change it, else its last digits.")
    address = serializers.CharField()
    is_default = serializers.BooleanField(help_text="Taken where none is chosen: by auto-renewals and for usage.")
    is_doubtful = serializers.BooleanField(help_text="The tax code fails its check digit: please mend it.")
    created_at = Instant()
    archived_at = Instant(allow_null=True)

    def get_personal_id(self, buyer: BuyerProfile) -> str:
        return buyer.identity_for(self.context["view"].principal.rights)


class BuyerWish(Input):
    """All of a profile. The number is that of its kind; invoices that are issued keep what they say."""

    kind = Choice(choices=BuyerProfile.Kind.choices)
    name = Text(max_length=200)
    tax_code = Remark(max_length=20, default="", help_text="Of a company: 10 digits, or 10 and 3 of a branch.")
    personal_id = Remark(max_length=20, default="", help_text="Of a person: 12 digits.")
    address = Remark(max_length=300, default="")


class BuyerQuery(Paged):
    archived = Flag(required=False)
    lookups: ClassVar = {}

    def narrow(self, rows: QuerySet[BuyerProfile]) -> QuerySet[BuyerProfile]:
        rows, archived = super().narrow(rows), self.validated_data.get("archived")
        return rows if archived is None else rows.filter(archived_at__isnull=not archived)


class BuyerViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Buyer profiles of a customer, latest first. They are archived, never deleted."""

    queryset = BuyerProfile.objects.none()
    serializer_class = BuyerShape
    queries: ClassVar = {"list": BuyerQuery}
    keyset = ("created_at", "id")
    sees = LOOK
    does = May.MANAGE_PROFILE

    def visible(self) -> QuerySet[BuyerProfile]:
        return BuyerProfile.objects.filter(self.principal.scope())

    @extend_schema(responses={201: BuyerShape})
    @idempotent(BuyerWish)
    def create(self, request: Request) -> Response:
        """Add one; the first is the default."""
        buyer = add_buyer(self.customer, Named(**self.wish), actor=self.actor, at=self.at)
        return self.show(buyer, status=201)

    @action(detail=True, methods=["post"])
    @idempotent(BuyerWish)
    def change(self, request: Request, pk: UUID) -> Response:
        """Change it, as a whole."""
        return self.show(change_buyer(self.get_object().pk, Named(**self.wish), actor=self.actor, at=self.at))

    @action(detail=True, methods=["post"], url_path="default")
    @idempotent()
    def make_default(self, request: Request, pk: UUID) -> Response:
        """Take it wherever none is chosen, from now on."""
        return self.show(make_default(self.get_object().pk, actor=self.actor, at=self.at))

    @action(detail=True, methods=["post"])
    @idempotent()
    def archive(self, request: Request, pk: UUID) -> Response:
        """It cannot be chosen any more; orders that have chosen it are invoiced to it all the same."""
        return self.show(archive_buyer(self.get_object().pk, actor=self.actor, at=self.at))
