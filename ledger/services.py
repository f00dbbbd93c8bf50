"""Moving money. Called by `payments` alone, always inside the transaction of the business fact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from kernel.errors import DomainError
from kernel.money import MAXIMUM
from kernel.shapes import SqlArguments
from ledger.models import Account, Entry, Transaction
from store.prepared import prepared_cursor

Kind = Account.Kind
Fact = Transaction.Kind


class InsufficientCredit(DomainError):
    code = "insufficient-credit"
    status = 402
    message = _("The wallet lacks %(shortfall)s ₫. Top up at least this amount or choose another means of payment.")


class PostedForAnother(Exception):
    """A fact is one fact, whoever it is posted for: two customers with the same one is a mistake of ours."""


@dataclass(frozen=True, slots=True)
class Wallet:
    """A customer's stored money, in VND. `available` is what can be spent now, on anything: POC credit is no part of it."""

    credit: int = 0
    promotional: int = 0
    held: int = 0
    poc: int = 0

    @property
    def available(self) -> int:
        return self.credit + self.promotional - self.held


@dataclass(frozen=True, slots=True)
class Spending:
    """What a spend took, and how much of it was promotional credit."""

    amount: int
    promotional: int


POST = """
WITH held AS (
    SELECT id FROM ledger_account WHERE customer_id = %(customer)s::uuid AND kind = ANY(%(kinds)s::text[]) ORDER BY id FOR NO KEY UPDATE
), account AS (
    SELECT a.id, leg.amount
    FROM unnest(%(kinds)s::text[], %(amounts)s::bigint[]) AS leg(kind, amount)
    JOIN ledger_account a ON a.kind = leg.kind
        AND a.customer_id IS NOT DISTINCT FROM CASE WHEN leg.kind IN ('credit', 'promotional', 'poc') THEN %(customer)s::uuid END
), posted AS (
    INSERT INTO ledger_transaction (kind, source, customer_id, reference, at)
    SELECT %(kind)s, %(source)s, %(customer)s::uuid, %(reference)s, %(at)s
    WHERE (SELECT count(*) FROM held) >= 0 AND (SELECT count(*) FROM account) = cardinality(%(kinds)s::text[])
    ON CONFLICT DO NOTHING RETURNING id
)
INSERT INTO ledger_entry (transaction_id, account_id, amount)
SELECT posted.id, account.id, account.amount FROM posted, account ORDER BY account.id
"""
"""The wallet is held before an entry gets its number, so the history of a wallet reads in the order of its balances."""

SPEND = """
WITH wallet AS (
    SELECT id, kind, balance - held AS free FROM ledger_account
    WHERE customer_id = %(customer)s AND (kind = 'credit' OR kind = 'promotional' AND NOT %(bought_only)s::boolean)
    ORDER BY id FOR NO KEY UPDATE
), part AS (
    SELECT id, CASE kind WHEN 'promotional' THEN least(free, %(amount)s)
                         ELSE %(amount)s - least(coalesce((SELECT free FROM wallet WHERE kind = 'promotional'), 0), %(amount)s) END AS amount
    FROM wallet
), target AS (
    SELECT id FROM ledger_account WHERE kind = %(into)s AND customer_id IS NULL
), posted AS (
    INSERT INTO ledger_transaction (kind, source, customer_id, reference, at)
    SELECT %(kind)s, %(source)s, %(customer)s, %(reference)s, %(at)s
    FROM target WHERE (SELECT coalesce(sum(free), 0) FROM wallet) >= %(amount)s
    ON CONFLICT DO NOTHING RETURNING id
), spent AS (
    INSERT INTO ledger_entry (transaction_id, account_id, amount)
    SELECT posted.id, leg.id, leg.amount
    FROM posted, (SELECT id, -amount AS amount FROM part UNION ALL SELECT id, %(amount)s FROM target) leg
    WHERE leg.amount <> 0 RETURNING account_id, amount
)
SELECT coalesce(sum(-s.amount) FILTER (WHERE w.kind = 'promotional'), 0), count(*) FROM spent s LEFT JOIN wallet w ON w.id = s.account_id
"""
"""One statement: lock the wallet, refuse or post, move. A known (kind, source) posts nothing, whatever the funds."""


def post(
    kind: Fact,
    source: object,
    legs: Mapping[Account.Kind, int],
    *,
    customer_id: UUID | None,
    at: datetime,
    reference: str = "",
) -> bool:
    """
    Post one fact, once; without a customer where it concerns none. Legs (account kind -> VND) sum to zero; zero legs are left out.

    :returns: whether it was posted now; False when the same kind and source stand already
    :raises PostedForAnother: they stand, but for another customer (our bug)
    :raises IntegrityError: the wallet would fall below zero, or the legs do not sum to zero (our bug)
    """
    moved = {leg: amount for leg, amount in legs.items() if amount}
    if not moved:
        return False
    arguments: SqlArguments = {
        "kinds": list(moved),
        "amounts": list(moved.values()),
        "customer": customer_id,
        "kind": kind,
        "source": str(source),
        "reference": reference[:200],
        "at": at,
    }
    while True:
        with prepared_cursor() as cursor:
            cursor.execute(POST, arguments)
            if cursor.rowcount:
                return True
        if _posted(kind, source, customer_id):
            return False
        open_accounts(moved, customer_id)


def _posted(kind: Fact, source: object, customer_id: UUID | None) -> Transaction | None:
    found = Transaction.objects.filter(kind=kind, source=str(source)).first()
    if found and found.customer_id != customer_id:
        raise PostedForAnother(f"{kind} {source} is a fact of {found.customer_id}, not of {customer_id}")
    return found


