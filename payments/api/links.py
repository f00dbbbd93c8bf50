"""Linked accounts, and what is charged by itself: the same as the page, for a customer's own programs."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Choice, Identifier, Input, Instant, Money, Text
from accounts.api.query import Paged, one_of_many
from accounts.may import May
from payments.api.payments import GatewayCode
from payments.consents import VERSION, WORDS
from payments.consents import words_of as consent_words
from payments.models import AutomaticCharge, LinkedAccount
from payments.services.consents import Agreement
from payments.services.link_acts import make_default, set_limits, unlink
from payments.services.links import ask_about_link, begin_link
from payments.services.standing import switch_off, switch_on
from store.senders import address_of_sender

Purpose = AutomaticCharge.Purpose


class LinkedAccountShape(serializers.Serializer[object]):
    """A wallet or card at a gateway that the customer lets us charge. Its token is shown to nobody."""

    id = serializers.UUIDField()
    gateway = serializers.CharField()
    display = serializers.CharField(help_text="Masked, as the gateway shows it.")
    state = serializers.ChoiceField(choices=LinkedAccount.State.choices)
    is_default = serializers.BooleanField()
    charge_limit = serializers.IntegerField(help_text="At most at once.")
    month_limit = serializers.IntegerField(help_text="At most in a calendar month.")
    gateway_limit = serializers.IntegerField(allow_null=True, help_text="The gateway's own, at once.")
    created_at = Instant()
    linked_at = Instant(allow_null=True)
    expires_at = Instant(allow_null=True)
    ended_at = Instant(allow_null=True)
    redirect_url = serializers.CharField(help_text="Send the customer there to confirm; empty unless pending.")


class ConsentWords(serializers.Serializer[object]):
    """What a customer has to have agreed to, in the language of the answer."""

    scope = serializers.ChoiceField(choices=sorted(WORDS))
    version = serializers.CharField(help_text="Send it as `consent` once the customer has agreed to these words.")
    text = serializers.CharField()


class Consented(Input):
    consent = Text(max_length=20, help_text="The version of the words that the customer agreed to.")


class LinkWish(Consented):
    gateway = GatewayCode()


class LimitsWish(Input):
    charge_limit = Money()
    month_limit = Money()


class LinkQuery(Paged):
    state = one_of_many(LinkedAccount.State.choices)
    lookups: ClassVar = {"state": "state__in"}


def agreement_of(request: Request, version: str) -> Agreement:
    address = address_of_sender(request._request)
    return Agreement(version, get_language() or "", str(address) if address else None)


class LinkedAccountViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Linked accounts of a customer, newest first."""

    queryset = LinkedAccount.objects.none()
    serializer_class = LinkedAccountShape
    sees = May.VIEW_BILLING
    does = May.MANAGE_METHODS
    queries: ClassVar = {"list": LinkQuery}

    def visible(self) -> QuerySet[LinkedAccount]:
        return LinkedAccount.objects.filter(self.principal.scope())

    @extend_schema(responses=ConsentWords(many=True))
    @action(detail=False, methods=["get"], url_path="consents", pagination_class=None)
    def words(self, request: Request) -> Response:
        """The words that a customer agrees to."""
        shown = [{"scope": scope, "version": VERSION, "text": consent_words(scope)} for scope in WORDS]
        return Response(ConsentWords(shown, many=True).data)

    @extend_schema(responses={201: LinkedAccountShape})
    @idempotent(LinkWish, in_steps=True)
    def create(self, request: Request) -> Response:
        """Begin to link an account: send the customer to its `redirect_url` to confirm at the gateway."""
        begun = self.begun(self.visible()) or begin_link(
            self.customer,
            gateway=self.wish["gateway"],
            agreement=agreement_of(request, self.wish["consent"]),
            actor=self.actor,
            at=self.at,
            note=self.note,
        )
        return self.show(begun, status=201)

    @action(detail=True, methods=["post"])
    @idempotent(in_steps=True)
    def check(self, request: Request, pk: UUID) -> Response:
        """Ask the gateway now how the link stands."""
        return self.show(ask_about_link(self.get_object().pk, at=self.at))

    @action(detail=True, methods=["post"])
    @idempotent()
    def unlink(self, request: Request, pk: UUID) -> Response:
        """Nothing is charged from now on; the gateway is told as soon as it answers."""
        return self.show(unlink(self.get_object().pk, actor=self.actor, at=self.at))

    @action(detail=True, methods=["post"])
    @idempotent(LimitsWish)
    def limits(self, request: Request, pk: UUID) -> Response:
        """Set how much is charged at most."""
        wish = self.wish
        return self.show(
            set_limits(
                self.get_object().pk,
                at_once=wish["charge_limit"],
                in_a_month=wish["month_limit"],
                actor=self.actor,
                at=self.at,
            )
        )

    @action(detail=True, methods=["post"], url_path="default")
    @idempotent()
    def make_default(self, request: Request, pk: UUID) -> Response:
        """Propose this account first."""
        return self.show(make_default(self.get_object().pk, actor=self.actor, at=self.at))


class AutomaticChargeShape(serializers.Serializer[object]):
    """What is charged by itself, for one purpose."""

    purpose = serializers.ChoiceField(choices=Purpose.choices)
    is_on = serializers.BooleanField()
    linked_account = serializers.UUIDField(source="linked_id")
    below = serializers.IntegerField(allow_null=True, help_text="Of a top-up: when less is available.")
    amount = serializers.IntegerField(allow_null=True, help_text="Of a top-up.")
    tries = serializers.IntegerField(help_text="Declined in a row.")
    next_at = Instant(allow_null=True, help_text="When it is tried next; null: as soon as there is a reason.")
    failure = serializers.CharField(help_text="Why the last try was declined, as a code.")


class AutomaticWish(Consented):
    purpose = Choice(choices=Purpose.choices)
    linked_account = Identifier()
    below = Money(required=False)
    amount = Money(required=False)


class StopWish(Input):
    purpose = Choice(choices=Purpose.choices, required=False, help_text="Everything without this.")


class AutomaticChargeViewSet(mixins.ListModelMixin, Endpoint):
    """What a customer lets us charge to a linked account by itself."""

    queryset = AutomaticCharge.objects.none()
    serializer_class = AutomaticChargeShape
    sees = May.VIEW_BILLING
    does = May.MANAGE_WALLET

    def visible(self) -> QuerySet[AutomaticCharge]:
        return AutomaticCharge.objects.filter(self.principal.scope())

    @extend_schema(responses={201: AutomaticChargeShape})
    @idempotent(AutomaticWish)
    def create(self, request: Request) -> Response:
        """Switch one on, or change it; each time with the customer's consent."""
        wish = self.wish
        charge = switch_on(
            self.customer,
            wish["purpose"],
            linked_id=wish["linked_account"],
            agreement=agreement_of(request, wish["consent"]),
            below=wish.get("below"),
            amount=wish.get("amount"),
            actor=self.actor,
            at=self.at,
        )
        return self.show(charge, status=201)

    @extend_schema(responses=AutomaticChargeShape(many=True))
    @action(detail=False, methods=["post"], pagination_class=None)
    @idempotent(StopWish)
    def stop(self, request: Request) -> Response:
        """Charge nothing by itself any more, or nothing for one purpose."""
        named = self.wish.get("purpose")
        switch_off(self.customer, [named] if named else Purpose.values, actor=self.actor, at=self.at)
        return Response(AutomaticChargeShape(self.visible().order_by("id"), many=True).data)
