"""Form fields that both customers and staff type into."""

from __future__ import annotations

import re
from typing import TypeVar, Unpack

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from kernel.money import MAXIMUM
from kernel.shapes import FieldWords

Kind = TypeVar("Kind", bound=forms.Field)

GROUPED = re.compile(r"\d{1,3}([.,\s]\d{3})+|\d+")
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
            raise ValidationError(_("Enter an amount above zero."))
        return -amount if is_less else amount
