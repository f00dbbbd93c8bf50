"""The wallet, and every movement in it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.api.files import Exported
from accounts.api.query import Paged, one_of_many
from invoices.api.documents import with_columns
from kernel.money import CURRENCY
from ledger.models import Account, Entry, Transaction
from payments.reports import MOVEMENTS
from payments.services.wallet import wallet_of


class WalletShape(serializers.Serializer[object]):
    """A customer's stored money."""

    currency = serializers.SerializerMethodField()
    available = serializers.IntegerField(help_text="Can be spent now.")
    credit = serializers.IntegerField()
    promotional = serializers.IntegerField(help_text="Used first.")
    held = serializers.IntegerField()

    def get_currency(self, wallet: object) -> str:
        return CURRENCY


class WalletViewSet(Endpoint):
    """The wallet of a customer."""

    serializer_class = WalletShape
    queryset = Account.objects.none()

    @extend_schema(operation_id="wallet_retrieve")
    def retrieve(self, request: Request) -> Response:
        """What is in the wallet now."""
        return self.show(wallet_of(self.customer.pk))


class EntryShape(serializers.Serializer[object]):
    """A movement of the wallet."""

    def get_fields(self) -> dict[str, Any]:
        return with_columns(super().get_fields(), MOVEMENTS)


class EntryQuery(Paged):
    kind = one_of_many(Transaction.Kind.choices)
    lookups: ClassVar = {"kind": "transaction__kind__in"}


class EntryViewSet(mixins.ListModelMixin, Exported):
    """Credit history: every movement of the wallet, newest first."""

    queryset = Entry.objects.none()
    serializer_class = EntryShape
    queries: ClassVar = {"list": EntryQuery, "export": EntryQuery}

    def visible(self) -> QuerySet[Entry]:
        return Entry.objects.filter(self.principal.scope()).select_related("transaction", "account")
