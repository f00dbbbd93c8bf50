"""An owner decides how long the company's people stay signed in, without use and in any case."""

from __future__ import annotations

import time

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.may import Role
from accounts.models import AuditEntry, Customer, User
from accounts.services.team import add_member
from door.lasting import OPENED, USED
from kernel.clock import machine_now
from tests.cast import NOON, STAFF, make_user
from tests.portal.seen import said
from tests.proof import proven

PAGE = "/settings/sessions/"
SET = "/settings/sessions/lasting/"
HOUR = 3600


@pytest.fixture(autouse=True)
def _nobody_has_tried_before(db):
    cache.clear()


@pytest.fixture
def owner(alice):
    return make_user(alice)


def signed_in(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.post("/login/", {"username": user.email, "password": "secret"})
    client.cookies["django_language"] = "en"
    return client


def lasts(**terms: int | None) -> None:
    Customer.objects.update(**terms)


def long_ago(client: Client, *, opened: float = 0, used: float = 0) -> Client:
    """Signed in so many seconds ago, and last used so many seconds ago."""
    session = client.session
    session[OPENED], session[USED] = int(time.time() - max(opened, used)), int(time.time() - used)
    session.save()
    return client


def is_in(client: Client) -> bool:
    return client.get("/settings/").status_code == 200


@pytest.mark.parametrize(("minutes", "used", "stays"), [(10, 9.5, True), (10, 10.5, False), (None, 11 * 60, True)])
def test_who_does_nothing_for_so_long_is_signed_out(owner, minutes, used, stays):
    client = signed_in(owner)
    lasts(idle_minutes=minutes)
    assert is_in(long_ago(client, used=used * 60)) == stays


@pytest.mark.parametrize(("hours", "opened", "stays"), [(8, 7.9, True), (8, 8.1, False), (None, 11, True)])
def test_and_in_any_case_so_long_after_signing_in(owner, hours, opened, stays):
    client = signed_in(owner)
    lasts(session_hours=hours, idle_minutes=60)
    assert is_in(long_ago(client, opened=opened * HOUR)) == stays


def test_use_keeps_the_session_and_does_not_move_its_end(owner):
    client = signed_in(owner)
    lasts(idle_minutes=10, session_hours=8)
    long_ago(client, opened=8 * HOUR - 300, used=500)
    assert is_in(client)
    left = client.session.get_expiry_age()
    assert 280 < left <= 300, "the end in any case comes before ten minutes"
    assert time.time() - client.session[USED] < 60


def test_who_is_signed_out_is_told_why_and_comes_back_to_the_page(owner):
    client = signed_in(owner)
    lasts(idle_minutes=10)
    answer = long_ago(client, used=HOUR).get("/settings/")
    assert answer["Location"] == "/login/?next=/settings/"
    assert said(answer) == ["You were signed in for as long as your company wants. Please sign in again."]


def test_the_same_counts_by_rest(owner):
    client = signed_in(owner)
    lasts(idle_minutes=10)
    assert client.get("/api/v1/wallet/").status_code == 200
    assert long_ago(client, used=HOUR).get("/api/v1/wallet/").status_code == 401


def test_a_session_ends_in_the_database_by_itself_so_that_the_list_is_true(owner):
    lasts(idle_minutes=10)
    lost = signed_in(owner)
    assert is_in(lost)
    ends_at = Session.objects.get(pk=lost.session.session_key).expire_date
    assert 590 < (ends_at - machine_now()).total_seconds() <= 600


def test_use_is_noted_once_a_minute_and_costs_nothing_without_a_wish(owner):
    client = signed_in(owner)
    assert is_in(client)
    before = client.session[USED]
    long_ago(client, used=HOUR)
    noted = client.session[USED]
    assert is_in(client)
    assert (client.session[USED], before != noted) == (noted, True), "nobody wishes it: nothing is written"
    lasts(idle_minutes=240)
    assert is_in(client)
    assert client.session[USED] > noted


def test_the_owner_decides_after_showing_that_it_is_they_and_it_is_kept(owner, alice):
    client = signed_in(owner)
    assert client.post(SET, {"idle_minutes": "15", "session_hours": "8"})["Location"].startswith("/settings/again/")

    answer = proven(client).post(SET, {"idle_minutes": "15", "session_hours": "8"})

    assert said(answer)[-1] == "From now on everybody stays signed in for so long."
    alice.refresh_from_db()
    assert (alice.idle_minutes, alice.session_hours) == (15, 8)
    assert AuditEntry.objects.get(verb="set session terms").facts == {"idle_minutes": 15, "session_hours": 8}
    page = client.get(PAGE).content.decode()
    assert '<option value="15" selected>15 minutes</option>' in page
    proven(client).post(SET, {"idle_minutes": "", "session_hours": ""})
    alice.refresh_from_db()
    assert (alice.idle_minutes, alice.session_hours) == (None, None)


@pytest.mark.parametrize("wish", [{"idle_minutes": "1"}, {"session_hours": "9999"}, {"idle_minutes": "x"}])
def test_other_spans_are_not_taken(owner, alice, wish):
    proven(signed_in(owner)).post(SET, wish)
    alice.refresh_from_db()
    assert (alice.idle_minutes, alice.session_hours) == (None, None)


@pytest.mark.parametrize("role", ["billing", "viewer"])
def test_others_read_it_and_do_not_decide(alice, role):
    lasts(idle_minutes=30)
    client = signed_in(make_user(alice, role=role))
    page = client.get(PAGE).content.decode()
    assert "Without use: 30 minutes" in page
    assert "In any case: no other end" in page
    assert proven(client).post(SET, {"idle_minutes": ""}).status_code == 403
    assert Customer.objects.get(pk=alice.pk).idle_minutes == 30


def test_staff_without_a_customer_have_no_such_wish(db):
    client = signed_in(make_user(None, is_staff=True))
    assert client.get(PAGE).status_code == 200


@pytest.mark.parametrize(
    "terms", [{"idle_minutes": 1}, {"idle_minutes": 9999}, {"session_hours": 0}, {"session_hours": 169}]
)
def test_the_database_refuses_spans_that_lock_out_or_never_end(alice, terms):
    with pytest.raises(IntegrityError, match="sessions_of_a_customer_last_a_while_and_end"), transaction.atomic():
        Customer.objects.filter(pk=alice.pk).update(**terms)


@pytest.mark.parametrize(("minutes", "stays"), [(9, True), (11, False)])
def test_who_works_for_several_is_signed_out_as_the_strictest_of_them_wants(owner, alice, bob, minutes, stays):
    """Whomever they look at just now: they could change to the other at once."""
    add_member(bob, owner, Role.VIEWER, actor=STAFF, at=NOON.replace(year=2099))
    client = signed_in(owner)
    Customer.objects.filter(pk=alice.pk).update(idle_minutes=60)
    Customer.objects.filter(pk=bob.pk).update(idle_minutes=10)
    assert client.get("/settings/").context["customer"] == alice
    assert is_in(long_ago(client, used=minutes * 60)) == stays
