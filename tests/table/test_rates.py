"""No line is taxed at another rate than that of its category at its tax point, and no rate changes behind a line."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import Customer
from catalog.models import Item, TaxRate
from invoices.models import Invoice
from invoices.services.month_end import run_month_end
from kernel.periods import CalendarMonth
from tests.cast import DAY, JOB, NOON, create, enter
from tests.table.attack import MARKS, refuse, run
from tests.table.test_written_in_stone import copy_of, copy_of_line

pytestmark = MARKS
COPY = "00000000-0000-4000-8000-000000000042"
THERE = "starts_at + interval '60 days', ends_at + interval '60 days'"


def copied(invoice: Invoice, **line: object) -> None:
    """The invoice again, 60 days later, with its line changed; it adds up."""
    with transaction.atomic():
        run(copy_of(invoice, id=f"'{COPY}'", tax=str(line.get("tax", "tax"))))
        run(copy_of_line(invoice, invoice=f"'{COPY}'::uuid", period=THERE, **line))


def broken(invoice: Invoice, match: str, **line: object) -> None:
    with pytest.raises(DatabaseError, match=match):
        copied(invoice, **line)


@pytest.fixture
def paid(alice: Customer, small: Item) -> Invoice:
    [server] = create(alice, small)
    return server.invoices.get()


@pytest.fixture
def used(bob: Customer, small: Item) -> Invoice:
    """The whole of March."""
    march = CalendarMonth(2026, 3)
    [server] = create(bob, small, at=march.period.starts_at)
    run_month_end(march, actor=JOB, at=march.period.ends_at + 90 * DAY)
    return server.invoices.get()


def test_a_line_at_another_rate_than_its_category_had_is_refused(paid: Invoice) -> None:
    """Of 181,000 at 8 % VAT are 13,407: the line is right in itself."""
    broken(paid, "taxed at another rate", rate="0.08", tax=13_407)
    broken(paid, "taxed at another rate", taxed_at="taxed_at - interval '40 years'")
    copied(paid)


def test_what_was_paid_before_its_rate_came_is_invoiced_as_then_and_the_rate_reaches_back(paid: Invoice) -> None:
    """Paid on the 9th at 10 %. Then 5 % are said for that day, and 8 % for the days before, which were never those of the 9th."""
    enter("standard", "2026-03-10", "0.1")
    late = enter("standard", "2026-03-09", "0.05")
    enter("standard", "2026-03-01", "0.08")
    assert not late.reaches_back
    broken(paid, "taxed at another rate", rate="0.08", tax=13_407, taxed_at="taxed_at - interval '1 day'")
    copied(paid, taxed_at="taxed_at - interval '1 day'")
    assert TaxRate.objects.get(pk=late.pk).reaches_back
    assert str(Invoice.objects.mistaxed().get().pk) == COPY


def test_use_is_billed_at_the_rate_that_is_known_by_now(used: Invoice) -> None:
    enter("standard", "2026-05-01", "0.08")
    broken(used, "taxed at another rate", taxed_at="ends_at + interval '60 days' - interval '1 minute'")


def test_what_is_paid_ahead_is_not_taxed_after_its_invoice(paid: Invoice) -> None:
    broken(paid, "tax point", taxed_at="taxed_at + interval '1 second'")
    copied(paid, taxed_at="taxed_at - interval '1 second'")


def test_use_is_taxed_in_the_last_minute_of_its_line_and_at_no_other_time(used: Invoice) -> None:
    broken(used, "tax point")  # that of the line it was copied from
    broken(used, "tax point", taxed_at="ends_at + interval '60 days'")


def test_use_that_crosses_a_change_is_cut_unless_the_setting_was_otherwise(used: Invoice) -> None:
    """The rate changes on the tenth day of May: of 187,033 at 8 % are 13,854 VAT, and the line is right in itself."""
    enter("standard", "2026-05-10", "0.08")
    whole = {"rate": "0.08", "tax": 13_854, "taxed_at": "ends_at + interval '60 days' - interval '1 minute'"}
    broken(used, "is not cut where its rate", **whole)
    copied(used, **whole, is_whole="TRUE")


@pytest.mark.parametrize(
    ("since", "rate", "reaches_back"),
    [
        ("2026-03-10", "0.08", True),
        ("2020-01-01", "0.08", True),
        ("2026-03-10", "0.1", False),
        ("2026-03-11", "0.08", False),
    ],
)
def test_no_rate_is_put_behind_what_is_taxed_without_saying_so(
    paid: Invoice, since: str, rate: str, reaches_back: bool
) -> None:
    """Whatever the statement says of it; and the invoice is there to be corrected."""
    into = "INSERT INTO catalog_taxrate (category_id, since, rate, source, reaches_back) VALUES ('standard', %s, %s, '', %s)"
    assert run(into, since, rate, not reaches_back) == 1
    assert TaxRate.objects.latest("pk").reaches_back is reaches_back
    assert Invoice.objects.mistaxed().filter(pk=paid.pk).exists() is reaches_back


@pytest.mark.usefixtures("paid")
def test_a_rate_stays_as_it_was_entered() -> None:
    for column, value in (
        ("rate", "0.08"),
        ("reaches_back", "TRUE"),
        ("since", "'2000-01-01'"),
        ("category_id", "'other'"),
        ("source", "'x'"),
    ):
        refuse(f"UPDATE catalog_taxrate SET {column} = {value}", match="append-only")
    refuse("DELETE FROM catalog_taxrate", match="append-only")
    refuse("DELETE FROM catalog_taxcategory", match="nothing is deleted")
    refuse("UPDATE catalog_taxcategory SET code = 'other'", match="by its code")
    assert run("UPDATE catalog_taxcategory SET name = 'other'") == 1


@pytest.mark.parametrize("rate", ["1", "-0.1"])
def test_a_rate_is_a_fraction(rate: str) -> None:
    into = (
        f"INSERT INTO catalog_taxrate (category_id, since, rate, source) VALUES ('standard', '2027-01-01', {rate}, '')"
    )
    refuse(into, match="a_rate_of_vat_is_a_fraction")


@pytest.mark.parametrize("since", ["infinity", "-infinity", "0001-01-01", "1989-12-31", "3000-01-01"])
def test_a_rate_begins_on_a_day_that_can_be_computed_with(since: str) -> None:
    """Of a category without rates, to which nothing else objects: a row that cannot be read stops all that is sold."""
    run("INSERT INTO catalog_taxcategory (code, name, name_en) VALUES ('new', 'a', 'a')")
    into = "INSERT INTO catalog_taxrate (category_id, since, rate, source) VALUES ('new', %s, 0.08, '')"
    refuse(into, since, match="a_rate_of_vat_begins_on_a_day_of_our_time")
    assert run(into, "1990-01-01") == run(into, "2999-12-31") == 1


def test_a_rate_waits_for_those_who_write_lines_and_they_for_it() -> None:
    """So neither is decided on what the other has not committed yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'pgtrigger_taxed_at_their_tax_point%%'"
            " OR proname LIKE 'pgtrigger_says_whether_it_reaches_back%%' ORDER BY proname"
        )
        (_rates, of_rates), (_lines, of_lines) = cursor.fetchall()
    assert "pg_advisory_xact_lock(hashtextextended('rates of tax', 0))" in of_rates
    assert "pg_advisory_xact_lock_shared(hashtextextended('rates of tax', 0))" in of_lines


def test_the_last_row_of_a_day_counts_in_sql_as_in_python(alice: Customer, small: Item) -> None:
    """Entered as 8 %, then as 5 %: of 181,000 are 8,619 VAT."""
    enter("standard", "2026-03-10", "0.08")
    enter("standard", "2026-03-10", "0.05")
    [server] = create(alice, small, at=NOON)
    assert server.invoices.get().tax == 8_619
    assert TaxRate.objects.count() == 3
