"""What comes next: dates with their amounts, and how far the wallet reaches."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Customer
from kernel import display
from kernel.periods import CalendarMonth
from kernel.shapes import Json
from lifecycle.models import Resource
from orders.queries import Coming, Runway, runway_of
from payments.services.wallet import Wallet
from store.cut import cut

AT_MOST = 8
AHEAD = timedelta(days=30)
Row = Json


def what_comes_next(customer: Customer, wallet: Wallet, at: datetime, *, sees_bills: bool) -> Json:
    """
    For the page: `dates` (at, what, name, url, amount, and of an invoice its due_date), the earliest first; `left_out`; `runway`, a
    sentence or nothing. Debts and what the wallet reaches for are for who sees bills.
    """
    runway = runway_of(customer, at=at, until=at + AHEAD)
    purges = cut(_purges(customer, at), AT_MOST)
    changes = cut(_roll_overs(customer, at), AT_MOST)
    later = cut(_later_ends(customer, runway.until), AT_MOST)
    dates = [_payment(one) for one in runway.coming if sees_bills or not one.invoice]
    dates += [_purge(one) for one in purges] + [_change(one) for one in changes] + [_later(one) for one in later]
    if customer.is_postpaid:
        begins = CalendarMonth.of(at).following.period.starts_at
        dates.append({"at": begins, "what": _("usage of the month is invoiced"), "name": "", "url": "", "amount": None})
    shown = sorted(dates, key=lambda row: row["at"])[:AT_MOST]
    beyond = runway.left_out + purges.more + changes.more + later.more
    return {
        "dates": shown,
        "left_out": len(dates) - len(shown) + beyond,
        "runway": _sentence(runway, wallet, at) if sees_bills else "",
        "is_short": runway.short_at(wallet.available) is not None,
    }


def _sentence(runway: Runway, wallet: Wallet, at: datetime) -> str:
    if not runway.needed:
        return ""
    short = runway.short_at(wallet.available)
    known = {
        "days": AHEAD.days,
        "needed": display.money(runway.needed),
        "available": display.money(wallet.available),
        "lacking": display.money(max(runway.needed - wallet.available, 0)),
        "day": display.day(short) if short else "",
    }
    if short is None:
        words = _(
            "Keeping everything for the next %(days)d days takes %(needed)s; your wallet has %(available)s: enough."
        )
    elif short <= at:
        words = _(
            "Keeping everything for the next %(days)d days takes %(needed)s; your wallet has %(available)s: %(lacking)s are"
            " missing, some of it now."
        )
    else:
        words = _(
            "Keeping everything for the next %(days)d days takes %(needed)s; your wallet has %(available)s: enough until"
            " %(day)s, then %(lacking)s are missing."
        )
    return words % known


def _payment(one: Coming) -> Row:
    if one.invoice is not None:
        invoice = one.invoice
        return {
            "at": invoice.due_at, "due_date": invoice.due_date, "what": _("due"), "name": invoice.number,
            "url": reverse("invoice", args=[invoice.pk]), "amount": one.amount,
        }  # fmt: skip
    assert one.resource is not None
    what = _("renewed automatically before") if one.is_automatic else _("paid time ends; a month more")
    return {"at": one.at, "what": what, "name": one.resource.name, "url": _page(one.resource), "amount": one.amount}


def _later_ends(customer: Customer, after: datetime) -> QuerySet[Resource]:
    """Beyond the time that is priced."""
    running = Resource.objects.on_paid_time().filter(customer=customer, paid_until__gte=after)
    return running.order_by("paid_until", "pk")


def _later(resource: Resource) -> Row:
    what = _("renewed automatically before") if resource.auto_renew_months else _("paid time ends")
    return {"at": resource.paid_until, "what": what, "name": resource.name, "url": _page(resource), "amount": None}


def _purges(customer: Customer, at: datetime) -> QuerySet[Resource]:
    return Resource.objects.in_trash().filter(customer=customer, purge_at__gt=at).order_by("purge_at", "pk")


def _purge(resource: Resource) -> Row:
    return {
        "at": resource.purge_at, "what": _("deleted for good"), "name": resource.name, "url": _page(resource),
        "amount": None,
    }  # fmt: skip


def _roll_overs(customer: Customer, at: datetime) -> QuerySet[Resource]:
    rolling = Resource.objects.running().filter(customer=customer, rolls_over=True, paid_until__gt=at)
    return rolling.order_by("paid_until", "pk")


def _change(resource: Resource) -> Row:
    return {
        "at": resource.paid_until, "what": _("continues as postpaid"), "name": resource.name, "url": _page(resource),
        "amount": None,
    }  # fmt: skip


def _page(resource: Resource) -> str:
    return reverse("resource", args=[resource.pk])
