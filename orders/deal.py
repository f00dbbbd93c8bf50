"""
What a customer agrees to, as values: a quote seals a `Deal`, an order item keeps one `Part` of it.

Both are stored as JSON. `Deal` and `Part` are the only reader and writer of its keys, and from a part the very same
`Charge` is computed again when its invoice is issued.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from catalog import pricing
from catalog.configuration import Chosen
from catalog.pricing import Charge, Component, Line, Rate
from catalog.terms import MONTHS, term_of
from kernel.periods import MONTH_MINUTES, Period
from kernel.shapes import Json
from kernel.tags import Tags


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Paid time of an invoice that a resize gives back, what is left of its charge for it, and what its term has saved until then."""

    invoice_id: UUID
    minutes: int
    amount: int
    saved: int = 0

    def to_json(self) -> Json:
        kept = {"invoice": str(self.invoice_id), "minutes": self.minutes, "amount": self.amount}
        return kept | ({"saved": self.saved} if self.saved else {})

    @classmethod
    def from_json(cls, stored: Json) -> GivenBack:
        return cls(UUID(stored["invoice"]), stored["minutes"], stored["amount"], stored.get("saved", 0))


@dataclass(frozen=True, slots=True)
class LeftEarly:
    """What comes back of a term that is left after so many months."""

    months: int
    refund: int


@dataclass(frozen=True, slots=True)
class Poc:
    """The grant of POC credit that pays, and when it ends: what it pays ends with it at the latest."""

    grant: int
    until: datetime


@dataclass(frozen=True)
class Part:
    """
    One resource's part. `charge` is priced over `period`; for a new or recovered resource the period keeps its length and
    begins when it is carried out. A new resource has no id yet. A resize says which term `goes_on`, in months. With `poc` the charge is
    paid with POC credit, all of it, and without a term.
    """

    product_id: UUID
    name: str
    configuration: list[Chosen]
    charge: Charge
    period: Period
    months: int | None = None
    resource_id: UUID | None = None
    auto_renew_months: int | None = None
    postpaid: bool = False
    unused: tuple[GivenBack, ...] = ()
    goes_on: int = 1
    poc: Poc | None = None
    tags: Tags = field(default_factory=dict)
    """What a new resource is tagged with, beside who ordered it."""

    @cached_property
    def unused_total(self) -> int:
        return sum(part.amount for part in self.unused)

    @property
    def term_months(self) -> int:
        """How many months ahead it is paid for."""
        return 1 if self.postpaid else term_of(self.period, goes_on=self.goes_on)

    @cached_property
    def saved_before(self) -> int:
        """What a term that goes on has saved until now."""
        return sum(part.saved for part in self.unused)

    @property
    def saved_by_term(self) -> int:
        """What its term saves in all, which is lost by leaving it early; 0 without one."""
        return 0 if self.postpaid else self.charge.saved + self.saved_before

    @cached_property
    def left_early(self) -> list[LeftEarly]:
        """What would come back of a term that is left before its end, after the shorter periods that are sold."""
        if not self.saved_by_term:
            return []
        whole = self.period.minutes
        return [
            LeftEarly(
                months,
                pricing.unused_part(
                    self.charge.total,
                    minutes_left=whole - months * MONTH_MINUTES,
                    minutes_charged=whole,
                    saved=self.charge.saved,
                    saved_before=self.saved_before,
                ),
            )
            for months in MONTHS
            if months * MONTH_MINUTES < whole
        ]

    @property
    def due(self) -> int:
        """To pay now; negative: comes back."""
        return 0 if self.postpaid or self.poc else self.charge.total - self.unused_total

    @property
    def paid_with_poc(self) -> int:
        return self.charge.total if self.poc else 0

    def period_from(self, instant: datetime) -> Period:
        """The time that is bought when it begins at `instant`: as long as was agreed, and no longer than its POC credit."""
        assert self.months is not None, "what is prepaid was bought for a time"
        period = Period.of_months(self.months, starting=instant)
        return Period(period.starts_at, min(period.ends_at, self.poc.until)) if self.poc else period

    def charge_over(self, period: Period) -> Charge:
        """The same charge over another period of the same length, or with POC credit a shorter one: at the same prices."""
        components = [line.component for line in self.charge.lines]
        charge = pricing.price(components, period, coupon=self.charge.coupon)
        assert charge.total == self.charge.total or self.poc, "a charge differs from its quote"
        return charge

    def to_json(self) -> Json:
        return {
            "resource": str(self.resource_id) if self.resource_id else None,
            "product": str(self.product_id),
            "name": self.name,
            "configuration": self.configuration,
            "months": self.months,
            "starts_at": self.period.starts_at.isoformat(),
            "ends_at": self.period.ends_at.isoformat(),
            "auto_renew_months": self.auto_renew_months,
            "postpaid": self.postpaid,
            "lines": [line_to_json(line) for line in self.charge.lines],
            "subtotal": self.charge.subtotal,
            "tax": self.charge.tax,
            "coupon": self.charge.coupon,
            "total": self.charge.total,
            "unused": [part.to_json() for part in self.unused],
            "unused_total": self.unused_total,
            "poc": {"grant": self.poc.grant, "until": self.poc.until.isoformat()} if self.poc else None,
            "due": self.due,
            **({"goes_on": self.goes_on} if self.goes_on > 1 else {}),
            **({"tags": dict(self.tags)} if self.tags else {}),
        }

    @classmethod
    def from_json(cls, stored: Json) -> Part:
        period = Period(datetime.fromisoformat(stored["starts_at"]), datetime.fromisoformat(stored["ends_at"]))
        return cls(
            product_id=UUID(stored["product"]),
            name=stored["name"],
            configuration=stored["configuration"],
            charge=Charge([_line_from_json(line, period) for line in stored["lines"]], stored["coupon"]),
            period=period,
            months=stored["months"],
            resource_id=UUID(stored["resource"]) if stored["resource"] else None,
            auto_renew_months=stored["auto_renew_months"],
            postpaid=stored["postpaid"],
            unused=tuple(map(GivenBack.from_json, stored["unused"])),
            goes_on=stored.get("goes_on", 1),
            tags=stored.get("tags", {}),
            poc=_poc_from_json(stored.get("poc")),  # those of before had none
        )


