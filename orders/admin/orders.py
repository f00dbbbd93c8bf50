"""Orders, what they are made of, and the quotes behind them: to be looked at, the stuck ones first."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Case, Model, QuerySet, Value, When
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin, LookOnlyInline
from kernel import clock, display
from kernel.periods import minutes_between
from kernel.shapes import Wording
from orders.models import CheckoutSession, Order, OrderItem, Quote


class Progress(admin.SimpleListFilter):
    title = _("progress")
    parameter_name = "progress"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Wording]]:
        return [("open", _("open")), ("stuck", _("stuck"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        match self.value():
            case "open":
                return queryset.exclude(state__in=Order.ENDED)
            case "stuck":
                return queryset.filter(Order.objects.is_stuck(clock.now()))
        return queryset


class ItemInline(LookOnlyInline):
    model = OrderItem
    fields = ("position", "resource", "state", "due", "request", "why")
    related_rows = ("resource", "request")
    ordering = ("position",)

    @admin.display(description=_("reason of failure"))
    def why(self, item: OrderItem) -> str:
        return item.why


@admin.register(Order)
class OrderAdmin(LookOnlyAdmin):
    inlines = (ItemInline,)
    about = ("customer",)
    list_display = ("created_at", "customer", "action", "total", "state", "waits", "means", "coupon_code", "actor")
    list_select_related = ("customer",)
    list_filter = (Progress, "state", "action", "means")
    search_fields = ("customer__name", "actor", "coupon_code")
    date_hierarchy = "created_at"
    fields = (
        "customer",
        "action",
        "state",
        "total",
        "means",
        "payment",
        "coupon_code",
        "quote",
        "checkout_session",
        "actor",
        "key",
        "created_at",
        "expires_at",
        "paid_at",
        "ended_at",
        "cancelled_by",
        "terms_version",
    )

    def get_ordering(self, request: HttpRequest) -> tuple[Case, str]:
        return (Case(When(Order.objects.is_stuck(clock.now()), then=Value(0)), default=Value(1)), "-pk")

    @admin.display(description=_("waits"))
    def waits(self, order: Order) -> str:
        """How long a paid order has been waiting for its end."""
        if order.has_ended or order.paid_at is None:
            return ""
        return display.duration(minutes_between(order.paid_at, clock.now()), roughly=True)


@admin.register(OrderItem)
class OrderItemAdmin(LookOnlyAdmin):
    about = ("resource",)
    list_display = ("order", "position", "customer", "resource", "state", "due", "why")
    list_select_related = ("order", "customer", "resource")
    list_filter = ("state",)
    search_fields = ("customer__name", "resource__name")

    @admin.display(description=_("reason of failure"))
    def why(self, item: OrderItem) -> str:
        return item.why


@admin.register(Quote)
class QuoteAdmin(LookOnlyAdmin):
    list_display = ("quoted_at", "customer", "action", "total", "expires_at")
    list_select_related = ("customer",)
    list_filter = ("action",)
    search_fields = ("customer__name",)
    exclude = ("seal",)


@admin.register(CheckoutSession)
class CheckoutSessionAdmin(LookOnlyAdmin):
    list_display = ("created_at", "product", "name", "expires_at")
    list_select_related = ("product",)
    list_filter = ("product",)
    search_fields = ("name",)
