"""What outlasts a session needs to be shown anew that it is you: a stolen session gives nothing lasting away."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.may import Role
from accounts.models import Customer, CustomerKey, User
from accounts.services.keys import issue_customer_key, revoke_key
from tests.cast import NOON, make_user
from tests.letters import link_in, mail_to
from tests.portal.seen import said
from tests.portal.test_second_factor import code_of, set_up
from tests.proof import proven

AGAIN = "/settings/again/"
KEYS = "/settings/keys/"
AFTER = "/settings/password/keys/"
NEW = "a-long-new-secret"


@pytest.fixture(autouse=True)
def _nobody_has_tried_before(db):
    cache.clear()


@pytest.fixture
def owner(alice):
    return make_user(alice)


@pytest.fixture
def inside(owner):
    """A browser that was signed in a while ago, or a thief who has its session."""
    return browser_of(owner)


def browser_of(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def works(secret: str) -> bool:
    return Client(headers={"authorization": f"Bearer {secret}"}).get("/api/v1/wallet/").status_code == 200


def test_a_session_alone_makes_no_key(inside):
    answer = inside.post(KEYS, {"name": "thief"})
    assert (answer.status_code, answer["Location"]) == (302, f"{AGAIN}?next=%2Fsettings%2Fkeys%2F")
    assert inside.post(answer["Location"], {"oldpassword": "guessed"}).status_code == 200
    assert not CustomerKey.objects.exists()


def test_with_the_password_what_was_sent_is_carried_out_and_the_secret_shown(inside):
    way = inside.post(KEYS, {"name": "import"})["Location"]

    answer = inside.post(way, {"oldpassword": "secret"})

    assert answer.status_code == 200
    assert CustomerKey.objects.get().name == "import"
    secret = re.search(r"bpc_[\w-]+", answer.content.decode())
    assert secret is not None
    assert works(secret[0])
    assert "no-store" in answer["Cache-Control"]


def test_it_is_not_asked_again_for_a_quarter_of_an_hour(inside):
    assert proven(inside, seconds_ago=14 * 60).post(KEYS, {"name": "first"}).status_code == 200
    assert proven(inside, seconds_ago=15 * 60).post(KEYS, {"name": "second"}).status_code == 302
    assert CustomerKey.objects.get().name == "first"


def test_what_was_shown_for_one_user_counts_for_nobody_else(inside, alice):
    proven(inside)
    inside.force_login(make_user(alice))
    assert inside.post(KEYS, {"name": "import"}).status_code == 302


def test_signing_in_alone_is_not_enough_for_it(owner):
    client = Client(headers={"accept-language": "en"})
    client.post("/login/", {"username": owner.email, "password": "secret"})
    assert client.post(KEYS, {"name": "import"})["Location"].startswith(AGAIN)


def test_a_code_of_the_second_factor_shows_it_too(owner):
    client = Client(headers={"accept-language": "en"})
    client.post("/login/", {"username": owner.email, "password": "secret"})
    client.cookies["django_language"] = "en"
    secret = set_up(client)
    proven(client, seconds_ago=3600)
    way = client.post(KEYS, {"name": "import"})["Location"]
    assert "By a code instead" in client.get(way).content.decode()

    by_code = way.replace(AGAIN, f"{AGAIN}code/")
    assert client.post(by_code, {"code": "000000"}).status_code == 200
    assert not CustomerKey.objects.exists()
    assert client.post(by_code, {"code": code_of(secret)}).status_code == 200
    assert CustomerKey.objects.get().name == "import"


def test_who_has_neither_password_nor_code_gets_a_password_by_mail(owner, inside):
    owner.set_unusable_password()
    owner.save()
    client = browser_of(owner)
    assert client.post(KEYS, {"name": "import"})["Location"].startswith("/password/forgotten/")


@pytest.mark.parametrize("wanted", ["on", "off"])
def test_what_everybody_needs_is_not_changed_by_a_session_alone(inside, wanted):
    Customer.objects.update(wants_second_factor=wanted == "off")
    answer = inside.post("/settings/second-factor/team/", {"wanted": wanted})
    assert answer.status_code == 302
    assert Customer.objects.get().wants_second_factor == (wanted == "off")


def test_another_owners_key_is_not_taken_over_by_a_session_alone(owner, inside, alice):
    key, _secret = issue_customer_key(alice, "import", actor=make_user(alice).actor, at=NOON)
    assert inside.post(f"/settings/keys/{key.pk}/take-over/")["Location"].startswith(AGAIN)
    key.refresh_from_db()
    assert key.keeper != owner


def test_revoking_needs_nothing_more(inside, owner, alice):
    key, secret = issue_customer_key(alice, "import", actor=owner.actor, at=NOON)
    assert inside.post(f"/settings/keys/{key.pk}/revoke/").status_code == 302
    assert not works(secret)


def test_by_rest_a_session_alone_makes_no_key_and_is_told_where_to_go(inside, settings):
    answer = inside.post("/api/v1/keys/", {"name": "thief"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "proof-needed")
    assert f"{settings.PUBLIC_URL}/settings/again/" in answer.json()["detail"]
    assert not CustomerKey.objects.exists()

    inside.post(AGAIN, {"oldpassword": "secret"})
    assert inside.post("/api/v1/keys/", {"name": "ours"}, content_type="application/json").status_code == 201


# --- Keys outlive a password ---


@pytest.fixture
def keys(alice, owner):
    return [issue_customer_key(alice, name, actor=owner.actor, at=NOON) for name in ("import", "report")]


def change(client: Client):
    return client.post("/settings/password/", {"oldpassword": "secret", "password1": NEW, "password2": NEW})


def test_who_changes_the_password_is_shown_the_keys_and_revokes_some(inside, keys):
    answer = change(inside)
    assert answer["Location"] == AFTER
    page = inside.get(AFTER).content.decode()
    assert page.index("import") < page.index("report")

    answer = inside.post(AFTER, {"key": [str(keys[0][0].pk)]})

    assert said(answer)[-1] == "Revoked, and open nothing any more: import"
    assert [works(secret) for _key, secret in keys] == [False, True]


def test_the_mail_names_the_keys_that_go_on(owner, inside, keys):
    revoke_key(keys[1][0], actor=owner.actor, at=NOON)
    change(inside)
    told = str(mail_to(owner.email).body)
    assert "Các khóa API sau vẫn hoạt động: import." in told
    assert "report" not in told


def test_without_keys_the_mail_says_nothing_of_them(owner, inside):
    assert change(inside)["Location"] == "/settings/"
    assert "API" not in str(mail_to(owner.email).body)


def test_who_has_set_a_new_password_by_mail_comes_to_the_keys_after_the_door(owner, keys):
    client = Client(headers={"accept-language": "en"})
    client.post("/password/forgotten/", {"email": owner.email})
    form = client.get(link_in(mail_to(owner.email)))["Location"]

    answer = client.post(form, {"password1": NEW, "password2": NEW})

    assert answer["Location"] == "/login/?next=%2Fsettings%2Fpassword%2Fkeys%2F"
    answer = client.post(answer["Location"], {"username": owner.email, "password": NEW, "next": AFTER})
    assert answer["Location"] == AFTER
    assert client.get(AFTER).status_code == 200
    assert "Các khóa API sau vẫn hoạt động: import, report." in str(mail_to(owner.email).body)


@pytest.mark.parametrize("role", [Role.BILLING, Role.VIEWER])
def test_who_may_not_revoke_is_shown_nothing(alice, keys, role):
    client = browser_of(make_user(alice, role=role))
    assert change(client)["Location"] == "/settings/"
    assert client.get(AFTER)["Location"] == "/settings/"
    client.post(AFTER, {"key": [str(keys[0][0].pk)]})
    assert works(keys[0][1])


def test_nobody_revokes_a_strangers_keys_there(bob, keys, owner):
    client = browser_of(make_user(bob))
    issue_customer_key(bob, "own", actor=owner.actor, at=NOON)
    client.post(AFTER, {"key": [str(keys[0][0].pk), "no id"]})
    assert works(keys[0][1])
