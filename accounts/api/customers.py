"""What a customer sets for itself: language, automatic payment, API keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Choice, Flag, Input, Instant, Money, Several, Text, Whole
from accounts.may import FOR_KEYS, MEMBERS, TO_SEE_KEYS, May
from accounts.models import BillingMode, Customer, CustomerKey
from accounts.proof import refuse_without_proof
from accounts.services import set_automatic_payment, set_language
from accounts.services.keys import (
    USUAL_OVERLAP_HOURS,
    Terms,
    issue_customer_key,
    read_networks,
    revoke_key,
    rotate_customer_key,
)
from kernel.errors import InvalidInput
from kernel.shapes import Cleaned

FOR_THEM = [(right.value, right.value) for right in May if right in FOR_KEYS]


class CustomerShape(serializers.Serializer[object]):
    """The customer that asks, and what is set for it."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.CharField()
    billing_mode = serializers.ChoiceField(choices=BillingMode.choices)
    language = serializers.ChoiceField(choices=["vi", "en"])
    pays_invoices_automatically = serializers.BooleanField(help_text="Open invoices are paid from the wallet, daily.")


class LanguageWish(Input):
    language = Choice(choices=["vi", "en"], help_text="Of the mails, and of the portal after signing in.")


class AutomaticPaymentWish(Input):
    is_on = Flag()


class CustomerViewSet(Endpoint):
    """The customer that asks."""

    queryset = Customer.objects.none()
    serializer_class = CustomerShape
    sees = MEMBERS
    needs: ClassVar = {"language": May.MANAGE_PROFILE, "automatic_payment": May.MANAGE_WALLET}

    def visible(self) -> QuerySet[Customer]:
        return Customer.objects.filter(pk=self.customer.pk)

    @extend_schema(operation_id="customer_retrieve")
    def retrieve(self, request: Request) -> Response:
        """Who asks, and what is set."""
        return self.show(self.visible().get())

    @idempotent(LanguageWish)
    def language(self, request: Request) -> Response:
        """Choose the language of the mails."""
        set_language(self.customer, self.wish["language"])
        return self.show(self.visible().get())

    @idempotent(AutomaticPaymentWish)
    def automatic_payment(self, request: Request) -> Response:
        """Switch the automatic payment of open invoices from the wallet on or off."""
        set_automatic_payment(self.customer, self.wish["is_on"], actor=self.actor, at=self.at)
        return self.show(self.visible().get())


class KeyShape(serializers.Serializer[object]):
    """An API key of a customer. What it opens with is shown once, when it is made."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    created_at = Instant()
    last_used_at = Instant(allow_null=True)
    revoked_at = Instant(allow_null=True)
    keeper = serializers.SerializerMethodField(help_text="Who answers for it; it may no more than they.")
    hint = serializers.CharField(help_text="How the key begins; the rest is known to nobody here.")
    rights = serializers.ListField(child=serializers.ChoiceField(choices=FOR_THEM), source="carries")
    daily_limit = serializers.IntegerField(allow_null=True, help_text="VND that it may spend a day; null: no limit.")
    networks = serializers.ListField(
        child=serializers.CharField(), help_text="Where it is used from; none: everywhere."
    )
    expires_at = Instant(allow_null=True)
    succeeds = serializers.UUIDField(source="succeeds_id", allow_null=True, help_text="The key that it replaces.")

    def get_keeper(self, key: CustomerKey) -> str:
        return key.keeper.email if key.keeper else ""


class NewKey(KeyShape):
    """A key with its secret, this once."""

    secret = serializers.CharField()


class KeyWish(Input):
    name = Text(max_length=100, help_text="What uses it.")
    rights = Several(
        child=Choice(choices=FOR_THEM), most=12, required=False, help_text="Without any: all that its keeper may."
    )
    daily_limit = Money(required=False, allow_null=True, help_text="VND that it may spend a day.")
    networks = Several(child=Text(max_length=50), most=20, required=False, help_text="CIDR, such as 203.0.113.0/24.")
    expires_at = Instant(required=False, allow_null=True, help_text="Until when it works.")


def terms_of(wish: Cleaned, *, at: datetime) -> Terms:
    """:raises InvalidInput: no network, or over already"""
    expires_at = wish.get("expires_at")
    if expires_at is not None and expires_at <= at:
        raise InvalidInput(_("This has passed already."), field="expires_at")
    return Terms(
        carries=frozenset(May(one) for one in wish.get("rights") or ()),
        daily_limit=wish.get("daily_limit"),
        networks=read_networks(" ".join(wish.get("networks") or ())),
        expires_at=expires_at,
    )


class RotationWish(Input):
    overlap_hours = Whole(
        min_value=0, max_value=168, default=USUAL_OVERLAP_HOURS, help_text="So long the old key goes on working."
    )


class KeyViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """
    API keys of a customer. Owners make and revoke them in person: a key makes no keys, so that a lost one can be undone. Whoever makes
    one has shown lately who they are, see `accounts.proof`.
    """

    queryset = CustomerKey.objects.none()
    serializer_class = KeyShape
    keyset = ("created_at", "id")
    sees = TO_SEE_KEYS
    does = May.MANAGE_KEYS

    def visible(self) -> QuerySet[CustomerKey]:
        return CustomerKey.objects.filter(self.principal.scope()).select_related("keeper", "customer")

    @extend_schema(responses={201: NewKey})
    def create(self, request: Request) -> Response:
        """Make a key. Its secret stands in this answer alone, so no idempotency key repeats it."""
        refuse_without_proof(request._request)
        self.take_body(KeyWish)
        terms = terms_of(self.wish, at=self.at)
        return self._shown_once(
            *issue_customer_key(self.customer, self.wish["name"], terms, actor=self.actor, at=self.at)
        )

    create.takes = KeyWish  # type: ignore[attr-defined]

    @extend_schema(responses={201: NewKey})
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: UUID) -> Response:
        """Replace a key by a new one that may the same; the old one works a while longer. The secret stands in this answer alone."""
        refuse_without_proof(request._request)
        self.take_body(RotationWish)
        overlap = timedelta(hours=self.wish["overlap_hours"])
        return self._shown_once(*rotate_customer_key(self.get_object(), overlap=overlap, actor=self.actor, at=self.at))

    rotate.takes = RotationWish  # type: ignore[attr-defined]

    def _shown_once(self, key: CustomerKey, secret: str) -> Response:
        shown = KeyShape(self.visible().get(pk=key.pk)).data
        return Response({**shown, "secret": secret}, status=201)

    @action(detail=True, methods=["post"])
    @idempotent()
    def revoke(self, request: Request, pk: UUID) -> Response:
        """The key opens nothing any more; revoking it again changes nothing."""
        revoke_key(self.get_object(), actor=self.actor, at=self.at)
        return self.show(self.get_object())
