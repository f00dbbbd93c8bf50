"""Prices and discounts, for the time ahead and for time that has passed: by two, but for the first price of an item."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Unpack

from django import forms
from django.contrib import admin
from django.core.validators import EMPTY_VALUES
from django.db.models import Model, Q
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.shapes import FieldNames, Fieldsets
from accounts.admin.tasks import ReasonForm, Task
from accounts.four_eyes import Act, ask
from catalog import acts
from catalog.acts import kept_terms
from catalog.admin.tiers import LEFT_ALONE, TERMS, MeteredTerms, TiersField, refuse_impossible, terms_of
from catalog.admin.validity import FollowingForm, InForce, ValidityAdmin
from catalog.meters import Tier
from catalog.models import STANDARD, Discount, Item, Price
from catalog.price_changes import ALONE, changes_costs
from catalog.price_words import meter_words
from catalog.queries import uses_of
from catalog.rights import BACK_DATE_PRICE, REOPEN_PRICE
from catalog.services import PricedOtherwise
from kernel.actors import Actor
from kernel.fields import PercentField
from kernel.periods import truncate
from kernel.shapes import Cleaned, RowFormOptions, Sent, Uploads

FOR_METERED = _("Tiers, package, what is included, least and most: of metered items alone")


class DayAndMinute(forms.SplitDateTimeWidget):
    """As the browser asks for a day and a time."""

    def __init__(self) -> None:
        super().__init__(
            date_format="%Y-%m-%d",
            time_format="%H:%M",
            date_attrs={"type": "date"},
            time_attrs={"type": "time"},
        )
        self.widgets[0].attrs["aria-label"], self.widgets[1].attrs["aria-label"] = _("Date"), _("Time")


class PastPriceForm(MeteredTerms, ReasonForm):
    unit_price = Price._meta.get_field("unit_price").formfield(min_value=0)
    per_minutes = forms.TypedChoiceField(
        label=capfirst(_("per")), choices=Price.Per.choices, coerce=int, initial=Price.Per.MONTH
    )
    includes_vat = forms.BooleanField(label=capfirst(_("includes VAT")), required=False, initial=True)
    tax_category = Price._meta.get_field("tax_category").formfield(initial=STANDARD)
    valid_from = forms.SplitDateTimeField(label=capfirst(_("valid from")), widget=DayAndMinute)
    field_order = ("unit_price", "per_minutes", *TERMS, "includes_vat", "tax_category", "valid_from", "reason")

    def clean(self) -> Cleaned:
        data = super().clean() or {}
        if not self.errors:
            refuse_impossible(self, data["per_minutes"])
        return data


class BackDatePrice(Task[Item | Price]):
    """Of an item, for everybody; of a negotiated price, for its customer."""

    name = "back-date"
    label = _("Price time that has passed")
    lead = _(
        "Time that had no price gets one, up to where the next begins, once somebody else has approved it. What was charged stays;"
        " bills that were held back for want of a price can be released then."
    )
    button = _("Ask for approval")
    right = BACK_DATE_PRICE
    form = PastPriceForm
    folded, folded_label = TERMS, FOR_METERED
    once = True

    def carry_out(self, subject: Item | Price, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        item, customer = (subject, None) if isinstance(subject, Item) else (subject.item, subject.customer)
        asked = ask(
            acts.BackDatePrice,
            customer=customer,
            subject=item,
            facts={
                "item": str(item.pk),
                "unit_price": f"{data['unit_price']:f}",
                "per_minutes": data["per_minutes"],
                "terms": kept_terms(terms_of(data)),
                "includes_vat": data["includes_vat"],
                "tax_category": data["tax_category"].pk,
                "starts_at": truncate(data["valid_from"]).isoformat(),
            },
            reason=data["reason"],
            actor=actor,
            at=at,
        )
        return asked.sentence


class PriceForm(FollowingForm):
    ALONE = ALONE[Price]

    tiers = TiersField()
    anyway = forms.BooleanField(label=_("End it, although resources use it and no price follows"), required=False)

    def __init__(self, data: Sent = None, files: Uploads = None, **options: Unpack[RowFormOptions]) -> None:
        super().__init__(data, files, **options)
        for name in {*LEFT_ALONE, "months"} & self.fields.keys():
            self.fields[name].required = False

    def clean_months(self) -> int:
        return self.cleaned_data["months"] or 1

    def clean_tiering(self) -> object:
        return self._or_default("tiering")

    def clean_included(self) -> object:
        return self._or_default("included")

    def clean_minimum(self) -> object:
        return self._or_default("minimum")

    def _or_default(self, name: str) -> object:
        given: object = self.cleaned_data[name]
        return LEFT_ALONE[name] if given in EMPTY_VALUES else given

    def clean_tiers(self) -> list[Tier]:
        tiers: list[Tier] = self.cleaned_data["tiers"]
        if self.instance._state.adding:
            self.instance.tier_from = [tier.above for tier in tiers]
            self.instance.tier_prices = [tier.unit_price for tier in tiers]
        return tiers

    def clean(self) -> dict[str, object]:
        data = super().clean()
        item, per_minutes = data.get("item"), data.get("per_minutes")
        if item is not None and per_minutes is not None and item.is_metered != (per_minutes == Price.Per.UNIT):
            self.add_error("per_minutes", str(PricedOtherwise()))
        end = data.get("valid_until")
        if self.instance._state.adding or end is None or end == self.instance.valid_until or data.get("anyway"):
            return data
        if self.instance.months > 1:  # without it the same costs what it costs without a term
            return data
        if count := 0 if self._is_followed(end) else uses_of(self.instance):
            sentence = text(
                "%(count)d running resources use this price, and none follows it: their bills would wait until there is one."
                " Tick the box to end it all the same."
            )
            self.add_error("anyway", sentence % {"count": count})
        return data

    def _is_followed(self, end: datetime) -> bool:
        """By one that is in force at its end; a negotiated price also by the list price."""
        others = Price.objects.filter(
            Q(customer=self.instance.customer_id) | Q(customer=None), item=self.instance.item_id, months=1
        )
        in_force = Q(valid_until=None) | Q(valid_until__gt=end)
        return others.exclude(pk=self.instance.pk).filter(in_force, valid_from__lte=end).exists()


class ReopenPrice(Task[Price]):
    name = "reopen"
    label = _("Let it go on")
    lead = _(
        "This price was ended by mistake, and nothing came after it: it goes on as if it had never ended, once somebody else has"
        " approved it. Bills that were held back for want of a price can be released then."
    )
    button = _("Ask for approval")
    right = REOPEN_PRICE

    def is_open(self, subject: Price, at: datetime) -> bool:
        return subject.valid_until is not None and subject.valid_until <= at

    def carry_out(self, subject: Price, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        facts = {"terms": str(subject.pk)}
        asked = ask(
            acts.ReopenPrice, customer=subject.customer, subject=subject, facts=facts, reason=data["reason"], actor=actor, at=at,
        )  # fmt: skip
        return asked.sentence


class DiscountForm(FollowingForm):
    ALONE = ALONE[Discount]

    class Meta:
        field_classes: ClassVar = {"share": PercentField}


@admin.register(Price)
class PriceAdmin(ValidityAdmin):
    about = ("item", "tax_category")
    form = PriceForm
    tasks = (ReopenPrice(), BackDatePrice())
    list_display = (
        "item",
        "customer",
        "unit_price",
        "per_minutes",
        "months",
        "includes_vat",
        "tax_category",
        "valid_from",
        "valid_until",
    )
    list_select_related = ("item__product", "customer", "tax_category")
    list_filter = (InForce, ("customer", admin.EmptyFieldListFilter), "months", "item__product")
    search_fields = ("item__code", "item__name", "customer__name")
    autocomplete_fields = ("item", "customer")
    fields = (
        "item",
        "customer",
        "unit_price",
        "per_minutes",
        "months",
        *TERMS,
        "includes_vat",
        "tax_category",
        "valid_from",
        "valid_until",
    )

    def takes_two(self, terms: Model, change: bool) -> Act[object] | None:
        """The first price of an item changes what nothing costs."""
        if isinstance(terms, Price) and not change and not changes_costs(terms):
            return None
        return super().takes_two(terms, change)

    @admin.display(description=_("price"))
    def in_words(self, price: Price) -> str:
        """Of a metered item: tiers, what is included, the least and the most."""
        meter = price.meter
        return "; ".join(meter_words(meter, price.item.unit)) if meter else str(price)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> FieldNames:
        if obj is None:
            return self.fields
        shown = ["in_words" if name == TERMS[0] else name for name in self.fields if name not in TERMS[1:]]
        return [*shown, "anyway"] if self.has_change_permission(request, obj) else shown

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Fieldsets:
        """Of a new one, what only metered items have is folded until something of it is typed, or wrong."""
        if obj is not None:
            return super().get_fieldsets(request, obj)
        plain = [name for name in self.fields if name not in TERMS]
        given = {**request.GET.dict(), **request.POST.dict()}
        is_typed = given.get("per_minutes") == str(Price.Per.UNIT) or any(
            given.get(name, "") not in ("", str(LEFT_ALONE.get(name, ""))) for name in TERMS
        )
        folded: tuple[str, ...] = () if is_typed else ("collapse",)
        return [(None, {"fields": plain}), (FOR_METERED, {"fields": TERMS, "classes": folded})]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str] | tuple[str, ...]:
        if obj is None:
            return ()
        return self._looks(name for name in self.get_fields(request, obj) if name not in ("valid_until", "anyway"))


@admin.register(Discount)
class DiscountAdmin(ValidityAdmin):
    form = DiscountForm
    list_display = ("customer", "product", "share", "valid_from", "valid_until")
    list_select_related = ("customer", "product")
    list_filter = (InForce, "product")
    search_fields = ("customer__name", "product__code")
    autocomplete_fields = ("customer", "product")
    fields = ("customer", "product", "share", "valid_from", "valid_until")
