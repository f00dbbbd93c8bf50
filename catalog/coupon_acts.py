"""What gives money away by coupons, and what owners are offered to commit to: above what one person may give alone, it takes two."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal

from django.core.serializers import deserialize, serialize
from django.utils.translation import gettext_lazy as _

from accounts.audit import edit_of
from accounts.four_eyes import Act
from accounts.models import StaffAct
from accounts.rights import APPROVE_MONEY
from accounts.services import record_audit
from catalog.batches import make_batch, read_batch
from catalog.models import CommitmentOffer, Coupon, Product
from catalog.price_changes import TermsOver
from kernel import display
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.money import MAXIMUM
from kernel.periods import truncate
from kernel.shapes import Json, Wording

OPEN_WHEN_USED = frozenset({"valid_until", "maximum_uses", "maximum_uses_per_customer"})
"""The terms of a coupon that was used stay, but for these."""


class CouponChanged(DomainError):
    code = "coupon-changed"
    message = _("The coupon was changed or used since this was asked for. Ask for it anew.")


def worth(coupons: Iterable[Coupon]) -> int | None:
    """What they can take off in all; None where nothing bounds it: a share, or uses without end."""
    found = 0
    for coupon in coupons:
        if coupon.amount is None or coupon.maximum_uses is None:
            return None
        found += coupon.amount * coupon.maximum_uses
    return min(found, MAXIMUM) or None


def gives_more(before: Coupon, after: Coupon, changed: Collection[str]) -> bool:
    """Whether a coupon can take off more than before; one that only ends earlier, or is used less often, does not."""
    less = {"batch"}
    if after.valid_until and (before.valid_until is None or after.valid_until < before.valid_until):
        less.add("valid_until")
    if after.maximum_uses is not None and (before.maximum_uses is None or after.maximum_uses < before.maximum_uses):
        less.add("maximum_uses")
    return not less.issuperset(changed)


def facts_of_coupon(coupon: Coupon, products: Iterable[Product], changed: Collection[str] = ()) -> Json:
    """
    A coupon as it is to be, as facts of `MakeCoupons`.

    :param changed: of one that there is, the names of its fields that change
    """
    row = json.loads(serialize("json", [coupon]))[0]
    return {"row": row, "products": [str(product.pk) for product in products], "changed": sorted(changed)}


class MakeCoupons(Act[list[Coupon]]):
    """
    `facts` of a batch: batch, count, prefix, terms, products; of a file: batch, content; of one coupon: see `facts_of_coupon`.

    `amount` is what they are worth; what has no bound always waits.
    """

    code = "coupons"
    label = _("coupons")
    right = APPROVE_MONEY

    def facts(self, act: StaffAct) -> list[tuple[Wording, object]]:
        return [
            (_("how many"), display.grouped(act.facts.get("count") or len(act.facts.get("content", " ").splitlines()[1:]) or 1)),
            (_("worth at most"), display.money(act.amount) if act.amount else _("without a bound")),
            *(_coupon_words(_row(act)) if "row" in act.facts else _terms_words(act.facts.get("terms", {}))),
            *(_where(act.facts["products"]) if "products" in act.facts else []),
            *_what_changes(act.facts.get("changed", [])),
        ]  # fmt: skip

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> list[Coupon]:
        asked = act.facts
        if "row" in asked:
            return [_enter(act, actor=actor, at=at)]
        if "content" in asked:
            content = asked["content"].encode()
            return read_batch(asked["batch"], content, reason=act.reason, actor=actor, at=at)
        return make_batch(
            asked["batch"],
            asked["count"],
            prefix=asked["prefix"],
            terms=_terms(asked["terms"]),
            products=Product.objects.filter(pk__in=asked["products"]),
            reason=act.reason,
            actor=actor,
            at=at,
        )


def kept_terms(terms: Json) -> Json:
    """The terms of a batch as facts."""
    instants = {name: terms[name].isoformat() for name in ("valid_from", "valid_until")}
    return {**terms, **instants, "share": None if terms["share"] is None else f"{terms['share']:f}"}


def _terms(kept: Json) -> Json:
    instants = {name: datetime.fromisoformat(kept[name]) for name in ("valid_from", "valid_until")}
    return {**kept, **instants, "share": None if kept["share"] is None else Decimal(kept["share"])}


def _terms_words(kept: Json) -> list[tuple[Wording, object]]:
    return _coupon_words(Coupon(**_terms(kept))) if kept else []


def _coupon_words(coupon: Coupon) -> list[tuple[Wording, object]]:
    takes = display.money(coupon.amount or 0) if coupon.share is None else display.percent(coupon.share)
    until = coupon.valid_until
    return [
        (_("code"), coupon.code or "–"),
        (_("takes off"), takes),
        (_("uses of each"), "–" if coupon.maximum_uses is None else display.grouped(coupon.maximum_uses)),
        (_("valid from"), display.instant(coupon.valid_from)),
        (_("valid until"), display.instant(until) if until else "–"),
        (_("minimum order"), display.money(coupon.minimum_order)),
        (_("uses per customer"), display.grouped(coupon.maximum_uses_per_customer)),
        (_("new customers only"), _("yes") if coupon.new_customers_only else _("no")),
    ]


def _where(products: Collection[str]) -> list[tuple[Wording, object]]:
    """Empty: for all of them."""
    named = ", ".join(map(str, Product.objects.filter(pk__in=products).order_by("code")))
    return [(_("products"), named or _("All products"))]


def _what_changes(changed: Collection[str]) -> list[tuple[Wording, object]]:
    words = {field.name: str(field.verbose_name) for field in (*Coupon._meta.fields, *Coupon._meta.many_to_many)}
    return [(_("what changes"), ", ".join(words[name] for name in changed))] if changed else []


def _row(act: StaffAct) -> Coupon:
    coupon = next(iter(deserialize("python", [act.facts["row"]]))).object
    assert isinstance(coupon, Coupon)
    return coupon


def _enter(act: StaffAct, *, actor: Actor, at: datetime) -> Coupon:
    """
    :raises InvalidInput: another has the code by now
    :raises CouponChanged: it is not the coupon any more of which that was asked
    """
    coupon, changed = _row(act), set(act.facts["changed"])
    if Coupon.objects.filter(code=coupon.code).exclude(pk=coupon.pk).exists():
        raise InvalidInput(_("There is a coupon with this code already."), field="code")
    if changed:
        _is_still(coupon, changed, act.facts["products"])
        coupon.save(force_update=True, update_fields=sorted(changed - {"products"}))
    else:
        coupon.save(force_insert=True)
    if not changed or "products" in changed:
        coupon.products.set(Product.objects.filter(pk__in=act.facts["products"]))
    record_audit(
        edit_of(Coupon, "change" if changed else "add"), f"coupon {coupon.pk}", actor=actor, at=at, reason=act.reason,
        name=coupon.code, changed=sorted(changed),
    )  # fmt: skip
    return coupon


def _is_still(asked: Coupon, changed: Collection[str], products: Collection[str]) -> None:
    """
    What was not to change is as it was shown to who approves, and what was used meanwhile keeps its terms but for its end.

    :raises CouponChanged:
    """
    held = Coupon.objects.select_for_update().get(pk=asked.pk)
    kept = {each.attname for each in Coupon._meta.concrete_fields if each.name not in {*changed, "uses"}}
    its = {str(pk) for pk in held.products.values_list("pk", flat=True)}
    is_other = any(getattr(held, name) != getattr(asked, name) for name in kept)
    is_elsewhere = "products" not in changed and its != set(products)
    is_used = held.uses > 0 and not OPEN_WHEN_USED.issuperset(changed)
    is_short = asked.maximum_uses is not None and "maximum_uses" in changed and asked.maximum_uses < held.uses
    if is_other or is_elsewhere or is_used or is_short:
        raise CouponChanged


class OfferCommitment(Act[CommitmentOffer]):
    """`facts`: terms, the offer as it is to be. What it will take off bills nobody knows: it always waits."""

    code = "offer-commitment"
    label = _("offer of a commitment")
    right = APPROVE_MONEY

    def facts(self, act: StaffAct) -> list[tuple[Wording, object]]:
        offer = _offer(act)
        until = offer.valid_until
        return [
            (_("commitment offer"), offer.name),
            (_("spend a month"), display.money(offer.amount)),
            (_("share off"), display.percent(offer.share)),
            (_("for (months)"), offer.months),
            (_("open from"), display.instant(offer.valid_from)),
            (_("open until"), display.instant(until) if until else "–"),
        ]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> CommitmentOffer:
        """:raises TermsOver: the time for which it was to be open is over"""
        offer, now = _offer(act), truncate(at)
        held = CommitmentOffer.objects.select_for_update().filter(pk=offer.pk).first()
        if offer.valid_until is not None and offer.valid_until <= now:
            raise TermsOver
        if held is None:
            offer.valid_from = max(offer.valid_from, now)
            offer.save(force_insert=True)
        else:
            if held.valid_until is not None and held.valid_until <= now:
                raise TermsOver
            offer.save(force_update=True, update_fields=["valid_until"])
        record_audit(
            edit_of(CommitmentOffer, "change" if held else "add"), f"commitmentoffer {offer.pk}", actor=actor, at=at,
            reason=act.reason, name=offer.name, ends=offer.valid_until.isoformat() if offer.valid_until else "",
        )  # fmt: skip
        return offer


def _offer(act: StaffAct) -> CommitmentOffer:
    offer = next(iter(deserialize("python", [act.facts["terms"]]))).object
    assert isinstance(offer, CommitmentOffer)
    return offer
