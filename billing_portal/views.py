"""The home page: what there is in the wallet, what needs attention, what was spent, what comes next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import PortalRequest, portal_page
from accounts.models import BillingMode, Customer
from catalog.models import Product
from invoices.models import Invoice
from kernel import display
from kernel.periods import CalendarMonth, billing_zone
from lifecycle.models import Resource
from notifications.models import Notice
from orders.models import Order
from payments.services.wallet import Wallet, wallet_of

MONTHS = 6
AT_MOST = 5
SOON = timedelta(days=7)
Row = dict[str, Any]


@portal_page()
def home(request: PortalRequest) -> HttpResponse:
    customer, at = request.customer, request.at
    wallet = wallet_of(customer.pk)
    months = _months(at)
    spent = _spent(customer, months)
    products = {product.pk: str(product) for product in Product.objects.all()}
    this_month = {row["product"]: row["total"] for row in spent if row["key"] == months[-1].key}
    facts = {
        "figures": _figures(customer, wallet, spent, months, at),
        "attention": _attention(customer, at, may_order=request.user.may_order),
        "bars": [_bar(month, spent) for month in months],
        "shares": [{"label": products[pk], "amount": amount} for pk, amount in this_month.items()],
        "dates": _next_dates(customer, at),
        "has_invoices": Invoice.objects.filter(customer=customer).exists(),
        "has_resources": Resource.objects.filter(customer=customer).exists(),
        "may_order": request.user.may_order,
        "may_pay": request.user.may_pay,
    }
    return render(request, "home.html", facts)


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


def _figures(
    customer: Customer, wallet: Wallet, spent: list[Row], months: list[CalendarMonth], at: datetime
) -> list[Row]:
    owed = Invoice.objects.open().filter(customer=customer).aggregate(due=Sum("due"))["due"] or 0
    now, before = _total(spent, months[-1]), _total(spent, months[-2])
    figures = [
        {
            "label": _("Available"),
            "amount": wallet.available,
            "url": reverse("wallet"),
            "note": _("of it %(amount)s promotional") % {"amount": display.money(wallet.promotional)},
        },
        {"label": _("Held"), "amount": wallet.held, "note": _("for usage not yet billed")},
        {"label": _("To pay"), "amount": owed, "url": reverse("billing-history"), "note": _("open invoices")},
        {
            "label": _("Spent in %(month)s") % {"month": display.month(at)},
            "amount": now,
            "note": _("%(amount)s the month before") % {"amount": display.money(before)},
        },
    ]
    if not wallet.promotional:
        figures[0]["note"] = _("in your wallet")
    return figures


# What needs attention


def _attention(customer: Customer, at: datetime, *, may_order: bool) -> list[Row]:
    """The most pressing first; each with where to go: whoever may not order is led to look."""
    return [
        *_overdue(customer, at),
        *_ending(customer, at, may_order=may_order),
        *_failed_renewals(customer, at),
        *_in_trash(customer, at, may_order=may_order),
        *_unpaid_orders(customer, at),
        *_open_invoices(customer, at),
    ]


def _note(tone: str, icon: str, title: str, text: str, link: tuple[str, str]) -> Row:
    return {"tone": tone, "icon": icon, "title": title, "text": text, "url": link[0], "label": link[1]}


def _overdue(customer: Customer, at: datetime) -> list[Row]:
    return _invoices(Invoice.objects.overdue(at).filter(customer=customer), "red", "warning", _("Overdue"), "overdue")


def _open_invoices(customer: Customer, at: datetime) -> list[Row]:
    still = Invoice.objects.open().filter(customer=customer, due_at__gt=at)
    return _invoices(still, "amber", "billing", _("To pay"), "unpaid")


def _invoices(invoices: QuerySet[Invoice], tone: str, icon: str, title: str, status: str) -> list[Row]:
    sums = invoices.aggregate(count=Count("pk"), due=Sum("due"), first=Min("due_at"))
    if not sums["count"]:
        return []
    count = ngettext("%(count)d invoice", "%(count)d invoices", sums["count"]) % {"count": sums["count"]}
    text = _("%(count)s, %(amount)s; the first is due on %(day)s") % {
        "count": count,
        "amount": display.money(sums["due"]),
        "day": display.day(sums["first"]),
    }
    return [_note(tone, icon, title, text, (f"{reverse('billing-history')}?status={status}", _("Pay")))]


def _ending(customer: Customer, at: datetime, *, may_order: bool) -> list[Row]:
    """Running resources that end soon or have ended, and are not renewed by themselves."""
    by_hand = Q(auto_renew_months__isnull=True) | Q(paid_until__lte=at)
    ending = Resource.objects.running().filter(
        by_hand, customer=customer, billing_mode=BillingMode.PREPAID, rolls_over=False, paid_until__lt=at + SOON
    )
    rows = list(ending.order_by("paid_until")[:AT_MOST])
    return [
        _note(
            "red" if resource.is_expired(at) else "amber",
            "clock",
            resource.name,
            _ending_words(resource, at),
            (f"{reverse('renew')}?resource={resource.pk}", _("Renew")) if may_order else (_page(resource), _("See")),
        )
        for resource in rows
    ]


def _ending_words(resource: Resource, at: datetime) -> str:
    left = {"left": display.time_left(_end(resource), at)}
    if not resource.is_expired(at):
        return _("%(left)s of its paid time; not renewed automatically") % left
    if resource.suspend_at is None:
        return _("paid time %(left)s") % left
    return _("paid time %(left)s; runs on until %(day)s, then it goes to the trash") % {
        **left,
        "day": display.day(resource.suspend_at),
    }


def _failed_renewals(customer: Customer, at: datetime) -> list[Row]:
    """Auto-renewals that failed for resources whose end is still to come."""
    failed = Notice.objects.filter(customer=customer, kind=Notice.Kind.AUTO_RENEW_FAILED, at__gte=at - SOON * 2)
    names = {str(notice.facts.get("resource_id")): notice.at for notice in failed.order_by("at")[: AT_MOST * 4]}
    still = Resource.objects.running().filter(
        customer=customer,
        pk__in=names,
        auto_renew_months__isnull=False,
        paid_until__gt=at,
        paid_until__lt=at + SOON * 2,
    )
    return [
        _note(
            "red",
            "renew",
            resource.name,
            _("auto-renewal failed on %(day)s: top up before it ends on %(end)s")
            % {"day": display.day(names[str(resource.pk)]), "end": display.day(_end(resource))},
            (reverse("wallet"), _("Top up")),
        )
        for resource in still.order_by("paid_until")[:AT_MOST]
    ]


def _in_trash(customer: Customer, at: datetime, *, may_order: bool) -> list[Row]:
    thrown = Resource.objects.in_trash().filter(customer=customer, purge_at__gt=at).order_by("purge_at")[:AT_MOST]
    return [
        _note(
            "amber",
            "trash",
            resource.name,
            _("in the trash, %(left)s") % {"left": display.time_left(resource.purge_at, at)},
            (reverse("recover", args=[resource.pk]), _("Recover"))
            if customer.is_prepaid and may_order
            else (_page(resource), _("See")),
        )
        for resource in thrown
        if resource.purge_at
    ]


def _unpaid_orders(customer: Customer, at: datetime) -> list[Row]:
    waiting = Order.objects.filter(customer=customer, state=Order.State.AWAITING_PAYMENT, expires_at__gt=at)
    return [
        _note(
            "blue",
            "cart",
            _("Order: %(what)s") % {"what": order.get_action_display()},
            _("%(amount)s, awaiting payment") % {"amount": display.money(order.total)},
            (reverse("order", args=[order.pk]), _("Go on")),
        )
        for order in waiting.order_by("-id")[:AT_MOST]
    ]


# What comes next


def _next_dates(customer: Customer, at: datetime) -> list[Row]:
    """The next dates of resources and invoices, the nearest first: {at, what, name, url}."""
    dates = [*_ends(customer, at), *_purges(customer, at), *_due_dates(customer, at)]
    if customer.is_postpaid:
        begins = CalendarMonth.of(at).following.period.starts_at
        dates.append({"at": begins, "what": _("usage of the month is invoiced"), "name": "", "url": ""})
    return sorted(dates, key=lambda row: row["at"])[: AT_MOST + 3]


def _ends(customer: Customer, at: datetime) -> list[Row]:
    ends = Resource.objects.running().filter(customer=customer, paid_until__gt=at).order_by("paid_until")
    return [
        {
            "at": resource.paid_until,
            "what": _("continues as postpaid")
            if resource.rolls_over
            else _("renewed automatically before")
            if resource.auto_renew_months
            else _("paid time ends"),
            "name": resource.name,
            "url": _page(resource),
        }
        for resource in ends[:AT_MOST]
    ]


def _purges(customer: Customer, at: datetime) -> list[Row]:
    thrown = Resource.objects.in_trash().filter(customer=customer, purge_at__gt=at).order_by("purge_at")
    return [
        {"at": resource.purge_at, "what": _("deleted for good"), "name": resource.name, "url": _page(resource)}
        for resource in thrown[:AT_MOST]
    ]


def _due_dates(customer: Customer, at: datetime) -> list[Row]:
    invoices = Invoice.objects.open().filter(customer=customer, due_at__gt=at).order_by("due_at")
    return [
        {
            "at": invoice.due_at,
            "what": _("%(amount)s due") % {"amount": display.money(invoice.due)},
            "name": invoice.number,
            "url": reverse("invoice", args=[invoice.pk]),
        }
        for invoice in invoices[:AT_MOST]
    ]


def _page(resource: Resource) -> str:
    return reverse("resource", args=[resource.pk])


def _end(resource: Resource) -> datetime:
    assert resource.paid_until is not None
    return resource.paid_until
