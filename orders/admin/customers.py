"""Customers: their data, their money at a glance, and what staff do for them."""

from __future__ import annotations

from datetime import datetime

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.access import VIEWED_CUSTOMER, signed_in
from accounts.admin.base import StaffAdmin
from accounts.admin.shapes import Fieldsets
from accounts.admin.shown import column, money
from accounts.admin.tasks import Task
from accounts.four_eyes import leave_for_review
from accounts.models import Customer
from accounts.rights import VIEW_AS_CUSTOMER
from accounts.services import view_as_customer
from catalog.admin.commitments import AgreeCommitment
from door.admin import NoteRequest
from invoices.admin.holds import PlaceHold
from kernel import clock
from kernel.actors import Actor
from kernel.shapes import Cleaned, Wording
from orders.admin.switch import SwitchBillingMode
from payments.admin.money import CUSTOMER_TASKS, with_money
from payments.queries import closed_with_credit
from team.admin import CloseAccount


class ViewAsCustomer(Task[Customer]):
    name = "view-as-customer"
    label = _("View portal as the customer")
    lead = _("You see every page as the customer does and can change nothing. The visit is recorded with your reason.")
    button = _("Open the portal")
    right = VIEW_AS_CUSTOMER

    def is_open(self, subject: Customer, at: datetime) -> bool:
        return subject.closed_at is None

    def carry_out(self, subject: Customer, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        view_as_customer(subject, reason=data["reason"], actor=actor, at=at)
        return text("You see the portal as %(customer)s does.") % {"customer": subject.name}

    def finish(self, request: HttpRequest, subject: Customer, sentence: str, back: str) -> HttpResponse:
        request.session[VIEWED_CUSTOMER] = str(subject.pk)
        return redirect("/")


class StandFilter(admin.SimpleListFilter):
    """Accounts by whether they go on."""

    title = _("stand")
    parameter_name = "stand"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Wording]]:
        return [
            ("open", _("open")),
            ("closing", _("to be closed")),
            ("closed", _("closed")),
            ("credit", _("closed, with credit")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        match self.value():
            case "open":
                return queryset.filter(closed_at=None, closes_at=None)
            case "closing":
                return queryset.filter(closed_at=None, closes_at__isnull=False)
            case "closed":
                return queryset.filter(closed_at__isnull=False)
            case "credit":
                return closed_with_credit(queryset)
        return queryset


@admin.register(Customer)
class CustomerAdmin(StaffAdmin):
    """Names and addresses may be edited; how a customer pays is switched by a task, and money moves by tasks alone."""

    available = column("available", _("available"), money, order="available")
    owed = column("owed", _("still due"), money, order="owed")
    tasks = (
        *(SwitchBillingMode(), *CUSTOMER_TASKS, AgreeCommitment(), PlaceHold()),
        *(ViewAsCustomer(), NoteRequest(), CloseAccount()),
    )
    asks_why, asks_why_of_new = True, False
    needs_no_reason = ("language",)
    list_display = ("name", "billing_mode", available, owed, "email", "created_at")
    list_filter = (StandFilter, "billing_mode", "group", "language")
    search_fields = ("name", "email", "buyers__tax_code", "=invoices__number")
    readonly_fields = (
        *("billing_mode", "pays_invoices_automatically", available, owed, "created_at"),
        *("closes_at", "closed_at"),
    )
    fieldsets = (
        (None, {"fields": ("name", "email", "language")}),
        (
            _("Billing"),
            {"fields": ("group", "billing_mode", "pays_invoices_automatically", "available", "owed", "created_at")},
        ),
        (_("End"), {"fields": ("closes_at", "closed_at")}),
    )

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Of who has gone, nothing is written down anew."""
        is_closed = isinstance(obj, Customer) and obj.closed_at is not None
        return not is_closed and super().has_change_permission(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Fieldsets:
        """A new customer is prepaid and has no money yet."""
        return super().get_fieldsets(request, obj)[: 1 if obj is None else None]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        return with_money(super().get_queryset(request))

    def save_model(self, request: HttpRequest, obj: Customer, form: ModelForm, change: bool) -> None:
        if not change:
            obj.created_at = clock.now()
            obj.save()
        elif form.changed_data:
            former = form.initial["email"]
            obj.save(update_fields=form.changed_data)  # only what was edited: the billing mode may move meanwhile
            if former != obj.email:
                leave_for_review(
                    "change-address",
                    customer=obj,
                    subject=obj.email,
                    facts={"former_email": former},
                    reason=form.cleaned_data["reason"],
                    actor=signed_in(request).actor,
                    at=clock.now(),
                )
