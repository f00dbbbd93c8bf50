"""The pages about costs, their files and their REST: they say the same, in both languages, and ask as often for many as for few."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.may import Role
from invoices.services.month_end import bill_ended_months
from kernel.periods import CalendarMonth
from tests.actions.test_usage_intake import take, use
from tests.api.conftest import caller_of, done, refused
from tests.cast import DAY, JOB, create, make_customer, make_metered
from tests.markup import markup
from tests.portal.seen import signed_in, the_time_being

MARCH = CalendarMonth(2026, 3)
APRIL = MARCH.following
BEGIN = MARCH.period.starts_at
NOW = APRIL.period.starts_at + 3 * DAY
PAGES = ["costs", "outlook", "difference"]


@pytest.fixture(autouse=True)
def _april():
    with the_time_being(NOW):
        yield


def serve(small, counts):
    """Servers of each customer since March, each with 40 GB of traffic in it and 10 in April; March is billed."""
    servers = [one for customer, count in counts.items() for one in create(customer, small, at=BEGIN, quantity=count)]
    for server in servers:
        assert take(server, use(server, "a", 40, used_at=BEGIN + DAY), at=BEGIN + 2 * DAY) == ["accepted"]
    bill_ended_months(actor=JOB, at=APRIL.period.starts_at)
    for server in servers:
        assert take(server, use(server, "b", 10, used_at=NOW - timedelta(hours=30)), at=NOW) == ["accepted"]
    return servers


@pytest.fixture
def traffic(vserver):
    return make_metered(vserver, "traffic", 500, included=Decimal(4))


@pytest.fixture
def server(bob, small, traffic):
    return serve(small, {bob: 1})[0]


def plain(page) -> str:
    return markup(page).replace("\xa0", " ")


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["205,033", "21,100", "Not billed yet"]), ("vi", ["205.033", "Chưa lập hóa đơn", "tạm tính"])],
)
def test_costs_stand_month_by_month_as_a_picture_and_as_tables(bob, server, language, words):
    """187,033 + 36 GB at 500 in March; in April three days and 6 GB."""
    page = signed_in(bob).get(reverse("costs"), headers={"accept-language": language})
    found = page.context["found"]
    assert (found.sums.billed, found.sums.provisional) == (205_033, 18_100 + 3_000)
    assert [(step["label"], step["sums"].total) for step in page.context["table"]][-2:] == [
        (page.context["table"][-2]["label"], 205_033),
        (page.context["table"][-1]["label"], 21_100),
    ]
    said = plain(page)
    for word in words:
        assert word in said
    assert "<svg" in said
    assert "<script" not in said.partition("<main")[2].partition("</main>")[0]


def test_what_is_drawn_is_what_the_table_says(bob, server):
    page = signed_in(bob).get(reverse("costs"), {"by": "item"})
    for drawn, told in zip(page.context["steps"], page.context["table"], strict=True):
        assert [sum(part) for part in drawn["parts"]] == [amount for _name, amount in told["parts"]]
        assert sum(amount for _name, amount in told["parts"]) == told["sums"].total


def test_a_product_leads_to_its_resources_and_these_to_their_pages(bob, server):
    client = signed_in(bob)
    said = markup(client.get(reverse("costs")))
    assert "?by=resource&amp;product=vserver" in said
    page = client.get(reverse("costs"), {"by": "resource", "product": "vserver"})
    assert reverse("resource", args=[server.pk]) in markup(page)


@pytest.mark.parametrize(
    ("wishes", "steps"),
    [
        ({"range": "this"}, 30), ({"range": "this", "step": "month"}, 1), ({"range": "last-3"}, 3), ({"range": "days-7"}, 7),
        ({"range": "between", "first": "2026-03-02", "last": "2026-03-01"}, 2), ({"range": "between", "first": "2026-04-01"}, 4),
        ({"range": "between"}, 6), ({"range": "days-7", "step": "month"}, 2), ({"range": "nonsense", "by": "nothing"}, 6),
        ({"range": "between", "first": "2026-04-02", "last": "2026-04-03", "step": "hour"}, 48),
    ],
)  # fmt: skip
def test_what_is_wished_stands_in_the_address(bob, server, wishes, steps):
    page = signed_in(bob).get(reverse("costs"), wishes)
    assert (page.status_code, len(page.context["table"])) == (200, steps)


def test_a_wish_that_makes_no_sense_is_said_and_the_usual_period_shown(bob, server):
    page = signed_in(bob).get(reverse("costs"), {"range": "last", "step": "hour"})
    assert "At most 36 months, 93 days or 72 hours" in markup(page)
    assert len(page.context["table"]) == 6


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_files_have_what_is_shown(bob, server, form):
    answer = signed_in(bob).get(reverse("costs-export", args=[form]), {"by": "item", "range": "last", "step": "month"})
    content = b"".join(answer.streaming_content)
    if form == "xlsx":
        assert content[:2] == b"PK"
        return
    head, *rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert head == ["From", "Until", "Name", "Code", "Billed", "Not billed yet", "Total", "Period before"]
    assert [(row[3], row[4], row[5]) for row in rows] == [
        ("vserver/small", "187033", "0"),
        ("vserver/traffic", "18000", "0"),
    ]


def test_programs_are_told_the_same(bob, server):
    found = done(caller_of(bob).get("costs/", by="item", first="2026-03-01", last="2026-04-30"))
    assert found["sums"] == {"billed": 205_033, "provisional": 21_100, "total": 226_133, "before": 0}
    assert [step["total"] for step in found["steps"]] == [205_033, 21_100]
    assert [(row["code"], row["sums"]["total"]) for row in found["rows"]] == [
        ("vserver/small", 205_133), ("vserver/traffic", 21_000),
    ]  # fmt: skip
    [rest] = done(caller_of(bob).get("costs/", by="item", most=1))["rows"]
    assert (rest["code"], rest["sums"]["total"]) == ("", 226_133)


def test_programs_are_refused_what_cannot_be(bob):
    caller = caller_of(bob)
    refused(caller.get("costs/", step="hour", first="2026-03-01", last="2026-03-01"), 422, "no-hours")
    refused(caller.get("costs/", step="day", first="2026-01-01", last="2026-12-01"), 422, "too-many-steps")
    for first in ("2026-02-30", "1.3.2026", "0000-01-01"):
        refused(caller.get("costs/", first=first), 400, "invalid-input")
    for first in ("1999-12-31", "2100-01-01", "3979-03-10"):
        refused(caller.get("costs/", first=first), 422, "invalid-input")


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_end_of_the_month_is_said_with_its_method(bob, server, language):
    page = signed_in(bob).get(reverse("outlook"), headers={"accept-language": language})
    found = page.context["found"]
    assert (found.total.fixed, found.total.used) == (181_000, 3_000)
    assert {"en": "8 of 10 months", "vi": "8 trên 10 tháng"}[language] in plain(page)
    told = done(caller_of(bob).get("costs/outlook/"))
    assert (told["month"], told["fixed"], told["metered"]) == ("2026-04", 181_000, found.total.metered)
    assert (told["low"], told["high"]) == found.band


def test_whoever_pays_first_is_told_so(alice, small):
    create(alice, small, at=NOW - DAY)
    assert "Nothing is billed by the month" in markup(signed_in(alice).get(reverse("outlook")))


@pytest.mark.parametrize("language", ["en", "vi"])
def test_why_april_differs_is_said_cause_by_cause(bob, server, language):
    page = signed_in(bob).get(reverse("difference"), {"month": "2026-04"}, headers={"accept-language": language})
    found = page.context["found"]
    assert {share.cause.code: share.amount for share in found.causes if share.amount} == {
        "days": -6_033,
        "usage": -15_000,
    }
    said = plain(page)
    assert {"en": "traffic: 40 GB → 10 GB", "vi": "traffic: 40 GB → 10 GB"}[language] in said
    assert {"en": "Provisional", "vi": "Tạm tính"}[language] in said
    heads = {"en": "Apr 2026, compared with Mar 2026", "vi": "Tháng 4/2026, so với tháng 3/2026"}
    assert heads[language] in said
    told = done(caller_of(bob).get("costs/difference/", month="2026-04"))
    assert (told["difference"], told["is_over"], told["changed"]) == (-21_033, False, 1)
    assert {one["cause"]: one["amount"] for one in told["causes"] if one["amount"]} == {
        "days": -6_033,
        "usage": -15_000,
    }


def test_months_are_chosen_and_the_last_one_is_usual(bob, server):
    client = signed_in(bob)
    page = client.get(reverse("difference"))
    assert (page.context["found"].before.key, page.context["found"].after.key) == ("2026-02", "2026-03")
    page = client.get(reverse("difference"), {"month": "2026-03", "with_month": "2026-04"})
    assert page.context["found"].amount == 21_033


@pytest.mark.parametrize("name", PAGES)
def test_nothing_spent_is_said(alice, name):
    assert "empty" in markup(signed_in(alice).get(reverse(name)))


@pytest.mark.parametrize("name", PAGES)
def test_pages_ask_as_often_for_many_as_for_one(bob, small, traffic, name):
    carol = make_customer(mode="postpaid")
    serve(small, {bob: 1, carol: 6})
    counts = []
    for customer in (bob, carol):
        client = signed_in(customer)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse(name), {"by": "resource", "range": "this"}).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_who_sees_no_bills_sees_no_costs(bob, server):
    for name in PAGES:
        assert signed_in(bob, role=Role.TECHNICAL).get(reverse(name)).status_code == 403
