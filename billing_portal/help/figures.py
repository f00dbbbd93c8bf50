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
from accounts.services.keys import USUAL_OVERLAP_HOURS
from catalog.meters import Meter, Tier
from catalog.pricing import Charge, Component, Rate, price, unused_part
from kernel.money import round_half_up
from kernel.periods import CalendarMonth, Period
from kernel.shapes import Json
from kernel.tags import FIXED, MOST
from lifecycle.models.terms import MILESTONES
from notifications.models.recipients import CONFIRMED_WITHIN
from team.models import GOOD_FOR, LEAST

BEGUN = datetime(2026, 1, 12, 5, 0, tzinfo=UTC)
MONTH = 43_200
DAY = timedelta(days=1)
NOBODYS = UUID(int=0)
SMALL, LARGE, PRO = 181_000, 520_000, 150_000
SMALL_BY_THE_YEAR = 165_000
LIMIT = 1_000_000
MARKS = (50, 80, 100)
GB = 1_000
INCLUDED, USED, USED_A_DAY = 100, 250, 20


@cache
def figures() -> Json:
    return {
        "roles": [(role, [right.label for right in May if right in rights]) for role, rights in ROLES.items()],
        "prepaid": _server_with_volume(),
        "resize": _resized(),
        "deleted": _deleted(),
        "term": _left_early(),
        "postpaid": _postpaid_month(CalendarMonth(2026, 10)),
        "month_before": _postpaid_month(CalendarMonth(2026, 9)),
        "costs": _costs(),
        "budget": _budget(),
        "held": _held(),
        "tagged": _tagged(),
        "tags": {"fixed": FIXED, "most": MOST},
        "prepaid_month_minutes": MONTH,
        "due_days": settings.INVOICE_DUE_DAYS,
        "quote_minutes": settings.QUOTE_LIFETIME_MINUTES,
        "renewal_days": settings.RENEWAL_WINDOW_DAYS,
        "hold_days": settings.HOLD_DAYS_AHEAD,
        "invitation_days": GOOD_FOR.days,
        "recipient_days": CONFIRMED_WITHIN.days,
        "overlap_hours": USUAL_OVERLAP_HOURS,
        "closing_days": max(LEAST.days, settings.CLOSING_DAYS),
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


def _postpaid_month(month: CalendarMonth) -> Json:
    """An item used for all of a month, with VAT on top."""
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


def _costs() -> Json:
    """What was bought for 90 days, by the months that it is for; and a longer month beside a shorter one."""
    october, september = (_postpaid_month(CalendarMonth(2026, month))["total"] for month in (10, 9))
    of_a_month = price([_component(SMALL)], CalendarMonth(2026, 10).period).total
    return {"bought": _resized()["bought"], "of_a_month": of_a_month, "longer": october - september}


def _budget() -> Json:
    """Of a limit: what is bought for 90 days, what a month of use comes to, and an order that would pass it."""
    ahead, used = _resized()["bought"], _postpaid_month(CalendarMonth(2026, 10))["total"]
    larger = price([_component(LARGE)], Period(BEGUN, BEGUN + 90 * DAY)).total
    return {
        "limit": LIMIT,
        "ahead": ahead,
        "used": used,
        "spent": ahead + used,
        "percent": 100 * (ahead + used) // LIMIT,
        "larger": larger,
        "would_be": ahead + used + larger,
        "marks": [round_half_up(LIMIT * mark, 100) for mark in MARKS],
    }


def _held() -> Json:
    """What was used by quantity in a month until today, and in the days for which credit is held ahead."""
    then = USED + settings.HOLD_DAYS_AHEAD * USED_A_DAY
    so_far, in_all = _used(USED), _used(then)
    return {
        "price": GB,
        "included": INCLUDED,
        "a_day": USED_A_DAY,
        "used": USED,
        "then": then,
        "so_far": so_far,
        "ahead": in_all - so_far,
        "in_all": in_all,
    }


def _used(gigabytes: int) -> int:
    meter = Meter((Tier(Decimal(0), Decimal(GB)),), included=Decimal(INCLUDED))
    rate = replace(_component(0, vat_included=False).rate, per_minutes=0, meter=meter)
    return price([replace(_component(0), quantity=Decimal(gigabytes), rate=rate)], CalendarMonth(2026, 10).period).total


def _tagged() -> Json:
    """Two servers for 30 days, each with another value of the same tag."""
    production, test = (price([_component(one)], Period(BEGUN, BEGUN + 30 * DAY)).total for one in (LARGE, SMALL))
    return {"production": production, "test": test, "sum": production + test}
