"""The staff site: pages grouped by what staff work on, times in the billing zone, and what needs attention in front."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.access import VIEWED_CUSTOMER, signed_in
from kernel import clock
from kernel.periods import billing_zone
from kernel.shapes import Wording

GROUPS: list[tuple[str, Wording, list[str]]] = [
    (
        "customers",
        _("Customers"),
        [
            "accounts.Customer",
            "accounts.User",
            "accounts.BuyerProfile",
            "accounts.CustomerKey",
            "notifications.Recipient",
            "team.Invitation",
            "door.SignUp",
            "door.SecondFactor",
            "accounts.Provider",
            "accounts.ProviderDomain",
            "accounts.Identity",
            "door.PrivacyRequest",
        ],
    ),
    (
        "services",
        _("Services"),
        ["lifecycle.Resource", "orders.Order", "lifecycle.ProvisioningRequest", "lifecycle.DeliveryChannel"],
    ),
    (
        "invoices",
        _("Invoices"),
        [
            "invoices.Invoice",
            "invoices.CreditNote",
            "invoices.BillingRun",
            "invoices.ParkedBilling",
            "usage.Batch",
            "usage.RefusedRecord",
        ],
    ),
    (
        "debts",
        _("Debts"),
        ["invoices.Question", "invoices.DunningStep", "invoices.Hold", "invoices.Rung", "accounts.CustomerGroup"],
    ),
    (
        "money",
        _("Money"),
        [
            "payments.Payment",
            "payments.BankTransfer",
            "payments.TransferClaim",
            "payments.ReconciliationCase",
            "payments.StatementDay",
            "payments.Refund",
            "payments.Reversal",
            "payments.PaymentRequest",
            "ledger.Grant",
            "payments.UsageHold",
            "payments.Shortage",
            "lifecycle.CreditWarning",
        ],
    ),
    (
        "catalogue",
        _("Catalogue"),
        [
            "catalog.Product",
            "catalog.Item",
            "catalog.Price",
            "catalog.Discount",
            "catalog.TaxCategory",
            "catalog.Coupon",
            "catalog.ProductKey",
        ],
    ),
    (
        "records",
        _("Records"),
        [
            "accounts.StaffAct",
            "notifications.Notice",
            "notifications.Letter",
            "door.Agreement",
            "accounts.AuditEntry",
            "accounts.BillingModeSwitch",
        ],
    ),
]
INNER = "inner"
"""Everything else: what only those open who look into how it works. Folded in the menu."""


class StaffSite(admin.AdminSite):
    site_title = _("Staff area")
    site_header = _("Billing Portal")
    index_title = _("Staff area")
    enable_nav_sidebar = True
    final_catch_all_view = False

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """There is one front door, with one brake: staff sign in where customers do."""
        wanted = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index", current_app=self.name)
        return redirect_to_login(wanted, reverse("account_login"))

    def password_change(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:  # type: ignore[override]  # leads elsewhere
        """The same for everybody."""
        return redirect("account_change_password")

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Instants are shown and typed in the billing zone, up to the rendering of the page."""
        inner = super().admin_view(view, cacheable)

        def in_billing_zone(request: HttpRequest, *args: object, **kwargs: object) -> object:
            try:
                with timezone.override(billing_zone()):
                    response = inner(request, *args, **kwargs)
                    return response.render() if hasattr(response, "render") else response
            except ValidationError as wrong:
                if request.method != "GET":
                    raise
                raise Http404 from wrong  # nothing is sent yet: the address names what cannot be

        return update_wrapper(in_billing_zone, inner)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from billing_portal.admin import (  # need the registered models, which need this site
            find,
            focus,
            pages,
            rates,
            vat,
        )

        own = [
            path("find/", self.admin_view(find.find), name="find"),
            path("vat/", self.admin_view(vat.vat_page), name="vat"),
            path("vat/ledger.<slug:form>", self.admin_view(vat.vat_export), name="vat_export"),
            path("focus.<slug:form>", self.admin_view(focus.focus_export), name="focus"),
            path("focus/schema.json", self.admin_view(focus.focus_schema), name="focus_schema"),
            path("vat/rehearsal/", self.admin_view(rates.rehearsal_page), name="vat_rehearsal"),
            path("vat/rehearsal.<slug:form>", self.admin_view(rates.rehearsal_export), name="vat_rehearsal_export"),
            path("jobs/", self.admin_view(pages.jobs), name="jobs"),
            path("clock/", self.admin_view(pages.clock_page), name="clock"),
            path("leave-customer/", self.admin_view(self.leave_customer), name="leave_customer"),
        ]
        return own + super().get_urls()

    def index(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> TemplateResponse:
        from billing_portal.admin.pages import front_page

        return super().index(request, {**front_page(signed_in(request), clock.now()), **(extra_context or {})})

    def leave_customer(self, request: HttpRequest) -> HttpResponse:
        """Stop viewing the portal as a customer."""
        viewed = request.session.pop(VIEWED_CUSTOMER, None)
        if viewed is None:
            return redirect("admin:index")
        messages.info(request, text("You have left the customer's view."))
        return redirect("admin:accounts_customer_change", viewed)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[object]:
        """The whole list by what staff work on; the list of one app as Django has it."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        rows = {f"{app['app_label']}.{row['object_name']}": row for app in apps for row in app["models"]}
        named = {name for _label, _title, names in GROUPS for name in names}
        groups = [*GROUPS, (INNER, text("Inner workings"), [name for name in rows if name not in named])]
        return [
            {
                "name": title,
                "app_label": label,
                "app_url": f"{reverse('admin:index', current_app=self.name)}#{label}",
                "has_module_perms": True,
                "models": models,
                "is_folded": label == INNER
                and not any(request.path.startswith(row["admin_url"] or "-") for row in models),
                "is_inner": label == INNER,
            }
            for label, title, names in groups
            if (models := [rows[name] for name in names if name in rows])
        ]
