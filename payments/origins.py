"""
Where the credit came from that paid for something.

Promotional credit is kept grant by grant, so its uses are on record. Bought credit is one balance; what pays what follows
from one rule: what a gateway or bank brought for an order or for invoices pays them, an order also when a payer or a transfer
that was asked for brought it; what goes back to its source, or is taken back there, is the very top-up, and all else is paid by
what came in first. Both sides are laid along one line of đồng, and a payment's origins are the incomes that it overlaps; nothing
of that is stored.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, TextChoices
from django.utils.translation import gettext_lazy as _

from kernel import display
from kernel.shapes import SqlArguments
from ledger.models import Account, Entry, GrantUse, Transaction
from payments.models import Payment

Fact = Transaction.Kind


class CreditKind(TextChoices):
    """Kinds of credit, by how it came into the wallet."""

    BOUGHT = "bought", _("bought")
    REFUNDED = "refunded", _("refunded")
    ADJUSTMENT = "adjustment", _("adjustment")
    PROMOTIONAL = "promotional", _("promotional")


@dataclass(frozen=True, slots=True)
class Origin:
    """
    `amount` đồng came by an income of the instant `at`.

    :ivar payment: the top-up or payment that brought it
    :ivar reason: of a grant, or what an income that is no payment was for
    """

    kind: CreditKind
    amount: int
    at: datetime
    payment: UUID | None = None
    grant: int | None = None
    reason: str = ""
    expires_at: datetime | None = None


OWN_AND_REST = """
WITH had_own AS (  -- what may have taken money that was its own: it is looked up, so what was paid out of the balance is not read
    SELECT 'order_payment' AS kind, order_id::text AS source FROM payments_payment
    WHERE :of(customer_id) AND means <> 'wallet' AND order_id IS NOT NULL
    UNION SELECT 'invoice_payment', id::text FROM payments_payment WHERE :of(customer_id) AND means <> 'wallet' AND kind = 'invoice'
    UNION ALL SELECT 'refund', id::text FROM payments_refund WHERE :of(customer_id)
    UNION ALL SELECT 'reversal', id::text FROM payments_reversal WHERE :of(customer_id)
), moved AS (  -- all that came, and what those took
    SELECT e.id, e.amount, e.customer_id AS customer, t.kind, t.source, t.reference, t.at
    FROM ledger_account a JOIN ledger_entry e ON e.account_id = a.id CROSS JOIN LATERAL (
        SELECT * FROM ledger_transaction WHERE id = e.transaction_id OFFSET 0) t  -- looked up: incomes are few among all movements
    WHERE a.kind = 'credit' AND e.amount > 0 AND :of(e.customer_id)
    UNION ALL
    SELECT e.id, e.amount, e.customer_id, t.kind, t.source, t.reference, t.at
    FROM had_own JOIN ledger_transaction t USING (kind, source) JOIN ledger_entry e ON e.transaction_id = t.id AND e.amount < 0
        JOIN ledger_account a ON a.id = e.account_id AND a.kind = 'credit'
), brought AS (  -- for an order, by a payer or as the transfer that was asked for: credit first, of which the order was paid
    SELECT p.id AS payment, m.id, least(coalesce(p.captured, p.amount), -m.amount - coalesce(sum(coalesce(p.captured, p.amount))
        OVER (PARTITION BY m.id ORDER BY p.settled_at, p.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)) AS amount
    FROM payments_payment p JOIN moved m ON m.kind = 'order_payment' AND m.source = p.order_id::text
    WHERE :of(p.customer_id) AND p.kind = 'top_up' AND p.state IN ('succeeded', 'refunded')
        AND (p.failure = '' OR p.failure = 'fell_short' AND p.expected_id IS NOT NULL)  -- an earlier part of the same transfer
        AND p.order_id IS NOT NULL AND (p.request_id IS NOT NULL OR p.expected_id IS NOT NULL)
), bound AS (  -- entries that are a payment's own: what of it they take, and how much of the entry that is
    SELECT id, amount, payment, amount AS part FROM brought WHERE amount > 0
    UNION ALL
    SELECT m.id, -m.amount, p.id, -m.amount
    FROM payments_payment p JOIN moved m ON m.kind = CASE p.kind WHEN 'order' THEN 'order_payment' ELSE 'invoice_payment' END
        AND m.source = CASE p.kind WHEN 'order' THEN p.order_id ELSE p.id END::text
    WHERE :of(p.customer_id) AND p.means <> 'wallet' AND p.kind IN ('order', 'invoice')
        AND p.state IN ('succeeded', 'refunded') AND (p.kind = 'invoice' OR p.failure = '')
    UNION ALL
    SELECT m.id, CASE WHEN r.state = 'failed' THEN 0 ELSE r.amount END, r.payment_id, -m.amount
    FROM payments_refund r JOIN moved m ON m.kind = 'refund' AND m.source = r.id::text WHERE :of(r.customer_id)
    UNION ALL
    SELECT id, own, payment_id, own + again
    FROM (  -- what had gone back to its source is not there to be taken of it: that is paid by what came first
        SELECT m.id, r.payment_id, r.again, greatest(least(r.from_credit - r.again, coalesce(p.captured, p.amount) - coalesce(f.amount, 0)
            - coalesce(sum(r.from_credit - r.again)
                OVER (PARTITION BY p.id ORDER BY r.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)), 0) AS own
        FROM (
            SELECT r.id, r.payment_id, r.from_credit, least(r.from_credit, coalesce(g.amount, 0)) AS again
            FROM payments_reversal r LEFT JOIN moved g ON g.kind = 'given_back' AND g.source = r.id::text WHERE :of(r.customer_id)
        ) r JOIN payments_payment p ON p.id = r.payment_id AND p.kind = 'top_up'
            JOIN moved m ON m.kind = 'reversal' AND m.source = r.id::text
            LEFT JOIN (SELECT payment_id, sum(amount) AS amount FROM payments_refund WHERE state <> 'failed' AND :of(customer_id)
                GROUP BY 1) f ON f.payment_id = p.id
        WHERE r.payment_id NOT IN (SELECT payment FROM brought WHERE amount > 0)
    ) taken WHERE own + again > 0
), income AS (  -- what of each is nobody's own; what was taken of a top-up and given back is that top-up's again
    SELECT m.id, m.customer, m.kind, p.id AS payment, m.reference, m.at,
        greatest(m.amount - coalesce(own.amount, 0) - coalesce(again.amount, 0), 0) AS net
    FROM moved m LEFT JOIN payments_payment p ON p.id = CASE WHEN m.kind IN ('top_up', 'bank_transfer') THEN m.source::uuid END
    LEFT JOIN (SELECT payment, sum(amount) AS amount FROM bound GROUP BY 1) own ON own.payment = p.id
    LEFT JOIN (SELECT t.source, sum(b.part - b.amount) AS amount FROM bound b JOIN moved t ON t.id = b.id AND t.kind = 'reversal'
        GROUP BY 1) again ON m.kind = 'given_back' AND again.source = m.source
    WHERE m.amount > 0 AND m.kind <> 'refund_failed'
)
"""
"""`:of(column)` stands for "of these customers", as in the auditor's claims."""

SUMS_OF_KINDS = (
    OWN_AND_REST
    + """
SELECT a.id::text, a.customer_id FROM ledger_account a
LEFT JOIN (SELECT customer, sum(net) AS amount FROM income GROUP BY 1) came ON came.customer = a.customer_id
LEFT JOIN (SELECT account_id, -sum(amount) AS amount FROM ledger_entry WHERE amount < 0 AND :of(customer_id) GROUP BY 1) went
    ON went.account_id = a.id
LEFT JOIN (  -- no fact can have taken more of its own than it took
    SELECT m.customer, sum(least(b.part, -m.amount)) AS amount
    FROM (SELECT id, sum(part) AS part FROM bound GROUP BY 1) b JOIN moved m USING (id) GROUP BY 1
) own ON own.customer = a.customer_id
WHERE a.kind = 'credit' AND :of(a.customer_id)
    AND a.balance <> coalesce(came.amount, 0) - coalesce(went.amount, 0) + coalesce(own.amount, 0)
"""
)
"""Whose credit is not the sum of its kinds: what of the incomes nothing has taken yet is what is left of them, however it is laid."""

ALONG_ONE_LINE = (
    re.sub(r":of\((\w+(?:\.\w+)?)\)", r"\1 = %(customer)s", OWN_AND_REST).rstrip()
    + """, earned AS (SELECT *, sum(net) OVER (ORDER BY id) AS ends FROM income
), steps AS (  -- what was spent is all that came less what is there, so that it need not be added up
    SELECT id, amount AS came FROM moved WHERE amount > 0
    UNION ALL SELECT id, -part FROM bound
), gone AS (SELECT (SELECT coalesce(sum(came), 0) FROM steps) - balance AS ends
    FROM ledger_account WHERE customer_id = %(customer)s AND kind = 'credit'
)
"""
)

ORIGINS = (
    ALONG_ONE_LINE
    + """, spent AS (
    SELECT id, amount, ends FROM (
        SELECT id, rest AS amount, sum(came) OVER (ORDER BY id, rest NULLS FIRST) - balance_after AS ends FROM (
            SELECT id, came, NULL::bigint AS rest, NULL::bigint AS balance_after FROM steps
            UNION ALL
            SELECT e.id, 0, -e.amount - coalesce((SELECT sum(part) FROM bound WHERE bound.id = e.id), 0), e.balance_after
            FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id AND a.kind = 'credit'
            WHERE e.id = ANY(%(entries)s) AND e.amount < 0 AND e.customer_id = %(customer)s
        ) in_order
    ) wanted WHERE amount > 0
)
SELECT o.id, i.kind, least(o.ends, i.ends) - greatest(o.ends - o.amount, i.ends - i.net), i.at, i.payment, i.reference
FROM spent o JOIN earned i ON i.ends > o.ends - o.amount AND i.ends - i.net < o.ends AND i.net > 0
UNION ALL
SELECT b.id, 'top_up', b.part, i.at, b.payment, '' FROM bound b
    JOIN income i ON i.payment = b.payment
WHERE b.id = ANY(%(entries)s)
ORDER BY 1, 4
"""
)

LEFT = (
    ALONG_ONE_LINE
    + """
SELECT least(i.net, greatest(i.ends - (SELECT ends FROM gone), 0)) FROM earned i WHERE i.payment = %(payment)s
"""
)

LEFT_BY_KIND = (
    ALONG_ONE_LINE
    + """
SELECT i.kind, sum(least(i.net, greatest(i.ends - (SELECT ends FROM gone), 0))) FROM earned i GROUP BY 1
"""
)

KINDS = {
    Fact.TOP_UP: CreditKind.BOUGHT,
    Fact.BANK_TRANSFER: CreditKind.BOUGHT,
    Fact.GIVEN_BACK: CreditKind.BOUGHT,
    Fact.ORDER_REFUND: CreditKind.REFUNDED,
    Fact.CREDIT_NOTE_REFUND: CreditKind.REFUNDED,
    Fact.ADJUSTMENT: CreditKind.ADJUSTMENT,
}
"""What makes each income. All others bring promotional credit."""


def kind_of(entry: Entry) -> str:
    """What kind of credit an entry brought; empty when it took some."""
    if entry.amount < 0:
        return ""
    if entry.account.kind == Account.Kind.PROMOTIONAL:
        return CreditKind.PROMOTIONAL
    return KINDS.get(Fact(entry.transaction.kind), CreditKind.BOUGHT)


def origins_of(customer_id: UUID, entries: Collection[int]) -> dict[int, list[Origin]]:
    """What paid those of a customer's entries that took something, the earliest income first; two queries."""
    found: dict[int, list[Origin]] = {pk: [] for pk in entries}
    if not entries:
        return found
    for pk, kind, amount, at, payment, said in _asked(ORIGINS, {"customer": customer_id, "entries": list(entries)}):
        reason = "" if payment else said
        found[pk].append(Origin(KINDS[Fact(kind)], int(amount), at, payment=payment, reason=reason))
    taken = {
        "transaction__entries__in": entries,
        "transaction__entries__amount__lt": 0,
        "transaction__entries__account__kind": Account.Kind.PROMOTIONAL,
    }
    uses = GrantUse.objects.filter(origin=None, **taken).annotate(entry=F("transaction__entries"))
    for use in uses.select_related("grant").order_by("grant__expires_at", "pk"):
        grant = use.grant
        found[use.entry].append(
            Origin(
                CreditKind.PROMOTIONAL,
                use.amount,
                grant.at,
                grant=grant.pk,
                reason=grant.reason,
                expires_at=grant.expires_at,
            )
        )
    return found


def in_words(origins: Iterable[Origin]) -> str:
    """As a customer reads it: "120,000 ₫ of the top-up of 3 October, 30,000 ₫ of the promotion TET"."""
    return ", ".join(SENTENCES[origin.kind] % _parts(origin) for origin in origins)


SENTENCES = {
    CreditKind.BOUGHT: _("%(amount)s of the top-up of %(day)s"),
    CreditKind.REFUNDED: _("%(amount)s of the refund of %(day)s"),
    CreditKind.ADJUSTMENT: _("%(amount)s of the adjustment of %(day)s"),
    CreditKind.PROMOTIONAL: _("%(amount)s of the promotion %(reason)s"),
}


def _parts(origin: Origin) -> dict[str, str]:
    return {"amount": display.money(origin.amount), "day": display.day(origin.at), "reason": origin.reason}


def unspent_of(payment: Payment) -> int:
    """How much of the credit that a payment brought has not paid for anything yet."""
    rows = _asked(LEFT, {"customer": payment.customer_id, "payment": payment.pk})
    return int(rows[0][0]) if rows else 0


def credit_by_kind(customer_id: UUID) -> dict[CreditKind, int]:
    """How much of a customer's credit that is no promotion came in which way; kinds of which there is none are left out."""
    found: Counter[CreditKind] = Counter()
    for kind, amount in _asked(LEFT_BY_KIND, {"customer": customer_id}):
        found[KINDS[Fact(kind)]] += int(amount)
    return {kind: found[kind] for kind in CreditKind if found[kind]}


def _asked(query: str, arguments: SqlArguments) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
