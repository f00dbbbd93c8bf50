"""In a session that a company's sign-in opened one is that company's part of oneself: the rest needs one's own means."""

from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession

from accounts.models import AuditEntry, Identity, Membership, User
from door.models import PrivacyRequest
from door.services.sessions import sessions_of
from kernel import clock
from tests.cast import NOON, make_user
from tests.company.conftest import DOMAIN, bound, browser, come_in, go, member, set_up, who
from tests.markup import markup
from tests.proof import proven

pytestmark = pytest.mark.django_db
LAN = f"lan@{DOMAIN}"
SESSIONS = "/settings/sessions/"
DATA = "/settings/data/"
FIRST = "/sign-in/company/first/"
ERASE = {"kind": "erase", "text": "All of it."}


@pytest.fixture
def lan(alice, bob) -> User:
    """Works for both."""
    lan = member(alice, LAN, role="owner")
    Membership.objects.create(user=lan, customer=bob, role="viewer", joined_at=NOON)
    return lan


@pytest.fixture
def inside(provider, lan, idp):
    client = bound(browser(), lan, idp)
    client.cookies.pop("django_language")
    return client


def by_password(user: User):
    client = browser()
    client.post("/login/", {"username": user.email, "password": "secret"})
    assert who(client) == user
    return client


def test_it_sees_and_ends_the_sessions_that_it_opened_and_no_others(inside, lan, idp, alice):
    own = by_password(lan)
    idp.says(LAN)
    come_in(other := browser(), LAN)
    assert len(sessions_of(lan, machine_at=clock.machine_now())) == 3

    shown = inside.get(SESSIONS)

    assert len(shown.context["sessions"]) == 2
    assert "Sign in with your password to see the others" in markup(shown)
    mine = UserSession.objects.get(session_key=own.session.session_key)
    inside.post(f"{SESSIONS}{mine.pk}/end/")
    assert own.get("/").status_code == 200
    inside.post(f"{SESSIONS}others/end/")
    assert (who(own), who(other)) == (lan, None)
    assert len(own.get(SESSIONS).context["sessions"]) == 2, "by one's own means one sees all"


def asking(client, alice, path="", **data):
    return client.post(f"{DATA}{path}", {**data, "for_customer": str(alice.pk)})


def test_requests_about_personal_data_need_the_persons_own_means(inside, lan, alice, idp):
    for answer in (asking(inside, alice, **ERASE), asking(inside, alice, "take/")):
        assert answer["Location"].startswith("/settings/again/?")
    idp.says(LAN)
    go(inside, inside.post("/settings/again/company/", {"next": "/"}))
    assert asking(inside, alice, **ERASE)["Location"].startswith("/settings/again/?"), "the provider's word does not do"
    assert not PrivacyRequest.objects.exists()

    inside.post(asking(inside, alice, **ERASE)["Location"], {"oldpassword": "secret"})

    assert PrivacyRequest.objects.get().user == lan, "what was asked is carried out then"
    assert asking(inside, alice, "take/").status_code == 200


def test_the_page_that_asks_who_one_is_does_not_offer_what_does_not_do(inside, alice):
    again = asking(inside, alice, **ERASE)["Location"]
    assert "/settings/again/company/" not in markup(inside.get(again))
    assert "/settings/again/company/" in markup(inside.get("/settings/again/?next=/team/"))


