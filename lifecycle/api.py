"""Resources: their state, history and service periods; starting, stopping, trash."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import ClassVar, Unpack
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import idempotent
from accounts.api.fields import Choice, FieldOptions, Identifier, Input, Instant, TagSet, Text
from accounts.api.files import Exported
from accounts.api.query import Paged, one_of_many
from accounts.may import LOOK, May, Need, also
from accounts.models import BillingMode
from catalog.api.configurations import Configuration, ProductCode
from catalog.terms import MONTHS, WrongPeriod
from kernel import tags
from kernel.actors import ActorKind
from kernel.tags import LONGEST_KEY, LONGEST_VALUE, in_order
from lifecycle.models import Health, Renewal, Resource, ResourceEvent, ServicePeriod, State, tagged
from lifecycle.models.halted import Halted
from lifecycle.models.terms import RENEWALS, has_health
from lifecycle.services.running import reboot_resource, set_auto_renew, start_resource, stop_resource
from store.search import search

PERIODS = [(months, months) for months in MONTHS]


class ResourceShape(serializers.Serializer[object]):
    """Something that a customer rents."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    product = ProductCode(source="product_id")
    customer = serializers.UUIDField(source="customer_id")
    state = serializers.ChoiceField(choices=State.choices, help_text="`suspense` is the trash.")
    billing_mode = serializers.ChoiceField(choices=BillingMode.choices)
    configuration = Configuration()
    tags = serializers.SerializerMethodField(
        help_text="What its customer tells costs apart by; `createdBy` says who ordered it. Empty for product teams."
    )
    created_at = Instant()
    changed_at = Instant(help_text="When the state changed last.")
    stopped_for = serializers.SerializerMethodField(
        help_text="What keeps it stopped: overdue invoices, a cap, lack of credit. When the last of it ends it starts, unless a cap left that to"
        " its customer. Empty for product teams."
    )
    paid_until = Instant(allow_null=True, help_text="End of paid time; null when postpaid.")
    suspend_at = Instant(allow_null=True, help_text="When it goes to the trash unless it is renewed.")
    rolls_over = serializers.BooleanField(help_text="Continues as postpaid at the end of paid time.")
    auto_renew_months = serializers.IntegerField(allow_null=True)
    suspense_reason = serializers.CharField(help_text='Why in the trash: "expired" or "deleted"; else empty.')
    suspended_at = Instant(allow_null=True)
    purge_at = Instant(allow_null=True, help_text="When it is deleted for good; it cannot be recovered afterwards.")
    health = serializers.SerializerMethodField()
    days_left = serializers.SerializerMethodField()

    @extend_schema_field(TagSet)
    def get_tags(self, resource: Resource) -> dict[str, str]:
        return {} if self.context["view"].principal.product_id else in_order(resource.tags)

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=Halted.For.choices)))
    def get_stopped_for(self, resource: Resource) -> list[str]:
        return [] if self.context["view"].principal.product_id else resource.stopped_for

    @extend_schema_field(serializers.ChoiceField(choices=Health.choices))
    def get_health(self, resource: Resource) -> str:
        return resource.health(self.context["view"].at).value

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_days_left(self, resource: Resource) -> int | None:
        return resource.days_left(self.context["view"].at)


class EventShape(serializers.Serializer[object]):
    """Something that happened to a resource."""

    id = serializers.IntegerField()
    at = Instant()
    kind = serializers.ChoiceField(choices=ResourceEvent.Kind.choices)
    from_state = serializers.CharField(help_text="Empty when the state stayed.")
    to_state = serializers.ChoiceField(choices=State.choices)
    actor_kind = serializers.ChoiceField(choices=ActorKind.choices)
    actor = serializers.CharField()
    reason = serializers.CharField(source="why")
    order = serializers.UUIDField(source="order_id", allow_null=True)


class PeriodShape(serializers.Serializer[object]):
    """A configuration in use over [starts_at, ends_at)."""

    id = serializers.IntegerField()
    billing_mode = serializers.ChoiceField(choices=BillingMode.choices)
    configuration = Configuration()
    starts_at = Instant()
    ends_at = Instant(allow_null=True, help_text="Null while postpaid usage goes on.")


class Months(Choice):
    """A period that can be bought."""

    def __init__(self, **options: Unpack[FieldOptions[int]]) -> None:
        options.setdefault("help_text", "Months of 30 days.")
        super().__init__(choices=PERIODS, error_messages={"invalid_choice": WrongPeriod.message}, **options)


