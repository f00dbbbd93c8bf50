"""The catalogue: products with their policies and items, prices, negotiated terms, coupons, keys of product teams."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DayAndTime, LookOnlyAdmin, RowsInline, StaffAdmin
from accounts.admin.keys import KeyAdmin, RevokeKey
from accounts.admin.tasks import ReasonForm, Task
from accounts.four_eyes import ask
from accounts.staff import BACK_DATE_PRICE, REOPEN_PRICE, REVOKE_PRODUCT_KEY
from catalog import acts
from catalog.models import Coupon, Discount, Item, Price, Product, ProductKey, Redemption
from catalog.services import reopen_price
from kernel import clock, display
from kernel.actors import Actor
from kernel.periods import local_day, start_of_day, truncate
from kernel.shapes import Cleaned
from store import outgoing


class ProductForm(forms.ModelForm):
    """The webhook secret is written, never shown."""

    webhook_secret = forms.CharField(
        label=_("Webhook secret"),
        required=False,
        max_length=100,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave empty to keep the present one."),
    )
    webhook_url = forms.URLField(label=_("Webhook address"), required=False, assume_scheme="https")

    class Meta:
        model = Product
        fields = "__all__"  # noqa: DJ007 - every policy is staff's to decide

    def clean_webhook_secret(self) -> str:
        return str(self.cleaned_data["webhook_secret"] or self.instance.webhook_secret)

    def clean_webhook_url(self) -> str:
        url: str = self.cleaned_data["webhook_url"]
        try:
            host = urlsplit(url).hostname or ""
            inside = not outgoing.within_reach_of(settings.WEBHOOK_INSIDE_NETWORKS)(host)
        except ValueError:  # a name: it is looked up at each call
            inside = False
        if inside:
            raise forms.ValidationError(text("This address lies inside our own networks: it would never be called."))
        if url and urlsplit(url).scheme not in ("https", "http"):
            raise forms.ValidationError(text("A webhook is called by https or http."))
        return url

    def clean_return_urls(self) -> list[str]:
        urls = self.cleaned_data["return_urls"] or []
        if not isinstance(urls, list) or not all(
            isinstance(url, str) and url.startswith(("https://", "http://")) and url.count("/") >= 3 for url in urls
        ):
            raise forms.ValidationError(
                text('Enter a list of addresses, each with a path, such as ["https://shop.example/"].')
            )
        return urls


class ItemForm(forms.ModelForm):
    """Configurations and product teams name items by code, and flavours are not chosen like volumes: these stay."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not self.instance._state.adding:
            for name in {"product", "code", "kind"} & self.fields.keys():
                self.fields[name].disabled = True


class ItemInline(RowsInline):
    model = Item
    form = ItemForm
    extra = 0
    can_delete = False
    show_change_link = True
    ordering = ("position", "code")
    fields = ("position", "code", "name", "name_en", "kind", "unit", "maximum")


@admin.register(Product)
class ProductAdmin(StaffAdmin):
    asks_why = True
    needs_no_reason = ("name", "name_en", "webhook_secret")  # an empty secret keeps the present one
    form = ProductForm
    inlines = (ItemInline,)
    related = (("lifecycle.resource", "product__id__exact"), ("catalog.productkey", "product__id__exact"))
    ordering = ("code",)
    list_display = (
        "code",
        "name",
        "is_on_sale",
        "days_in_trash_after_expiry",
        "days_in_trash_after_deletion",
        "grace_days",
        "late_renewal",
        "is_refundable",
        "stopped_time_is_free",
        "provisioner",
    )
    list_filter = ("is_on_sale",)
    search_fields = ("code", "name", "name_en")
    fieldsets = (
        (None, {"fields": ("code", "name", "name_en", "is_on_sale")}),
        (
            _("Trash and grace"),
            {"fields": ("days_in_trash_after_expiry", "days_in_trash_after_deletion", "grace_days", "late_renewal")},
        ),
        (_("Money"), {"fields": ("is_refundable", "stopped_time_is_free")}),
        (_("Provisioning"), {"fields": ("provisioner", "webhook_url", "webhook_secret", "return_urls")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Product teams and checkout addresses name the product by its code."""
        return () if obj is None else ("code",)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Who only looks at products does not see the secret."""
        if self.has_change_permission(request, obj) or (obj is None and self.has_add_permission(request)):
            return self.fieldsets
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name != "webhook_secret"]})
            for title, options in self.fieldsets
        ]


class PastPriceForm(ReasonForm):
    unit_price = Price._meta.get_field("unit_price").formfield(min_value=0)
    per_minutes = forms.TypedChoiceField(label=_("per"), choices=Price.Per.choices, coerce=int, initial=Price.Per.MONTH)
    includes_vat = forms.BooleanField(label=_("includes VAT"), required=False, initial=True)
    vat_rate = Price._meta.get_field("vat_rate").formfield(min_value=0, max_value=Decimal("0.999"))
    valid_from = forms.SplitDateTimeField(label=_("valid from"), widget=DayAndTime)
    field_order = ("unit_price", "per_minutes", "includes_vat", "vat_rate", "valid_from", "reason")


