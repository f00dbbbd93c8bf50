"""
The figures that the help names: worked examples, computed by the one pricing function whenever a page is shown.

A text says `{{ prepaid.total|money }}`; what it says is therefore what a bill would say.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from uuid import UUID

from django.conf import settings

from accounts.may import ROLES, May
from catalog.pricing import Charge, Component, Rate, price, unused_part
from kernel.periods import CalendarMonth, Period
from kernel.shapes import Json
from lifecycle.models.terms import MILESTONES

BEGUN = datetime(2026, 1, 12, 5, 0, tzinfo=UTC)
MONTH = 43_200
DAY = timedelta(days=1)
NOBODYS = UUID(int=0)
SMALL, LARGE, PRO = 181_000, 520_000, 150_000
SMALL_BY_THE_YEAR = 165_000


@cache
def figures() -> Json:
    return {
        "roles": [(role, [right.label for right in May if right in rights]) for role, rights in ROLES.items()],
        "prepaid": _server_with_volume(),
        "resize": _resized(),
        "deleted": _deleted(),
        "term": _left_early(),
        "postpaid": _postpaid_month(),
        "prepaid_month_minutes": MONTH,
        "due_days": settings.INVOICE_DUE_DAYS,
        "quote_minutes": settings.QUOTE_LIFETIME_MINUTES,
        "renewal_days": settings.RENEWAL_WINDOW_DAYS,
        "hold_days": settings.HOLD_DAYS_AHEAD,
        "reminder_days": sorted(MILESTONES, reverse=True),
        "top_up": {"least": settings.TOP_UP_MINIMUM, "most": settings.TOP_UP_MAXIMUM},
    }


def _component(unit_price: int, *, vat_included: bool = True, per_minutes: int = MONTH) -> Component:
    rate = Rate(NOBODYS, Decimal(unit_price), per_minutes, vat_included)
    return Component(NOBODYS, "", "", Decimal(1), rate)


def _server_with_volume() -> Json:
    """Two items for 60 days, with a coupon."""
    charge = price([_component(90_000), _component(35_000)], Period(BEGUN, BEGUN + 60 * DAY), coupon=20_000)
    server, volume = charge.lines
    return {
        "server_price": 90_000,
        "volume_price": 35_000,
        "server": server.total,
        "volume": volume.total,
        "sum": charge.subtotal,
        "coupon": charge.coupon,
        "total": charge.total,
        "minutes": server.minutes,
    }


def _resized() -> Json:
    """Bought for 90 days, resized with 50 of them left."""
    bought = price([_component(SMALL)], Period(BEGUN, BEGUN + 90 * DAY))
    larger = price([_component(LARGE)], Period(BEGUN + 40 * DAY, BEGUN + 90 * DAY))
    back = _unused(bought, left=50 * DAY)
    return {
        "small": SMALL,
        "large": LARGE,
        "bought": bought.total,
        "back": back,
        "costs": larger.total,
        "to_pay": larger.total - back,
    }


def _deleted() -> Json:
    """Bought for 30 days, deleted with 20 of them left."""
    bought = price([_component(SMALL)], Period(BEGUN, BEGUN + 30 * DAY))
    return {"bought": bought.total, "back": _unused(bought, left=20 * DAY)}


def _left_early() -> Json:
    """Bought for 12 months at the price of that term, deleted after 3."""
    [ordinary] = price([_component(SMALL)], Period.of_months(12, starting=BEGUN)).lines
    component = _component(SMALL_BY_THE_YEAR)
    rate = replace(component.rate, months=12, without_term=ordinary.component.rate)
    bought = price([replace(component, rate=rate)], Period.of_months(12, starting=BEGUN))
    unused = _unused(bought, left=270 * DAY)
    time = {"minutes_left": 9 * MONTH, "minutes_charged": 12 * MONTH}
    back = unused_part(bought.total, **time, saved=bought.saved)
    facts = {"ordinary": SMALL, "price": SMALL_BY_THE_YEAR, "bought": bought.total}
    return facts | {"unused": unused, "saved": unused - back, "back": back}


def _unused(bought: Charge, *, left: timedelta) -> int:
    [line] = bought.lines
    return unused_part(bought.total, minutes_left=left // timedelta(minutes=1), minutes_charged=line.minutes)


def _postpaid_month() -> Json:
    """Three items used for all of a month of 31 days, with VAT on top."""
    month = CalendarMonth(2026, 10)
    [line] = price([_component(PRO, vat_included=False)], month.period).lines
    return {
        "price": PRO,
        "minutes": line.minutes,
        "per": MONTH,
        "vat_percent": 100 * line.component.rate.vat_rate,
        "net": line.amount,
        "vat": line.tax,
        "total": line.total,
    }
