"""
What a line was priced at, net of VAT: how much of which unit, at the price of the list and at the customer's own.

The customer's own has the negotiated discount in it, and not what a commitment gives.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from uuid import UUID

from catalog.meters import NOTHING, Meter
from catalog.pricing import Rate
from catalog.queries import NoPrice, PriceBook
from invoices.focus.columns import SCALES, Kind, Row
from invoices.focus.units import consumed_in, priced_in
from invoices.models import Invoice, InvoiceLine
from kernel.ids import new_id
from kernel.periods import HOUR_MINUTES

FINE = Decimal(1).scaleb(-SCALES[Kind.NUMBER])
COARSE = Decimal(1).scaleb(-SCALES[Kind.COST])


@dataclass(frozen=True, slots=True)
class Priced:
    """
    `quantity` x a unit price is the cost at that price. `price_id` is the version of the list price, where there is one. What is paid
    of the customer's own price is `paid`: the rest is what a commitment takes off.
    """

    quantity: Decimal
    unit: str
    consumed: Decimal
    consumed_unit: str
    contracted_price: Decimal
    list_price: Decimal
    price_id: UUID
    paid: Fraction

    @property
    def contracted(self) -> Decimal:
        return coarse(self.quantity * self.contracted_price)

    @property
    def listed(self) -> Decimal:
        return coarse(self.quantity * self.list_price)

    def costs(self) -> Row:
        return {
            "PricingQuantity": self.quantity,
            "ContractedUnitPrice": self.contracted_price,
            "ContractedCost": self.contracted,
            "ListUnitPrice": self.list_price,
            "ListCost": self.listed,
        }

    def worth(self, amount: int) -> Priced | None:
        """So much of it as `amount` (net) pays for; None of what is free."""
        price = self.contracted_price * self.paid.numerator / self.paid.denominator
        if not price:
            return None
        quantity = _fine(amount / price)
        consumed = _fine(self.consumed * quantity / self.quantity) if self.quantity else quantity
        return replace(self, quantity=quantity, consumed=consumed)


class Prices:
    """The list prices are read when the first line asks that was at another one."""

    def __init__(self) -> None:
        self._book: PriceBook | None = None
        self._nobody = new_id()

    def of(self, line: InvoiceLine) -> Priced:
        return self._of_time(line) if line.per_minutes else self._of_use(line)

    def _of_time(self, line: InvoiceLine) -> Priced:
        listed = self._listed(line)
        contracted = _net(line.unit_price, line, includes_vat=line.includes_vat) * (1 - _negotiated(line))
        list_price = _net(listed.unit_price, line, includes_vat=listed.includes_vat) * line.per_minutes
        return Priced(
            quantity=_fine(line.quantity * line.minutes / line.per_minutes),
            unit=priced_in(line.unit, line.per_minutes),
            consumed=_fine(line.quantity * line.minutes / HOUR_MINUTES),
            consumed_unit=consumed_in(line.unit, line.per_minutes),
            contracted_price=_fine(contracted),
            list_price=_fine(list_price / (listed.per_minutes or line.per_minutes)),
            price_id=listed.price_id,
            paid=_paid(line),
        )

    def _of_use(self, line: InvoiceLine) -> Priced:
        """Tiers, the least and the most of a month are those of the whole month: a unit costs what it did on average."""
        listed = self._listed(line)
        net = line.total - line.tax
        own, full = Decimal(net), Decimal(net)
        if listed.meter and (line.discount or listed.price_id != line.price_id):
            full = _metered(listed.meter, line, includes_vat=listed.includes_vat)
        if line.committed and (meter := line.price.meter):
            own = _metered(meter, line, includes_vat=line.includes_vat, discount=_negotiated(line))
        return Priced(
            quantity=line.quantity,
            unit=priced_in(line.unit, 0),
            consumed=line.quantity,
            consumed_unit=consumed_in(line.unit, 0),
            contracted_price=_fine(max(own, Decimal(0)) / line.quantity),
            list_price=_fine(max(full, Decimal(0)) / line.quantity),
            price_id=listed.price_id,
            paid=_paid(line),
        )

    def _listed(self, line: InvoiceLine) -> Rate:
        """The list price of then; the line's own where that is it, or where there was none."""
        own = Rate(line.price_id, line.unit_price, line.per_minutes, line.includes_vat, line.vat_rate, line.price.meter)
        if line.price.customer_id is None:
            return own
        self._book = self._book or PriceBook([])
        at = line.starts_at if line.invoice.kind == Invoice.Kind.USAGE else line.taxed_at
        try:
            found = self._book.component(
                line.item_id,
                line.quantity,
                self._nobody,
                at,
                "en",
                taxed_at=line.taxed_at,
                months=line.invoice.term_months,
            ).rate
        except NoPrice:
            return own
        return found if bool(found.per_minutes) == bool(line.per_minutes) else own


def _negotiated(line: InvoiceLine) -> Decimal:
    """The discount without what a commitment gives."""
    return line.discount - line.committed


def _paid(line: InvoiceLine) -> Fraction:
    return Fraction(1 - line.discount) / Fraction(1 - _negotiated(line)) if line.committed else Fraction(1)


def _metered(meter: Meter, line: InvoiceLine, *, includes_vat: bool, discount: Decimal = NOTHING) -> Decimal:
    """What the units of a line are worth in their month, beyond those before."""
    until, before = line.quantity_before + line.quantity, line.quantity_before
    return _net(
        Decimal(meter.amount(until, discount) - meter.amount(before, discount)), line, includes_vat=includes_vat
    )


def _net(price: Decimal, line: InvoiceLine, *, includes_vat: bool) -> Decimal:
    return price / (1 + line.vat_rate) if includes_vat else price


def _fine(value: Decimal) -> Decimal:
    return value.quantize(FINE, ROUND_HALF_UP)


def coarse(value: Decimal) -> Decimal:
    return value.quantize(COARSE, ROUND_HALF_UP)