def test_by_rest_they_need_it_too(inside, lan, alice):
    client = inside
    answer = client.post(
        "/api/v1/privacy-requests/", ERASE, content_type="application/json",
        headers={"idempotency-key": "k", "x-customer": str(alice.pk)},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (403, "own-means-needed")
    assert client.get("/api/v1/privacy-requests/take/").status_code == 403
    proven(client)
    assert client.get("/api/v1/privacy-requests/take/").status_code == 200


def test_who_came_by_their_own_means_asks_as_before(alice):
    client = browser(make_user(alice))
    assert asking(client, alice, **ERASE).status_code == 302
    assert PrivacyRequest.objects.count() == 1


# --- Whom it knows ---


def test_whom_the_sign_in_knows_is_seen_by_the_person_and_by_the_owner(inside, lan, alice):
    own = by_password(lan)
    own.post("/customer/choose/", {"customer": str(alice.pk)})
    own.cookies.pop("django_language", None)
    identity = Identity.objects.get()
    assert [one["customer"] for one in own.get(SESSIONS).context["identities"]] == [alice]
    assert LAN in markup(own.get("/settings/company/"))

    own.post(f"{SESSIONS}company/{identity.pk}/forget/")

    assert not Identity.objects.exists()
    assert (who(inside), who(own)) == (None, lan)
    assert AuditEntry.objects.get(verb="forget identity").customer == alice


def test_an_owner_has_it_forget_a_member_who_shows_a_password_again(inside, lan, owner, idp, alice):
    identity = Identity.objects.get()
    path = f"/settings/company/people/{identity.pk}/forget/"
    manager = browser(owner)
    assert manager.post(path, {"for_customer": str(alice.pk)})["Location"].startswith("/settings/again/")
    proven(manager).post(path, {"for_customer": str(alice.pk)})

    assert (Identity.objects.count(), who(inside)) == (0, None)
    idp.says(LAN)
    assert come_in(browser(), LAN)["Location"] == FIRST


def test_nobody_has_it_forget_somebody_else(inside, alice, bob):
    identity = Identity.objects.get()
    for client in (browser(make_user(alice, role="viewer")), browser(make_user(bob))):
        assert client.post(f"{SESSIONS}company/{identity.pk}/forget/").status_code == 404
    theirs = proven(browser(manager := make_user(bob)))
    answer = theirs.post(f"/settings/company/people/{identity.pk}/forget/", {"for_customer": str(manager.customer.pk)})
    assert answer.status_code == 404
    assert Identity.objects.exists()


def test_a_session_of_one_company_sees_no_other_company_that_knows_one(inside, lan, bob, idp):
    provider = set_up(bob, idp, domain="bob.example")
    Identity.objects.create(
        provider=provider, user=lan, issuer=idp.url, subject="2", email=LAN, bound_at=NOON, used_at=NOON
    )
    (known,) = inside.get(SESSIONS).context["identities"]
    assert known["customer"].name == "Alice"
    other = Identity.objects.get(provider=provider)
    assert inside.post(f"{SESSIONS}company/{other.pk}/forget/").status_code == 404


# --- The page of the first time ---


def test_who_is_to_join_reads_whom_and_says_that_they_want_to(provider, idp, alice, bob):
    lan = member(bob, LAN)
    idp.says(LAN)
    come_in(client := browser(), LAN)
    page = markup(client.get(FIRST))
    assert "I want to belong to the team of Alice, as viewer." in page
    assert "/wallet/" not in page, "nobody is signed in for them yet"
    assert f"the sign-in of Alice at {idp.url.partition('://')[2]} is enough" in page

    assert client.post(FIRST, {"password": "secret"}).status_code == 200
    assert who(client) is None
    client.post(FIRST, {"password": "secret", "joins": "on"})

    assert who(client) == lan
    assert lan.memberships.get(customer=alice).role == "viewer"


def test_who_belongs_already_is_not_asked_whether_they_want_to(provider, idp, alice):
    member(alice, LAN)
    idp.says(LAN)
    come_in(client := browser(), LAN)
    assert "I want to belong" not in markup(client.get(FIRST))


# --- Where one goes on to ---


@pytest.mark.parametrize(
    ("wanted", "went"),
    [
        ("/wallet/", "/wallet/"),
        ("/nothing/here/", "/"),
        ("/admin/", "/"),
        ("/settings/company/?x=1", "/"),
        ("https://evil.example/", "/"),
    ],
)
def test_after_signing_in_one_is_led_to_pages_of_ours_that_one_may_open(provider, idp, alice, wanted, went):
    """Asked when they go: whatever was checked when they came, and by every way in."""
    bound(browser(), member(alice, LAN), idp)
    idp.says(LAN)
    client = browser()
    leave = client.post("/sign-in/company/", {"email": LAN, "next": "/"})
    session = client.session
    flow = session["company_flow"]
    flow[5] = wanted  # as if it had been kept unlooked at
    session["company_flow"] = flow
    session.save()
    assert go(client, leave)["Location"] == went
    plain = browser().post("/login/", {"username": LAN, "password": "secret", "next": wanted})
    assert plain["Location"] == went