class AutoRenewal(Input):
    months = Months(allow_null=True, help_text="Period to renew by; null switches it off.")


def tag_wanted() -> Text:
    """A parameter that keeps what is tagged like that."""
    return Text(
        max_length=LONGEST_KEY + LONGEST_VALUE + 1,
        required=False,
        help_text="`Environment=production`, `Environment` for any value, `!Environment` for none; upper or lower case.",
    )


class ResourceQuery(Paged):
    product = Text(max_length=60, required=False, help_text="Product code.")
    customer = Identifier(required=False, help_text="For product teams: whose they are.")
    state = one_of_many(State.choices, help_text="May be repeated. Without it: all but deleted.")
    billing_mode = Choice(choices=BillingMode.choices, required=False)
    health = Choice(choices=Health.choices, required=False)
    renewal = Choice(
        choices=Renewal.choices,
        required=False,
        help_text="Running prepaid resources with auto-renew, or without it; none: nothing is to be renewed.",
    )
    tag = tag_wanted()
    search = Text(max_length=100, required=False, help_text="Part of the name, or the id.")
    lookups: ClassVar = {
        "product": "product__code",
        "customer": "customer_id",
        "state": "state__in",
        "billing_mode": "billing_mode",
    }

    def narrow(self, rows: QuerySet[Resource]) -> QuerySet[Resource]:
        wanted = self.validated_data
        rows = super().narrow(rows)
        if "state" not in wanted:
            rows = rows.exclude(state=State.DELETED)
        if "health" in wanted:
            rows = rows.filter(has_health(Health(wanted["health"]), at=self.context["view"].at))
        if "renewal" in wanted:
            rows = rows.filter(RENEWALS[Renewal(wanted["renewal"])])
        if one := tags.wanted(wanted.get("tag", "")):
            rows = rows.filter(tagged(one))
        if "search" in wanted:
            rows = search(rows, wanted["search"], ("name",))
        return rows


class ResourceEndpoint(mixins.ListModelMixin, mixins.RetrieveModelMixin, Exported):
    """Resources of a customer, or of a product team's product."""

    queryset = Resource.objects.none()
    serializer_class = ResourceShape
    sees = LOOK
    does = May.MANAGE_RESOURCES
    needs: ClassVar[Mapping[str, May | Need]] = {"auto_renew": May.ORDER, "export": also(May.EXPORT, LOOK)}
    queries: ClassVar = {"list": ResourceQuery, "export": ResourceQuery, "events": Paged, "periods": Paged}
    for_products: ClassVar[Collection[str]] = ("list", "retrieve")

    def visible(self) -> QuerySet[Resource]:
        return Resource.objects.filter(self.principal.scope(product="product"))

    @action(detail=True, methods=["post"])
    @idempotent()
    def start(self, request: Request, pk: UUID) -> Response:
        """Start a stopped resource."""
        return self._do(start_resource)

    @action(detail=True, methods=["post"])
    @idempotent()
    def stop(self, request: Request, pk: UUID) -> Response:
        """Stop an active resource."""
        return self._do(stop_resource)

    @action(detail=True, methods=["post"])
    @idempotent()
    def reboot(self, request: Request, pk: UUID) -> Response:
        """Reboot an active resource."""
        return self._do(reboot_resource)

    @action(detail=True, methods=["post"], url_path="auto-renew")
    @idempotent(AutoRenewal)
    def auto_renew(self, request: Request, pk: UUID) -> Response:
        """Switch auto-renewal on with a period, or off."""
        months = self.wish["months"]
        return self._do(lambda pk, **who: set_auto_renew(pk, months=months, **who))

    @extend_schema(responses=EventShape(many=True))
    @action(detail=True, serializer_class=EventShape)
    def events(self, request: Request, pk: UUID) -> Response:
        """What happened to a resource, newest first."""
        return self.page(ResourceEvent.objects.filter(resource=self.get_object()))

    @extend_schema(responses=PeriodShape(many=True))
    @action(detail=True, serializer_class=PeriodShape)
    def periods(self, request: Request, pk: UUID) -> Response:
        """Which configuration was in use when, newest first."""
        return self.page(ServicePeriod.objects.filter(resource=self.get_object()))

    def _do(self, verb: Callable[..., Resource]) -> Response:
        verb(self.get_object().pk, actor=self.actor, at=self.at)
        return self.show(self.get_object())
