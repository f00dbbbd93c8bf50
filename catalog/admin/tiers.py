"""The terms that only metered items have, as staff type them: tiers in lines, and what a month includes, costs least and most."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from catalog.meters import Tier, Tiering
from catalog.models import Price
from kernel.shapes import Cleaned

MOST_TIERS = 20
LARGEST = Decimal(10**12)
FINEST = Decimal("0.000001")
GROUPED = re.compile(r"[.,]\d{3}(?!\d)")
"""In the fields beside it 1.000 is a thousand; here it would be one, and a price is frozen once it is saved."""


class TiersField(forms.CharField):
    """A line for each tier after the first, "100: 450": above 100 units one costs 450."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Further tiers"),
            required=False,
            widget=forms.Textarea(attrs={"rows": 4, "placeholder": "100: 450\n1000: 400"}),
            help_text=_(
                "A line for each tier after the first: above how many units it begins, and its unit price. Counted beyond what is included."
            ),
        )

    def clean(self, value: object) -> list[Tier]:
        lines = [line.strip() for line in str(super().clean(value) or "").splitlines()]
        tiers = [_tier(line) for line in lines if line]
        if len(tiers) > MOST_TIERS:
            raise ValidationError(text("At most %(most)d tiers."), params={"most": MOST_TIERS})
        starts = [Decimal(0), *(tier.above for tier in tiers)]
        if any(later <= earlier for earlier, later in pairwise(starts)):
            raise ValidationError(text("Each tier begins above the one before, the first of these above zero."))
        return tiers


def _tier(line: str) -> Tier:
    above, _colon, price = line.partition(":")
    if GROUPED.search(line):
        sentence = text("“%(line)s”: is that a thousand or one? Write 1000 or 1.0.")
        raise ValidationError(sentence, params={"line": line[:60]})
    try:
        tier = Tier(Decimal(above.strip()), Decimal(price.strip()))
    except InvalidOperation:
        raise ValidationError(text("“%(line)s” is no tier: write “100: 450”."), params={"line": line[:60]}) from None
    for number in (tier.above, tier.unit_price):
        if not number.is_finite() or not 0 <= number < LARGEST or number != number.quantize(FINEST):
            sentence = text("“%(line)s”: numbers are not below zero and have six decimals at most.")
            raise ValidationError(sentence, params={"line": line[:60]})
    return tier


class MeteredTerms(forms.Form):
    """Beside the unit price and what it is for; left alone for items that are priced by time."""

    tiering = Price._meta.get_field("tiering").formfield(required=False)
    tiers = TiersField()
    package_size = Price._meta.get_field("package_size").formfield(min_value=FINEST)
    included = Price._meta.get_field("included").formfield(min_value=0, required=False)
    minimum = Price._meta.get_field("minimum").formfield(min_value=0, required=False)
    cap = Price._meta.get_field("cap").formfield(min_value=0)


TERMS = tuple(MeteredTerms.base_fields)
LEFT_ALONE: dict[str, object] = {"tiering": Tiering.FLAT, "included": Decimal(0), "minimum": 0}
"""What it is when nothing is typed."""


def terms_of(data: Cleaned) -> dict[str, object]:
    """What was typed, as columns of a price."""
    tiers: list[Tier] = data.get("tiers") or []
    return {
        **{name: data.get(name) or default for name, default in LEFT_ALONE.items()},
        "tier_from": [tier.above for tier in tiers],
        "tier_prices": [tier.unit_price for tier in tiers],
        "package_size": data.get("package_size"),
        "cap": data.get("cap"),
    }


def refuse_impossible(form: forms.Form, per_minutes: int) -> None:
    """Put the sentences of the rules that the terms break where they were typed."""
    price = Price(per_minutes=per_minutes, **terms_of(form.cleaned_data))
    for rule in Price._meta.constraints:
        if rule.name in RULES_OF_TERMS:
            try:
                rule.validate(Price, price)
            except ValidationError as broken:
                form.add_error("tiering", broken.messages)
                return


RULES_OF_TERMS = frozenset(
    {
        "only_prices_per_unit_used_have_tiers_and_bounds",
        "a_price_has_the_tiers_or_the_package_that_it_says",
        "what_is_included_and_the_least_and_the_most_are_sane",
    }
)
