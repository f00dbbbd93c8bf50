"""Template tags of the portal: amounts, instants, states, icons, charts, links that keep the filters."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from django import template
from django.forms import BaseForm
from django.http import QueryDict
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing_portal.templatetags import charts, navigation
from billing_portal.templatetags.states import HEALTH, STATES, SWITCHED, TONE_ICONS, Badge, badge_of
from catalog import units
from invoices.models import Invoice
from kernel import actors, clock, display
from kernel.tags import CREATED_BY, Wanted, in_order, own

register = template.Library()

Context = template.RequestContext


# Tags


@register.inclusion_tag("components/tags.html")
def tags(given: Mapping[str, str]) -> dict[str, object]:
    """{% tags resource.tags %}: chips, each leading to what is tagged alike."""
    return {"tags": [(key, _value(key, value), Wanted(key, value)) for key, value in in_order(given).items()]}


@register.filter
def own_tags(given: Mapping[str, str]) -> str:
    """{{ resource.tags|own_tags }}: in one line, without what the system wrote."""
    return " · ".join(f"{key}: {value}" for key, value in own(given).items())


@register.filter
def tags_text(given: Mapping[str, str]) -> str:
    """{{ line.tags|tags_text }}: all of them in one line."""
    return " · ".join(f"{key}: {_value(key, value)}" for key, value in in_order(given).items())


@register.filter
def tag_value(value: str, key: str) -> str:
    """{{ spend.value|tag_value:key }}: who ordered it as people read it, any other value as it stands."""
    return _value(key, value)


def _value(key: str, value: str) -> str:
    return actors.who(value) if key == CREATED_BY else value


# Amounts


def _money_html(amount: int | str | None, sign: str = "", modifier: str = "") -> SafeString | str:
    if amount is None or amount == "":
        return ""
    return format_html(
        '<span class="money{}">{}{}<span class="cur">&nbsp;₫</span></span>',
        modifier,
        sign,
        display.grouped(int(amount)),
    )


@register.filter
def money(amount: int | None) -> SafeString | str:
    """{{ invoice.total|money }}: whole đồng, grouped as the reader's language does, with a small sign."""
    return _money_html(amount)


@register.filter
def signed_money(amount: int | None) -> SafeString | str:
    """{{ entry.amount|signed_money }}: as `money`, with a plus (green) or a minus."""
    if not amount:
        return _money_html(amount)
    return _money_html(amount, "+" if amount > 0 else "", " money--plus" if amount > 0 else " money--minus")


@register.filter
def difference(amount: int | None) -> SafeString | str:
    """{{ row.change|difference }}: with its sign and without a colour: more is neither good nor bad."""
    return _money_html(amount, "+" if amount and amount > 0 else "")


@register.filter
def money_text(amount: int | str | None) -> str:
    """The same without markup, for mails in plain text, attributes and titles."""
    return "" if amount is None or amount == "" else display.money(int(amount))


@register.filter
def grouped(number: int) -> str:
    """A number of things: 100000 -> "100.000" (vi), "100,000" (en)."""
    return display.grouped(number)


@register.filter
def rate(value: Decimal | int | str | None) -> str:
    """{{ line.unit_price|rate }}: up to six decimals, no idle zeros."""
    return "" if value is None or value == "" else display.rate(Decimal(value))


@register.filter
def percent(share: Decimal) -> str:
    """{{ offer.share|percent }}: 0.05 -> "5 %"."""
    return display.percent(share)


@register.filter
def counted(quantity: Decimal | int | str, unit: str) -> str:
    """{{ line.quantity|counted:line.unit }}: "2 addresses"."""
    return units.counted(quantity, unit)


@register.filter
def unit_words(unit: str) -> str:
    """{{ item.unit|unit_words }}: the word for one, in the reader's language."""
    return units.unit_words(unit)


# Time


def _time_html(moment: datetime | date, text: str) -> SafeString:
    title = display.full_instant(moment) if isinstance(moment, datetime) else ""
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), title, text)


