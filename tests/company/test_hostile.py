"""What a hostile, broken or slow provider says lets nobody in, and what it says of others than its customer's people never does."""

from __future__ import annotations

import time

import pytest

from accounts.models import Identity, User
from tests.company.conftest import DOMAIN, bound, browser, come_in, go, member, set_up, way_out, who
from tests.markup import markup

pytestmark = pytest.mark.django_db
LAN = f"lan@{DOMAIN}"


@pytest.fixture
def lan(provider, idp, alice) -> User:
    """Whom the provider has let in before."""
    user = member(alice, LAN)
    bound(browser(), user, idp)
    return user


def refused(answer, client, flaw: str) -> None:
    assert (answer.status_code, who(client)) == (403, None), markup(answer)
    assert answer.context["refusal"].details["flaw"] == flaw


@pytest.mark.parametrize(
    ("how", "flaw"),
    [
        ("nonce", "nonce"),
        ("no nonce", "nonce"),
        ("audience", "audience"),
        ("several audiences", "audience"),
        ("other party", "audience"),
        ("issuer", "issuer"),
        ("expired", "expired"),
        ("not yet", "expired"),
        ("no subject", "subject"),
        ("other key", "signature"),
        ("unknown key", "signature"),
        ("public key as secret", "signature"),
        ("none", "signature"),
        ("changed", "signature"),
    ],
)
def test_a_token_that_is_not_the_providers_for_us_of_now_lets_nobody_in(lan, idp, how, flaw):
    idp.says(LAN, hostile=how)
    refused(come_in(client := browser(), LAN), client, flaw)


def test_a_clock_that_is_a_little_wrong_does_no_harm(lan, idp):
    idp.says(LAN, hostile="clock a little wrong")
    come_in(client := browser(), LAN)
    assert who(client) == lan


def test_keys_that_change_are_read_anew(lan, idp):
    idp.says(LAN, new_key="second")
    come_in(client := browser(), LAN)
    assert who(client) == lan


@pytest.mark.parametrize(
    ("claims", "flaw"),
    [
        ({"email_verified": False}, "address-unverified"),
        ({"email_verified": "false"}, "address-unverified"),
        ({"email_verified": None}, "address-unverified"),
        ({"email": None}, "address-missing"),
        ({"email": "lan"}, "address-missing"),
        ({"email": "lan@bob.example"}, "foreign"),
        ({"email": f"lan@sub.{DOMAIN}"}, "foreign"),
        ({"email": f"lan@{DOMAIN}.evil.example"}, "foreign"),
    ],
)
def test_an_address_that_is_missing_unverified_or_foreign_lets_nobody_in(lan, idp, claims, flaw):
    idp.says(LAN, claims=claims)
    refused(come_in(client := browser(), LAN), client, flaw)


def test_entras_word_for_a_verified_address_counts(lan, idp):
    idp.says(LAN, claims={"email_verified": None, "xms_edov": True})
    come_in(client := browser(), LAN)
    assert who(client) == lan


def test_another_subject_with_the_same_address_is_not_the_same_person(lan, idp):
    """An address that was given to somebody else: they show the password of the account, or do not get in."""
    idp.says(LAN, sub="somebody else")
    answer = come_in(client := browser(), LAN)
    assert (answer["Location"], who(client)) == ("/sign-in/company/first/", None)
    assert client.post("/sign-in/company/first/", {"agrees": "on"}).status_code == 200
    assert Identity.objects.get(user=lan).subject == f"sub of {LAN}"


def test_the_same_subject_with_another_address_of_the_domain_is_the_same_person(lan, idp):
    idp.says(f"lan.married@{DOMAIN}", sub=f"sub of {LAN}")
    come_in(client := browser(), LAN)
    assert who(client) == lan


def test_the_account_of_another_customers_person_is_not_taken_over(provider, idp, bob):
    """Somebody of Bob's has an address of Alice's domain: Alice's provider, however hostile, does not become them."""
    victim = member(bob, f"victim@{DOMAIN}", role="owner")
    idp.says(victim.email)
    client = browser()
    answer = come_in(client, victim.email)
    assert (answer["Location"], who(client)) == ("/sign-in/company/first/", None)
    for sent in ({"agrees": "on"}, {"password": ""}, {"password": "guessed"}):
        assert client.post("/sign-in/company/first/", sent).status_code == 200
    assert (who(client), Identity.objects.count(), victim.memberships.count()) == (None, 0, 1)


def test_a_provider_speaks_for_no_domain_that_another_customer_has_confirmed(provider, idp, bob):
    theirs = set_up(bob, idp, domain="bob.example")
    victim = member(bob, "victim@bob.example")
    bound_elsewhere = Identity.objects.create(
        provider=theirs, user=victim, issuer=idp.url, subject="known", email=victim.email,
        bound_at=theirs.on_since, used_at=theirs.on_since,
    )  # fmt: skip
    idp.says(victim.email, sub=bound_elsewhere.subject)
    refused(come_in(client := browser(), f"anybody@{DOMAIN}"), client, "foreign")


