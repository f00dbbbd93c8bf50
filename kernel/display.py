"""
How money, rates, spans and instants read, in the language of the reader.

Pure text, for pages, mails, documents and exports alike. `locale` is a language code ("vi", "en") and `zone` a time
zone; without them the active language and the reader's zone are taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal, get_group_symbol
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import get_language, gettext, ngettext

from kernel.periods import billing_zone, local_day

SIGN = "₫"
NBSP = "\u00a0"
MINUS = "\u2212"
DATE_PATTERNS = {"vi": "dd/MM/y", "en": "d MMM y"}
LONG_DATE_PATTERN = "EEEE, d MMMM y"
MONTH_PATTERNS = {"vi": "'tháng' M/y", "en": "MMM y"}
LONG_MONTH_PATTERNS = {"vi": "'tháng' M/y", "en": "MMMM y"}
SHORT_MONTH_PATTERNS = {"vi": "'T'M", "en": "MMM"}
HOUR = 60
DAY = 24 * HOUR
RATE_DECIMALS = 6


def language(locale: str | None = None) -> str:
    """The language to write in: "vi" or "en"."""
    code = (locale or get_language() or "en").split("-")[0].split("_")[0]
    return code if code in DATE_PATTERNS else "en"


def listed(numbers: int | Sequence[int]) -> str:
    """ "7, 4, 1 and 0"."""
    several = numbers if isinstance(numbers, Sequence) else [numbers]
    return get_text_list([str(number) for number in several], gettext("and"))


def reader_zone() -> ZoneInfo:
    """The zone activated for this request (the customer's), else the billing zone."""
    active = timezone.get_current_timezone()
    if isinstance(active, ZoneInfo) and active.key != timezone.get_default_timezone_name():
        return active
    return billing_zone()


def grouped(amount: int, locale: str | None = None) -> str:
    """1234567 -> "1.234.567" (vi), "1,234,567" (en); a negative amount begins with a true minus sign."""
    digits = f"{abs(amount):,}".replace(",", _group_symbol(language(locale)))
    return f"{MINUS}{digits}" if amount < 0 else digits


@cache
def _group_symbol(code: str) -> str:
    return get_group_symbol(code)


def money(amount: int, locale: str | None = None) -> str:
    """Whole đồng: 1234567 -> "1.234.567 ₫"; the space does not break."""
    return f"{grouped(amount, locale)}{NBSP}{SIGN}"


def signed_money(amount: int, locale: str | None = None) -> str:
    """As `money`, and what comes in begins with a plus."""
    return f"{'+' if amount > 0 else ''}{money(amount, locale)}"


def compact_money(amount: int, locale: str | None = None) -> str:
    """For the label of a bar: 1234567 -> "1.2M" (en), "1,2 tr" (vi)."""
    steps = {"vi": ((10**9, " tỷ"), (10**6, " tr"), (10**3, " k")), "en": ((10**9, "B"), (10**6, "M"), (10**3, "k"))}
    code = language(locale)
    for size, unit in steps[code]:
        if abs(amount) >= size:
            pattern = "#,##0" if abs(amount) >= 100 * size else "#,##0.#"
            return format_decimal(Decimal(amount) / size, format=pattern, locale=code) + unit.replace(" ", NBSP)
    return grouped(amount, code)


def rate(value: Decimal | int, locale: str | None = None) -> str:
    """A unit price or a quantity: up to six decimals, no idle zeros ("7,7", "1.234,000005")."""
    return _rate(Decimal(value), language(locale))


@lru_cache(maxsize=4096)
def _rate(value: Decimal, code: str) -> str:
    return format_decimal(value, format="#,##0." + "#" * RATE_DECIMALS, locale=code)


def percent(share: Decimal, locale: str | None = None) -> str:
    """0.25 -> "25 %"; the space does not break."""
    return f"{rate(share * 100, locale)}{NBSP}%"


def duration(minutes: int, *, roughly: bool = False) -> str:
    """
    Minutes in words: 43200 -> "30 days", 14328 -> "9 days 22 hours 48 minutes". Whoever computes with it gets the printed amount.

    :param roughly: the two largest units, for what somebody only glances at
    """
    days, rest = divmod(abs(minutes), DAY)
    hours, mins = divmod(rest, HOUR)
    parts = [text for count, text in ((days, _days(days)), (hours, _hours(hours)), (mins, _minutes(mins))) if count]
    words = " ".join(parts[:2] if roughly else parts) or _minutes(0)
    return f"{MINUS}{words}" if minutes < 0 else words


def _days(count: int) -> str:
    return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}


def _hours(count: int) -> str:
    return ngettext("%(count)d hour", "%(count)d hours", count) % {"count": count}


def _minutes(count: int) -> str:
    return ngettext("%(count)d minute", "%(count)d minutes", count) % {"count": count}


