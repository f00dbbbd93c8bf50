"""
The commitment behind a charge: of use that has its discount, which draws on it, and of what lacked to it in a month, which is unused.

A commitment of ours is of a spend with VAT: its quantity is VND, of use as much as its line comes to, and of the shortfall what was
billed of it. So the two together reach what was committed, and pass it where more was spent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from uuid import UUID

from catalog.models import Commitment
from invoices.focus.columns import Row
from invoices.models import InvoiceLine
from kernel.money import CURRENCY
from kernel.periods import local_day

TYPE = "Monthly Spend"


class Commitments:
    """Those behind some lines, in one query; in none where no line has to do with one."""

    def __init__(self, lines: Iterable[InvoiceLine]) -> None:
        customers = {line.customer_id for line in lines if is_committed(line)}
        found = Commitment.objects.filter(customer__in=customers).select_related("offer") if customers else ()
        self._of: dict[UUID, list[Commitment]] = {}
        for one in found:
            self._of.setdefault(one.customer_id, []).append(one)

    def row(self, line: InvoiceLine) -> Row:
        """What a charge, its VAT and what is taken back of it say of the commitment; nothing without one."""
        if not is_committed(line):
            return {}
        one = self._in_force(line.customer_id, local_day(line.starts_at))
        itself: Row = {"ResourceId": str(one.pk)} if is_unused(line) else {}
        return itself | {
            "CommitmentDiscountCategory": "Spend",
            "CommitmentDiscountId": str(one.pk),
            "CommitmentDiscountName": one.offer.name_en if one.offer else None,
            "CommitmentDiscountStatus": "Unused" if is_unused(line) else "Used",
            "CommitmentDiscountType": TYPE,
        }

    def _in_force(self, customer_id: UUID, day: date) -> Commitment:
        return next(one for one in self._of[customer_id] if one.starts_on <= day < one.ends_on)


def is_committed(line: InvoiceLine) -> bool:
    return bool(line.committed) or is_unused(line)


def is_unused(line: InvoiceLine) -> bool:
    """It bills a shortfall."""
    return line.invoice.resource_id is None


def drawn(line: InvoiceLine, amount: int) -> Row:
    """So much of the commitment is what `amount` with VAT draws on it, or leaves unused."""
    if not is_committed(line):
        return {}
    return {"CommitmentDiscountQuantity": Decimal(amount), "CommitmentDiscountUnit": CURRENCY}
