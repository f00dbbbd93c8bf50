"""API keys of customers and product teams: made, shown once, revoked."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.contrib import admin
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.access import signed_in
from accounts.admin.base import StaffAdmin
from accounts.admin.shapes import FieldNames, Left
from accounts.admin.tasks import Task, change_page
from accounts.models import ApiKey, CustomerKey
from accounts.rights import REVOKE_CUSTOMER_KEY
from accounts.services.keys import issue_key_for, revoke_key
from kernel import clock
from kernel.actors import Actor
from kernel.shapes import Cleaned

SECRET: Left[str] = Left("issued_secret")
"""Of the key that was made."""


class RevokeKey(Task[ApiKey]):
    name = "revoke"
    label = _("Revoke")
    lead = _("Programs that use this key are refused from now on. This cannot be undone; a new key can be made.")
    button = _("Revoke the key")
    dangerous = True

    def is_open(self, subject: ApiKey, at: datetime) -> bool:
        return subject.revoked_at is None

    def carry_out(self, subject: ApiKey, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        revoke_key(subject, reason=data["reason"], actor=actor, at=at)
        return text("The key is revoked.")


class KeyAdmin(StaffAdmin):
    """A key can be made and revoked, never edited; its secret is shown on the page that answers its making, once."""

    owner: ClassVar[str]
    more: ClassVar[tuple[str, ...]] = ()
    asks_why = asks_proof = True
    list_per_page = 50

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> FieldNames:
        if obj is None:
            return [self.owner, "name"]
        return [self.owner, "name", "hint", *self.more, "created_at", "last_used_at", "revoked_at"]

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str] | tuple[str, ...]:
        return [self.owner]

    def save_model(self, request: HttpRequest, obj: ApiKey, form: ModelForm, change: bool) -> None:
        issued, secret = issue_key_for(type(obj), actor=signed_in(request).actor, at=clock.now(), **form.cleaned_data)
        SECRET.on(request, secret)
        obj.pk = issued.pk
        obj.refresh_from_db()

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        context = {
            **self._page(request),
            "title": text("Copy the key now"),
            "subject": obj,
            "secret": SECRET.of(request),
            "back": change_page(obj),
        }
        response = TemplateResponse(request, "admin/key_issued.html", context)
        response["Cache-Control"] = "no-store"
        return response


@admin.register(CustomerKey)
class CustomerKeyAdmin(KeyAdmin):
    class Revoke(RevokeKey):
        right = REVOKE_CUSTOMER_KEY

    owner = "customer"
    more = ("keeper", "carries", "daily_limit", "networks", "expires_at", "succeeds")
    about = ("customer",)
    tasks = (Revoke(),)
    list_display = ("name", "customer", "keeper", "hint", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("customer", "keeper")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("name", "hint", "customer__name", "keeper__email")