def spend(
    customer_id: UUID,
    amount: int,
    *,
    into: Account.Kind,
    kind: Fact,
    source: object,
    at: datetime,
    reference: str = "",
    bought_only: bool = False,
) -> Spending:
    """
    Take `amount` (> 0) VND out of the wallet, promotional credit first unless `bought_only`, once per kind and source.

    The key is looked up before the funds: a repeated spend gets its first answer even when the wallet is empty by now.

    :raises InsufficientCredit: less is available; nothing was taken
    """
    assert 0 < amount <= MAXIMUM, "a spend takes a positive amount"
    arguments: SqlArguments = {
        "customer": customer_id,
        "amount": amount,
        "into": into,
        "bought_only": bought_only,
        "kind": kind,
        "source": str(source),
        "reference": reference[:200],
        "at": at,
    }
    while True:
        with prepared_cursor() as cursor:
            cursor.execute(SPEND, arguments)
            promotional, legs = cursor.fetchone()
        if legs:
            return Spending(amount, int(promotional))
        if earlier := _posted(kind, source, customer_id):
            taken = (
                Entry.objects.filter(transaction=earlier, account__kind=Kind.PROMOTIONAL).aggregate(
                    taken=Sum("amount")
                )["taken"]
                or 0
            )
            return Spending(amount, -taken)
        wallet = wallet_of(customer_id)
        free = wallet.credit - wallet.held if bought_only else wallet.available
        if free < amount:
            raise InsufficientCredit(shortfall=amount - free, available=free)
        # There is enough, so the house account was missing, or credit came in just now: try again.
        open_accounts([into], customer_id)


@dataclass(frozen=True, slots=True)
class Debit:
    """One spend of many: `amount` VND of which `promotional` is taken from promotional credit."""

    customer_id: UUID
    source: str
    amount: int
    promotional: int
    reference: str


SPEND_MANY = """
WITH charge AS (
    SELECT * FROM unnest(%(customers)s::uuid[], %(sources)s::text[], %(amounts)s::bigint[], %(promotional)s::bigint[], %(references)s::text[])
        WITH ORDINALITY AS c(customer_id, source, amount, promotional, reference, place)
), posted AS (
    INSERT INTO ledger_transaction (kind, source, customer_id, reference, at)
    SELECT %(kind)s, source, customer_id, reference, %(at)s FROM charge ORDER BY place RETURNING id, source
), leg AS (
    SELECT p.id, a.id AS account_id, CASE a.kind WHEN 'credit' THEN c.promotional - c.amount ELSE -c.promotional END AS amount
    FROM posted p JOIN charge c USING (source) JOIN ledger_account a ON a.customer_id = c.customer_id AND a.kind IN ('credit', 'promotional')
    UNION ALL
    SELECT p.id, (SELECT id FROM ledger_account WHERE kind = %(into)s AND customer_id IS NULL), c.amount FROM posted p JOIN charge c USING (source)
)
INSERT INTO ledger_entry (transaction_id, account_id, amount) SELECT id, account_id, amount FROM leg WHERE amount <> 0 ORDER BY id
"""


def spend_many(debits: Sequence[Debit], *, into: Account.Kind, kind: Fact, at: datetime) -> None:
    """
    Take many amounts (> 0) out of wallets that the caller holds and has found sufficient, in one statement.

    :raises IntegrityError: a wallet would fall below zero, or a source is posted already
    """
    if not debits:
        return
    open_accounts([into], debits[0].customer_id)
    with connection.cursor() as cursor:
        cursor.execute(
            SPEND_MANY,
            {
                "customers": [debit.customer_id for debit in debits],
                "sources": [debit.source for debit in debits],
                "amounts": [debit.amount for debit in debits],
                "promotional": [debit.promotional for debit in debits],
                "references": [debit.reference[:200] for debit in debits],
                "kind": kind,
                "into": into,
                "at": at,
            },
        )


def hold_wallets(customer_ids: Sequence[UUID]) -> dict[UUID, Wallet]:
    """The wallets of many customers, held until the transaction ends."""
    accounts = Account.objects.select_for_update(no_key=True).filter(customer__in=customer_ids).order_by("pk")
    return _wallets(accounts)


def wallets_of(customer_ids: Sequence[UUID]) -> dict[UUID, Wallet]:
    """The wallets of many customers as of now."""
    return _wallets(Account.objects.filter(customer__in=customer_ids))


def _wallets(accounts: QuerySet[Account]) -> dict[UUID, Wallet]:
    balances: dict[UUID, dict[str, int]] = defaultdict(dict)
    held: dict[UUID, int] = defaultdict(int)
    for customer_id, kind, balance, part in accounts.values_list("customer", "kind", "balance", "held"):
        balances[customer_id][kind] = balance or 0
        held[customer_id] += part
    return {
        pk: Wallet(found.get(Kind.CREDIT, 0), found.get(Kind.PROMOTIONAL, 0), held[pk], found.get(Kind.POC, 0))
        for pk, found in balances.items()
    }


def open_accounts(kinds: Iterable[Account.Kind], customer_id: UUID | None) -> None:
    """Make the accounts that are not there yet; others may be making them at the same time."""
    Account.objects.bulk_create(
        [
            Account(kind=kind, customer_id=customer_id, balance=0)
            if kind in Account.OF_CUSTOMERS
            else Account(kind=kind)
            for kind in kinds
        ],
        ignore_conflicts=True,
    )


def wallet_of(customer_id: UUID) -> Wallet:
    """The customer's wallet as of now."""
    rows = Account.objects.filter(customer=customer_id).values_list("kind", "balance", "held")
    balances = {kind: balance or 0 for kind, balance, _held in rows}
    held = sum(held for *_, held in rows)
    return Wallet(balances.get(Kind.CREDIT, 0), balances.get(Kind.PROMOTIONAL, 0), held, balances.get(Kind.POC, 0))
