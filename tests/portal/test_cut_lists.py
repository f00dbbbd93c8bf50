"""A list that shows only its first rows says how many more there are, and where."""

import re
from pathlib import Path
from uuid import uuid4

import pytest
from django.urls import reverse

from lifecycle.models import Resource
from notifications import gathered
from notifications.models import Notice
from orders.views import resource as page_of_a_resource
from payments.views import invoices as paying
from store.cut import cut
from tests.cast import DAY, NOON, create, make_customer
from tests.portal.seen import signed_in, the_time_being

ROOT = Path(__file__).resolve().parents[2]
SLICED = re.compile(r"\[\s*:\s*[A-Z_]{3,}[^\]]*\]|order_by\([^)]*\)\[:\d+\]")
SAID_OTHERWISE = {
    "accounts/admin/lists.py: [: COUNTED + 1]",  # only counts, and says when there are more
    "billing_portal/search.py: [:LONGEST]",  # what is looked for, no list
    "payments/views/wallet.py: [:LATEST]",  # beside a link to all of them
    'orders/views/life.py: order_by("-id")[:100]',  # pins on the ruler
    "orders/views/listing.py: [: MOST_ADDED_UP + 1]",  # only looks whether there are more
    "billing_portal/ahead.py: [:AT_MOST]",  # counts what it leaves out itself
    "billing_portal/context.py: [:LATEST]",  # the bell
    "budgets/views/budgets.py: [:MOST_SHOWN]",  # says how many there are and what they come to
    "foresight/views.py: [:MOST_ROWS]",  # says how many more changed less
    'door/views/own_data.py: order_by(\n            "-asked_at", "-id"\n        )[:50]',  # of one person; those open are few
}


@pytest.fixture(autouse=True)
def _five_days_later():
    with the_time_being(NOON + 5 * DAY):
        yield


def test_a_cut_list_knows_how_much_it_leaves_out(small):
    carol = make_customer(credit=10_000_000)
    create(carol, small, name="web", quantity=4)
    own = Resource.objects.filter(customer=carol).order_by("pk")
    assert [(len(cut(own, most)), cut(own, most).more) for most in (1, 3, 4, 5)] == [(1, 3), (3, 1), (4, 0), (4, 0)]
    assert (len(cut(own.none(), 5)), cut(own.none(), 5).more) == (0, 0)


def test_the_page_of_a_resource_leads_to_all_of_its_events(alice, small, monkeypatch):
    web = create(alice, small, name="web")[0]
    monkeypatch.setattr(page_of_a_resource, "LATEST", 1)
    client, address = signed_in(alice), reverse("resource", args=[web.pk])
    assert '<a href="?all=1">and 1 more</a>' in client.get(address).content.decode()
    assert "more</a>" not in client.get(address, {"all": "1"}).content.decode()


def test_paying_says_how_many_invoices_are_left_for_another_time(bob, small, monkeypatch):
    from invoices.services.month_end import bill_ended_months
    from tests.cast import JOB

    create(bob, small, name="web", quantity=3)
    bill_ended_months(actor=JOB, at=NOON + 30 * DAY)
    monkeypatch.setattr(paying, "MOST_AT_ONCE", 2)
    page = signed_in(bob).get(reverse("pay-invoices")).content.decode()
    assert "1 open invoice more is left for another time" in page


def test_a_notification_counts_what_is_told_with_it_and_not_listed(small, monkeypatch):
    """Three servers of an order: one line, and two more."""
    carol = make_customer(credit=10_000_000)
    create(carol, small, name="web", quantity=3)
    monkeypatch.setattr(gathered, "MOST_LINES", 1)
    told = Notice.objects.filter(customer=carol, kind=Notice.Kind.RESOURCE_CREATED)
    page = signed_in(carol).get(reverse("notice", args=[told.order_by("pk")[0].pk])).content.decode()
    assert told.count() == 3
    assert "2 more are told with these." in page


def test_no_view_cuts_a_list_by_itself():
    """Whoever shows the first rows of a list goes through `cut`."""
    views = [
        path
        for pattern in ("*/views.py", "*/views/*.py", "billing_portal/*.py", "*/admin/*.py")
        for path in ROOT.glob(pattern)
        if ".venv" not in path.parts
    ]
    assert len(views) > 30
    found = {
        f"{path.relative_to(ROOT)}: {match.group()}" for path in views for match in SLICED.finditer(path.read_text())
    }
    assert found == SAID_OTHERWISE


def test_more_than_a_hundred_resources_at_once_are_refused_not_cut(alice):
    ids = [str(uuid4()) for _ in range(101)]
    answer = signed_in(alice).get(reverse("renew"), {"resource": ids})
    assert answer.status_code == 422
    assert "Choose at most 100 resources at once." in answer.content.decode()