class BackDatePrice(Task):
    """Of an item, for everybody; of a negotiated price, for its customer."""

    name = "back-date"
    label = _("Price time that has passed")
    lead = _(
        "Time that had no price gets one, up to where the next begins, once somebody else has approved it. What was charged stays;"
        " bills that were held back for want of a price can be released then."
    )
    button = _("Ask for approval")
    right = BACK_DATE_PRICE
    form = PastPriceForm
    once = True

    def carry_out(self, subject: Item | Price, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        item, customer = (subject, None) if isinstance(subject, Item) else (subject.item, subject.customer)
        asked = ask(
            acts.BackDatePrice,
            customer=customer,
            subject=item,
            facts={
                "item": str(item.pk),
                "unit_price": f"{data['unit_price']:f}",
                "per_minutes": data["per_minutes"],
                "includes_vat": data["includes_vat"],
                "vat_rate": f"{data['vat_rate']:f}",
                "starts_at": truncate(data["valid_from"]).isoformat(),
            },
            reason=data["reason"],
            actor=actor,
            at=at,
        )
        return asked.sentence


@admin.register(Item)
class ItemAdmin(StaffAdmin):
    tasks = (BackDatePrice(),)
    list_display = ("code", "name", "product", "kind", "unit", "maximum", "position")
    list_select_related = ("product",)
    list_filter = ("product", "kind")
    related = (("catalog.price", "item__id__exact"),)
    ordering = ("product__code", "position", "code")
    search_fields = ("code", "name", "name_en", "product__code")
    form = ItemForm


class ValidityForm(forms.ModelForm):
    """Terms with validity: added for the time ahead; afterwards only their end moves, and never into the past."""

    ALONE: ClassVar[tuple[str, ...]] = ()

    def clean_valid_from(self) -> datetime:
        start: datetime = self.cleaned_data["valid_from"]
        if start < truncate(clock.now()):
            raise forms.ValidationError(text("New terms begin now or later: what was charged already stays."))
        return start

    def clean_valid_until(self) -> datetime | None:
        end: datetime | None = self.cleaned_data["valid_until"]
        now = truncate(clock.now())
        before: datetime | None = self.instance.valid_until
        if self.instance._state.adding or end == before:
            return end
        if before is not None and before <= now:
            raise forms.ValidationError(text("These terms have ended; add new ones."))
        if end is not None and end < now:
            raise forms.ValidationError(text("The end cannot lie in the past."))
        return end

    def clean(self) -> Cleaned:
        """Say what overlaps; the database would refuse it with its own words."""
        data = super().clean() or {}
        start: datetime | None = data.get("valid_from") or self.instance.valid_from
        if start is None or self.errors:
            return data
        terms = {name: data.get(name, getattr(self.instance, name, None)) for name in self.ALONE}
        others = type(self.instance)._default_manager.filter(**terms).exclude(pk=self.instance.pk)
        others = others.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=start))
        if data.get("valid_until"):
            others = others.filter(valid_from__lt=data["valid_until"])
        other = others.order_by("valid_from").first()
        if other:
            since = display.instant(other.valid_from)
            raise forms.ValidationError(
                text("This overlaps with the terms valid from %(since)s. Give those an end first.") % {"since": since}
            )
        return data


class PriceForm(ValidityForm):
    ALONE = ("item", "customer")

    anyway = forms.BooleanField(label=_("End it, although resources use it and no price follows"), required=False)

    def clean(self) -> Cleaned:
        data = super().clean()
        end = data.get("valid_until")
        if self.instance._state.adding or end is None or end == self.instance.valid_until or data.get("anyway"):
            return data
        if count := 0 if self._is_followed(end) else running_resources_with(self.instance).count():
            sentence = text(
                "%(count)d running resources use this price, and none follows it: their bills would wait until there is one."
                " Tick the box to end it all the same."
            )
            self.add_error("anyway", sentence % {"count": count})
        return data

    def _is_followed(self, end: datetime) -> bool:
        """By one that is in force at its end; a negotiated price also by the list price."""
        others = Price.objects.filter(
            Q(customer=self.instance.customer_id) | Q(customer=None), item=self.instance.item_id
        )
        in_force = Q(valid_until=None) | Q(valid_until__gt=end)
        return others.exclude(pk=self.instance.pk).filter(in_force, valid_from__lte=end).exists()


def running_resources_with(price: Price) -> QuerySet[Model]:
    """Those that a price is for. Resources are of an app above this one: asked for by name."""
    running = apps.get_model("lifecycle.Resource").objects.running()
    found = running.filter(configuration__contains=[{"item": str(price.item_id)}])
    return found.filter(customer=price.customer_id) if price.customer_id else found


