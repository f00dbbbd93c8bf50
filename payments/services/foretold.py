"""What credit notes over unused time would give back and where it would go, said before it happens."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from invoices.services.credit import Unused
from ledger.grants import AT_LEAST, destinations
from payments.services.settle import promotional_part, spent_on


@dataclass(frozen=True, slots=True)
class MoneyBack:
    """
    In VND. `off_what_is_due` lessens what is open on the invoices, `credit` was bought, `grants` is the promotional credit
    that goes back into grants by the end of each, and `lost` what goes into grants that have ended and is lost with them.
    """

    off_what_is_due: int
    credit: int
    grants: dict[datetime, int]
    lost: int

    @property
    def refund(self) -> int:
        """What can be spent afterwards."""
        return self.credit + sum(self.grants.values())


def money_back(unused: Iterable[Unused], *, at: datetime) -> MoneyBack:
    """What crediting all of this now would give back; see `credit_invoice`, `refund_credit_note` and `put_back`."""
    off_what_is_due = credit = lost = 0
    grants: dict[datetime, int] = defaultdict(int)
    promised: Counter[tuple[object, object]] = Counter()
    for part in unused:
        open_part = min(part.amount, part.invoice.due)
        off_what_is_due += open_part
        money = part.amount - open_part
        promotional = promotional_part(part.invoice.pk, money) if money else 0
        credit += money - promotional
        if not promotional:
            continue
        spent = spent_on(part.invoice)
        for grant, _origin, amount in destinations(part.invoice.customer, promotional, spent, promised=promised):
            promotional -= amount
            if grant.expires_at <= at:
                lost += amount
            else:
                grants[grant.expires_at] += amount
        if promotional:
            grants[at + AT_LEAST] += promotional
    return MoneyBack(off_what_is_due, credit, dict(sorted(grants.items())), lost)
