"""
What each paid action would do and cost, computed from today's facts as of an instant.

Nothing is written here. An `ItemOffer` is the part of one resource; as JSON it is the sealed content of a quote and later
of the order item, from which the very same `Charge` is computed again when the invoice is issued.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import BillingMode, Customer
from catalog import pricing
from catalog.configuration import check_configuration
from catalog.models import Product
from catalog.pricing import Charge
from catalog.queries import PriceBook
from catalog.services import CouponRefused, find_coupon, refuse_used_up
from invoices.services.credit import unused_time
from kernel.errors import DomainError, InvalidInput
from kernel.money import MAXIMUM, split
from kernel.periods import MONTH_MINUTES, Period, truncate
from lifecycle.models import Resource
from orders.models import Action

MONTHS = (1, 3, 6, 12, 24, 36)
MAXIMUM_QUANTITY = 100
MINIMUM_YEAR, MAXIMUM_YEAR = 2000, 2200
JOINERS = "\u200c\u200d"


class UnknownResource(DomainError):
    code = "unknown-resource"
    status = 404
    message = _("There is no such resource.")


class NotAllowed(DomainError):
    code = "not-allowed"
    message = _("This is not possible for this resource now.")


class PrepaidOnly(NotAllowed):
    code = "prepaid-only"
    message = _("Postpaid customers do not %(action)s resources: usage is billed at the end of the month.")


class NotOnSale(DomainError):
    code = "not-on-sale"
    message = _("This product is not on sale at the moment.")


class NothingToDo(DomainError):
    code = "nothing-to-do"
    message = _("Nothing would change. Choose another configuration or end.")


class NewEndInThePast(DomainError):
    code = "new-end-in-the-past"
    message = _("The new end would still lie in the past. Choose a longer period.")


class EndTooEarly(DomainError):
    code = "end-too-early"
    status = 400
    message = _("The common end must not be earlier than the latest end of the chosen resources.")


class CouponNotForAction(CouponRefused):
    code = "coupon-not-for-action"
    message = _("Coupons apply to new, renewed and recovered prepaid resources.")


@dataclass(slots=True)
class ItemOffer:
    """
    One resource's part. `charge` is priced over `period`; for a new or recovered resource the period keeps its length and
    begins when it is carried out. `unused` is (invoice id, minutes, VND) of paid time that a resize gives back.
    """

    product: Product
    name: str
    configuration: list[dict[str, Any]]
    charge: Charge
    period: Period
    months: int | None = None
    resource_id: UUID | None = None
    auto_renew_months: int | None = None
    postpaid: bool = False
    unused: list[tuple[UUID, int, int]] = field(default_factory=list)

    @property
    def unused_total(self) -> int:
        return sum(amount for _, _, amount in self.unused)

    @property
    def due(self) -> int:
        """To pay now; negative: comes back."""
        return 0 if self.postpaid else self.charge.total - self.unused_total


@dataclass(slots=True)
class Offer:
    items: list[ItemOffer]
    coupon_code: str = ""

    @property
    def total(self) -> int:
        return sum(item.due for item in self.items)


def compute_offer(customer: Customer, action: Action, inputs: Mapping[str, Any], *, at: datetime) -> Offer:
    """
    The offer for `inputs` (JSON, as the quote keeps them) as of `at`.

    :raises DomainError: the action is refused, or the inputs are wrong
    """
    build = {Action.CREATE: _create, Action.RESIZE: _resize, Action.RENEW: _renew, Action.RECOVER: _recover}[action]
    items = build(customer, inputs, at)
    offer = Offer(items)
    if max(offer.total, *(item.charge.subtotal for item in items)) > MAXIMUM:
        raise InvalidInput(_("This is too much for one order. Choose less or a shorter time."), field="items")
    code = str(inputs.get("coupon") or "").strip()
    if code:
        _apply_coupon(offer, customer, action, code, at)
    return offer


def check_name(text: str) -> str:
    """
    What a resource may be called.

    :raises InvalidInput:
    """
    name = text.strip()
    if not name or len(name) > 90 or any(map(_is_hidden, name)):
        sentence = _("Give the resource a name of at most 90 characters, in one line and without hidden characters.")
        raise InvalidInput(sentence, field="name")
    return name


def _is_hidden(character: str) -> bool:
    """Control characters, ends of lines, and what turns or hides its neighbours; joiners are part of emoji and scripts."""
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and character not in JOINERS


def _create(customer: Customer, inputs: Mapping[str, Any], at: datetime) -> list[ItemOffer]:
    product = Product.objects.filter(pk=inputs["product"]).first()
    if product is None or not product.is_on_sale:
        raise NotOnSale
    quantity = _whole(inputs, "quantity", 1, MAXIMUM_QUANTITY)
    name = check_name(str(inputs["name"]))
    configuration = check_configuration(product, inputs["items"])
    postpaid = customer.is_postpaid
    months = 1 if postpaid else _months(inputs)
    period = Period.of_months(months, starting=at)
    charge = _price(customer, configuration, period, at)
    auto_renew = None if postpaid else _auto_renew(inputs)
    return [
        ItemOffer(
            product,
            name if quantity == 1 else f"{name}-{number}",
            configuration,
            charge,
            period,
            months=None if postpaid else months,
            auto_renew_months=auto_renew,
            postpaid=postpaid,
        )
        for number in range(1, quantity + 1)
    ]


def _resize(customer: Customer, inputs: Mapping[str, Any], at: datetime) -> list[ItemOffer]:
    resource = _resources(customer, [inputs["resource"]])[0]
    if not resource.is_running or resource.is_expired(at):
        raise NotAllowed(_("Only running resources whose paid time has not ended can be resized."))
    configuration = check_configuration(resource.product, inputs["items"])
    if configuration == resource.configuration:
        raise NothingToDo
    start = truncate(at)
    period = Period(start, resource.paid_until or start + timedelta(minutes=MONTH_MINUTES))
    if not period.minutes:
        raise NotAllowed(_("The paid time ends this very minute. Renew the resource first."))
    offer = ItemOffer(
        resource.product,
        resource.name,
        configuration,
        _price(customer, configuration, period, at),
        period,
        resource_id=resource.pk,
        postpaid=not resource.is_prepaid,
    )
    if resource.is_prepaid:
        offer.unused = [(part.invoice.pk, part.minutes, part.amount) for part in unused_time(resource, at=at)]
    return [offer]


def _renew(customer: Customer, inputs: Mapping[str, Any], at: datetime) -> list[ItemOffer]:
    _refuse_postpaid(customer, Action.RENEW)
    resources = _resources(customer, inputs["resources"])
    for resource in resources:
        if not (resource.is_prepaid and resource.is_running) or resource.rolls_over:
            raise NotAllowed(_("%(name)s cannot be renewed: only running prepaid resources can."), name=resource.name)
    if inputs.get("match_end"):
        end = max(_instant(inputs["match_end"]), *(_end_of(resource) for resource in resources))
        if _instant(inputs["match_end"]) < end:
            raise EndTooEarly
        ends = {resource.pk: end for resource in resources}
        resources = [resource for resource in resources if _end_of(resource) < end]
        if not resources:
            raise NothingToDo
        months = None
    else:
        months = _months(inputs)
        ends = {resource.pk: Period.of_months(months, starting=_end_of(resource)).ends_at for resource in resources}
    items = []
    for resource in resources:
        period = Period(_end_of(resource), ends[resource.pk])
        if period.ends_at <= at:
            raise NewEndInThePast
        charge = _price(customer, resource.configuration, period, at)
        items.append(
            ItemOffer(
                resource.product,
                resource.name,
                resource.configuration,
                charge,
                period,
                months=months,
                resource_id=resource.pk,
            )
        )
    return items


def _recover(customer: Customer, inputs: Mapping[str, Any], at: datetime) -> list[ItemOffer]:
    _refuse_postpaid(customer, Action.RECOVER)
    resource = _resources(customer, [inputs["resource"]])[0]
    if not resource.is_recoverable(at):
        raise NotAllowed(_("This resource cannot be recovered: it is not in the trash, or its time there is over."))
    months = _months(inputs)
    period = Period.of_months(months, starting=at)
    charge = _price(customer, resource.configuration, period, at)
    return [
        ItemOffer(
            resource.product,
            resource.name,
            resource.configuration,
            charge,
            period,
            months=months,
            resource_id=resource.pk,
        )
    ]


def _apply_coupon(offer: Offer, customer: Customer, action: Action, code: str, at: datetime) -> None:
    if action == Action.RESIZE or any(item.postpaid for item in offer.items):
        raise CouponNotForAction
    subtotals = [item.charge.subtotal for item in offer.items]
    coupon, amount = find_coupon(code, products=[item.product for item in offer.items], subtotal=sum(subtotals), at=at)
    refuse_used_up(coupon, customer)
    for item, share in zip(offer.items, split(amount, subtotals), strict=True):
        item.charge = Charge(item.charge.lines, share)
    offer.coupon_code = coupon.code if amount else ""  # a use that takes nothing off is not taken


def _price(customer: Customer, configuration: list[dict[str, Any]], period: Period, at: datetime) -> Charge:
    book = PriceBook([customer.pk], [UUID(entry["item"]) for entry in configuration])
    return pricing.price(
        book.components(configuration, customer_id=customer.pk, at=at, language=customer.language), period
    )


def _resources(customer: Customer, pks: Sequence[str]) -> list[Resource]:
    """The customer's resources, in the order of their ids. :raises UnknownResource: somebody else's, or none"""
    try:
        wanted = {UUID(str(pk)) for pk in pks}
    except ValueError:
        raise UnknownResource from None
    found = list(Resource.objects.filter(customer=customer, pk__in=wanted).select_related("product").order_by("pk"))
    if not wanted or len(found) != len(wanted):
        raise UnknownResource
    return found


def _refuse_postpaid(customer: Customer, action: Action) -> None:
    if customer.billing_mode == BillingMode.POSTPAID:
        raise PrepaidOnly(action=action.label)


def _end_of(resource: Resource) -> datetime:
    assert resource.paid_until is not None, "prepaid resources know their end"
    return resource.paid_until


def _whole(inputs: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = inputs.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InvalidInput(
            _("%(name)s must be a whole number from %(least)s to %(most)s."),
            field=name,
            name=name,
            least=least,
            most=most,
        )
    return value


def _months(inputs: Mapping[str, Any]) -> int:
    value = inputs.get("months")
    if value not in MONTHS or isinstance(value, bool):
        raise InvalidInput(_("Choose a period of 1, 3, 6, 12, 24 or 36 months."), field="months")
    return int(value)


def _auto_renew(inputs: Mapping[str, Any]) -> int | None:
    value = inputs.get("auto_renew_months")
    if value is None:
        return None
    if value not in MONTHS or isinstance(value, bool):
        raise InvalidInput(_("Choose an auto-renew period of 1, 3, 6, 12, 24 or 36 months."), field="auto_renew_months")
    return int(value)


def _instant(value: Any) -> datetime:
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError:
        raise InvalidInput(
            _("The end must be an instant such as 2026-12-31T17:00:00+00:00."), field="match_end"
        ) from None
    if instant.tzinfo is None:
        raise InvalidInput(_("The end must name its time zone."), field="match_end")
    if not MINIMUM_YEAR <= instant.year <= MAXIMUM_YEAR:
        raise InvalidInput(_("The end lies too far away."), field="match_end")
    return truncate(instant)
