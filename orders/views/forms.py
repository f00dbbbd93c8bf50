"""The forms of the pages that lead to a quote. They check shapes; what is allowed, the offer says."""

from __future__ import annotations

from datetime import date, datetime
from typing import Unpack
from uuid import UUID

from django import forms
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from catalog.configuration import Chosen
from catalog.models import Product
from catalog.price_words import meter_words
from catalog.pricing import Component, Rate
from catalog.queries import NoPrice, PriceBook
from catalog.terms import MONTHS
from kernel import display
from kernel.periods import billing_zone
from kernel.shapes import FormOptions, Sent
from lifecycle.models.terms import MILESTONES
from orders.services.stories.inputs import MAXIMUM_QUANTITY
from orders.views.present import unit_price


def months_label(months: int) -> str:
    return str(ngettext_lazy("%(count)d month", "%(count)d months", months) % {"count": months})


def month_choices() -> list[tuple[int, str]]:
    return [(months, months_label(months)) for months in MONTHS]


class TermsForm(forms.Form):
    """For how long, and with which coupon."""

    months = forms.TypedChoiceField(label=_("Period"), coerce=int, choices=month_choices, initial=1)
    coupon = forms.CharField(label=_("Coupon"), required=False, max_length=40, strip=True)

    def terms(self) -> dict[str, object]:
        """The form's part of a quote's inputs."""
        return {"months": self.cleaned_data["months"], "coupon": self.cleaned_data["coupon"]}


class AgreedForm(TermsForm):
    """For how long, and renewed automatically or not afterwards."""

    auto_renew = forms.BooleanField(label=_("Renew automatically"), required=False)
    auto_renew_months = forms.TypedChoiceField(
        label=_("Each time by"), coerce=int, choices=month_choices, initial=1, required=False, empty_value="1"
    )

    def terms(self) -> dict[str, object]:
        given = self.cleaned_data
        return {
            "months": given.get("months"),
            "coupon": given.get("coupon", ""),
            "auto_renew_months": int(given["auto_renew_months"]) if given.get("auto_renew") else None,
        }


class NewForm(AgreedForm):
    """How many new resources, for how long, renewed automatically or not."""

    quantity = forms.IntegerField(label=_("Quantity"), min_value=1, max_value=MAXIMUM_QUANTITY, initial=1)

    def __init__(self, data: Sent = None, *, postpaid: bool = False, **options: Unpack[FormOptions]) -> None:
        super().__init__(data, **options)
        if postpaid:
            for name in ("months", "coupon", "auto_renew", "auto_renew_months"):
                del self.fields[name]

    def terms(self) -> dict[str, object]:
        return {"quantity": self.cleaned_data["quantity"], **super().terms()}


