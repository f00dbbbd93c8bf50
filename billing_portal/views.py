"""The home page: what there is in the wallet, what needs attention, what was spent, what comes next."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Sum
from django.db.models.functions import TruncMonth
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import PortalRequest, portal_page
from accounts.may import MEMBERS, May
from accounts.models import Customer
from billing_portal.ahead import what_comes_next
from billing_portal.matters import what_needs_attention
from catalog.models import Product
from invoices.models import Invoice
from invoices.queries import Debts, debts_of
from invoices.services.running import RunningCosts, running_costs
from kernel import display
from kernel.periods import CalendarMonth, billing_zone
from kernel.shapes import Json
from lifecycle.models import Resource
from payments.services.wallet import Wallet, wallet_of

MONTHS = 6
Row = Json


@portal_page(MEMBERS)
def home(request: PortalRequest) -> HttpResponse:
    customer, at = request.customer, request.at
    wallet = wallet_of(customer.pk)
    sees_bills = May.VIEW_BILLING in request.rights
    debts = debts_of(customer, at=at) if sees_bills else None
    facts = {
        "wallet": wallet,
        **(_money(customer, wallet, debts, at) if debts else {}),
        "attention": what_needs_attention(customer, debts, at, rights=request.rights),
        **what_comes_next(customer, wallet, at, sees_bills=sees_bills),
        "has_resources": Resource.objects.filter(customer=customer).exists(),
    }
    return render(request, "home.html", facts)


def _money(customer: Customer, wallet: Wallet, debts: Debts, at: datetime) -> Json:
    """What there is and what was spent, for who may see it."""
    months = _months(at)
    spent = _spent(customer, months)
    products = {product.pk: str(product) for product in Product.objects.all()}
    this_month = {row["product"]: row["total"] for row in spent if row["key"] == months[-1].key}
    return {
        "figures": [
            *_figures(wallet, debts, spent, months, at),
            *_running(running_costs(customer, at=at)),
        ],
        "bars": [_bar(month, spent) for month in months],
        "shares": [{"label": products[pk], "amount": amount} for pk, amount in this_month.items() if amount > 0],
        "has_invoices": bool(spent) or Invoice.objects.filter(customer=customer).exists(),
    }


def _months(at: datetime) -> list[CalendarMonth]:
    """The last months up to the present one."""
    months = [CalendarMonth.of(at)]
    while len(months) < MONTHS:
        months.insert(0, months[0].previous)
    return months


def _spent(customer: Customer, months: list[CalendarMonth]) -> list[Row]:
    """Invoiced less credited, by month of issue and product: {key, product, total, paid, unpaid}."""
    rows = (
        Invoice.objects.filter(customer=customer, issued_at__gte=months[0].period.starts_at)
        .annotate(month=TruncMonth("issued_at", tzinfo=billing_zone()))
        .values("month", "product")
        .annotate(kept=Sum(F("paid") - F("refunded")), unpaid=Sum("due"))
        .order_by("month", "product")
    )
    return [
        {
            "key": f"{row['month']:%Y-%m}",
            "product": row["product"],
            "paid": row["kept"],
            "unpaid": row["unpaid"],
            "total": row["kept"] + row["unpaid"],
        }
        for row in rows
    ]


def _total(spent: list[Row], month: CalendarMonth, name: str = "total") -> int:
    return sum(row[name] for row in spent if row["key"] == month.key)


def _bar(month: CalendarMonth, spent: list[Row]) -> Row:
    return {
        "label": display.short_month(month.period.starts_at),
        "paid": _total(spent, month, "paid"),
        "unpaid": _total(spent, month, "unpaid"),
    }


def _figures(wallet: Wallet, debts: Debts, spent: list[Row], months: list[CalendarMonth], at: datetime) -> list[Row]:
    now, before = _total(spent, months[-1]), _total(spent, months[-2])
    return [
        {
            "label": _("Available"),
            "amount": wallet.available,
            "url": reverse("wallet"),
            "note": _("in your wallet"),
        },
        {"label": _("Promotional credit"), "amount": wallet.promotional, "note": _("part of it, used first")},
        {"label": _("Held"), "amount": wallet.held, "note": _("for usage not yet billed")},
        {"label": _("To pay"), "amount": debts.due, "url": reverse("billing-history"), "note": _("open invoices")},
        {
            "label": _("Invoiced in %(month)s") % {"month": display.month(at)},
            "amount": now,
            "note": _("%(amount)s the month before") % {"amount": display.money(before)},
        },
    ]


def _running(running: RunningCosts) -> list[Row]:
    """Only for who uses first and pays afterwards."""
    if not running.of:
        return []
    expected = {"amount": display.money(running.total.expected)}
    return [
        {
            "label": _("Usage in %(month)s until now") % {"month": display.month(running.at)},
            "amount": running.total.so_far,
            "url": f"{reverse('usage-report')}?month={running.month.key}",
            "note": _("%(amount)s by its end if nothing changes") % expected,
        }
    ]
