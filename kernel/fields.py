"""Form fields that both customers and staff type into."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TypeVar, Unpack

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import DecimalValidator
from django.utils.translation import gettext_lazy as _

from kernel import display
from kernel.money import MAXIMUM
from kernel.shapes import FieldWords

Kind = TypeVar("Kind", bound=forms.Field)

GROUPED = re.compile(r"\d{1,3}([.,\s]\d{3})+|\d+")
PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d{1,4})?)\s*(%?)")
MINUS = ("-", "\u2212", "\u2013")


def field_of(form: forms.BaseForm, kind: type[Kind], name: str) -> Kind:
    """The field `name` of a form, as what the form declares it to be: a form knows them all as fields and no more."""
    field = form.fields[name]
    assert isinstance(field, kind), f"{name} of {type(form).__name__} is no {kind.__name__}"
    return field


class DongField(forms.CharField):
    """
    Whole đồng as people write and copy them: 500000, 500.000, 500,000 or 500 000 ₫; with `signed` also less than zero.

    `least` is the smallest amount that is taken (1, or 0 if that is meant).
    """

    def __init__(
        self, *, least: int = 0, signed: bool = False, required: bool = True, **words: Unpack[FieldWords]
    ) -> None:
        self.least, self.signed = least, signed
        widget = forms.TextInput(
            attrs={"inputmode": "text" if signed else "numeric", "class": "amount", "autocomplete": "off"}
        )
        super().__init__(widget=widget, required=required, max_length=30, **words)

    def clean(self, value: object) -> int | None:
        text = re.sub(r"\s*(₫|đ|vnd)$", "", super().clean(value).strip().lower())
        if not text:
            return None
        is_less = self.signed and text.startswith(MINUS)
        text = text[1:].strip() if is_less else text.removeprefix("+").strip()
        if not GROUPED.fullmatch(text):
            raise ValidationError(_("Enter an amount in whole đồng, such as 500000."))
        amount = int(re.sub(r"\D", "", text))
        if amount > MAXIMUM:
            raise ValidationError(_("This amount is too large."))
        if amount < self.least:
            raise ValidationError(
                _("Enter an amount above or below zero.") if self.signed else _("Enter an amount above zero.")
            )
        return -amount if is_less else amount

    def prepare_value(self, value: object) -> object:
        """An amount of ours as the page around it has amounts; what was typed as it was typed."""
        return display.grouped(value) if isinstance(value, int) else super().prepare_value(value)


class PercentField(forms.Field):
    """
    A share as people write it, in percent: 10, 10 %, 8.5 % or 8,5; what is kept is the fraction.

    Below one percent it needs its sign: whoever writes 0.1 may mean ten. `most` is a fraction, too.
    """

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "placeholder": "%"})

    most = Decimal(1)

    def __init__(
        self, *, max_digits: int, decimal_places: int, required: bool = True, **words: Unpack[FieldWords]
    ) -> None:
        super().__init__(required=required, **words)
        self.validators.append(DecimalValidator(max_digits, decimal_places))

    def to_python(self, value: object) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        text = str(value).strip()
        if not text:
            return None
        written = PERCENT.fullmatch(text)
        if written is None:
            raise ValidationError(_("Enter a percentage, such as 10 or 8.5."))
        percent = Decimal(written[1].replace(",", "."))
        if percent > 100 * self.most:
            raise ValidationError(_("Enter at most %(most)s.") % {"most": display.percent(self.most)})
        if 0 < percent < 1 and not written[2]:
            raise ValidationError(_("Write 10 for ten percent. What is less than one has its sign: 0.5 %."))
        return percent / 100

    def prepare_value(self, value: object) -> object:
        return display.percent(value).replace(display.NBSP, " ") if isinstance(value, Decimal) else value
