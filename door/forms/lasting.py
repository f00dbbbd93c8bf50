"""For how long a customer's people stay signed in."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from kernel import display
from kernel.shapes import Wording

_minutes = lazy(display.duration, str)
MINUTES = (10, 15, 30, 60, 240)
HOURS = (4, 8, 12, 24)
USUALLY, NO_END = ("", _("as usual: 12 hours")), ("", _("no other end"))
WITHOUT_USE, IN_ANY_CASE = _("Without use"), _("In any case")


class LastingForm(forms.ModelForm):  # type: ignore[type-arg]
    idle_minutes = forms.TypedChoiceField(
        label=WITHOUT_USE,
        choices=[USUALLY, *((minutes, _minutes(minutes)) for minutes in MINUTES)],
        coerce=int,
        empty_value=None,
        required=False,
    )
    session_hours = forms.TypedChoiceField(
        label=IN_ANY_CASE,
        choices=[NO_END, *((hours, _minutes(hours * 60)) for hours in HOURS)],
        coerce=int,
        empty_value=None,
        required=False,
    )

    class Meta:
        model = Customer
        fields: ClassVar[tuple[str, ...]] = ("idle_minutes", "session_hours")


def in_words(customer: Customer) -> list[tuple[Wording, Wording]]:
    """For who does not decide it."""
    idle, hours = customer.idle_minutes, customer.session_hours
    return [
        (WITHOUT_USE, _minutes(idle) if idle else USUALLY[1]),
        (IN_ANY_CASE, _minutes(hours * 60) if hours else NO_END[1]),
    ]
