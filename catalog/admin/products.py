"""Products with their items, and the keys of product teams."""

from __future__ import annotations

from typing import Unpack
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import RowsInline, StaffAdmin
from accounts.admin.keys import KeyAdmin, RevokeKey
from accounts.admin.shapes import Fieldsets
from catalog.admin.prices import BackDatePrice
from catalog.models import Item, Product, ProductKey
from catalog.rights import REVOKE_PRODUCT_KEY
from kernel.shapes import RowFormOptions, Sent, Uploads
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

    def __init__(self, data: Sent = None, files: Uploads = None, **options: Unpack[RowFormOptions]) -> None:
        super().__init__(data, files, **options)
        if not self.instance._state.adding:
            for name in {"product", "code", "kind", "aggregation"} & self.fields.keys():
                self.fields[name].disabled = True


class ItemInline(RowsInline):
    model = Item
    form = ItemForm
    extra = 0
    can_delete = False
    show_change_link = True
    ordering = ("position", "code")
    fields = (
        "position",
        "code",
        "name",
        "name_en",
        "kind",
        "aggregation",
        "unit",
        "maximum",
        "is_held_ahead",
        "least_held",
    )


@admin.register(Product)
class ProductAdmin(StaffAdmin):
    asks_why = True
    needs_no_reason = ("name", "name_en", "webhook_secret")  # an empty secret keeps the present one
    form = ProductForm
    inlines = (ItemInline,)
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
        (None, {"fields": ("code", "name", "name_en", "is_on_sale", "service_subcategory")}),
        (
            _("Trash and grace"),
            {"fields": ("days_in_trash_after_expiry", "days_in_trash_after_deletion", "grace_days", "late_renewal")},
        ),
        (_("Money"), {"fields": ("is_refundable", "stopped_time_is_free", "days_without_credit")}),
        (_("Provisioning"), {"fields": ("provisioner", "webhook_url", "webhook_secret", "return_urls")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Product teams and checkout addresses name the product by its code."""
        return () if obj is None else ("code",)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Fieldsets:
        """Who only looks at products does not see the secret."""
        found = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj) or (obj is None and self.has_add_permission(request)):
            return found
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name != "webhook_secret"]})
            for title, options in found
        ]


@admin.register(Item)
class ItemAdmin(StaffAdmin):
    tasks = (BackDatePrice(),)
    list_display = ("code", "name", "product", "kind", "aggregation", "unit", "maximum", "position")
    list_select_related = ("product",)
    list_filter = ("product", "kind")
    ordering = ("product__code", "position", "code")
    search_fields = ("code", "name", "name_en", "product__code")
    form = ItemForm


@admin.register(ProductKey)
class ProductKeyAdmin(KeyAdmin):
    class Revoke(RevokeKey):
        right = REVOKE_PRODUCT_KEY

    owner = "product"
    about = ("product",)
    tasks = (Revoke(),)
    list_display = ("name", "product", "hint", "created_at", "last_used_at", "revoked_at")
    list_select_related = ("product",)
    list_filter = ("product", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "hint", "product__code")
