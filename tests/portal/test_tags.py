"""Tags on pages, in files and by REST: changed by who manages resources, seen by who sees bills; what a month costs by them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any
from zipfile import ZipFile

import pytest
from django.db.models import F, Sum
from django.urls import reverse

from accounts.may import Role
from accounts.models import Customer
from catalog.models import Item
from invoices.forms import UsageFilters
from invoices.models import Invoice, InvoiceLine
from invoices.services.month_end import bill_ended_months
from invoices.spend import Spend, keys_of, spend_by_tag
from invoices.usage import sums_of_month
from kernel.periods import CalendarMonth
from lifecycle.models import Resource
from lifecycle.queries import tags_in_use
from lifecycle.services.tags import change_tags
from orders.models import Action, Quote
from orders.services.delete import delete_resource
from orders.services.sessions import open_session
from payments.services.correct import correct_invoice
from tests.api.conftest import caller_of, done, refused, team_of
from tests.cast import (
    DAY,
    JOB,
    NOON,
    STAFF,
    answer,
    chosen,
    create,
    fresh,
    make_coupon,
    make_customer,
    order,
    owner_of,
    quote,
)  # fmt: skip
from tests.portal.seen import said, signed_in, the_time_being

DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)
MONTHS = [CalendarMonth(2026, number) for number in range(1, 13)]


def tag(resource: Resource, **change: str | None) -> None:
    change_tags(resource.pk, change, actor=owner_of(resource.customer), at=resource.created_at)


def test_all_tags_of_a_resource_stand_in_one_form(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    tag(server, Environment="test", Team="web", Zone="HAN-1")
    client, address = signed_in(alice), reverse("resource-tags", args=[server.pk])
    form = client.get(address).context["form"]
    assert (form["tag-Environment"].value(), form["tags"].value()) == ("test", "Team = web\nZone = HAN-1")

    wish = {"tag-Environment": "production", "tag-Company": "Hoa Sen", "tags": "team = api\r\n\r\nRow = a = b"}
    answer: Any = client.post(address, wish)
    assert (answer.status_code, answer.url, said(answer)) == (
        303,
        reverse("resource", args=[server.pk]),
        ["The tags are saved."],
    )
    assert fresh(server).tags == {
        "Company": "Hoa Sen",
        "Environment": "production",
        "Row": "a = b",
        "team": "api",
        "createdBy": alice.email,
    }
    page = client.get(answer.url).content.decode()
    assert "state=all&amp;tag=Environment%3Dproduction" in page
    assert "tags changed" in page.lower()


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"tags": "no value"}, "Write each tag as key = value: “no value”"),
        ({"tags": "a = b\nA = c"}, "is named twice."),
        ({"tags": "company = x", "tag-Company": "y"}, "named twice"),
        ({"tags": "createdBy = me"}, "The tag createdBy is written by the system alone."),
    ],
)
def test_what_cannot_be_kept_is_said_where_it_was_typed(
    alice: Customer, small: Item, wish: dict[str, str], sentence: str
) -> None:
    [server] = create(alice, small)
    answer = signed_in(alice).post(reverse("resource-tags", args=[server.pk]), wish)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert fresh(server).tags == {"createdBy": alice.email}


def test_several_are_tagged_at_once_and_what_is_left_empty_stays(alice: Customer, small: Item) -> None:
    servers = create(alice, small, quantity=3)
    tag(servers[0], Environment="test", Team="web")
    client = signed_in(alice)
    pks = [str(server.pk) for server in servers[:2]]
    moved: Any = client.post(reverse("resources-bulk"), {"do": "tags", "resource": pks})
    assert "Tags of 2 resources" in client.get(moved.url).content.decode()
    address = reverse("resources-tags")
    assert "Fill in what is to be changed." in client.post(address, {"resource": pks}).content.decode()
    answer = client.post(address, {"resource": pks, "tag-Department": "Kế toán", "off": "TEAM"})
    assert said(answer) == ["2 resources changed."]
    assert [fresh(server).tags for server in servers] == [
        {"Department": "Kế toán", "Environment": "test", "createdBy": alice.email},
        {"Department": "Kế toán", "createdBy": alice.email},
        {"createdBy": alice.email},
    ]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("Environment=test", {"web-1"}),
        ("environment=TEST", {"web-1"}),
        ("Environment", {"web-1", "web-2"}),
        ("!Environment", {"web-3"}),
        ("Team=web", set()),
        ("", {"web-1", "web-2", "web-3"}),
        ("=", {"web-1", "web-2", "web-3"}),
    ],
)
def test_lists_keep_what_is_tagged_like_that(alice: Customer, small: Item, asked: str, names: set[str]) -> None:
    first, second, _third = create(alice, small, quantity=3)
    tag(first, Environment="test")
    tag(second, Environment="production")
    with the_time_being(NOON):
        rows = signed_in(alice).get(reverse("resources"), {"tag": asked}).context["rows"]
        assert {row["resource"].name for row in rows} == names
        if asked:
            found = done(caller_of(alice).get("resources/", tag=asked))["results"]
            assert {one["name"] for one in found} == names


def test_tags_are_given_when_ordering(alice: Customer, small: Item) -> None:
    with the_time_being(NOON):
        client = signed_in(alice)
        address = reverse("new-resource-of", args=["vserver"])
        assert "<summary>Tags" in client.get(address).content.decode()
        wish = {"name": "web", "choice": str(small.pk), "quantity": "2", "months": "1", "step": "continue"}
        wrong = client.post(address, {**wish, "tags": "nothing"})
        assert (wrong.status_code, Quote.objects.count()) == (400, 0)
        client.post(address, {**wish, "tag-Environment": "test", "tags": "Team = web"})
        assert [part.tags for part in Quote.objects.get().deal.parts] == [{"Environment": "test", "Team": "web"}] * 2


def test_what_a_product_page_proposed_stands_in_the_checkout(alice: Customer, small: Item) -> None:
    small.product.return_urls = ["https://shop.example/"]
    small.product.save()
    session = open_session(
        small.product, name="web", items=chosen(small), tags={"Environment": "test"}, return_url="https://shop.example/", at=NOON
    )  # fmt: skip
    with the_time_being(NOON):
        client, address = signed_in(alice), reverse("checkout", args=[session.pk])
        assert 'value="test"' in client.get(address).content.decode()
        client.post(address, {"quantity": "1", "months": "1", "step": "continue", "tag-Environment": "production"})
    assert Quote.objects.get().deal.parts[0].tags == {"Environment": "production"}


def test_by_rest_tags_are_ordered_changed_and_taken_off(alice: Customer, bob: Customer, small: Item) -> None:
    caller, items = caller_of(alice), chosen(small)
    with the_time_being(NOON):
        wish = {
            "action": "create",
            "product": "vserver",
            "name": "web",
            "items": items,
            "tags": {"environment": "test"},
        }
        offer = done(caller.post("quotes/", wish), 201)
        assert offer["items"][0]["tags"] == {"Environment": "test"}
        done(caller.post("orders/", {"quote": offer["id"], "means": "wallet"}, key="k"), 201)
        server = Resource.objects.get()
        assert server.tags == {"Environment": "test", "createdBy": "key:test"}, "the key that ordered it"
        place = f"resources/{server.pk}/tags/"
        changed = done(caller.post(place, {"tags": {"Team": "web", "Environment": None}}))
        assert changed["tags"] == {"Team": "web", "createdBy": "key:test"}
        many = {"resources": [str(server.pk)], "tags": {"Team": "api"}}
        assert done(caller.post("resources/tags/", many)) == {"changed": 1, "refused": []}
        assert done(caller_of(bob).post("resources/tags/", many)) == {"changed": 0, "refused": []}
        assert fresh(server).tags["Team"] == "api"
        shown = done(team_of(small.product).get(f"resources/{server.pk}/"))
        assert shown["tags"] == {}, "a product team is not told how its customers tell their costs apart"


def test_who_manages_resources_changes_tags_and_who_sees_bills_sees_them(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    tag(server, Environment="test")
    address, page = reverse("resource-tags", args=[server.pk]), reverse("resource", args=[server.pk])
    for role, may in ((Role.VIEWER, False), (Role.BILLING, False), (Role.TECHNICAL, True)):
        client = signed_in(alice, role)
        seen = client.get(page).content.decode()
        assert "tag=Environment%3Dtest" in seen
        assert ("Change the tags" in seen) == may
        assert client.post(address, {"tag-Environment": role.value}).status_code == (303 if may else 403)
    assert fresh(server).tags["Environment"] == "technical"


@pytest.fixture
def history(alice: Customer, small: Item, disk: Item) -> None:
    """Paid ahead with a coupon, deleted half way; postpaid over months, corrected; tagged otherwise in between."""
    make_coupon("TET", 20_001)
    first, second = create(alice, small, (disk, 40), quantity=2, months=3, coupon="TET")
    tag(first, Environment="test")
    [third] = create(alice, small, months=6)
    tag(third, Environment="production", Team="web")
    [fourth] = create(alice, small, at=NOON + DAY, name="db")
    tag(fourth, Environment="Test")
    delete_resource(second.pk, actor=owner_of(alice), at=NOON + 20 * DAY)
    correct_invoice(third.invoices.get().pk, 100_000, note="goodwill", actor=STAFF, at=NOON + 30 * DAY)


def spend(customer: Customer, key: str, month: CalendarMonth) -> list[Spend]:
    lines, invoices = InvoiceLine.objects.filter(customer=customer), Invoice.objects.filter(customer=customer)
    return spend_by_tag(lines, invoices, key, month)


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("key", ["Environment", "team", "createdBy", "Nowhere"])
def test_the_spend_by_any_tag_adds_up_to_the_usage_report_and_to_the_invoices(alice: Customer, key: str) -> None:
    lines, invoices = InvoiceLine.objects.filter(customer=alice), Invoice.objects.filter(customer=alice)
    together = 0
    for month in MONTHS:
        rows, sums = spend(alice, key, month), sums_of_month(lines, invoices, month)
        found = [sum(getattr(row, name) for row in rows) for name in ("lines", "tax", "coupon", "total")]
        assert found == [sums.count, sums.tax, sums.coupon, sums.total]
        together += sums.total
    charged = invoices.aggregate(sum=Sum(F("total") - F("credited")))["sum"]
    assert together == charged > 0


def test_a_month_by_a_tag_on_page_in_files_and_by_rest(bob: Customer, small: Item) -> None:
    """Postpaid in all of March: 187,033 each."""
    march = CalendarMonth(2026, 3)
    servers = create(bob, small, at=march.period.starts_at, quantity=4)
    for server, value in zip(servers, ["test", "production", "production"], strict=False):
        tag(server, Environment=value)
    bill_ended_months(actor=JOB, at=march.period.ends_at)
    tag(servers[3], Environment="test")  # too late
    with the_time_being(DECEMBER):
        client = signed_in(bob)
        answer = client.get(reverse("tag-spend"), {"month": "2026-03"})
        rows = [(row.value, row.resources, row.lines, row.total) for row in answer.context["rows"]]
        assert rows == [("production", 2, 2, 374_066), ("test", 1, 1, 187_033), ("", 1, 1, 187_033)]
        page = answer.content.decode()
        for address in ("tag=Environment%3Dproduction", "tag=%21Environment"):
            assert address in page
        lines = client.get(reverse("usage-report"), {"month": "2026-03", "tag": "!Environment"})
        assert (lines.context["sums"].count, lines.context["sums"].total) == (1, 187_033)
        file: Any = client.get(reverse("tag-spend-export", args=["csv"]), {"month": "2026-03"})
        table = list(csv.reader(io.StringIO(b"".join(file.streaming_content).decode("utf-8-sig"))))
        assert table[0] == ["Value", "Resources", "Lines", "VAT", "Coupon", "Total"]
        assert [(row[0], row[-1]) for row in table[1:]] == [
            ("production", "374066"),
            ("test", "187033"),
            ("without this tag", "187033"),
        ]
        book: Any = client.get(reverse("tag-spend-export", args=["xlsx"]), {"month": "2026-03"})
        with ZipFile(io.BytesIO(b"".join(book.streaming_content))) as parts:
            assert "production" in parts.read("xl/worksheets/sheet1.xml").decode()
        found = done(caller_of(bob).get("usage/by-tag/", month="2026-03", key="environment"))
        assert (found["key"], found["total"]) == ("Environment", 748_132)
        assert found["values"][2] == {
            "value": None, "resources": 1, "lines": 1, "tax": 17_003, "coupon": 0, "total": 187_033,
        }  # fmt: skip
        refused(caller_of(bob).get("usage/by-tag/", month="2026-3"), 400, "invalid-input")


def test_values_that_differ_in_upper_and_lower_case_alone_are_one_of_spend(bob: Customer, small: Item) -> None:
    """Postpaid in all of March: 187,033 each. Two of three write Prod; whose bill says both is one resource."""
    march = CalendarMonth(2026, 3)
    servers = create(bob, small, at=march.period.starts_at, quantity=3)
    for server, value in zip(servers, ["Prod", "prod", "Prod"], strict=True):
        tag(server, Environment=value)
    delete_resource(servers[1].pk, actor=owner_of(bob), at=march.period.starts_at + 15 * DAY)
    bill_ended_months(actor=JOB, at=march.period.ends_at)
    with the_time_being(DECEMBER):
        client = signed_in(bob)
        found = client.get(reverse("tag-spend"), {"month": "2026-03"}).context["rows"]
        assert [(row.value, row.resources, row.lines, row.total) for row in found] == [("Prod", 3, 3, 464_566)]
        file: Any = client.get(reverse("tag-spend-export", args=["csv"]), {"month": "2026-03"})
        table = list(csv.reader(io.StringIO(b"".join(file.streaming_content).decode("utf-8-sig"))))
        assert [(row[0], row[-1]) for row in table[1:]] == [("Prod", "464566")]
        [told] = done(caller_of(bob).get("usage/by-tag/", month="2026-03", key="environment"))["values"]
        assert (told["value"], told["resources"], told["total"]) == ("Prod", 3, 464_566)
        lines = client.get(reverse("usage-report"), {"month": "2026-03", "tag": "Environment=PROD"})
        assert lines.context["sums"].total == 464_566
    assert sorted(line.tags["Environment"] for line in InvoiceLine.objects.all()) == ["Prod", "Prod", "prod"]


def test_a_coupon_is_of_one_value_however_it_is_written(alice: Customer, small: Item) -> None:
    """Two of 181,000 for 30 days from 10 March, with a coupon of 20,000 each: 10,000 of each in each of two months."""
    make_coupon("TET", 20_000, maximum_uses_per_customer=2)
    for value in ("Prod", "prod"):
        offer = {"product": str(small.product_id), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
        answer(order(quote(alice, Action.CREATE, coupon="TET", tags={"Environment": value}, **offer)))
    assert [(one.value, one.coupon) for one in spend(alice, "Environment", CalendarMonth(2026, 3))] == [
        ("Prod", 20_000)
    ]


def test_a_tag_is_proposed_once_as_most_write_it(alice: Customer, small: Item) -> None:
    servers = create(alice, small, quantity=3)
    for server, value in zip(servers, ["prod", "Prod", "Prod"], strict=True):
        tag(server, Environment=value)
    assert tags_in_use(alice, most=9) == ["Environment=Prod", f"createdBy={alice.email}"]
    assert tags_in_use(alice, most=1) == ["Environment=Prod"]


def test_costs_can_be_told_apart_by_the_keys_that_there_are(alice: Customer, small: Item) -> None:
    first, second = create(alice, small, quantity=2)
    tag(first, Zone="a", team="x")
    tag(second, Team="y")
    [key, *_rest] = [key for key in keys_of(alice) if key.lower() == "team"]
    assert keys_of(alice) == ["Assignee", "Company", "Department", "Environment", key, "Zone", "createdBy"]
    with the_time_being(DECEMBER):
        answer = signed_in(alice).get(reverse("tag-spend"), {"key": "Gone", "month": "2026-03"})
        assert answer.context["key"] == "Gone", "a key that nothing has any more can be asked for"


def test_a_strangers_tags_are_no_choice_and_no_cost(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    tag(server, Secret="x")
    other = make_customer("Mallory")
    assert "Secret" not in keys_of(other)
    with the_time_being(NOON):
        assert signed_in(other).get(reverse("resource-tags", args=[server.pk])).status_code == 404
        assert (
            signed_in(other)
            .post(reverse("resources-tags"), {"resource": [str(server.pk)], "off": "Secret"})
            .status_code
            == 404
        )


def test_the_report_shows_tags_as_a_column_that_is_hidden_at_first(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    filters = UsageFilters({"tag": "createdBy=" + alice.email})
    filters.is_valid()
    assert filters.within(alice)[1].count() == 1
    with the_time_being(DECEMBER):
        page: Any = signed_in(alice).get(reverse("usage-report"), {"month": "2026-03", "hide": ""})
        assert f"createdBy={alice.email}" in page.content.decode()
    assert server.tags
