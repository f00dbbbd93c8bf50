"""Where one is signed in is listed, and any other browser can be signed out."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User
from door.browsers import name_of
from door.services.sessions import forget_sessions, sessions_of
from kernel.clock import machine_now
from tests.cast import make_user
from tests.portal.seen import said

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
NEW = "a-long-new-secret"


@pytest.fixture
def owner(alice):
    return make_user(alice)


def browser(user: User, agent: str = FIREFOX, address: str = "198.51.100.7") -> Client:
    """Signed in by the door."""
    client = Client(headers={"accept-language": "en", "user-agent": agent}, REMOTE_ADDR=address)
    assert client.post("/login/", {"username": user.email, "password": "secret"}).status_code == 302
    client.cookies["django_language"] = "en"
    return client


def is_in(client: Client) -> bool:
    return client.get("/settings/").status_code == 200


def listed(client: Client) -> list[tuple[str, str, bool]]:
    rows = client.get("/settings/sessions/").context["sessions"]
    return [(row["browser"], row["ip"], row["is_here"]) for row in rows]


def test_every_browser_is_listed_and_this_one_is_said(owner):
    browser(owner, PHONE, "203.0.113.9")
    here = browser(owner)
    assert listed(here) == [("Firefox, Windows", "198.51.100.7", True), ("Safari, iPhone", "203.0.113.9", False)]
    page = here.get("/settings/sessions/").content.decode()
    assert page.count("this one") == 1


def test_another_browser_is_signed_out(owner):
    lost, here = browser(owner, PHONE), browser(owner)
    row = next(row for row in here.get("/settings/sessions/").context["sessions"] if not row["is_here"])

    answer = here.post(f"/settings/sessions/{row['pk']}/end/")

    assert said(answer) == ["That browser is signed out."]
    assert not is_in(lost)
    assert is_in(here)
    assert len(listed(here)) == 1


def test_all_others_are_signed_out_at_once(owner):
    others, here = [browser(owner), browser(owner, PHONE)], browser(owner)
    answer = here.post("/settings/sessions/others/end/")
    assert said(answer) == ["All other browsers are signed out."]
    assert [is_in(client) for client in [*others, here]] == [False, False, True]


def test_nobody_signs_somebody_else_out(owner, bob):
    other, here = browser(make_user(bob)), browser(owner)
    row = other.get("/settings/sessions/").context["sessions"][0]
    here.post(f"/settings/sessions/{row['pk']}/end/")
    here.post("/settings/sessions/others/end/")
    assert is_in(other)


def test_a_browser_does_not_sign_itself_out_there(owner):
    here = browser(owner)
    row = here.get("/settings/sessions/").context["sessions"][0]
    here.post(f"/settings/sessions/{row['pk']}/end/")
    assert is_in(here)


@pytest.mark.parametrize("address", ["/settings/sessions/1/end/", "/settings/sessions/others/end/"])
def test_signing_out_needs_a_form(owner, address):
    assert browser(owner).get(address).status_code == 405


def test_after_a_change_of_password_only_this_browser_is_listed(owner):
    browser(owner, PHONE)
    here = browser(owner)
    here.post("/settings/password/", {"oldpassword": "secret", "password1": NEW, "password2": NEW})
    assert listed(here) == [("Firefox, Windows", "198.51.100.7", True)]
    assert Session.objects.count() == 1


def test_a_new_secret_key_signs_nobody_out_and_hides_no_session(owner, settings):
    other, here = browser(owner, PHONE), browser(owner)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key, long enough that Django has nothing to say about it, and new"

    assert is_in(other)
    assert [is_here for _name, _ip, is_here in listed(here)] == [True, False]
    here.post("/settings/sessions/others/end/")
    assert not is_in(other)


def test_staff_have_the_page_too(db):
    boss = browser(User.objects.create_superuser("boss@portal.example", "secret"))
    assert len(listed(boss)) == 1


def test_strangers_sign_in_first(db):
    assert Client().get("/settings/sessions/")["Location"] == "/login/?next=/settings/sessions/"


def test_signed_out_is_no_longer_listed_and_forgotten_at_night(owner):
    gone, here = browser(owner, PHONE), browser(owner)
    gone.post("/logout/")
    assert len(listed(here)) == 1
    assert forget_sessions() == 1
    assert forget_sessions() == 0


def test_the_list_costs_the_same_for_many(owner, django_assert_num_queries):
    for _ in range(3):
        browser(owner)
    with django_assert_num_queries(1):
        assert len(sessions_of(owner, machine_at=machine_now())) == 3


def test_signing_in_costs_the_same_however_many_are_in(owner, django_assert_max_num_queries):
    browser(owner)
    for _ in range(5):
        browser(owner)
    with django_assert_max_num_queries(25):
        browser(owner)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox, Windows"),
        (PHONE, "Safari, iPhone"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36",
            "Chrome, Linux",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0", "Edge, Windows"),
        ("curl/8.5", ""),
        ("", ""),
    ],
)
def test_a_browser_is_named_as_people_know_it(agent, name):
    assert name_of(agent) == name
