"""Lists of the staff area are read on by the key of a row: no page counts or skips what lies before it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Customer
from tests.cast import NOON

ADDRESS = reverse("admin:accounts_customer_changelist")


@pytest.fixture
def many(db):
    """120 customers, of whom a page shows 50; each name three times."""
    Customer.objects.bulk_create(
        Customer(name=f"Same {number // 3:02}", email=f"c{number}@customer.example", created_at=NOON)
        for number in range(120)
    )


def pages(client, **query: str) -> list[list[str]]:
    """The addresses of the customers on each page, following the link to the next."""
    found, address = [], f"{ADDRESS}?{'&'.join(f'{name}={value}' for name, value in query.items())}"
    while address:
        with CaptureQueriesContext(connection) as queries:
            shown = client.get(address).context["cl"]
        assert not any("OFFSET" in query["sql"] for query in queries)
        found.append([row.email for row in shown.result_list])
        address = f"{ADDRESS}{shown.older_link}" if shown.older else ""
    return found


def test_every_row_stands_on_exactly_one_page(superuser, many):
    found = pages(superuser)
    assert [len(page) for page in found] == [50, 50, 20]
    assert len({email for page in found for email in page}) == 120


def test_a_list_sorted_by_a_column_is_read_on_in_its_order(superuser, many):
    by_name = [str(column) for column in superuser.get(ADDRESS).context["cl"].list_display].index("name")
    found = [email for page in pages(superuser, o=str(by_name)) for email in page]
    names = [Customer.objects.get(email=email).name for email in found]
    assert names == sorted(names)
    assert len(set(found)) == 120


def test_one_can_go_back_and_filters_begin_at_the_first_page(superuser, many):
    first = superuser.get(ADDRESS).context["cl"]
    second = superuser.get(f"{ADDRESS}{first.older_link}").context["cl"]
    back = superuser.get(f"{ADDRESS}{second.newer_link}").context["cl"]
    assert [row.pk for row in back.result_list] == [row.pk for row in first.result_list]
    assert second.get_query_string({"o": "1"}) == "?o=1"


@pytest.mark.parametrize("place", ["nonsense", "W10", ""])
def test_a_place_that_makes_no_sense_is_the_first_page(superuser, many, place):
    shown = superuser.get(ADDRESS, {"after": place}).context["cl"]
    assert (len(shown.result_list), shown.newer) == (50, "")