@dataclass(frozen=True, slots=True)
class Deal:
    """All that one quote offers, and what it costs."""

    parts: tuple[Part, ...]
    coupon_code: str = ""

    @property
    def total(self) -> int:
        """To pay now; negative: comes back."""
        return sum(part.due for part in self.parts)

    @property
    def coupon(self) -> int:
        return sum(part.charge.coupon for part in self.parts)

    @property
    def unused_total(self) -> int:
        return sum(part.unused_total for part in self.parts)

    @property
    def paid_with_poc(self) -> int:
        """What POC credit pays: all of it, or nothing."""
        return sum(part.paid_with_poc for part in self.parts)

    @property
    def is_postpaid(self) -> bool:
        """Nothing is to pay, and nothing is invoiced before the month has ended."""
        return any(part.postpaid for part in self.parts)

    @property
    def resource_ids(self) -> list[UUID]:
        return [part.resource_id for part in self.parts if part.resource_id]

    def to_json(self) -> Json:
        return {
            "items": [part.to_json() for part in self.parts],
            "coupon_code": self.coupon_code,
            "total": self.total,
        }

    @classmethod
    def from_json(cls, stored: Json) -> Deal:
        return cls(tuple(Part.from_json(part) for part in stored["items"]), stored["coupon_code"])


def _poc_from_json(stored: Json | None) -> Poc | None:
    return Poc(stored["grant"], datetime.fromisoformat(stored["until"])) if stored else None


def line_to_json(line: Line) -> Json:
    component, rate = line.component, line.component.rate
    committed = {"committed": str(component.committed)} if component.committed else {}
    without = {"without_term": _rate_to_json(rate.without_term), "saved": line.saved} if rate.without_term else {}
    return {
        "item": str(component.item_id),
        **_rate_to_json(rate),
        "name": component.name,
        "unit": component.unit,
        "quantity": str(component.quantity),
        "discount": str(component.discount),
        "minutes": line.minutes,
        "amount": line.amount,
        "tax": line.tax,
        "total": line.total,
        **without,
        **committed,
    }


def _rate_to_json(rate: Rate) -> Json:
    term = {"term_months": rate.months} if rate.months > 1 else {}
    return {
        "price": str(rate.price_id),
        "unit_price": str(rate.unit_price),
        "per_minutes": rate.per_minutes,
        "includes_vat": rate.includes_vat,
        "vat_rate": str(rate.vat_rate),
        **term,
    }


def _rate_from_json(stored: Json) -> Rate:
    return Rate(
        UUID(stored["price"]),
        Decimal(stored["unit_price"]),
        stored["per_minutes"],
        stored["includes_vat"],
        Decimal(stored["vat_rate"]),
        months=stored.get("term_months", 1),
        without_term=_rate_from_json(stored["without_term"]) if "without_term" in stored else None,
    )


def _line_from_json(stored: Json, period: Period) -> Line:
    component = Component(
        UUID(stored["item"]),
        stored["name"],
        stored["unit"],
        Decimal(stored["quantity"]),
        _rate_from_json(stored),
        Decimal(stored["discount"]),
        committed=Decimal(stored.get("committed", 0)),
    )
    minutes, amount, tax, total = (stored[name] for name in ("minutes", "amount", "tax", "total"))
    return Line(component, period, minutes, amount, tax, total, saved=stored.get("saved", 0))
