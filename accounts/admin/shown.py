"""How values look in the staff area: decided once, by the type of the field."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple, Never

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kernel import display
from kernel.shapes import Wording

NOTHING = "-"
"""As the framework shows what is empty."""
MINUTES = {"minutes", "per_minutes", "minutes_unused"}
SHARES = {"share", "discount", "rate", "vat_rate"}
"""Fractions that people read and type in percent."""
STATES = {"state", "status", "from_state", "to_state", "verdict", "outcome"}


class State(NamedTuple):
    """A state with the word for it; the portal's own word is taken where it has one."""

    value: str
    label: Wording


def money(amount: int | None) -> SafeString | str:
    """1,234,567 ₫ with a small sign; empty when there is no amount."""
    if amount is None:
        return ""
    return format_html('<span class="money">{}<span class="cur">&nbsp;₫</span></span>', display.grouped(amount))


def instant(moment: datetime | None) -> SafeString | str:
    """Day and minute in the billing zone, the full instant on hover."""
    if moment is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        display.full_instant(moment),
        _unbroken(display.instant(moment)),
    )


def day(date: date | None) -> str:
    """Never on two lines, however narrow its column is."""
    return "" if date is None else display.day(date).replace(" ", display.NBSP)


def _unbroken(instant: str) -> str:
    """A narrow column may have the time below the day, and nothing else."""
    day, _space, minute = instant.rpartition(" ")
    return f"{day.replace(' ', display.NBSP)} {minute}"


def badge(state: State) -> str:
    """Colour, icon and word."""
    return SafeString(render_to_string("admin/includes/state.html", {"state": state}).strip()) if state.value else ""


def health_badge(health: object) -> str:
    """The same for the health of a resource, in which "expired" is alarming."""
    return SafeString(render_to_string("admin/includes/state.html", {"health": health}).strip())


def facts(value: object) -> SafeString:
    """JSON as it is kept, readable."""
    return format_html("<pre>{}</pre>", json.dumps(value, ensure_ascii=False, indent=2))


def number(value: Decimal | None) -> str:
    """A unit price, a quantity or a rate without idle zeros."""
    return "" if value is None else display.rate(value)


def span(minutes: int | None) -> str:
    """Minutes in words."""
    return "" if minutes is None else display.duration(minutes)


def column(name: str, label: Wording, show: Callable[[Never], object], *, order: str | None = None) -> Any:
    """A column that shows the attribute `name` of a row; `order` is what it is sorted by."""

    @admin.display(description=label, ordering=order)
    def shown(row: object) -> object:
        value = getattr(row, name)
        return NOTHING if value is None else show(value)

    shown.__name__ = name
    return shown


def shown_well(model: object, name: object) -> Any:
    """The column for a field of `model`: amounts, instants, states and JSON get their look, the rest stays as it is."""
    return _column_of(model, name) if isinstance(name, str) else name


@cache
def _column_of(model: type[models.Model], name: str) -> object:
    try:
        field: object = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    kind: Any = field.output_field if isinstance(field, models.GeneratedField) else field
    match kind:
        case _ if name in STATES:
            labels = dict(kind.flatchoices)
            return column(
                name, kind.verbose_name, lambda state: badge(State(state, str(labels.get(state, state)))), order=name
            )
        case models.BigIntegerField() if not kind.primary_key:
            show: Callable[[Never], object] = money
        case models.DateTimeField():
            show = instant
        case models.DateField():
            show = day
        case models.JSONField():
            show = facts
        case models.DecimalField() if name in SHARES:
            show = display.percent
        case models.DecimalField():
            show = number
        case models.PositiveIntegerField() if name in MINUTES and not kind.choices:
            show = span
        case _:
            return name
    return column(name, kind.verbose_name, show, order=name)