def time_left(end: datetime, now: datetime) -> str:
    """
    From `now` to `end` in the largest whole unit: "3 days left", "20 hours left", "ended 2 days ago".

    Days are whole spans of 24 hours, as in the health of a resource.
    """
    span = end - now
    unit, count = _largest_unit(abs(span))
    if span > timedelta(0):
        return {
            "day": ngettext("%(count)d day left", "%(count)d days left", count),
            "hour": ngettext("%(count)d hour left", "%(count)d hours left", count),
            "minute": ngettext("%(count)d minute left", "%(count)d minutes left", count),
        }[unit] % {"count": count}
    if unit == "minute" and count == 0:
        return gettext("ended just now")
    return {
        "day": ngettext("ended %(count)d day ago", "ended %(count)d days ago", count),
        "hour": ngettext("ended %(count)d hour ago", "ended %(count)d hours ago", count),
        "minute": ngettext("ended %(count)d minute ago", "ended %(count)d minutes ago", count),
    }[unit] % {"count": count}


def time_until_due(due: date, now: datetime) -> str:
    """From today to a due date: "due in 5 days", "due today", "3 days overdue"."""
    days = (due - local_day(now)).days
    if days == 0:
        return gettext("due today")
    if days > 0:
        return ngettext("due in %(count)d day", "due in %(count)d days", days) % {"count": days}
    return ngettext("%(count)d day overdue", "%(count)d days overdue", -days) % {"count": -days}


def _largest_unit(span: timedelta) -> tuple[str, int]:
    minutes = int(span / timedelta(minutes=1))
    if minutes >= DAY:
        return "day", minutes // DAY
    if minutes >= HOUR:
        return "hour", minutes // HOUR
    return "minute", minutes


def day(moment: datetime | date, locale: str | None = None, zone: ZoneInfo | None = None) -> str:
    """A calendar day: "12/01/2027" (vi), "12 Jan 2027" (en). An instant is read in `zone`."""
    local = moment.astimezone(zone or reader_zone()) if isinstance(moment, datetime) else moment
    code = language(locale)
    return _date(local.date() if isinstance(local, datetime) else local, DATE_PATTERNS[code], code)


@lru_cache(maxsize=4096)
def _date(on: date, pattern: str, code: str) -> str:
    """A list names the same few days over and over."""
    return format_date(on, pattern, locale=code)


def month(moment: datetime | date, locale: str | None = None, zone: ZoneInfo | None = None) -> str:
    """A calendar month: "tháng 1/2027" (vi), "Jan 2027" (en)."""
    local = moment.astimezone(zone or reader_zone()) if isinstance(moment, datetime) else moment
    code = language(locale)
    return format_date(local, MONTH_PATTERNS[code], locale=code)


def short_month(moment: datetime | date, locale: str | None = None, zone: ZoneInfo | None = None) -> str:
    """A month without its year, for the foot of a bar: "T1" (vi), "Jan" (en)."""
    local = moment.astimezone(zone or reader_zone()) if isinstance(moment, datetime) else moment
    code = language(locale)
    return format_date(local, SHORT_MONTH_PATTERNS[code], locale=code)


def span(start: datetime, end: datetime, locale: str | None = None, *, roughly: bool = False) -> str:
    """
    A half-open stretch: a whole month of the billing zone by its name ("October 2026"), whole days by their days, the last
    one included, anything else to the minute.

    :param roughly: anything else by its first and last day
    """
    first, last = start.astimezone(billing_zone()), end.astimezone(billing_zone())
    if start < end and first.time() == last.time() == time():
        if first.day == last.day == 1 and (first.date() + timedelta(days=31)).replace(day=1) == last.date():
            code = language(locale)
            return format_date(first.date(), LONG_MONTH_PATTERNS[code], locale=code).capitalize()
        days = day(first.date(), locale), day(last.date() - timedelta(days=1), locale)
        return days[0] if days[0] == days[1] else " – ".join(days)
    words = day if roughly else instant
    return f"{words(start, locale)} – {words(end, locale)}"


def instant(moment: datetime, locale: str | None = None, zone: ZoneInfo | None = None) -> str:
    """Day and minute: "12/01/2027 08:00" (vi), "12 Jan 2027, 08:00" (en)."""
    local = moment.astimezone(zone or reader_zone())
    separator = " " if language(locale) == "vi" else ", "
    return f"{day(moment, locale, zone)}{separator}{local:%H:%M}"


def time_of_day(moment: datetime, zone: ZoneInfo | None = None) -> str:
    """The minute alone: "08:00"."""
    return f"{moment.astimezone(zone or reader_zone()):%H:%M}"


def full_instant(moment: datetime, locale: str | None = None, zone: ZoneInfo | None = None) -> str:
    """To the second, with the zone spelt out: "Tuesday, 12 January 2027, 08:00:00 (Asia/Ho_Chi_Minh, UTC+07:00)"."""
    where = zone or reader_zone()
    local = moment.astimezone(where)
    code = language(locale)
    long_day = _date(local.date(), LONG_DATE_PATTERN, code)
    offset = f"UTC{local:%z}"
    return f"{long_day}, {local:%H:%M:%S} ({where.key}, {offset[:-2]}:{offset[-2:]})"
