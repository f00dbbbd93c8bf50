"""A passkey signs in by itself, stands in for the password's second factor, and is removed by who shows that it is they."""

from __future__ import annotations

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import Customer, CustomerKey, User
from tests.cast import make_user
from tests.device import Device
from tests.letters import mails
from tests.portal.seen import said
from tests.proof import proven

ADD = "/settings/passkeys/new/"
SIGN_IN = "/sign-in/passkey/"
CODE = "/sign-in/code/"


@pytest.fixture(autouse=True)
def _nobody_has_tried_before(db):
    cache.clear()


@pytest.fixture
def owner(alice):
    return make_user(alice)


@pytest.fixture
def inside(owner):
    client = browser()
    client.force_login(owner)
    return proven(client)


@pytest.fixture
def device(inside):
    made = Device()
    assert add(inside, made).status_code == 302
    return made


def browser() -> Client:
    return Client(headers={"accept-language": "en"}, SERVER_NAME="localhost")


def add(client: Client, device: Device, name: str = "office laptop") -> Any:
    return client.post(ADD, {"name": name, "credential": device.makes(client.get(ADD).context["options"])})


def sign_in(device: Device, client: Client | None = None, **more: str) -> Any:
    client = client or browser()
    options = client.get(SIGN_IN).json()["options"]
    return client.post(SIGN_IN, {"credential": device.signs(options), **more})


def by_password(user: User) -> Client:
    client = browser()
    client.post("/login/", {"username": user.email, "password": "secret"})
    return client


def is_in(client: Client) -> bool:
    return client.get("/settings/").status_code == 200


def passkey() -> Authenticator:
    return Authenticator.objects.get(type="webauthn")


def test_it_is_added_by_who_shows_anew_that_it_is_they_and_told(owner, inside):
    thief = by_password(owner)
    assert thief.get(ADD)["Location"].startswith("/settings/again/")

    answer = add(inside, Device())

    assert answer["Location"] == "/settings/second-factor/codes/", "the first one comes with recovery codes"
    assert passkey().wrap().name == "office laptop"
    assert "office laptop" in inside.get("/settings/second-factor/").content.decode()
    assert mails()[-1].subject == "Một khóa truy cập đã được thêm"
    assert not is_in(thief), "other browsers may have shown the password alone"


