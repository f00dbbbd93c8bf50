"""What is held of the credit and why: in the wallet, on its page, by REST, and in the staff area."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from invoices.services.month_end import bill_ended_months
from kernel.periods import CalendarMonth
from payments.services.use_bills import pay_all_use
from payments.services.use_credit import hold_for_all
from tests.actions.test_usage_intake import take, use
from tests.api.conftest import caller_of, done
from tests.cast import DAY, JOB, create, make_customer, make_item, make_metered, make_product
from tests.markup import markup
from tests.portal.seen import signed_in, the_time_being

MARCH = CalendarMonth(2026, 3)
BEGIN, OVER = MARCH.period.starts_at, MARCH.period.ends_at
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def traffic(vserver):
    """500 ₫ a GB, VAT included."""
    return make_metered(vserver, "traffic", 500)


@pytest.fixture
def server(alice, small, traffic):
    return create(alice, small, at=BEGIN, name="web-01")[0]


def used(server, quantity=10, key="a", at=BEGIN + 6 * DAY):
    at -= DAY / 24
    assert take(server, use(server, key, quantity, used_at=at), at=at) == ["accepted"]


def held(at=BEGIN + 6 * DAY):
    assert hold_for_all(actor=JOB, at=at).failed == 0


def read(client, address):
    """The words of a page."""
    with the_time_being(BEGIN + 6 * DAY):
        page = markup(client.get(address, headers=ENGLISH))
    return " ".join(unescape(re.sub(r"<[^>]+>", "", page)).split())


def test_the_wallet_says_for_which_resource_credit_is_held(alice, server):
    """10 GB since yesterday: 5,000 so far, and 15,000 for three days like that."""
    used(server)
    held()
    page = read(signed_in(alice), reverse("wallet"))
    assert "web-01, Mar 2026" in page
    assert "cost so far 5,000 ₫" in page
    assert "days ahead 15,000 ₫" in page


def test_the_page_of_held_credit_lists_all_of_it(alice, server):
    client = signed_in(alice)
    assert "Nothing is held" in read(client, reverse("held-credit"))
    used(server)
    held()
    page = read(client, reverse("held-credit"))
    for said in ("web-01", "Mar 2026", "5,000 ₫", "15,000 ₫", "20,000 ₫"):
        assert said in page
    assert "lacking" not in page


def test_what_is_lacking_is_said(small, traffic):
    poor = make_customer("Poor", credit=181_000 + 18_000)
    used(create(poor, small, at=BEGIN)[0])
    held()
    assert "lacking 2,000 ₫" in read(signed_in(poor), reverse("held-credit"))


def test_what_several_products_lack_is_added_up(small, traffic):
    """18,000 of the 40,000 that both ask for: 22,000 are to be topped up, not one product's part of it."""
    poor = make_customer("Poor", credit=2 * 181_000 + 18_000)
    vstorage = make_product("vstorage")
    make_metered(vstorage, "space", 500)
    used(create(poor, small, at=BEGIN)[0])
    [bucket] = create(poor, make_item(vstorage, "bucket", 181_000), at=BEGIN)
    at = BEGIN + 6 * DAY - DAY / 24
    assert take(bucket, use(bucket, "b", 10, item="space", used_at=at), at=at) == ["accepted"]
    held()
    for address in ("wallet", "held-credit"):
        assert "In all, 22,000 ₫ are missing." in read(signed_in(poor), reverse(address))


@pytest.fixture
def lacking(small, traffic):
    """2,000 are missing of 20,000; resources of vServer stop on the tenth."""
    poor = make_customer("Poor", credit=181_000 + 18_000)
    [server] = create(poor, small, at=BEGIN)
    used(server)
    held()
    return server


@pytest.mark.parametrize("address", ["wallet", "held-credit", "resource", "home"])
def test_what_is_lacking_is_announced_with_its_amount_and_day(lacking, address):
    where = reverse(address, args=[lacking.pk] if address == "resource" else [])
    page = read(signed_in(lacking.customer), where)
    assert "10 Mar 2026" in page
    assert "our credit does not cover what it uses" in page
    assert address == "home" or "Missing now: 2,000 ₫" in page


def test_what_was_stopped_says_why_and_how_it_starts(lacking):
    used(lacking, 30, "b", at=BEGIN + 9 * DAY)
    held(BEGIN + 9 * DAY)
    client, caller = signed_in(lacking.customer), caller_of(lacking.customer)
    page = read(client, reverse("resource", args=[lacking.pk]))
    assert "Stopped for lack of credit" in page
    assert "It starts by itself once it does." in page
    assert "Resources were stopped." in read(client, reverse("wallet"))
    [shortage] = done(caller.get("wallet/"))["shortages"]
    assert (shortage["product"], shortage["stopped_at"] is None) == ("vserver", False)
    assert done(caller.get(f"resources/{lacking.pk}/"))["stopped_for"] == ["credit"]


