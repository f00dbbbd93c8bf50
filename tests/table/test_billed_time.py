"""What is billed lies in the life of its resource, once, and paid time is what was billed."""

from __future__ import annotations

import pytest

from accounts.models import Customer
from catalog.models import Item, Price
from invoices.models import CreditNote, Invoice
from invoices.services.month_end import run_month_end
from kernel.periods import CalendarMonth
from lifecycle.models import Resource
from orders.services.delete import delete_resource
from tests.cast import DAY, LONG_AGO, MONTH, NOON, STAFF, create, owner_of
from tests.table.attack import MARKS, refuse, refused, run
from tests.table.test_written_in_stone import copy_of, copy_of_line

pytestmark = MARKS
COPY = "00000000-0000-4000-8000-000000000042"


def at_the_end() -> None:
    """As the commit would: deferred promises are looked at."""
    run("SET CONSTRAINTS ALL IMMEDIATE")


def test_an_invoice_without_lines_is_not_committed(alice: Customer, small: Item) -> None:
    invoice = create(alice, small)[0].invoices.get()
    with refused("has no lines"):
        run(copy_of(invoice, id=f"'{COPY}'::uuid"))
        at_the_end()
    run(copy_of(invoice, id=f"'{COPY}'::uuid"))
    run(
        copy_of_line(
            invoice, invoice=f"'{COPY}'::uuid", period="starts_at + interval '60 days', ends_at + interval '60 days'"
        )
    )
    at_the_end()


def test_an_item_is_not_billed_twice_for_the_same_time(alice: Customer, small: Item) -> None:
    """Two lines that add up to the invoice, one on the other."""
    invoice = create(alice, small)[0].invoices.get()
    there = "starts_at + interval '60 days', ends_at + interval '60 days'"
    once, again = (
        copy_of_line(invoice, invoice=f"'{COPY}'::uuid", position=position, period=there) for position in (1, 2)
    )
    with refused("bill an item twice"):
        run(copy_of(invoice, id=f"'{COPY}'", subtotal="2 * subtotal", tax="2 * tax", total="2 * total"))
        run(f"{once} UNION ALL SELECT {again.split(' SELECT ', 1)[1]}")


@pytest.mark.parametrize(
    ("start", "issued", "claim"),
    [
        ("issued_at - interval '31 days'", "issued_at", "was not there"),
        ("issued_at + interval '5 years'", "issued_at", "usage_is_billed_after_it_happened"),
        ("issued_at + interval '40 days'", "issued_at + interval '90 days'", "not used like that"),
    ],
    ids=["before it was there", "in years to come", "of prepaid time"],
)
def test_usage_is_billed_of_the_time_in_which_there_was_some(
    alice: Customer, small: Item, start: str, issued: str, claim: str
) -> None:
    invoice = create(alice, small)[0].invoices.get()
    end = f"{start} + interval '1 hour'"
    changes = {
        "kind": "'usage'",
        "number": "'U2026-0000042'",
        "period_start": start,
        "period_end": end,
        "covered_until": end,
    }
    refuse(copy_of(invoice, **changes, issued_at=issued), match=claim)


def test_nothing_is_billed_after_the_end_of_a_resource(alice: Customer, small: Item) -> None:
    small.product.days_in_trash_after_deletion = 0
    small.product.save()
    [server] = create(alice, small)
    invoice = server.invoices.get()
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + DAY)
    refuse(copy_of(invoice), match="was not there")


def test_a_month_of_usage_is_taken(bob: Customer, small: Item) -> None:
    """So that the refusals above are known to have their stated cause."""
    create(bob, small)
    run_month_end(CalendarMonth.of(NOON), actor=STAFF, at=CalendarMonth.of(NOON).period.ends_at)
    at_the_end()
    assert Invoice.objects.filter(kind="usage").count() == 1


