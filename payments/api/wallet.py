"""The wallet, and every movement in it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.api.fields import AnyField, Instant
from accounts.api.files import Exported
from accounts.api.query import Paged, one_of_many
from accounts.may import TO_EXPORT, May
from invoices.api.shapes import with_columns
from kernel.money import CURRENCY
from ledger.models import Account, Entry, Transaction
from payments.origins import CreditKind, credit_by_kind, kind_of, origins_of
from payments.queries import shortages_of, warnings_of
from payments.reports import MOVEMENTS
from payments.services.wallet import wallet_of
from store.shown import open_rows


class CreditPart(serializers.Serializer[object]):
    """Credit of one kind."""

    kind = serializers.ChoiceField(choices=CreditKind.choices)
    amount = serializers.IntegerField()


class WarningShape(serializers.Serializer[object]):
    """What was told of a resource that lacks credit."""

    resource = serializers.UUIDField(source="resource_id")
    told_at = Instant()
    stops_at = Instant(allow_null=True, help_text="When it stops unless enough is topped up; null: it runs on.")


class ShortageShape(serializers.Serializer[object]):
    """What credit does not cover of the use of a product's resources."""

    product = serializers.CharField(source="product.code")
    missing = serializers.IntegerField(source="missing_now", help_text="When it was looked at last.")
    told_at = Instant(source="at")
    stops_at = Instant(
        source="next_stop",
        allow_null=True,
        help_text="When resources stop next unless enough is topped up; null: no more of them.",
    )
    stopped_at = Instant(source="done_at", allow_null=True, help_text="When the first was stopped.")
    resources = WarningShape(many=True, help_text="Those that lack credit, each with a time of its own.")


class WalletShape(serializers.Serializer[object]):
    """A customer's stored money."""

    currency = serializers.SerializerMethodField()
    available = serializers.IntegerField(help_text="Can be spent now.")
    credit = serializers.IntegerField()
    promotional = serializers.IntegerField(help_text="Used first.")
    held = serializers.IntegerField()
    poc = serializers.IntegerField(help_text="POC credit, which is no part of what is available: see `/poc-credit/`.")
    credit_kinds = CreditPart(many=True, help_text="How the credit came in; promotional credit is not among it.")
    shortages = ShortageShape(many=True, help_text="Where credit does not cover what prepaid resources use.")

    def get_currency(self, wallet: object) -> str:
        return CURRENCY


class WalletViewSet(Endpoint):
    """The wallet of a customer."""

    serializer_class = WalletShape
    sees = May.VIEW_BILLING
    queryset = Account.objects.none()

    @extend_schema(operation_id="wallet_retrieve")
    def retrieve(self, request: Request) -> Response:
        """What is in the wallet now."""
        kinds = credit_by_kind(self.customer.pk).items()
        parts = [{"kind": kind, "amount": amount} for kind, amount in kinds]
        wallet = wallet_of(self.customer.pk)
        shortages, warnings = open_rows(shortages_of(self.customer)), warnings_of(self.customer)
        for shortage in shortages:
            shortage.resources = warnings[shortage.product_id]
        return self.show(
            {**asdict(wallet), "available": wallet.available, "credit_kinds": parts, "shortages": shortages}
        )


class OriginShape(serializers.Serializer[object]):
    """A part of what was taken, and what had brought it."""

    kind = serializers.ChoiceField(choices=CreditKind.choices)
    amount = serializers.IntegerField()
    at = serializers.DateTimeField(help_text="When it had come in.")
    payment = serializers.UUIDField(allow_null=True, help_text="The payment that brought it.")
    grant = serializers.IntegerField(allow_null=True, help_text="The grant of promotional credit.")
    reason = serializers.CharField(help_text="What the grant, refund or adjustment was for.")
    expires_at = serializers.DateTimeField(allow_null=True, help_text="Of promotional credit.")


class EntriesWithOrigins(serializers.ListSerializer[object]):
    """What paid each is found for all of them at once."""

    def to_representation(self, data: Any) -> list[object]:
        entries = open_rows(data)
        of: dict[UUID, list[int]] = defaultdict(list)
        for entry in entries:
            of[entry.customer_id].append(entry.pk)
        origins = {pk: found for customer, pks in of.items() for pk, found in origins_of(customer, pks).items()}
        for entry in entries:
            entry.paid_with = origins[entry.pk]
        return super().to_representation(entries)


class EntryShape(serializers.Serializer[object]):
    """A movement of the wallet."""

    credit_kind = serializers.SerializerMethodField(help_text="What kind of credit came in; empty when some went out.")
    paid_with = OriginShape(many=True, help_text="Of what went out: which incomes it was.")

    class Meta:
        list_serializer_class = EntriesWithOrigins

    def get_credit_kind(self, entry: Entry) -> str:
        return str(kind_of(entry))

    def get_fields(self) -> dict[str, AnyField]:
        return with_columns(super().get_fields(), MOVEMENTS)


class EntryQuery(Paged):
    kind = one_of_many(Transaction.Kind.choices)
    lookups: ClassVar = {"kind": "transaction__kind__in"}


class EntryViewSet(mixins.ListModelMixin, Exported):
    """Credit history: every movement of the wallet, newest first."""

    queryset = Entry.objects.none()
    serializer_class = EntryShape
    sees = May.VIEW_BILLING
    needs: ClassVar = {"export": TO_EXPORT}
    queries: ClassVar = {"list": EntryQuery, "export": EntryQuery}

    def visible(self) -> QuerySet[Entry]:
        entries = Entry.objects.filter(self.principal.scope(), account__kind__in=Account.WALLET)
        return entries.select_related("transaction", "account")
