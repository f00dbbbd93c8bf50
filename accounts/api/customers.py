"""What a customer sets for itself: language, automatic payment, API keys; and who may sign in."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Choice, Flag, Input, Instant, Text
from accounts.may import MEMBERS, May, Role, one_of
from accounts.models import BillingMode, Customer, CustomerKey, Membership
from accounts.proof import refuse_without_proof
from accounts.services import set_automatic_payment, set_language
from accounts.services.keys import issue_customer_key, revoke_key


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


class UserShape(serializers.Serializer[object]):
    """Somebody who may sign in for the customer."""

    id = serializers.IntegerField(source="user_id")
    email = serializers.CharField(source="user.email")
    role = serializers.ChoiceField(choices=Role.choices)
    is_active = serializers.BooleanField(source="user.is_active")


class UserViewSet(mixins.ListModelMixin, Endpoint):
    """Who may sign in for a customer."""

    queryset = Membership.objects.none()
    serializer_class = UserShape
    sees = MEMBERS

    def visible(self) -> QuerySet[Membership]:
        return Membership.objects.filter(self.principal.scope()).select_related("user")


class KeyShape(serializers.Serializer[object]):
    """An API key of a customer. What it opens with is shown once, when it is made."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    created_at = Instant()
    last_used_at = Instant(allow_null=True)
    revoked_at = Instant(allow_null=True)
    keeper = serializers.SerializerMethodField(help_text="The owner who answers for it; without one it opens nothing.")

    def get_keeper(self, key: CustomerKey) -> str:
        return key.keeper.email if key.keeper else ""


class NewKey(KeyShape):
    """A key with its secret, this once."""

    secret = serializers.CharField()


class KeyWish(Input):
    name = Text(max_length=100, help_text="What uses it.")


class KeyViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """
    API keys of a customer. Owners make and revoke them in person: a key makes no keys, so that a lost one can be undone. Whoever makes
    one has shown lately who they are, see `accounts.proof`.
    """

    queryset = CustomerKey.objects.none()
    serializer_class = KeyShape
    keyset = ("created_at", "id")
    sees = one_of(May.MANAGE_KEYS, May.SEE_ACTIVITY)
    does = May.MANAGE_KEYS

    def visible(self) -> QuerySet[CustomerKey]:
        return CustomerKey.objects.filter(self.principal.scope()).select_related("keeper", "customer")

    @extend_schema(responses={201: NewKey})
    def create(self, request: Request) -> Response:
        """Make a key. Its secret stands in this answer alone, so no idempotency key repeats it."""
        refuse_without_proof(request._request)
        self.take_body(KeyWish)
        key, secret = issue_customer_key(self.customer, self.wish["name"], actor=self.actor, at=self.at)
        found: Any = self.visible().get(pk=key.pk)
        found.secret = secret
        return Response(NewKey(found).data, status=201)

    create.takes = KeyWish  # type: ignore[attr-defined]

    @action(detail=True, methods=["post"])
    @idempotent()
    def revoke(self, request: Request, pk: UUID) -> Response:
        """The key opens nothing any more; revoking it again changes nothing."""
        revoke_key(self.get_object(), actor=self.actor, at=self.at)
        return self.show(self.get_object())