@pytest.mark.parametrize("until", ["'2099-01-01'", "paid_until + interval '1 minute'"])
def test_paid_time_is_what_invoices_cover(alice: Customer, small: Item, until: str) -> None:
    create(alice, small)
    at_the_end()
    run("SET CONSTRAINTS ALL DEFERRED")
    with refused("neither an invoice nor POC credit says so"):
        run(f"UPDATE lifecycle_resource SET paid_until = {until}, suspend_at = {until}")
        at_the_end()
    run(
        "UPDATE lifecycle_resource SET paid_until = paid_until - interval '1 day'"
    )  # less than what was bought is no gift
    at_the_end()


def test_what_is_not_there_yet_has_no_paid_time(alice: Customer, small: Item) -> None:
    resource = Resource(
        customer=alice, product=small.product, name="web", billing_mode="prepaid", configuration=[], created_at=NOON,
        changed_at=NOON, paid_until=NOON + MONTH, suspend_at=NOON + MONTH,
    )  # fmt: skip
    with refused("paid_time_begins_with_its_service"):
        resource.save(force_insert=True)


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        (
            "suspend_at = '2099-01-01', paid_until = paid_until - interval '1 day'",
            "the_trash_waits_for_ninety_days_at_most",
        ),
        ("suspend_at = NULL, paid_until = paid_until - interval '1 day'", "a_running_prepaid_resource_knows_its_end"),
        (
            "suspend_at = paid_until + interval '90 days 1 minute', paid_until = paid_until - interval '1 day'",
            "the_trash_waits_for_ninety_days_at_most",
        ),
    ],
)
def test_what_is_over_goes_to_the_trash_in_time(alice: Customer, small: Item, change: str, claim: str) -> None:
    create(alice, small)
    refuse(f"UPDATE lifecycle_resource SET {change}", match=claim)


def test_the_end_of_the_trash_does_not_move(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + DAY)
    for change in (
        "purge_at = purge_at + interval '1 year'",
        "purge_at = purge_at - interval '1 day'",
        "suspended_at = now()",
    ):
        refuse(f"UPDATE lifecycle_resource SET {change}", match="frozen")
    at_the_end()
    run("ALTER TABLE lifecycle_resource DISABLE TRIGGER USER")
    refuse(
        "UPDATE lifecycle_resource SET purge_at = suspended_at + interval '91 days'",
        match="the_trash_keeps_for_ninety_days_at_most",
    )


@pytest.mark.parametrize(
    ("reason", "worth"),
    [("deleted", 1_437_000), ("resized", 1_485_000), ("gone", 1_485_000)],  # left early by its customer alone
)
def test_unused_time_gives_back_what_it_is_worth_and_no_more(
    alice: Customer, small: Item, reason: str, worth: int
) -> None:
    """Nine of twelve months at 165,000 instead of 181,000."""
    Price.objects.create(item=small, months=12, unit_price=165_000, valid_from=LONG_AGO)
    invoice = create(alice, small, months=12)[0].invoices.get()
    facts = {
        "invoice": invoice,
        "customer": alice,
        "reason": reason,
        "tax": 0,
        "issued_at": NOON,
        "minutes_unused": 9 * 43_200,
    }
    with refused("is worth"):
        CreditNote.objects.create(number="C2026-1", amount=worth + 1, refunded=worth + 1, **facts)
    note = CreditNote.objects.create(number="C2026-1", amount=worth, refunded=worth, **facts)
    note.parts.create(vat_rate="0.1", net=worth, tax=0)


@pytest.mark.parametrize("minutes", [None, 0])
def test_unused_time_is_credited_by_the_minute(alice: Customer, small: Item, minutes: int | None) -> None:
    invoice = create(alice, small)[0].invoices.get()
    with refused("unused_time_is_credited_by_the_minute|minutes_unused"):
        CreditNote.objects.create(
            number="C2026-1", invoice=invoice, customer=alice, reason="deleted", amount=1, tax=0, refunded=1, issued_at=NOON,
            minutes_unused=minutes,
        )  # fmt: skip