def test_the_same_subject_at_the_same_issuer_is_nobody_at_another_customers(provider, idp, bob, alice):
    """Two customers at one issuer, Google say: each has identities of its own."""
    theirs = set_up(bob, idp, domain="bob.example")
    victim = member(bob, "victim@bob.example")
    Identity.objects.create(
        provider=theirs, user=victim, issuer=idp.url, subject="known", email=victim.email,
        bound_at=theirs.on_since, used_at=theirs.on_since,
    )  # fmt: skip
    idp.says(LAN, sub="known")
    answer = come_in(client := browser(), LAN)
    assert (answer["Location"], who(client)) == ("/sign-in/company/first/", None)


def test_a_code_that_was_begun_at_another_provider_or_nowhere_is_not_redeemed(provider, idp, bob, lan):
    theirs = set_up(bob, idp, domain="bob.example")
    client = browser()
    idp.says(LAN)
    left = client.post("/sign-in/company/", {"email": LAN})
    state = way_out(left).partition("state=")[2].partition("&")[0]
    before = idp.called()

    crossed = client.get(f"/sign-in/company/{theirs.pk}/back/?code=x&state={state}")
    foreign = browser().get(f"/sign-in/company/{provider.pk}/back/?code=x&state={state}")

    assert (crossed.status_code, foreign.status_code) == (410, 410)
    assert idp.called() == before, "nobody was asked"


def test_a_wrong_state_and_a_second_use_are_refused(provider, idp, lan):
    client = browser()
    idp.says(LAN)
    left = client.post("/sign-in/company/", {"email": LAN})
    state = way_out(left).partition("state=")[2].partition("&")[0]
    back = f"/sign-in/company/{provider.pk}/back/?code=x&state="
    assert client.get(f"{back}guessed").status_code == 410
    assert client.get(f"{back}{state}").status_code == 403, "it has not ended what was begun, but no such code is given"
    assert go(client, left).status_code == 410
    assert who(client) is None


def test_an_issuer_in_the_answer_that_is_another_is_refused(provider, idp, lan):
    client = browser()
    idp.says(LAN)
    state = way_out(client.post("/sign-in/company/", {"email": LAN})).partition("state=")[2].partition("&")[0]
    answer = client.get(f"/sign-in/company/{provider.pk}/back/?code=x&state={state}&iss=https://evil.example")
    refused(answer, client, "issuer")


def test_whoever_says_no_there_is_back_at_the_door(provider, idp, lan):
    client = browser()
    idp.tell()
    answer = come_in(client, LAN)
    assert (answer.status_code, answer["Location"], who(client)) == (302, "/sign-in/company/", None)


def test_a_wrong_secret_is_said(provider, idp, lan):
    from store.sealed import seal

    type(provider).objects.update(tried_at=None, on_since=None, client_secret=seal("wrong"))
    type(provider).objects.update(tried_at=provider.tried_at, on_since=provider.on_since)
    idp.says(LAN)
    refused(come_in(client := browser(), LAN), client, "code")


def test_a_provider_that_takes_the_secret_in_the_form_only_gets_it_there(provider, idp, lan):
    idp.says(LAN, auth_method="client_secret_post")
    come_in(client := browser(), LAN)
    assert who(client) == lan


def test_a_provider_that_is_down_is_said_and_tried_again(provider, idp, lan):
    client = browser()
    idp.tell(status=503)
    answer = client.post("/sign-in/company/", {"email": LAN})
    assert answer.status_code == 503
    assert "does not answer. Please try again in a moment" in markup(answer)
    idp.says(LAN)
    come_in(client, LAN)
    assert who(client) == lan


def test_a_provider_that_never_ends_costs_seconds(provider, idp, lan, monkeypatch):
    from door.openid import calls
    from tests.outgoing.neighbours import answering, drips

    monkeypatch.setattr(calls, "SECONDS", 0.5)
    with answering(drips(b"HTTP/1.1 200 OK\r\n")) as port:
        idp.tell(
            names={"jwks_uri": f"http://127.0.0.1:{port}/keys"}, says={"sub": "x", "email": LAN, "email_verified": True}
        )
        client, began = browser(), time.monotonic()
        answer = come_in(client, LAN)
    assert (answer.status_code, who(client)) == (503, None)
    assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    "names",
    [
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "http://198.51.100.7/authorize"},
        {"token_endpoint": "http://localhost/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "https://portal:secret@alice.example/keys"},
        {"token_endpoint": None},
    ],
)
def test_an_address_that_we_do_not_call_is_refused(provider, idp, lan, names):
    idp.tell(names=names)
    answer = browser().post("/sign-in/company/", {"email": LAN})
    assert (answer.status_code, answer.context["refusal"].details["flaw"]) == (403, "address")


def test_an_inside_address_that_nobody_allowed_is_not_called(provider, idp, lan, settings):
    settings.PROVIDER_INSIDE_NETWORKS = []
    idp.tell()
    answer = browser().post("/sign-in/company/", {"email": LAN})
    assert answer.status_code == 403
    assert idp.called() == []


def test_an_issuer_that_calls_itself_otherwise_is_refused(provider, idp, lan):
    idp.tell(names={"issuer": "https://accounts.google.com"})
    answer = browser().post("/sign-in/company/", {"email": LAN})
    assert (answer.status_code, answer.context["refusal"].details["flaw"]) == (403, "issuer")