def test_without_a_name_it_is_called_as_its_browser(inside):
    inside.defaults["HTTP_USER_AGENT"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36"
    add(inside, Device(), name="")
    assert passkey().wrap().name == "Chrome, Linux"


def test_it_signs_in_without_a_password_and_is_the_second_factor(owner, device):
    Customer.objects.update(wants_second_factor=True)
    client = browser()
    answer = sign_in(device, client, next="/billing/")
    assert (answer.status_code, answer["Location"]) == (302, "/billing/")
    assert client.get("/settings/").status_code == 200
    assert client.get("/settings/sessions/").context["sessions"][0]["is_here"]


def test_after_the_password_it_is_asked_for(owner, device):
    client = by_password(owner)
    assert not is_in(client)
    page = client.get(CODE)

    answer = client.post(CODE, {"credential": device.signs(page.context["js_data"]["request_options"])})

    assert (answer.status_code, is_in(client)) == (302, True)


def test_another_device_opens_nothing(owner, device):
    stranger = Device()
    stranger.id, stranger.user = device.id, device.user
    client = browser()
    answer = sign_in(stranger, client)
    assert answer["Location"] == "/login/"
    assert said(answer) == ["This passkey was not accepted. Please try again."]
    assert not is_in(client)
    client = by_password(owner)
    options = client.get(CODE).context["js_data"]["request_options"]
    assert client.post(CODE, {"credential": stranger.signs(options)}).status_code == 200
    assert not is_in(client)


def test_a_page_elsewhere_that_looks_like_ours_gets_nothing(device):
    device.origin = "https://billing-portal.example"
    client = browser()
    sign_in(device, client)
    assert not is_in(client)


def test_a_device_that_asked_for_no_finger_opens_nothing_and_is_not_added(inside, device):
    device.flags &= ~0x04
    client = browser()
    sign_in(device, client)
    assert not is_in(client)
    answer = add(inside, Device(finger=False))
    assert "This passkey was not accepted." in answer.content.decode()
    assert Authenticator.objects.filter(type="webauthn").count() == 1


def test_what_was_signed_is_good_once(device):
    client = browser()
    said_once = device.signs(client.get(SIGN_IN).json()["options"])
    client.post(SIGN_IN, {"credential": said_once})
    client.post("/logout/")
    client.post(SIGN_IN, {"credential": said_once})
    assert not is_in(client)


@pytest.mark.parametrize(
    "credential", ["", "x", "{}", "[]", "null", '{"response": {"userHandle": 5}}', '{"id": "a"}', '"a"']
)
@pytest.mark.parametrize("page", [SIGN_IN, ADD])
def test_what_no_browser_says_is_refused(inside, page, credential):
    client = inside if page == ADD else browser()
    client.get(page)
    answer = client.post(page, {"credential": credential})
    assert answer.status_code == (200 if page == ADD else 302)
    assert not Authenticator.objects.exists()


def test_who_has_left_does_not_come_in_by_it(owner, device):
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert sign_in(device)["Location"] == "/login/"


def test_it_shows_anew_that_it_is_you(owner, device):
    client = browser()
    sign_in(device, client)
    client.cookies["django_language"] = "en"
    way = client.post("/settings/keys/", {"name": "import"})["Location"]
    assert "By a passkey instead" in client.get(way).content.decode()
    way = way.replace("/settings/again/", "/settings/again/passkey/")

    answer = client.post(way, {"credential": device.signs(client.get(way).context["options"])})

    assert answer.status_code == 200
    assert CustomerKey.objects.get().name == "import"


def test_who_has_a_passkey_and_no_password_shows_it_by_that(owner, device):
    User.objects.filter(pk=owner.pk).update(password="!")
    client = browser()
    sign_in(device, client)
    assert client.post("/settings/keys/", {"name": "x"})["Location"].startswith("/settings/again/code/")


def test_removed_it_opens_nothing_and_that_is_told(inside, device):
    page = reverse("mfa_remove_webauthn", args=[passkey().pk])
    assert "office laptop" in inside.get(page).content.decode()
    assert inside.post(page)["Location"] == "/settings/second-factor/"
    assert not Authenticator.objects.exists(), "recovery codes alone are no factor"
    assert mails()[-1].subject == "Một khóa truy cập đã bị xóa"
    assert sign_in(device)["Location"] == "/login/"


def test_nobody_removes_somebody_elses_nor_by_a_session_alone(owner, device, bob):
    page = reverse("mfa_remove_webauthn", args=[passkey().pk])
    stranger = browser()
    stranger.force_login(make_user(bob))
    assert proven(stranger).post(page).status_code == 404
    thief = browser()
    sign_in(device, thief)
    assert thief.post(page)["Location"].startswith("/settings/again/")
    assert Authenticator.objects.filter(type="webauthn").exists()


def test_the_last_one_stays_where_a_second_factor_is_required(inside, device):
    Customer.objects.update(wants_second_factor=True)
    answer = inside.post(reverse("mfa_remove_webauthn", args=[passkey().pk]))
    assert said(answer)[-1] == "A second factor is required: set up another one instead."
    add(inside, Device(), name="telephone")
    inside.post(reverse("mfa_remove_webauthn", args=[Authenticator.objects.filter(type="webauthn").first().pk]))
    assert passkey().wrap().name == "telephone"


def test_whoever_needs_a_second_factor_may_make_a_passkey_their_first(owner):
    Customer.objects.update(wants_second_factor=True)
    client = by_password(owner)
    assert client.get("/")["Location"] == "/settings/second-factor/set-up/"
    assert add(proven(client), Device()).status_code == 302
    assert client.get("/").status_code == 200


def test_who_has_one_and_has_not_shown_it_makes_no_other(owner, device):
    Customer.objects.update(wants_second_factor=True)
    thief = browser()
    thief.force_login(owner)  # as a session that has shown the password alone
    for page in (ADD, "/settings/second-factor/set-up/"):
        assert proven(thief).get(page)["Location"] == f"/login/?next={page}"
        thief.force_login(owner)


def test_what_is_kept_of_it_signs_nothing(device):
    kept = json.dumps(passkey().data)
    assert "attestationObject" in kept
    assert str(device.key.private_numbers().private_value) not in kept