class ReopenPrice(Task):
    name = "reopen"
    label = _("Let it go on")
    lead = _(
        "This price was ended by mistake, and nothing came after it: it goes on as if it had never ended. Bills that were"
        " held back for want of a price can be released then."
    )
    button = _("Let it go on")
    right = REOPEN_PRICE

    def is_open(self, subject: Price, at: datetime) -> bool:
        return subject.valid_until is not None and subject.valid_until <= at

    def carry_out(self, subject: Price, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        reopen_price(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("The price goes on.")


class DiscountForm(ValidityForm):
    ALONE = ("product", "customer")


class ValidityAdmin(StaffAdmin):
    """Everything but the end is fixed once it is added."""

    asks_why = True

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        if obj is None:
            return ()
        return [field for field in self.get_fields(request, None) if field not in ("valid_until", "anyway")]

    def get_changeform_initial_data(self, request: HttpRequest) -> Any:
        """Midnight in the billing zone: terms begin in the time ahead."""
        midnight = start_of_day(local_day(clock.now()) + timedelta(days=1))
        return {"valid_from": midnight, **super().get_changeform_initial_data(request)}


class InForce(admin.SimpleListFilter):
    title = _("validity")
    parameter_name = "valid"

    def lookups(self, request: Any, model_admin: Any) -> Any:
        return [("now", _("in force")), ("later", _("begins later")), ("ended", _("ended"))]

    def queryset(self, request: Any, queryset: QuerySet[Model]) -> QuerySet[Model]:
        at = clock.now()
        open_end = Q(valid_until__isnull=True) | Q(valid_until__gt=at)
        match self.value():
            case "now":
                return queryset.filter(open_end, valid_from__lte=at)
            case "later":
                return queryset.filter(valid_from__gt=at)
            case "ended":
                return queryset.filter(valid_until__lte=at)
        return queryset


@admin.register(Price)
class PriceAdmin(ValidityAdmin):
    form = PriceForm
    tasks = (ReopenPrice(), BackDatePrice())
    list_display = (
        "item",
        "customer",
        "unit_price",
        "per_minutes",
        "includes_vat",
        "vat_rate",
        "valid_from",
        "valid_until",
    )
    list_select_related = ("item__product", "customer")
    list_filter = (InForce, ("customer", admin.EmptyFieldListFilter), "item__product")
    search_fields = ("item__code", "item__name", "customer__name")
    autocomplete_fields = ("item", "customer")
    fields = (
        "item",
        "customer",
        "unit_price",
        "per_minutes",
        "includes_vat",
        "vat_rate",
        "valid_from",
        "valid_until",
    )

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        may_end = obj is not None and self.has_change_permission(request, obj)
        return (*self.fields, "anyway") if may_end else self.fields


@admin.register(Discount)
class DiscountAdmin(ValidityAdmin):
    form = DiscountForm
    list_display = ("customer", "product", "share", "valid_from", "valid_until")
    list_select_related = ("customer", "product")
    list_filter = (InForce, "product")
    search_fields = ("customer__name", "product__code")
    autocomplete_fields = ("customer", "product")
    fields = ("customer", "product", "share", "valid_from", "valid_until")


@admin.register(Coupon)
class CouponAdmin(StaffAdmin):
    """Terms of a coupon that was used stay; its end and its number of uses may change."""

    asks_why = True
    list_display = (
        "code",
        "amount",
        "share",
        "minimum_order",
        "uses",
        "maximum_uses",
        "maximum_uses_per_customer",
        "valid_from",
        "valid_until",
    )
    list_filter = (InForce,)
    search_fields = ("code",)
    related = (("catalog.redemption", "coupon__id__exact"),)
    readonly_fields = ("uses",)

    def get_readonly_fields(self, request: HttpRequest, obj: Coupon | None = None) -> Any:
        if obj is None or not obj.uses:
            return self.readonly_fields
        return (*self.readonly_fields, "code", "amount", "share", "minimum_order", "valid_from", "products")


@admin.register(Redemption)
class RedemptionAdmin(LookOnlyAdmin):
    list_display = ("at", "coupon", "customer", "amount", "state", "order_id")
    list_select_related = ("coupon", "customer")
    list_filter = ("state",)
    search_fields = ("coupon__code", "customer__name", "order_id")


@admin.register(ProductKey)
class ProductKeyAdmin(KeyAdmin):
    class Revoke(RevokeKey):
        right = REVOKE_PRODUCT_KEY

    owner = "product"
    tasks = (Revoke(),)
    list_display = ("name", "product", "hint", "created_at", "last_used_at", "revoked_at")
    list_select_related = ("product",)
    list_filter = ("product", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "hint", "product__code")