@register.filter
def instant(moment: datetime | None) -> SafeString | str:
    """{{ order.created_at|instant }}: day and minute in the reader's zone; the full instant in the title."""
    return _time_html(moment, display.instant(moment)) if moment else ""


@register.filter
def day(moment: datetime | date | None) -> SafeString | str:
    """{{ period.ends_at|day }}: the day alone."""
    return _time_html(moment, display.day(moment)) if moment else ""


@register.filter
def span(start: datetime, end: datetime) -> SafeString:
    """{{ invoice.period_start|span:invoice.period_end }}: "October 2026", whole days, or to the minute; both instants in the title."""
    return _span_html(start, end, display.span(start, end))


@register.filter
def days(start: datetime, end: datetime) -> SafeString:
    """{{ invoice.period_start|days:invoice.period_end }}: the same where there is little room, by the day."""
    return _span_html(start, end, display.span(start, end, roughly=True))


def _span_html(start: datetime, end: datetime, text: str) -> SafeString:
    title = f"{display.full_instant(start)} – {display.full_instant(end)}"
    return format_html('<span title="{}">{}</span>', title, text)


@register.filter
def time_of_day(moment: datetime | None) -> str:
    """{{ tick.at|time_of_day }}: "13:48", in the reader's zone."""
    return display.time_of_day(moment) if moment else ""


@register.filter
def month(moment: datetime | date | None) -> str:
    """{{ month.start|month }}: "Jan 2027"."""
    return display.month(moment) if moment else ""


@register.filter
def days_left(end: datetime | None, now: datetime | str | None = None) -> str:
    """{{ resource.paid_until|days_left:now }}: "3 days left", "20 hours left", "ended 2 days ago"."""
    return display.time_left(end, now if isinstance(now, datetime) else clock.now()) if end else ""


@register.filter
def who(actor: str) -> str:
    """{{ payment.actor|who }}: the name of an actor as people read it."""
    return actors.who(str(actor))


@register.filter
def due_in(due: date | None, now: datetime | str | None = None) -> str:
    """{{ invoice.due_date|due_in:now }}: "due in 5 days", "3 days overdue"."""
    return display.time_until_due(due, now if isinstance(now, datetime) else clock.now()) if due else ""


@register.filter
def duration(minutes: int | str | None) -> str:
    """{{ line.minutes|duration }}: "30 days", "9 days 22 hours 48 minutes"."""
    return "" if minutes is None or minutes == "" else display.duration(int(minutes))


# States and icons


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """{% icon "wallet" %}: a symbol of the sprite. With a label it is read out, without one it is decoration."""
    return _icon(name, str(label), css)


@lru_cache(maxsize=1024)
def _icon(name: str, label: str, css: str) -> SafeString:
    spoken = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="icon {}" {}><use href="{}#{}"/></svg>', css, spoken, static("vendor/lucide/icons.svg"), name
    )


def _badge(badge: Badge, note: str) -> SafeString:
    return _badge_html(badge.tone, badge.struck, badge.icon, str(badge.word), str(note))


@lru_cache(maxsize=1024)
def _badge_html(tone: str, struck: bool, symbol: str, word: str, note: str) -> SafeString:
    return format_html(
        '<span class="badge tone-{}{}">{}<span class="badge__word">{}</span>{}</span>',
        tone,
        " badge--struck" if struck else "",
        icon(symbol),
        word,
        format_html('<span class="badge__note">· {}</span>', note) if note else "",
    )


@register.simple_tag
def state_badge(state: object, note: str = "") -> SafeString:
    """{% state_badge invoice.status %}: resource, invoice, order or payment state. "overdue" is one too."""
    return _badge(badge_of(state, STATES), note)


@register.filter
def standing(invoice: Invoice, now: datetime | str | None = None) -> str:
    """{% state_badge invoice|standing:now %}: the status of an invoice; "overdue" says more than "unpaid"."""
    return invoice.status_at(now if isinstance(now, datetime) else clock.now())


@register.simple_tag
def health_badge(health: object, note: str = "") -> SafeString:
    """{% health_badge resource.health %}: good, warning, alert, expired."""
    return _badge(badge_of(health, HEALTH), note)


