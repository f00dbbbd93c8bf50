"""Lists: pages, filters, and a cost that does not grow with the rows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Discount, Price
from payments.services.poc import grant_poc_credit
from tests.api.conftest import caller_of, done
from tests.cast import DAY, LONG_AGO, NOON, STAFF, create, enter, fund, make_customer

pytestmark = pytest.mark.django_db


def walk(caller, place, **params):
    """Every page of a list, forwards."""
    page = done(caller.get(place, **params))
    pages = [page]
    while page["next"]:
        page = done(caller.get(page["next"]))
        pages.append(page)
    return pages


def test_pages_forwards_and_back(alice, as_alice, small):
    servers = create(alice, small, quantity=7)

    pages = walk(as_alice, "resources/", page_size=3, product="vserver")

    rows = [[row["name"] for row in page["results"]] for page in pages]
    newest_first = [server.name for server in reversed(servers)]
    assert rows == [newest_first[:3], newest_first[3:6], newest_first[6:]]
    assert pages[0]["previous"] is None
    back = done(as_alice.get(pages[2]["previous"]))
    assert [row["name"] for row in back["results"]] == rows[1]
    assert "product=vserver" in pages[0]["next"]


def test_rows_of_the_same_instant_are_neither_lost_nor_doubled(alice, as_alice, small):
    create(alice, small, quantity=7)

    pages = walk(as_alice, "invoices/", page_size=2)

    ids = [row["id"] for page in pages for row in page["results"]]
    assert len(ids) == len(set(ids)) == 7


@pytest.mark.parametrize(
    ("days_ahead", "health"),
    [(0, "good"), (14, "good"), (15, "warning"), (25, "warning"), (26, "alert"), (30, "expired")],
)
def test_health_as_filter_and_as_value_agree(alice, as_alice, small, now, days_ahead, health):
    create(alice, small)
    now.move(days_ahead * DAY)

    found = {
        name: done(as_alice.get("resources/", health=name))["results"]
        for name in ("good", "warning", "alert", "expired")
    }

    assert [name for name, rows in found.items() if rows] == [health]
    assert found[health][0]["health"] == health


def test_filters_of_resources(alice, as_alice, small, bucket):
    create(alice, small, name="Web-01", auto_renew_months=1)
    (store,) = create(alice, bucket, name="backups")
    done(as_alice.post(f"resources/{store.pk}/stop/"))

    def names(**params):
        return [row["name"] for row in done(as_alice.get("resources/", **params))["results"]]

    assert names() == ["backups", "Web-01"]
    assert names(product="vstorage") == ["backups"]
    assert names(state="active") == ["Web-01"]
    assert names(state=["active", "stop"]) == ["backups", "Web-01"]
    assert names(search="web") == ["Web-01"]
    assert names(search=str(store.pk)) == ["backups"]
    assert names(renewal="auto") == ["Web-01"]
    assert names(renewal="manual") == ["backups"]
    assert names(billing_mode="postpaid") == []


def test_filters_of_invoices(alice, as_alice, small, bucket):
    create(alice, small, at=NOON - 40 * DAY)
    create(alice, bucket)

    def products(**params):
        return [row["product"] for row in done(as_alice.get("invoices/", **params))["results"]]

    assert products() == ["vstorage", "vserver"]
    assert products(month="2026-01") == ["vserver"]
    assert products(product="vstorage") == ["vstorage"]
    assert products(status="unpaid") == []
    assert products(status=["unpaid", "paid"]) == ["vstorage", "vserver"]


def test_products_carry_negotiated_prices(alice, as_alice, as_bob, small):
    Price.objects.create(item=small, customer=alice, unit_price=Decimal("150000.5"), valid_from=LONG_AGO)
    Discount.objects.create(customer=alice, product=small.product, share=Decimal("0.25"), valid_from=LONG_AGO)

    (mine,) = done(as_alice.get("products/vserver/"))["items"]
    (list_price,) = done(as_bob.get("products/"))["results"][0]["items"]

    assert (mine["unit_price"], mine["discount"]) == ("150000.5", "0.25")
    assert (list_price["unit_price"], list_price["discount"]) == ("181000", "0")


def test_products_carry_the_rate_of_vat_and_those_to_come(as_alice, small):
    enter("standard", "2027-01-01", "0.08")
    (item,) = done(as_alice.get("products/vserver/"))["items"]
    assert (item["tax_category"], item["vat_rate"]) == ("standard", "0.1")
    assert item["vat_changes"] == [{"since": "2027-01-01", "rate": "0.08"}]


LISTS = [
    "quotes/",
    "orders/",
    "resources/",
    "invoices/",
    "credit-notes/",
    "payments/",
    "wallet/entries/",
    "poc-credit/",
    "notices/",
    "products/",
]


def lived(count, small, disk):
    """A customer with that many of everything."""
    customer = make_customer(credit=50_000_000)
    for number in range(count):
        fund(customer, 1)
        grant_poc_credit(
            customer,
            1,
            products=[small.product_id],
            starts_at=NOON,
            expires_at=NOON + DAY,
            reason="x",
            actor=STAFF,
            at=NOON,
        )
        (server,) = create(customer, small, (disk, 40), name=f"a{number}")
        create(customer, small, name=f"b{number}", months=3)
        done(caller_of(customer).post(f"resources/{server.pk}/delete/"))
    return caller_of(customer)


@pytest.mark.parametrize("place", LISTS)
def test_lists_cost_the_same_for_one_row_and_for_many(small, disk, place):
    costs = []
    for count in (1, 4):
        caller = lived(count, small, disk)
        done(caller.get("wallet/"))  # notes the use of the key
        with CaptureQueriesContext(
            connection,
        ) as queries:
            rows = done(caller.get(place))["results"]
        assert len(rows) >= count or place == "products/"
        costs.append(len(queries))

    assert costs[0] == costs[1]
    assert costs[1] <= 8


def test_a_team_lists_many_at_the_cost_of_one(alice, as_team, small, django_assert_max_num_queries):
    create(alice, small, quantity=5)
    done(as_team.get("products/"))

    with django_assert_max_num_queries(6):
        assert len(done(as_team.get("resources/"))["results"]) == 5
    with django_assert_max_num_queries(6):
        since = done(as_team.get("provisioning-requests/", since=(NOON - timedelta(1)).isoformat()))
    assert len(since["results"]) == 5


def test_one_object_is_found_whatever_its_list_would_show(alice, as_alice, as_team, small):
    """A deleted resource and an answered request are in no list without asking, and each has its address."""
    (server,) = create(alice, small)
    answered = done(as_team.get("provisioning-requests/", since=NOON.isoformat()))["results"][0]
    done(as_alice.post(f"resources/{server.pk}/delete/"))
    done(as_alice.post(f"resources/{server.pk}/purge/"))

    assert done(as_alice.get(f"resources/{server.pk}/"))["state"] == "deleted"
    assert done(as_team.get(f"resources/{server.pk}/"))["state"] == "deleted"
    assert done(as_team.get(f"provisioning-requests/{answered['id']}/"))["state"] == "succeeded"
    assert done(as_alice.get("resources/"))["results"] == []


def test_what_is_not_renewed_by_anybody_is_neither_automatic_nor_manual(alice, bob, as_alice, as_bob, small):
    create(alice, small, name="by hand")
    create(alice, small, name="by itself", auto_renew_months=1)
    create(bob, small, name="postpaid")

    def names(caller, renewal):
        return [row["name"] for row in done(caller.get("resources/", renewal=renewal))["results"]]

    assert [names(as_alice, kind) for kind in ("auto", "manual", "none")] == [["by itself"], ["by hand"], []]
    assert [names(as_bob, kind) for kind in ("auto", "manual", "none")] == [[], [], ["postpaid"]]
