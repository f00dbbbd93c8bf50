"""Budgets: what a customer means to spend in a month, and how much of it is spent."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Choice, Flag, Identifier, Input, Instant, Money, Several, Text
from accounts.api.query import Paged, Query
from accounts.may import May
from accounts.models import CustomerKey
from accounts.principals import demand_of
from budgets.models import Alert, Budget, Hit, Scope, Stops
from budgets.queries import Standing, standings
from budgets.services.replay import replay
from budgets.services.setting import (
    MOST_CHOSEN,
    Cap,
    NothingOfThis,
    change_budget,
    changes_what_it_stops,
    remove_budget,
    set_budget,
    set_cap,
    set_readers,
    stops_sooner,
)
from catalog.models import Product
from kernel.errors import InvalidInput
from kernel.periods import CalendarMonth
from kernel.tags import LONGEST_KEY, LONGEST_VALUE
from notifications.recipients import MOST_RECIPIENTS


class AlertShape(serializers.Serializer[object]):
    """A mark that was told."""

    mark = serializers.ChoiceField(choices=Alert.Mark.choices)
    limit = serializers.IntegerField(source="monthly_limit")
    spent = serializers.IntegerField()
    expected = serializers.IntegerField(allow_null=True)
    at = Instant()


class CapShape(serializers.Serializer[object]):
    """What happens when a budget is spent."""

    refuses_orders = serializers.BooleanField()
    stops = serializers.ChoiceField(choices=Stops.choices)
    resources = serializers.ListField(source="chosen", child=serializers.UUIDField())
    starts_again = serializers.BooleanField(help_text="What was stopped, when the cap is lifted.")
    lifted_until = Instant(allow_null=True, help_text="Our staff let it do nothing before that.")


class HitShape(serializers.Serializer[object]):
    """A cap that was reached, and stands."""

    at = Instant()
    spent = serializers.IntegerField()
    stopped = serializers.IntegerField(help_text="Resources that it found running.")


class BudgetShape(serializers.Serializer[object]):
    """
    A limit in VND with VAT for each calendar month. `spent` is what was paid ahead in the month and what was used in it that is paid
    afterwards; `expected` the same by its end if nothing changes, null before three days of use. `alerts` are those of the month.
    """

    id = serializers.UUIDField(source="budget.pk")
    scope = serializers.ChoiceField(source="budget.scope", choices=Scope.choices)
    product = serializers.SerializerMethodField(help_text="Product code.")
    key = serializers.UUIDField(source="budget.key_id", allow_null=True)
    tag = serializers.SerializerMethodField(help_text="Environment=production.")
    limit = serializers.IntegerField(source="budget.monthly_limit")
    month = serializers.CharField(source="month.key", help_text="Of the billing zone: 2026-08.")
    spent = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="Ordered, and not paid yet.")
    expected = serializers.IntegerField(allow_null=True)
    recipients = serializers.ListField(
        source="budget.readers",
        child=serializers.UUIDField(),
        help_text="Who of them is told; empty: all who chose it.",
    )
    cap = CapShape(source="budget")
    hit = serializers.SerializerMethodField()
    alerts = AlertShape(source="budget.alerts.all", many=True)
    created_at = Instant(source="budget.created_at")
    removed_at = Instant(source="budget.removed_at", allow_null=True)

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_tag(self, standing: Standing) -> str | None:
        return str(standing.budget.tag) if standing.budget.tag else None

    @extend_schema_field(HitShape(allow_null=True))
    def get_hit(self, standing: Standing) -> object:
        return next((HitShape(hit).data for hit in standing.budget.hits.all()), None)

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_product(self, standing: Standing) -> str | None:
        return standing.budget.product.code if standing.budget.product else None


class WouldBeRefused(serializers.Serializer[object]):
    """An order item that would have been refused."""

    at = Instant()
    amount = serializers.IntegerField()


class WouldBeStopped(serializers.Serializer[object]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class ReplayShape(serializers.Serializer[object]):
    """
    Had it stood in the month before: what it would have refused, when it would have been reached (to the hour where use reached it),
    and what ran then and would have been stopped, of which the first are named. What only tells is looked at as if it acted.
    """

    month = serializers.CharField(source="month.key")
    limit = serializers.IntegerField()
    spent = serializers.IntegerField(help_text="In the month, in all.")
    refused = WouldBeRefused(many=True)
    reached_at = Instant(allow_null=True)
    stopped = WouldBeStopped(many=True)
    stopped_count = serializers.IntegerField(source="stopped.count")


class ReplayQuery(Query):
    limit = Money(required=False, help_text="Another limit than the budget has.")


class BudgetChange(Input):
    """Another limit. `confirm`: also where so much is spent already."""

    limit = Money()
    confirm = Flag(required=False, default=False)


class BudgetWish(BudgetChange):
    """For a product, for what a key orders, for what is tagged so, or for everything."""

    product = Text(required=False, max_length=60, help_text="Product code.")
    key = Identifier(required=False)
    tag = Text(required=False, max_length=LONGEST_KEY + LONGEST_VALUE + 1, help_text="Environment=production.")

    def validate(self, said: dict[str, object]) -> dict[str, object]:
        named = [name for name in ("product", "key", "tag") if said.get(name)]
        if len(named) > 1:
            raise InvalidInput(_("Name a product, a key or a tag, not several of them."), field=named[-1])
        return said


class CapWish(Input):
    """What happens when it is spent, as a whole. `confirm`: also where it is spent already, and the cap acts at once."""

    refuses_orders = Flag(required=False, default=False)
    stops = Choice(choices=Stops.choices, required=False, default=Stops.NOTHING.value)
    resources = Several(child=Identifier(), most=MOST_CHOSEN, required=False)
    starts_again = Flag(required=False, default=True)
    confirm = Flag(required=False, default=False)


class ReadersWish(Input):
    """Which of the recipients who chose notices about budgets are told of this one; none: all of them."""

    recipients = Several(child=Identifier(), most=MOST_RECIPIENTS, required=False)


class BudgetViewSet(Endpoint):
    """Budgets of a customer."""

    queryset = Budget.objects.none()
    serializer_class = BudgetShape
    sees = May.VIEW_BILLING
    does = May.MANAGE_WALLET
    queries: ClassVar = {"list": Paged, "last_month": ReplayQuery}

    def visible(self) -> QuerySet[Budget]:
        this_month = Alert.objects.filter(month=CalendarMonth.of(self.at).key).order_by("pk")
        told = Prefetch("alerts", queryset=this_month)
        hits = Prefetch("hits", queryset=Hit.objects.standing())
        return Budget.objects.filter(self.principal.scope()).with_what_they_are_about().prefetch_related(told, hits)

    def shown(self, pk: UUID, *, status: int = 200) -> Response:
        """As it is by now."""
        (standing,) = standings([self.visible().get(pk=pk)], at=self.at)
        return self.show(standing, status=status)

    def list(self, request: Request) -> Response:
        """All of them, with how they stand in the present month; removed ones too."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(self.get_serializer(standings(page, at=self.at), many=True).data)

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """How it stands in the present month."""
        return self.shown(self.get_object().pk)

    @extend_schema(responses={201: BudgetShape})
    @idempotent(BudgetWish)
    def create(self, request: Request) -> Response:
        """Set a budget."""
        wish = self.wish
        made = set_budget(
            self.customer,
            wish["limit"],
            product=self._product(wish.get("product")),
            key=self._key(wish.get("key")),
            tag=wish.get("tag", ""),
            confirmed=wish["confirm"],
            actor=self.actor,
            at=self.at,
        )
        return self.shown(made.pk, status=201)

    @extend_schema(responses=ReplayShape)
    @action(detail=True, url_path="last-month", pagination_class=None)
    def last_month(self, request: Request, pk: UUID) -> Response:
        """Had it stood in the month before."""
        return Response(
            ReplayShape(replay(self.get_object(), limit=self.query.validated_data.get("limit"), at=self.at)).data
        )

    @action(detail=True, methods=["post"])
    @idempotent(BudgetChange)
    def change(self, request: Request, pk: UUID) -> Response:
        """Another limit: raised, its marks are told again when they are reached again."""
        wish = self.wish
        budget = self.get_object()
        if stops_sooner(budget, wish["limit"]):
            demand_of(self.principal, May.MANAGE_RESOURCES)
        change_budget(budget.pk, wish["limit"], confirmed=wish["confirm"], actor=self.actor, at=self.at)
        return self.shown(pk)

    @action(detail=True, methods=["post"])
    @idempotent(CapWish)
    def cap(self, request: Request, pk: UUID) -> Response:
        """Let it act when it is spent, or only tell."""
        wish = self.wish
        cap = Cap(wish["refuses_orders"], Stops(wish["stops"]), wish.get("resources", []), wish["starts_again"])
        budget = self.get_object()
        if changes_what_it_stops(budget, cap):
            demand_of(self.principal, May.MANAGE_RESOURCES)
        set_cap(budget.pk, cap, confirmed=wish["confirm"], actor=self.actor, at=self.at)
        return self.shown(pk)

    @action(detail=True, methods=["post"])
    @idempotent(ReadersWish)
    def recipients(self, request: Request, pk: UUID) -> Response:
        """Which of the recipients are told."""
        set_readers(self.get_object().pk, self.wish.get("recipients", []), actor=self.actor, at=self.at)
        return self.shown(pk)

    @action(detail=True, methods=["post"])
    @idempotent()
    def remove(self, request: Request, pk: UUID) -> Response:
        """It counts no more."""
        remove_budget(self.get_object().pk, actor=self.actor, at=self.at)
        return self.shown(pk)

    def _product(self, code: str | None) -> Product | None:
        """:raises NothingOfThis:"""
        found = Product.objects.filter(code=code).first() if code else None
        if code and found is None:
            raise NothingOfThis
        return found

    def _key(self, pk: UUID | None) -> CustomerKey | None:
        """:raises NothingOfThis:"""
        found = CustomerKey.objects.filter(pk=pk, customer=self.customer).first() if pk else None
        if pk and found is None:
            raise NothingOfThis
        return found