def test_rest_says_what_is_lacking_and_when_it_stops(lacking):
    assert done(caller_of(lacking.customer).get("wallet/"))["shortages"] == [
        {
            "product": "vserver",
            "missing": 2_000,
            "told_at": "2026-03-06T17:00:00Z",
            "stops_at": "2026-03-09T17:00:00Z",
            "stopped_at": None,
            "resources": [
                {
                    "resource": str(lacking.pk),
                    "told_at": "2026-03-06T17:00:00Z",
                    "stops_at": "2026-03-09T17:00:00Z",
                }
            ],
        }
    ]


def test_what_begins_to_lack_credit_later_is_shown_with_its_own_day(small, traffic):
    """Two need 5,000 each of 6,000: the second stops on the 15th. On the 16th the first lacks credit, too."""
    poor = make_customer("Poor", credit=2 * 181_000 + 6_000)
    first, second = create(poor, small, at=BEGIN, quantity=2)
    for server in (first, second):
        used(server, at=BEGIN + 8 * DAY)
    held(BEGIN + 11 * DAY)
    held(BEGIN + 14 * DAY)
    used(first, key="b", at=BEGIN + 15 * DAY)
    held(BEGIN + 15 * DAY)
    client, caller = signed_in(poor), caller_of(poor)
    assert "Unless you top up enough, it stops on 19 Mar 2026." in read(client, reverse("resource", args=[first.pk]))
    assert "Stopped for lack of credit" in read(client, reverse("resource", args=[second.pk]))
    assert "stopped, and more stops on 19 Mar 2026" in read(client, reverse("home"))
    wallet = read(client, reverse("wallet"))
    assert "Resources were stopped." in wallet
    assert "Unless you top up enough, more resources stop on 19 Mar 2026." in wallet
    [shortage] = done(caller.get("wallet/"))["shortages"]
    assert [(one["resource"], one["stops_at"]) for one in shortage["resources"]] == [
        (str(second.pk), "2026-03-14T17:00:00Z"),
        (str(first.pk), "2026-03-18T17:00:00Z"),
    ]
    assert shortage["stops_at"] == "2026-03-18T17:00:00Z"


def test_strangers_see_nothing_of_it(bob, server):
    used(server)
    held()
    assert "web-01" not in read(signed_in(bob), reverse("held-credit"))


def test_the_page_asks_as_much_for_many_as_for_one(alice, small, server, traffic):
    client = signed_in(alice)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            read(client, reverse("held-credit"))
        return len(captured)

    used(server)
    held()
    read(client, reverse("held-credit"))
    one = queries()
    for other in create(alice, small, at=BEGIN, name="more", quantity=3):
        used(other)
    held()
    assert queries() == one


def test_rest_lists_holds_and_what_became_of_them(alice, server):
    used(server)
    held()
    caller = caller_of(alice)
    [hold] = done(caller.get("wallet/holds/"))["results"]
    assert {name: hold[name] for name in ("resource", "month", "so_far", "ahead", "amount", "state", "ended_at")} == {
        "resource": str(server.pk), "month": "2026-03", "so_far": 5_000, "ahead": 15_000, "amount": 20_000, "state": "open",
        "ended_at": None,
    }  # fmt: skip
    assert done(caller.get("wallet/"))["held"] == 20_000
    held(BEGIN + 8 * DAY)
    bill_ended_months(actor=JOB, at=OVER)
    pay_all_use(actor=JOB, at=OVER)
    rows = done(caller.get("wallet/holds/", month="2026-03"))["results"]
    assert [(row["amount"], row["state"]) for row in rows] == [(5_000, "captured"), (20_000, "released")]
    assert [row["amount"] for row in done(caller.get("wallet/holds/", state="released"))["results"]] == [20_000]
    assert done(caller.get("wallet/holds/", resource=str(server.pk), month="2026-04"))["results"] == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "what was used by quantity: no time is billed here"),
        ("vi", "phần đã dùng theo lượng: không tính thời gian ở đây"),
    ],
)
def test_the_bill_says_that_it_bills_no_time(alice, server, language, said):
    used(server)
    bill_ended_months(actor=JOB, at=OVER)
    invoice = server.invoices.get(kind="usage")
    with the_time_being(OVER + DAY):
        page = signed_in(alice).get(reverse("invoice", args=[invoice.pk]), headers={"accept-language": language})
    assert said in markup(page)


def test_who_pays_ahead_sees_what_use_costs_so_far(alice, server):
    used(server)
    with the_time_being(BEGIN + 6 * DAY):
        [product] = done(caller_of(alice).get("usage/running/"))["products"]
    assert (product["so_far"], product["expected"]) == (5_000, 5_000)
