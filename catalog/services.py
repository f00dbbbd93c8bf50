"""Prices that go on again, or begin in the past. Coupons: asked for, reserved with an order, used with its payment, or returned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from catalog.audit import Did
from catalog.models import Coupon, Item, Price, Product, Redemption
from catalog.pricing import reduction
from kernel import display
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.keys import coupon_key
from kernel.shapes import Json


class CouponRefused(DomainError):
    status = 422


class UnknownCoupon(CouponRefused):
    code = "unknown-coupon"
    message = _("There is no coupon with this code. Check the spelling or leave the field empty.")


class CouponNotValidNow(CouponRefused):
    code = "coupon-not-valid-now"
    message = _("This coupon is not valid at this time.")


class CouponNotForProduct(CouponRefused):
    code = "coupon-not-for-product"
    message = _("This coupon is not for this product.")


class OrderBelowCouponMinimum(CouponRefused):
    code = "order-below-coupon-minimum"
    message = _("This coupon needs an order of at least %(minimum)s ₫.")


class CouponForNewCustomers(CouponRefused):
    code = "coupon-for-new-customers"
    message = _("This coupon is for new customers: you have ordered here before.")


class CouponUsedUp(CouponRefused):
    code = "coupon-used-up"
    message = _("This coupon has been used as often as it may be. Order without it or with another one.")


class NotEnded(DomainError):
    code = "price-not-ended"
    message = _("This price has not ended.")


class Replaced(DomainError):
    code = "price-replaced"
    message = _("Another price has been in force since this one ended: it stays as it was charged.")


@transaction.atomic
def reopen_price(price_id: UUID, *, reason: str, actor: Actor, at: datetime) -> Price:
    """
    A price was ended by mistake: it goes on, as if it had never ended. Bills that waited for one can be released then.

    Nothing that was charged changes, for without a price nothing was.

    :raises NotEnded: it is in force
    :raises Replaced: another one came after it, or for a negotiated one the list price
    """
    price = Price.objects.select_for_update().select_related("item").get(pk=price_id)
    if price.valid_until is None or price.valid_until > at:
        raise NotEnded
    later = Price.objects.filter(
        Q(customer=price.customer_id) | Q(customer=None), item=price.item_id, months=price.months
    )
    if later.exclude(pk=price.pk).filter(Q(valid_until=None) | Q(valid_until__gt=price.valid_until)).exists():
        raise Replaced
    ended, price.valid_until = price.valid_until, None
    price.save(update_fields=["valid_until"])
    record_audit(
        Did.REOPEN_PRICE, price.pk, actor=actor, at=at, reason=reason, customer=price.customer, ended=ended.isoformat()
    )
    return price


class NotInThePast(DomainError):
    code = "price-not-in-the-past"
    message = _("This time has not begun yet: add an ordinary price.")


class PricedOtherwise(DomainError):
    code = "priced-otherwise"
    message = _("Metered items are priced per unit used, all others per 30 days or per hour.")


class PricedAlready(DomainError):
    code = "priced-already"
    message = _("This time has had a price since %(since)s: it stays as it was charged. Begin when that has ended.")


@transaction.atomic
def back_date_price(
    item_id: UUID,
    *,
    customer: Customer | None = None,
    unit_price: Decimal,
    per_minutes: int,
    terms: Json,
    includes_vat: bool,
    tax_category: str,
    starts_at: datetime,
    reason: str,
    actor: Actor,
    at: datetime,
) -> Price:
    """
    Time that has passed without a price gets one, up to where the next begins: bills that waited for it can be released then.

    Nothing that was charged changes, for without a price nothing was. Only ever by way of `acts.BackDatePrice`: it takes two.

    :param terms: what only metered items have, by column
    :raises NotInThePast: it begins now or later
    :raises PricedOtherwise: by time although the item is metered, or by use although it is not
    :raises PricedAlready: another one was in force then, or for a negotiated one the list price
    """
    if starts_at >= at:
        raise NotInThePast
    item = Item.objects.select_for_update().get(pk=item_id)
    if item.is_metered != (per_minutes == Price.Per.UNIT):
        raise PricedOtherwise
    others = Price.objects.filter(Q(customer=customer) | Q(customer=None), item=item, months=1)
    others = others.filter(Q(valid_until=None) | Q(valid_until__gt=F("valid_from")))  # none that was withdrawn
    before = others.in_force(starts_at).first()
    if before:
        raise PricedAlready(since=display.instant(before.valid_from))
    following = others.filter(valid_from__gt=starts_at).order_by("valid_from").first()
    price = Price.objects.create(
        item=item,
        customer=customer,
        unit_price=unit_price,
        per_minutes=per_minutes,
        **terms,
        includes_vat=includes_vat,
        tax_category_id=tax_category,
        valid_from=starts_at,
        valid_until=following.valid_from if following else None,
    )
    record_audit(
        Did.BACK_DATE_PRICE,
        price.pk,
        actor=actor,
        at=at,
        reason=reason,
        customer=customer,
        item=item.code,
        starts=starts_at.isoformat(),
    )
    return price


class CouponHeld(CouponRefused):
    code = "coupon-held"
    message = _(
        "An order of yours that awaits payment holds this coupon. Pay that order, or cancel it to use the coupon elsewhere."
    )


def find_coupon(code: str, *, products: list[Product], subtotal: int, at: datetime) -> tuple[Coupon, int]:
    """
    The coupon of `code` and what it takes off `subtotal` VND of an order for `products`.

    :raises CouponRefused: with the reason; whether uses are left is decided when it is reserved
    """
    code = coupon_key(code)
    coupon = Coupon.objects.filter(code=code).prefetch_related("products").first() if code.isprintable() else None
    if coupon is None:
        raise UnknownCoupon
    if at < coupon.valid_from or (coupon.valid_until is not None and at >= coupon.valid_until):
        raise CouponNotValidNow
    allowed = {product.pk for product in coupon.products.all()}
    if allowed and not all(product.pk in allowed for product in products):
        raise CouponNotForProduct
    if subtotal < coupon.minimum_order:
        raise OrderBelowCouponMinimum(minimum=coupon.minimum_order)
    return coupon, reduction(subtotal, amount=coupon.amount, share=coupon.share)


IsNew = Callable[[Customer], bool]
_is_new: list[IsNew] = []


def knows_new_customers(is_new: IsNew) -> None:
    """An app above, which knows who has ordered, tells."""
    _is_new[:] = [is_new]


def refuse_not_new(coupon: Coupon, customer: Customer) -> None:
    """:raises CouponForNewCustomers: it is for those who have not paid for an order yet, nor taken another such coupon"""
    if not coupon.new_customers_only:
        return
    others = Redemption.objects.filter(customer=customer, coupon__new_customers_only=True).exclude(coupon=coupon)
    if others.exclude(state=Redemption.State.RETURNED).exists() or not all(is_new(customer) for is_new in _is_new):
        raise CouponForNewCustomers


def refuse_used_up(coupon: Coupon, customer: Customer) -> None:
    """
    Tell a customer early that no use is left; reserving decides.

    :raises CouponHeld, CouponUsedUp: see `_none_left`
    :raises CouponForNewCustomers: the customer has ordered before
    """
    if _uses_of(coupon, customer) >= coupon.maximum_uses_per_customer or (
        coupon.maximum_uses is not None and coupon.uses >= coupon.maximum_uses
    ):
        raise _none_left(coupon, customer)
    refuse_not_new(coupon, customer)


def reserve_coupon(coupon: Coupon, customer: Customer, *, order_id: UUID, amount: int, at: datetime) -> Redemption:
    """
    Take one use for an order. The coupon is held, so that uses are counted exactly.

    :raises CouponHeld, CouponUsedUp: in total or for this customer, see `_none_left`
    :raises CouponForNewCustomers: the customer, who is held, has paid for an order meanwhile
    """
    refuse_used_up(Coupon.objects.lock(coupon.pk), customer)
    return Redemption.objects.create(coupon=coupon, customer=customer, order_id=order_id, amount=amount, at=at)


def _uses_of(coupon: Coupon, customer: Customer) -> int:
    return coupon.redemptions.filter(customer=customer).exclude(state=Redemption.State.RETURNED).count()


def _none_left(coupon: Coupon, customer: Customer) -> CouponRefused:
    """Why no use is left: an unpaid order of the customer's own holds one (`order` is its id), or all are used."""
    held = coupon.redemptions.filter(customer=customer, state=Redemption.State.RESERVED).order_by("-at", "-pk").first()
    return CouponHeld(order=str(held.order_id)) if held else CouponUsedUp()


def use_coupon(order_id: UUID) -> None:
    """The order was paid: its reserved use is used."""
    Redemption.objects.filter(order_id=order_id, state=Redemption.State.RESERVED).update(state=Redemption.State.USED)


def return_coupon(order_id: UUID) -> None:
    """Nothing came of the order: its use can be taken again. Once, however often it is called."""
    taken = Redemption.objects.filter(order_id=order_id).exclude(state=Redemption.State.RETURNED)
    for redemption in taken:
        Coupon.objects.lock(redemption.coupon_id)
        taken.update(state=Redemption.State.RETURNED)
