"""What was used on the page of an invoice, in its PDF and by REST, in the usage report, and in the running cost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from invoices.models import Invoice
from invoices.pdf import invoice_pdf
from invoices.services.month_end import bill_ended_months
from invoices.services.running import Cost, running_costs
from kernel.periods import CalendarMonth
from orders.services.delete import delete_resource
from tests.actions.test_usage_intake import take, use
from tests.api.conftest import caller_of, done
from tests.cast import DAY, JOB, create, make_metered, owner_of
from tests.documents.reading import text_of
from tests.markup import markup
from tests.portal.seen import signed_in, the_time_being

MARCH = CalendarMonth(2026, 3)
BEGIN, OVER = MARCH.period.starts_at, MARCH.period.ends_at
TENTH = BEGIN + 10 * DAY


@pytest.fixture
def server(bob, small, vserver):
    """100 GB included, 500 up to 1,000 more, 450 above; at most 3,000,000 a month."""
    make_metered(
        vserver, "traffic", 500, included=Decimal(100), cap=3_000_000,
        tiering="graduated", tier_from=[Decimal(1000)], tier_prices=[Decimal(450)],
    )  # fmt: skip
    return create(bob, small, at=BEGIN)[0]


@pytest.fixture
def billed(server):
    """1,150 GB, and 10 more that were reported late."""
    assert take(server, use(server, "a", 1150, used_at=BEGIN + DAY), at=TENTH) == ["accepted"]
    bill_ended_months(actor=JOB, at=OVER)
    assert take(server, use(server, "b", 10, used_at=BEGIN + DAY), at=OVER + DAY) == ["late"]
    bill_ended_months(actor=JOB, at=MARCH.following.period.ends_at)
    return list(Invoice.objects.filter(period_key__startswith="2026-03").order_by("number"))


def facts_of(page, position=-1):
    explained = page.context["lines"][position].explained
    assert explained.is_confirmed
    return {str(fact.label).replace("\xa0", " "): fact.value.replace("\xa0", " ") for fact in explained.facts}


def test_a_line_of_use_explains_itself_tier_by_tier(bob, billed):
    with the_time_being(OVER + 40 * DAY):
        page = signed_in(bob).get(reverse("invoice", args=[billed[0].pk]))
        late = signed_in(bob).get(reverse("invoice", args=[billed[1].pk]))
    facts = facts_of(page)
    assert (facts["Included"], facts["0 to 1,000 GB"]) == ("100 GB at no charge", "1,000 GB × 500 ₫ = 500,000 ₫")
    assert facts["above 1,000 GB"] == "50 GB × 450 ₫ = 22,500 ₫"
    assert facts["Quantity"] == "1,150 GB, as reported for March 2026: all uses added up"
    assert facts["VAT"] == "10 %, the rate of 31 Mar 2026, included: 47,500 ₫ of 522,500 ₫"
    assert "per GB" in markup(page)
    assert "reported late" not in markup(page)
    assert facts_of(late)["Billed before"] == "1,150 GB of the same month: less 522,500 ₫"
    assert "reported late: no time is billed here" in markup(late)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["1,150 GB", "0 to 1,000 GB: 1,000 GB × 500 ₫ = 500,000 ₫", "above 1,000 GB: 50 GB × 450 ₫", "522,500 ₫"]),
        ("vi", ["1.150 GB", "0 đến 1.000 GB: 1.000 GB × 500 ₫ = 500.000 ₫", "trên 1.000 GB: 50 GB × 450 ₫", "522.500 ₫"]),
    ],
)  # fmt: skip
def test_the_document_says_the_same(billed, language, words):
    with override(language):
        first, late = (
            text_of(invoice_pdf(Invoice.objects.select_related("product").get(pk=one.pk), at=OVER)).replace("\xa0", " ")
            for one in billed
        )
    for word in words:
        assert word in first
    assert {"en": "reported after the bill", "vi": "được báo sau khi hóa đơn"}[language] in late


def test_rest_says_it_in_figures(bob, billed):
    with the_time_being(OVER + 40 * DAY):
        first, late = (done(caller_of(bob).get(f"invoices/{one.pk}/")) for one in billed)
    line = first["lines"][1]
    assert (line["amount"], line["tax"], line["explanation"]["per_minutes"]) == (522_500, 47_500, 0)
    said = line["explanation"]["use"]
    assert said["parts"] == [
        {"kind": "included", "quantity": "100", "unit_price": "0"},
        {"kind": "units", "quantity": "1000", "unit_price": "500"},
        {"kind": "units", "quantity": "50", "unit_price": "450"},
    ]
    assert (said["aggregation"], said["quantity"], said["quantity_before"], said["cap"]) == (
        "sum", "1150", "0", 3_000_000,
    )  # fmt: skip
    assert first["lines"][0]["explanation"]["use"] is None
    assert (first["is_late"], late["is_late"], late["total"]) == (False, True, 4_500)
    assert late["lines"][0]["explanation"]["use"]["quantity_before"] == "1150"


def test_the_usage_report_adds_up(bob, billed):
    with the_time_being(OVER + 40 * DAY):
        page = signed_in(bob).get(reverse("usage-report"), {"month": "2026-03"})
        rows = done(caller_of(bob).get("usage/", month="2026-03"))["results"]
    assert sorted(row.total for row in page.context["rows"]) == [4_500, 187_033, 522_500]
    assert page.context["sums"].total == 4_500 + 187_033 + 522_500
    assert {row["item"] for row in rows if row["per_minutes"] == 0} == {"traffic"}


# --- While the month goes on ---


def test_the_running_cost_has_what_was_used_until_now(bob, server):
    """181,000 for 30 days: ten days are 60,333, March 187,033. 120 GB: 20 at 500."""
    take(server, use(server, "a", 120, used_at=BEGIN + DAY), at=TENTH)
    running = running_costs(bob, at=TENTH)
    assert running.total == Cost(60_333 + 10_000, 187_033 + 10_000)
    [used] = running.uses
    assert (used.key, used.item.code, used.quantity, used.cost) == (
        server.product_id, "traffic", 120, Cost(10_000, 10_000),
    )  # fmt: skip
    assert running_costs(bob, at=TENTH, by="resource", only=[server.pk]).of == {
        server.pk: Cost(60_333 + 10_000, 187_033 + 10_000)
    }


def test_a_level_goes_on_to_the_end_of_the_month(bob, small, vserver):
    """10 GB at 7.7 an hour from the second day on: nine days are 216 hours, 30 days 720."""
    make_metered(vserver, "disk", "7.7", aggregation="time_weighted", unit="GB-hour")
    server = create(bob, small, at=BEGIN)[0]
    take(server, use(server, "a", 10, item="disk", used_at=BEGIN + DAY), at=TENTH)
    assert running_costs(bob, at=TENTH).uses[0].cost == Cost(16_632, 55_440)


def test_what_a_deletion_billed_counts_with_its_bill_and_what_came_since_beside_it(bob, server):
    take(server, use(server, "a", 120, used_at=BEGIN + DAY), at=TENTH)
    delete_resource(server.pk, actor=owner_of(bob), at=TENTH)
    assert running_costs(bob, at=TENTH + DAY).total == Cost(70_333, 70_333)
    take(server, use(server, "b", 2, used_at=BEGIN + 2 * DAY), at=TENTH + DAY)
    running = running_costs(bob, at=TENTH + DAY)
    assert (running.total, running.uses[0].quantity) == (Cost(71_333, 71_333), 2)


def test_many_resources_cost_as_many_queries_as_one(bob, server, small):
    take(server, use(server, "a", 120, used_at=BEGIN + DAY), at=TENTH)
    with CaptureQueriesContext(connection) as few:
        running_costs(bob, at=TENTH)
    for another in create(bob, small, at=BEGIN, quantity=5):
        take(another, use(another, "a", 120, used_at=BEGIN + DAY), at=TENTH)
    with CaptureQueriesContext(connection) as many:
        [used] = running_costs(bob, at=TENTH).uses
    assert len(few) == len(many)
    assert (used.quantity, used.cost.so_far) == (720, 60_000)


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["provisional", "120 GB", "10,000"]), ("vi", ["tạm tính", "120 GB", "10.000"])],
)
def test_the_usage_report_shows_it_as_provisional(bob, server, language, words):
    take(server, use(server, "a", 120, used_at=BEGIN + DAY), at=TENTH)
    with the_time_being(TENTH):
        page = signed_in(bob).get(reverse("usage-report"), {"month": "2026-03"}, headers={"accept-language": language})
    section = markup(page).replace("\xa0", " ").partition('id="by-use"')[2].partition("</table>")[0]
    for word in words:
        assert word in section


def test_rest_says_it_too(bob, server):
    take(server, use(server, "a", 120, used_at=BEGIN + DAY), at=TENTH)
    with the_time_being(TENTH + timedelta(seconds=30)):
        running = done(caller_of(bob).get("usage/running/"))
    assert running["products"] == [{"product": "vserver", "so_far": 70_333, "expected": 197_033}]
    assert running["uses"] == [
        {"product": "vserver", "item": "traffic", "unit": "GB", "quantity": "120", "so_far": 10_000, "expected": 10_000}
    ]