@register.simple_tag
def switch_badge(is_on: object) -> SafeString:
    """{% switch_badge customer.pays_invoices_automatically %}: whether what happens by itself is switched on."""
    return _badge(SWITCHED[bool(is_on)], "")


@register.filter
def tone_icon(tone: str) -> str:
    """The icon that goes with a tone, for notices."""
    return TONE_ICONS.get(tone, "info")


@register.filter
def message_tone(tags: str) -> str:
    """The tone of a message of django.contrib.messages, from its tags."""
    tones = {"success": "green", "warning": "amber", "error": "red"}
    return next((tone for tag, tone in tones.items() if tag in (tags or "").split()), "blue")


# Charts


@register.inclusion_tag("components/bars.html")
def bars(months: Collection[charts.Month], caption: str = "") -> dict[str, object]:
    """{% bars months %}: `months` are mappings with label, paid, unpaid (whole đồng) and perhaps url."""
    return {"bars": charts.bars(months), "caption": caption}


@register.inclusion_tag("components/share_bar.html")
def share_bar(parts: Iterable[charts.Part], caption: str = "") -> dict[str, object]:
    """{% share_bar products %}: `parts` are mappings with label, amount and perhaps url; from the fifth on, "Other"."""
    return {"parts": charts.shares(parts), "caption": caption}


@register.inclusion_tag("components/stacks.html")
def stacks(
    steps: Sequence[charts.Step], series: Sequence[str], before: str = "", caption: str = ""
) -> dict[str, object]:
    """{% stacks steps series %}: bars whose parts are the `series`, in their order; `before` says what the marks are."""
    drawn = charts.stacks(steps)
    has_open = any(amount > 0 for step in steps for _known, amount in step["parts"])
    return {
        **drawn,
        "series": list(enumerate(series, start=1)),
        "has_open": has_open,
        "before": before,
        "caption": caption,
    }


@register.inclusion_tag("components/band.html")
def band_bar(so_far: int, low: int, expected: int, high: int) -> dict[str, object]:
    """{% band_bar so_far low expected high %}: what is there, what is expected, and from where to where it may lie."""
    return {**charts.band(so_far, low, expected, high), "has_band": low != high}


@register.inclusion_tag("components/waterfall.html")
def waterfall(
    before: charts.Rung, changes: Sequence[charts.Rung], after: charts.Rung, caption: str = ""
) -> dict[str, object]:
    """{% waterfall before changes after %}: from one amount to another; each a mapping with label and amount."""
    return {"rows": charts.waterfall(before, changes, after), "caption": caption}


# Navigation and links


@register.simple_tag(takes_context=True)
def portal_nav(context: Context) -> list[dict[str, object]]:
    """{% portal_nav as groups %}: the pages that exist, with the present one marked."""
    return navigation.groups(context)


@register.simple_tag(takes_context=True)
def query_replace(context: Context, **changes: object) -> str:
    """
    The present query string with some parameters changed: <a href="{% query_replace status='paid' after=None %}">.

    None or "" removes a parameter. Paging begins anew unless `after` or `before` is among the changes.
    """
    request = context.get("request")
    query = request.GET.copy() if request else QueryDict(mutable=True)
    if not {"after", "before"} & changes.keys():
        changes = {"after": None, "before": None, **changes}
    for name, value in changes.items():
        query.pop(name, None)
        if isinstance(value, list | tuple):
            query.setlist(name, [str(one) for one in value])
        elif value not in (None, ""):
            query[name] = str(value)
    return "?" + query.urlencode()


# Filters


@register.simple_tag
def filters_set(form: BaseForm) -> int:
    """{% filters_set form as set %}: how many filters besides the search are set by the address."""
    return sum(bool(form.data.get(name)) for name in form.fields if name not in {"q", "hide"}) if form.is_bound else 0


@register.filter
def get(mapping: Mapping[str, object], key: str) -> object:
    """{{ attributes|get:"data-only" }}."""
    return mapping.get(key, "")