class RenewForm(TermsForm):
    """By some months each, or all to one common end."""

    mode = forms.ChoiceField(
        label=_("Until when"),
        choices=[("months", _("Each by the same period")), ("match", _("All to one common end"))],
        initial="months",
    )
    end = forms.DateField(label=_("Common end"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data: Sent = None, *, latest_end: datetime | None, **options: Unpack[FormOptions]) -> None:
        super().__init__(data, **options)
        self.latest_end = latest_end.astimezone(billing_zone()) if latest_end else None
        if self.latest_end:
            self.fields["end"].widget.attrs["min"] = self.latest_end.date().isoformat()

    def terms(self) -> dict[str, object]:
        given = self.cleaned_data
        if given["mode"] == "months" or self.latest_end is None:
            return super().terms()
        return {"match_end": self._common_end(given["end"]).isoformat(), "coupon": given["coupon"]}

    def _common_end(self, day: date | None) -> datetime:
        """The chosen day at the wall-clock time of the latest end, which is the earliest that there can be."""
        assert self.latest_end is not None
        return self.latest_end if day is None else datetime.combine(day, self.latest_end.timetz())


class ConfigurationForm(forms.Form):
    """One flavour or package of a product, and what is added to it, each with its price for this customer."""

    def __init__(
        self, data: Sent = None, *, product: Product, customer_id: UUID, at: datetime, **options: Unpack[FormOptions]
    ) -> None:
        super().__init__(data, **options)
        items = list(product.items.order_by("position", "code"))
        prices, self.terms = _prices([item.pk for item in items], customer_id, at)
        self.metered = [(item, prices[item.pk]) for item in items if item.is_metered and item.pk in prices]
        items = [item for item in items if item.pk in prices and not item.is_metered]
        self.options = [(str(item.pk), str(item), prices[item.pk]) for item in items if item.is_choice]
        self.extras = [item for item in items if not item.is_choice]
        if self.options:
            self.fields["choice"] = forms.ChoiceField(
                label=_("Configuration"),
                choices=[option[:2] for option in self.options],
                initial=self.options[0][0],
                error_messages={"required": _("Choose one.")},
            )
        for item in self.extras:
            self.fields[f"extra-{item.pk}"] = forms.IntegerField(
                label=str(item), required=False, min_value=0, max_value=item.maximum, initial=0
            )
        self.prices = prices

    def prices_of(self, item_id: str) -> list[str]:
        """An item's price, and those of its terms: "181,000 ₫ / 30 days", "165,000 ₫ / 30 days from 12 months on"."""
        pk = UUID(item_id)
        by_term = [
            _("%(price)s from %(count)d months on") % {"price": unit_price(rate), "count": rate.months}
            for rate in self.terms[pk]
        ]
        return [unit_price(self.prices[pk].rate), *by_term]

    @property
    def extra_fields(self) -> list[dict[str, object]]:
        return [
            {"field": self[f"extra-{item.pk}"], "item": item, "rate": " · ".join(self.prices_of(str(item.pk)))}
            for item in self.extras
        ]

    @property
    def by_use(self) -> list[dict[str, object]]:
        """What nobody chooses: it is billed as it is used."""
        return [
            {"item": item, "phrases": meter_words(component.rate.meter, item.unit), "discount": component.discount}
            for item, component in self.metered
            if component.rate.meter
        ]

    def no_extras(self) -> dict[str, object]:
        return {f"extra-{item.pk}": 0 for item in self.extras}

    def items(self) -> list[dict[str, object]]:
        """[{"item": id, "quantity": n}] as chosen."""
        given = self.cleaned_data
        chosen = [{"item": given["choice"], "quantity": 1}] if "choice" in given else []
        return chosen + [
            {"item": str(item.pk), "quantity": given[f"extra-{item.pk}"]}
            for item in self.extras
            if given.get(f"extra-{item.pk}")
        ]

    @staticmethod
    def values_of(configuration: list[Chosen], options: set[str]) -> dict[str, object]:
        """The fields' values for a configuration."""
        values: dict[str, object] = {}
        for entry in configuration:
            if entry["item"] in options:
                values["choice"] = entry["item"]
            else:
                values[f"extra-{entry['item']}"] = entry["quantity"]
        return values


class NamedConfigurationForm(ConfigurationForm):
    name = forms.CharField(label=_("Name"), max_length=90, strip=True)


class AutoRenewForm(forms.Form):
    """Auto-renew by some months, or 0 for off."""

    months = forms.TypedChoiceField(
        label=_("Auto-renew"), coerce=int, choices=lambda: [(0, _("off")), *month_choices()]
    )

    @property
    def tries(self) -> str:
        """On which days the wallet is asked, as the rule has them."""
        first, *later = sorted(MILESTONES, reverse=True)
        return text("From the wallet, %(first)s days before the end; tried again %(later)s days before.") % {
            "first": first,
            "later": display.listed(later),
        }

    def value(self) -> int | None:
        return self.cleaned_data["months"] or None


def _prices(
    item_ids: list[UUID], customer_id: UUID, at: datetime
) -> tuple[dict[UUID, Component], dict[UUID, list[Rate]]]:
    """What one of each item costs this customer now, and at longer terms; items without a price cannot be chosen."""
    book = PriceBook([customer_id], item_ids)
    found, by_term = {}, {}
    for pk in item_ids:
        try:
            (found[pk],) = book.components([{"item": str(pk), "quantity": 1}], customer_id=customer_id, at=at)
        except NoPrice:
            continue
        by_term[pk] = book.rates(pk, customer_id, at)[1:]
    return found, by_term
