"""What can be asked of the cost explorer. Every wish stands in the address, so it can be kept and shared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Unpack

from django import forms
from django.utils.translation import gettext_lazy as _

from foresight.dimensions import DIMENSIONS, TAG, Dimension, dimension_of
from foresight.spans import Span, Step
from invoices.forms import REASONABLE, MonthField, ProductField
from invoices.ranges import named_range
from kernel.errors import DomainError
from kernel.fields import field_of
from kernel.periods import CalendarMonth, local_day
from kernel.shapes import FieldWords, FormOptions, Sent

USUAL_MONTHS = 6
DAYS = {"days-7": 7, "days-30": 30}
BY_DAYS = 62
"""Up to so many days are shown day by day, unless something else is asked for."""


class DayField(forms.DateField):
    """A day; shown where "from day to day" is chosen."""

    def __init__(self, **words: Unpack[FieldWords]) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "data-only": "between"})
        super().__init__(input_formats=["%Y-%m-%d"], widget=widget, required=False, validators=REASONABLE, **words)


class CostFilters(forms.Form):
    """An old key of tags, which no resource has any more, can stand in the address."""

    by = forms.ChoiceField(label=_("Told apart by"), required=False)
    range = forms.ChoiceField(
        label=_("Dates"),
        required=False,
        choices=[
            ("", _("Half a year")),
            ("this", _("This month")),
            ("last", _("Last month")),
            ("last-3", _("Last 3 months")),
            ("last-6", _("Last 6 months")),
            ("last-12", _("Last 12 months")),
            ("days-7", _("Last 7 days")),
            ("days-30", _("Last 30 days")),
            ("between", _("From day to day")),
        ],
    )
    first = DayField(label=_("From day"))
    last = DayField(label=_("to day"))
    step = forms.ChoiceField(label=_("Step by step"), required=False, choices=[("", _("As it fits")), *Step.choices])
    product = ProductField()

    def __init__(self, data: Sent = None, *, tag_keys: Sequence[str], **options: Unpack[FormOptions]) -> None:
        super().__init__(data, **options)
        keys = [f"{TAG}:{key}" for key in tag_keys]
        asked = dimension_of(str((data or {}).get("by") or ""))
        if asked and asked.code not in (*DIMENSIONS, *keys):
            keys.append(asked.code)
        field_of(self, forms.ChoiceField, "by").choices = [
            *((one.code, one.title) for one in DIMENSIONS.values()),
            (_("Tags"), [(key, key.removeprefix(f"{TAG}:")) for key in keys]),
        ]

    def dimension(self) -> Dimension:
        self.is_valid()
        return dimension_of(self.cleaned_data.get("by") or "product") or DIMENSIONS["product"]

    def span(self, *, at: datetime) -> Span:
        """What is asked for; a wish that makes no sense is shown with its error, and the usual period instead."""
        self.is_valid()
        asked = self.cleaned_data
        usual = Span.of_months_before(USUAL_MONTHS, at=at)
        first, last = _days(asked.get("range") or "", asked.get("first"), asked.get("last"), at=at)
        if not first or not last:
            first, last = local_day(usual.edges[0]), local_day(at)
        step = asked.get("step") or (Step.DAY if (last - first).days < BY_DAYS else Step.MONTH)
        try:
            span = Span.of(Step(step), first, last)
            span.check_hours(at=at)
        except DomainError as refused:
            self.add_error("step", str(refused))
            return usual
        return span


def _days(name: str, first: date | None, last: date | None, *, at: datetime) -> tuple[date | None, date | None]:
    """The first and the last day; of "from day to day" the one that is missing is today or the other one."""
    today = local_day(at)
    if name == "between":
        return first or last, last or (today if first is None or first <= today else first)
    if name in DAYS:
        return today - timedelta(days=DAYS[name] - 1), today
    months = named_range(name, at=at)
    if months is None:
        return None, None
    period = months.period
    return local_day(period.starts_at), local_day(period.last_minute)


class DifferenceFilters(forms.Form):
    """Two months to compare: without a wish, the last that is over and the one before it."""

    month = MonthField(label=_("Month"))
    with_month = MonthField(label=_("compared with"))

    def months(self, *, at: datetime) -> tuple[CalendarMonth, CalendarMonth]:
        """(the earlier or compared one, the one asked about)"""
        self.is_valid()
        month, other = (self.cleaned_data.get(name) for name in ("month", "with_month"))
        after = CalendarMonth(month.year, month.month) if month else CalendarMonth.of(at).previous
        before = CalendarMonth(other.year, other.month) if other else after.previous
        return before, after
