"""What each paid action would do and cost, computed from today's facts as of an instant. Nothing is written here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.models import Product
from catalog.pricing import Charge
from catalog.services import CouponRefused, find_coupon, refuse_used_up
from invoices.services import standing
from kernel.errors import InvalidInput
from kernel.money import MAXIMUM, split
from kernel.shapes import Cleaned
from orders.deal import Deal, Part
from orders.models import Action
from orders.services.poc import with_poc_credit
from orders.services.stories import STORIES


class CouponNotForAction(CouponRefused):
    code = "coupon-not-for-action"
    message = _("Coupons apply to new, renewed and recovered prepaid resources.")


BLOCKED = frozenset({Action.CREATE, Action.RESIZE})


def refuse_blocked(customer_id: UUID, action: Action) -> None:
    """:raises OrdersBlocked: dunning blocks new orders; what renews or recovers is paid at once, and taken"""
    if action in BLOCKED:
        standing.refuse_blocked(customer_id)


def compute_offer(customer: Customer, action: Action, inputs: Cleaned, *, at: datetime) -> Deal:
    """
    The offer for `inputs` (JSON, as the quote keeps them) as of `at`. POC credit comes first, unless `poc` says otherwise or a
    coupon is taken.

    :raises DomainError: the action is refused, or the inputs are wrong
    """
    refuse_blocked(customer.pk, action)
    parts = STORIES[action].offer(customer, inputs, at=at)
    deal = Deal(tuple(parts))
    if max(deal.total, *(part.charge.subtotal for part in parts)) > MAXIMUM:
        raise InvalidInput(_("This is too much for one order. Choose less or a shorter time."), field="items")
    code = str(inputs.get("coupon") or "").strip()
    if not code:
        return Deal(tuple(with_poc_credit(customer, action, parts, at=at))) if inputs.get("poc", True) else deal
    if not STORIES[action].takes_coupons or deal.is_postpaid:
        raise CouponNotForAction
    return _with_coupon(parts, customer, code, at)


def _with_coupon(parts: Sequence[Part], customer: Customer, code: str, at: datetime) -> Deal:
    subtotals = [part.charge.subtotal for part in parts]
    products = list(Product.objects.filter(pk__in={part.product_id for part in parts}))
    coupon, amount = find_coupon(code, products=products, subtotal=sum(subtotals), at=at)
    refuse_used_up(coupon, customer)
    shares = split(amount, subtotals)
    reduced = [
        replace(part, charge=Charge(part.charge.lines, share)) for part, share in zip(parts, shares, strict=True)
    ]
    return Deal(tuple(reduced), coupon.code if amount else "")  # a use that takes nothing off is not taken
