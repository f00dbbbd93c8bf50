"""What staff do to the catalogue, and never alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.core.serializers import deserialize, serialize
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from accounts.four_eyes import Act
from accounts.models import StaffAct
from accounts.rights import APPROVE_MONEY
from catalog.commitments import agree, end_early
from catalog.models import STANDARD, Commitment, Discount, Item, Price, TaxCategory, TaxRate
from catalog.price_changes import Terms, end_terms, enter_terms, followed
from catalog.price_words import meter_words
from catalog.rates import Mistaxed, enter_rate, mistaxed_by
from catalog.services import back_date_price, reopen_price
from catalog.taxes import Taxes
from kernel import display
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.shapes import Json, Wording

Facts = list[tuple[Wording, object]]
DECIMALS = ("package_size", "included")


def kept_terms(terms: Json) -> Json:
    """What only metered items have, as a fact of an act."""
    lists = {name: [f"{number:f}" for number in terms[name]] for name in ("tier_from", "tier_prices")}
    numbers = {name: None if terms[name] is None else f"{terms[name]:f}" for name in DECIMALS}
    return {**terms, **lists, **numbers}


def read_terms(kept: Json) -> Json:
    """The other way round; an act that was asked for without any has none."""
    lists = {name: [Decimal(number) for number in kept.get(name, [])] for name in ("tier_from", "tier_prices")}
    numbers = {name: Decimal(kept[name]) for name in DECIMALS if kept.get(name) is not None}
    return {**kept, **lists, **numbers}


def category_of(asked: Json) -> str:
    """What was asked for with a rate, before prices named a category, has the one that prices with this rate were carried over to."""
    if "tax_category" in asked or "vat_rate" not in asked:
        return str(asked.get("tax_category", STANDARD))
    percent = f"{(100 * Decimal(asked['vat_rate'])).normalize():f}"
    return STANDARD if percent == "10" else "carried-" + percent.replace(".", "-")


class CategoryGone(DomainError):
    code = "category-gone"
    message = _("No tax category has the rate of VAT that this was asked for with. Ask for it anew, with a category.")


class BackDatePrice(Act[Price]):
    """`facts`: item, unit_price, per_minutes, terms, includes_vat, tax_category, starts_at. What it will bill nobody knows yet: it always waits."""

    code = "back-date-price"
    label = _("price of time that has passed")
    right = APPROVE_MONEY

    def facts(self, act: StaffAct) -> Facts:
        asked = act.facts
        item = Item.objects.select_related("product").get(pk=asked["item"])
        terms = read_terms(asked.get("terms", {}))
        price = Price(
            item=item, customer=act.customer, unit_price=Decimal(asked["unit_price"]), per_minutes=asked["per_minutes"],
            includes_vat=asked["includes_vat"], tax_category_id=category_of(asked),
            valid_from=datetime.fromisoformat(asked["starts_at"]), **terms,
        )  # fmt: skip
        return _price_words(price)

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> Price:
        asked = act.facts
        if not TaxCategory.objects.filter(pk=category_of(asked)).exists():
            raise CategoryGone
        return back_date_price(
            UUID(asked["item"]),
            customer=act.customer,
            unit_price=Decimal(asked["unit_price"]),
            per_minutes=asked["per_minutes"],
            terms=read_terms(asked.get("terms", {})),
            includes_vat=asked["includes_vat"],
            tax_category=category_of(asked),
            starts_at=datetime.fromisoformat(asked["starts_at"]),
            reason=act.reason,
            actor=actor,
            at=at,
        )


def _price_words(price: Price) -> Facts:
    """What whoever approves a price should know of it."""
    item = price.item
    by_use = [(_("price"), "; ".join(meter_words(price.meter, item.unit)))] if price.meter else []
    term: Facts = [(_("for at least (months)"), price.months)] if price.months > 1 else []
    category = TaxCategory.objects.filter(pk=price.tax_category_id).first()
    return [
        (_("item"), f"{item} ({item.product})"),
        (_("negotiated with"), price.customer or "–"),
        (_("unit price"), f"{display.rate(price.unit_price)} {display.SIGN} / {price.get_per_minutes_display()}"),
        *by_use,
        *term,
        (_("includes VAT"), _("yes") if price.includes_vat else _("no")),
        (_("tax category"), category or price.tax_category_id),
        (_("valid from"), display.instant(price.valid_from)),
    ]


def facts_of(terms: Model) -> Json:
    """A row that is to be entered or ended, as facts of an act."""
    return {"terms": json.loads(serialize("json", [terms]))[0]}


class TermsAct(Act[Terms]):
    """
    `facts`: terms, the row as it is to be (`facts_of`). What it will bill nobody knows yet: it always waits. What is approved after its
    day is done then, for what was charged already stays.
    """

    right = APPROVE_MONEY
    model: type[Terms]

    def __init__(self, model: type[Terms], code: str, label: Wording, words: Callable[[Terms], Facts]) -> None:
        self.model, self.code, self.label = model, code, label
        self.words: Callable[[Terms], Facts] = words
        self.declare()

    def terms(self, act: StaffAct) -> Terms:
        row = next(iter(deserialize("python", [act.facts["terms"]]))).object
        assert isinstance(row, self.model)
        return row

    def facts(self, act: StaffAct) -> Facts:
        row: Terms = self.terms(act)
        ends = row.valid_until
        return [*self.words(row), (_("valid until"), display.instant(ends) if ends else "–")]


class EnterTerms(TermsAct[Terms]):
    def facts(self, act: StaffAct) -> Facts:
        before = followed(self.terms(act))
        return [*super().facts(act), (_("what ends then"), before or "–")]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> Terms:
        return enter_terms(self.terms(act), reason=act.reason, actor=actor, at=at)


class EndTerms(TermsAct[Terms]):
    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> Terms:
        terms = self.terms(act)
        return end_terms(terms, terms.valid_until, reason=act.reason, actor=actor, at=at)


class TakesTwo(NamedTuple):
    entering: Act[object]
    ending: Act[object]


def _takes_two(
    model: type[Terms], words: Callable[[Terms], Facts], *, code: str, entering: Wording, ending: Wording
) -> TakesTwo:
    return TakesTwo(EnterTerms(model, f"enter-{code}", entering, words), EndTerms(model, f"end-{code}", ending, words))


def _discount_words(discount: Discount) -> Facts:
    return [
        (_("product"), discount.product),
        (_("share off"), display.percent(discount.share)),
        (_("valid from"), display.instant(discount.valid_from)),
    ]


TERMS: Mapping[type[Model], TakesTwo] = {
    Price: _takes_two(
        Price, _price_words, code="price", entering=_("price of the time ahead"), ending=_("end of a price")
    ),
    Discount: _takes_two(
        Discount,
        _discount_words,
        code="discount",
        entering=_("negotiated discount"),
        ending=_("end of a negotiated discount"),
    ),
}
"""Terms that nobody enters or ends alone; their pages ask for it by themselves (`catalog.admin.validity`)."""


class ReopenPrice(Act[Price]):
    """`facts`: terms, the key of a price that ended by mistake. What it will bill nobody knows yet: it always waits."""

    code = "reopen-price"
    label = _("price that goes on")
    right = APPROVE_MONEY

    def facts(self, act: StaffAct) -> Facts:
        price = Price.objects.select_related("item__product", "customer").get(pk=act.facts["terms"])
        ended = price.valid_until
        return [*_price_words(price), (_("valid until"), display.instant(ended) if ended else "–")]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> Price:
        return reopen_price(UUID(act.facts["terms"]), reason=act.reason, actor=actor, at=at)


def _mistaxed(found: Mistaxed) -> Facts:
    """What stays to be corrected once a rate that comes late is entered."""
    if not found.documents:
        return []
    return [
        (_("invoices taxed otherwise already"), display.grouped(found.documents)),
        (_("their VAT"), display.money(found.tax)),
        (_("at this rate"), display.money(found.right)),
    ]


class EnterRate(Act[TaxRate]):
    """`facts`: category, since, rate, source. Whatever is sold is taxed by it: it always waits."""

    code = "enter-tax-rate"
    label = _("rate of VAT")
    right = APPROVE_MONEY

    def facts(self, act: StaffAct) -> Facts:
        asked = act.facts
        category = TaxCategory.objects.get(pk=asked["category"])
        return [
            (_("tax category"), category),
            (_("so far"), Taxes.read().words(category.pk, act.asked_at)),
            (_("VAT rate"), display.percent(Decimal(asked["rate"]))),
            (_("first day"), display.day(date.fromisoformat(asked["since"]))),
            (_("source"), asked["source"]),
            *_mistaxed(mistaxed_by(category.pk, since=date.fromisoformat(asked["since"]), rate=Decimal(asked["rate"]))),
        ]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> TaxRate:
        asked = act.facts
        return enter_rate(
            TaxCategory.objects.get(pk=asked["category"]),
            since=date.fromisoformat(asked["since"]),
            rate=Decimal(asked["rate"]),
            source=asked["source"],
            reason=act.reason,
            actor=actor,
            at=at,
        )


class AgreeCommitment(Act[Commitment]):
    """`facts`: amount, share, months, starts_on, renews. It binds a customer and takes a share off all of its bills: it always waits."""

    code = "agree-commitment"
    label = _("commitment of a spend a month")
    right = APPROVE_MONEY

    def facts(self, act: StaffAct) -> Facts:
        asked = act.facts
        return [
            (_("spend a month"), display.money(asked["amount"])),
            (_("share off"), display.percent(Decimal(asked["share"]))),
            (_("from"), display.month(date.fromisoformat(asked["starts_on"]))),
            (_("for (months)"), asked["months"]),
            (_("is followed by another like it"), _("yes") if asked["renews"] else _("no")),
        ]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> Commitment:
        asked = act.facts
        assert act.customer_id is not None
        return agree(
            act.customer_id,
            amount=asked["amount"],
            share=Decimal(asked["share"]),
            months=asked["months"],
            starts_on=date.fromisoformat(asked["starts_on"]),
            renews=asked["renews"],
            reason=act.reason,
            actor=actor,
            at=at,
        )


class EndCommitment(Act[Commitment]):
    """`facts`: commitment, ends_on. What the rest of it would have brought is given up: it always waits."""

    code = "end-commitment"
    label = _("early end of a commitment")
    right = APPROVE_MONEY

    def facts(self, act: StaffAct) -> Facts:
        commitment = Commitment.objects.get(pk=act.facts["commitment"])
        return [
            (_("commitment"), commitment),
            (_("ends before"), display.month(date.fromisoformat(act.facts["ends_on"]))),
        ]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> Commitment:
        ends_on = date.fromisoformat(act.facts["ends_on"])
        return end_early(UUID(act.facts["commitment"]), ends_on=ends_on, reason=act.reason, actor=actor, at=at)
