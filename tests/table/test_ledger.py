"""The ledger against plain SQL: nothing unbalanced, nothing changed, nothing negative, nothing from nowhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import Customer
from ledger.models import Account, CreditHold, Entry, Transaction
from ledger.services import (
    Fact,
    InsufficientCredit,
    Kind,
    PostedForAnother,
    Wallet,
    open_accounts,
    post,
    spend,
    wallet_of,
)
from tests.cast import NOON, fund, make_customer
from tests.owner import around_all_guards
from tests.table.attack import MARKS, refuse, refused, run

pytestmark = MARKS


def account(kind: str, customer: Customer | None = None) -> int:
    return Account.objects.values_list("pk", flat=True).get(kind=kind, customer=customer)


def new_transaction(customer: Customer, source: str = "attack") -> int:
    return Transaction.objects.create(kind=Fact.ADJUSTMENT, source=source, customer=customer, at=NOON).pk


def write_legs(transaction_id: int, *legs: tuple[int, int], first_id: int | None = None) -> None:
    """All legs in one INSERT; `first_id` forges the ids."""
    ids = "" if first_id is None else "id, "
    rows = ", ".join(
        f"({'' if first_id is None else f'{first_id + i}, '}{transaction_id}, {pk}, {amount})"
        for i, (pk, amount) in enumerate(legs)
    )
    run(f"INSERT INTO ledger_entry ({ids}transaction_id, account_id, amount) VALUES {rows}")


def test_a_transaction_that_does_not_sum_to_zero_is_refused(alice: Customer) -> None:
    credit, house = account("credit", alice), account("adjustments")
    for legs in ([(credit, 1)], [(credit, 1), (house, -2)], [(house, -1)], [(credit, 5), (credit, -4)]):
        with refused("does not sum to zero"):
            write_legs(new_transaction(alice), *legs)
    assert wallet_of(alice.pk).credit == 10_000_000


def test_two_wrongs_in_one_statement_do_not_make_a_right(alice: Customer) -> None:
    """Two unbalanced transactions whose errors cancel out."""
    credit, house = account("credit", alice), account("adjustments")
    with refused("does not sum to zero"):
        one, two = new_transaction(alice, "one"), new_transaction(alice, "two")
        run(
            f"INSERT INTO ledger_entry (transaction_id, account_id, amount) VALUES ({one}, {credit}, 5), ({two}, {house}, -5)"
        )


@pytest.mark.parametrize("first_id", [None, -1_000_000, 2_000_000_000])
def test_a_posted_transaction_cannot_grow(alice: Customer, first_id: int | None) -> None:
    """Not even by legs that balance, nor with ids that pretend to have been there before."""
    posted = Transaction.objects.latest("pk").pk
    legs = (account("credit", alice), 100), (account("adjustments"), -100)
    with refused("cannot grow"):
        write_legs(posted, *legs, first_id=first_id)
    assert wallet_of(alice.pk).credit == 10_000_000


@pytest.mark.django_db(transaction=True)
def test_a_posted_transaction_cannot_grow_in_a_later_transaction() -> None:
    customer = make_customer(credit=500)
    posted = Transaction.objects.latest("pk").pk
    legs = (account("credit", customer), 100), (account("adjustments"), -100)
    with pytest.raises(Exception, match="cannot grow"), transaction.atomic():
        write_legs(posted, *legs)
    assert wallet_of(customer.pk).credit == 500


def test_legs_cannot_be_moved_between_transactions_by_one_update(alice: Customer) -> None:
    """Three transactions trade legs so that each still sums to zero: still refused."""
    for source in ("a", "b", "c"):
        post(Fact.TOP_UP, source, {Kind.CREDIT: 7, Kind.PROMOTIONS: -7}, customer_id=alice.pk, at=NOON)
    a, b, c = Transaction.objects.filter(kind=Fact.TOP_UP).order_by("pk").values_list("pk", flat=True)
    refuse(
        "UPDATE ledger_entry SET transaction_id = CASE transaction_id WHEN %s THEN %s WHEN %s THEN %s ELSE %s END WHERE amount > 0",
        a, b, b, c, a,
        match="append-only",
    )  # fmt: skip
    refuse("UPDATE ledger_entry SET amount = -amount", match="append-only")


def test_a_wallet_never_falls_below_zero(alice: Customer) -> None:
    """In one statement it may not even pass through: the legs are applied one after the other."""
    credit, house = account("credit", alice), account("adjustments")
    with refused("a_wallet_is_never_negative"):
        write_legs(new_transaction(alice), (credit, -10_000_001), (house, 10_000_001))
    with refused("a_wallet_is_never_negative"):
        post(Fact.ADJUSTMENT, "x", {Kind.CREDIT: -10_000_001, Kind.SALES: 10_000_001}, customer_id=alice.pk, at=NOON)
    write_legs(new_transaction(alice), (credit, -10_000_000), (house, 10_000_000))
    assert wallet_of(alice.pk).available == 0


@pytest.mark.parametrize(
    "change", ["balance = balance + 1", "balance = 0", "balance = NULL", "kind = 'promotional'", "customer_id = NULL"]
)
def test_only_entries_move_a_balance(alice: Customer, change: str) -> None:
    refuse(f"UPDATE ledger_account SET {change} WHERE kind = 'credit'", match="frozen")


def test_an_upsert_is_no_way_around(alice: Customer) -> None:
    refuse(
        "INSERT INTO ledger_account (kind, customer_id, balance, held) VALUES ('credit', %s, 0, 0)"
        " ON CONFLICT (customer_id, kind) DO UPDATE SET balance = 99",
        alice.pk,
        match="frozen",
    )


@pytest.mark.parametrize(
    ("kind", "owned", "balance", "held"),
    [("credit", True, 5, 0), ("credit", True, 0, 5), ("credit", True, -5, 0)],
)
def test_an_account_starts_empty(db: None, kind: str, owned: bool, balance: int, held: int) -> None:
    refuse(
        "INSERT INTO ledger_account (kind, customer_id, balance, held) VALUES (%s, %s, %s, %s)",
        kind, make_customer().pk if owned else None, balance, held,
        match="starts empty",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "owned", "balance"),
    [("escrow", True, 0), ("sales", True, 0), ("gateway", True, None), ("credit", False, 0), ("promotional", False, None), ("sales", False, 0), ("credit", True, None)],
)  # fmt: skip
def test_a_bucket_is_either_a_wallet_or_a_house_account(db: None, kind: str, owned: bool, balance: int | None) -> None:
    refuse(
        "INSERT INTO ledger_account (kind, customer_id, balance, held) VALUES (%s, %s, %s, 0)",
        kind, make_customer().pk if owned else None, balance,
        match="wallets_keep_a_balance",
    )  # fmt: skip


def test_one_account_per_kind_and_customer(alice: Customer) -> None:
    refuse(
        "INSERT INTO ledger_account (kind, customer_id, balance, held) VALUES ('credit', %s, 0, 0)",
        alice.pk,
        match="one_account_per_kind",
    )
    refuse(
        "INSERT INTO ledger_account (kind, customer_id, balance, held) VALUES ('adjustments', NULL, NULL, 0)",
        match="one_account_per_kind",
    )


def hold(customer: Customer, amount: int, *, source: str = "usage:1", **other: Any) -> CreditHold:
    credit = Account.objects.get(kind="credit", customer=customer)
    fields = {"account": credit, "customer": customer, "source": source, "amount": amount, "at": NOON} | other
    hold: CreditHold = CreditHold.objects.create(**fields)
    return hold


def test_held_money_is_the_sum_of_what_is_open_and_is_spent_by_nothing_else(alice: Customer) -> None:
    first, second = hold(alice, 9_000_000), hold(alice, 900_000, source="usage:2")
    assert wallet_of(alice.pk) == Wallet(credit=10_000_000, promotional=0, held=9_900_000)
    assert wallet_of(alice.pk).available == 100_000
    open_accounts([Kind.SALES], alice.pk)
    with pytest.raises(InsufficientCredit):
        spend(alice.pk, 100_001, into=Kind.SALES, kind=Fact.ADJUSTMENT, source="x", at=NOON)
    with refused("a_wallet_is_never_negative"):
        hold(alice, 100_001, source="usage:3")
    CreditHold.objects.filter(pk=first.pk).update(ended_as="released", ended_at=NOON)
    CreditHold.objects.filter(pk=second.pk).update(source="usage:2")  # whatever is written as it is
    assert wallet_of(alice.pk).held == 900_000


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("UPDATE ledger_account SET held = 0", "frozen"),
        ("UPDATE ledger_account SET held = balance WHERE kind = 'credit'", "frozen"),
        ("UPDATE ledger_credithold SET amount = 1", "frozen"),
        ("UPDATE ledger_credithold SET source = 'another'", "frozen"),
        ("UPDATE ledger_credithold SET at = now()", "frozen"),
        ("DELETE FROM ledger_credithold", "keeps its rows"),
        ("UPDATE ledger_credithold SET ended_at = at", "a_credit_hold_that_ended_says_how"),
        ("UPDATE ledger_credithold SET ended_as = 'lost', ended_at = at", "a_credit_hold_that_ended_says_how"),
        ("UPDATE ledger_credithold SET ended_as = 'released', ended_at = at - interval '1 second'", "a_credit_hold_that_ended_says_how"),
        ("INSERT INTO ledger_credithold (account_id, customer_id, source, amount, at, ended_as) SELECT account_id, customer_id, source, 1, at, '' FROM ledger_credithold", "source"),
        ("INSERT INTO ledger_credithold (account_id, customer_id, source, amount, at, ended_as) SELECT account_id, customer_id, 'x', 0, at, '' FROM ledger_credithold", "a_credit_hold_keeps_something"),
        ("INSERT INTO ledger_credithold (account_id, customer_id, source, amount, at, ended_as, ended_at) SELECT account_id, customer_id, 'x', 5, at, 'released', at FROM ledger_credithold", "begins open"),
        ("INSERT INTO ledger_credithold (account_id, customer_id, source, amount, at, ended_as) SELECT a.id, customer_id, 'x', 5, at, '' FROM ledger_credithold h, LATERAL (SELECT id FROM ledger_account WHERE customer_id <> h.customer_id) a", "is credit of"),
    ],
)  # fmt: skip
def test_a_hold_stays_as_it_was_made_and_nothing_else_moves_what_is_held(
    alice: Customer, attack: str, said: str
) -> None:
    make_customer(credit=10)
    hold(alice, 9_000_000)
    refuse(attack, match=said)


def test_a_hold_that_is_left_out_holds_nothing(alice: Customer) -> None:
    hold(alice, 9_000)
    again = "INSERT INTO ledger_credithold (account_id, customer_id, source, amount, at, ended_as) SELECT account_id, customer_id, source, 7, at, ''"
    assert run(f"{again} FROM ledger_credithold ON CONFLICT DO NOTHING") == 0
    assert wallet_of(alice.pk).held == 9_000


def test_an_entry_that_would_be_left_out_moves_nothing(alice: Customer) -> None:
    entry = "INSERT INTO ledger_entry (id, transaction_id, account_id, amount) SELECT id, transaction_id, account_id, 5 FROM ledger_entry"
    refuse(f"{entry} ON CONFLICT DO NOTHING", match="is there already")
    refuse(f"{entry} ON CONFLICT (id) DO UPDATE SET amount = 5", match="append-only|is there already")


def test_a_hold_ends_once(alice: Customer) -> None:
    made = hold(alice, 9_000_000)
    CreditHold.objects.filter(pk=made.pk).update(ended_as="captured", ended_at=NOON)
    assert wallet_of(alice.pk).held == 0
    refuse("UPDATE ledger_credithold SET ended_as = 'released', ended_at = now()", match="frozen")
    refuse("UPDATE ledger_credithold SET ended_as = '', ended_at = NULL", match="frozen")


@pytest.mark.parametrize("amount", [0, 10**12 + 1, -(10**12) - 1])
def test_an_entry_is_neither_nothing_nor_too_much(alice: Customer, amount: int) -> None:
    legs = (account("adjustments"), amount), (account("adjustments"), -amount)
    with refused("entry_amount_is_sane"):
        write_legs(new_transaction(alice), *legs)


def test_whose_entry_it_is_and_what_was_left_cannot_be_told(alice: Customer) -> None:
    """`customer` and `balance_after` come from the account, whatever the statement claims."""
    credit, house = account("credit", alice), account("adjustments")
    stranger = make_customer()
    made = new_transaction(alice)
    run(
        "INSERT INTO ledger_entry (transaction_id, account_id, amount, customer_id, balance_after)"
        " VALUES (%s, %s, 5, %s, 1), (%s, %s, -5, %s, 1)",
        made, credit, stranger.pk, made, house, stranger.pk,
    )  # fmt: skip
    rows = Entry.objects.filter(transaction=made).order_by("-amount").values_list("customer", "balance_after")
    assert list(rows) == [(alice.pk, 10_000_005), (None, None)]


def test_one_fact_is_posted_once(alice: Customer) -> None:
    legs = {Kind.CREDIT: 5, Kind.ADJUSTMENTS: -5}
    assert post(Fact.ADJUSTMENT, "once", legs, customer_id=alice.pk, at=NOON)
    assert not post(Fact.ADJUSTMENT, "once", legs, customer_id=alice.pk, at=NOON)
    assert wallet_of(alice.pk).credit == 10_000_005
    refuse(
        "INSERT INTO ledger_transaction (kind, source, customer_id, reference, at) VALUES ('adjustment', 'once', %s, '', now())",
        alice.pk,
        match="one_fact_is_posted_once",
    )


def test_a_repeated_spend_gets_its_first_answer_even_when_the_wallet_is_empty(db: None) -> None:
    customer = make_customer(credit=100)
    first = spend(customer.pk, 100, into=Kind.SALES, kind=Fact.INVOICE_PAYMENT, source="s", at=NOON)
    again = spend(customer.pk, 100, into=Kind.SALES, kind=Fact.INVOICE_PAYMENT, source="s", at=NOON)
    assert (first, wallet_of(customer.pk).available) == (again, 0)


def test_a_balance_kept_by_the_trigger_is_the_sum_of_the_entries(db: None) -> None:
    customer = make_customer()
    open_accounts([Kind.CREDIT], customer.pk)
    for amount in (3, 10**12, 1, 7):
        fund(customer, amount)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(amount) FROM ledger_entry WHERE customer_id = %s", [customer.pk])
        assert cursor.fetchone()[0] == wallet_of(customer.pk).credit == 10**12 + 11


def test_a_fact_is_one_fact_whoever_it_is_posted_for(alice: Customer) -> None:
    mallory = make_customer("Mallory", credit=1_000)
    post(Fact.ADJUSTMENT, "one", {Kind.CREDIT: 5, Kind.ADJUSTMENTS: -5}, customer_id=alice.pk, at=NOON)
    refuse(
        "INSERT INTO ledger_transaction (kind, source, customer_id, reference, at) VALUES ('adjustment', 'one', %s, '', %s)",
        mallory.pk,
        NOON,
        match="one_fact_is_posted_once",
    )
    with pytest.raises(PostedForAnother):
        post(Fact.ADJUSTMENT, "one", {Kind.CREDIT: 5, Kind.ADJUSTMENTS: -5}, customer_id=mallory.pk, at=NOON)
    with pytest.raises(PostedForAnother):
        spend(mallory.pk, 5, into=Kind.SALES, kind=Fact.ADJUSTMENT, source="one", at=NOON)
    assert wallet_of(mallory.pk).credit == 1_000


def test_a_fact_that_moves_nothing_is_refused_when_its_transaction_ends(alice: Customer) -> None:
    with refused("it has no entries"):
        new_transaction(alice)
        run("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_fact_of_one_customer_moves_nobody_elses_wallet(alice: Customer) -> None:
    mallory = make_customer("Mallory", credit=1_000)
    with refused("another customer's"):
        write_legs(new_transaction(mallory), (account("credit", alice), -5), (account("credit", mallory), 5))


@pytest.mark.django_db(transaction=True)
def test_legs_come_with_their_transaction_and_from_nobody_else(alice: Customer) -> None:
    """Not even when nobody can see legs yet: a fact without any, as an old fault might have left it."""
    with around_all_guards():
        empty = new_transaction(alice)
    legs = (account("credit", alice), 100), (account("adjustments"), -100)
    with refused("written by somebody else"):
        write_legs(empty, *legs)


def test_legs_may_come_in_a_savepoint_of_their_transaction(alice: Customer) -> None:
    with transaction.atomic():
        with transaction.atomic():
            made = new_transaction(alice)
        with transaction.atomic():
            write_legs(made, (account("credit", alice), 100), (account("adjustments"), -100))
    assert wallet_of(alice.pk).credit == 10_000_100
