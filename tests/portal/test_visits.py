"""The portal tells a product's page who is in front of it: a code through the browser, taken up over REST."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import reverse

from accounts.may import Role
from accounts.models import User
from catalog.models import ProductKey
from orders.models import Visit
from tests.cast import LONG_AGO, NOON, create, make_product, make_user
from tests.portal.seen import signed_in, the_time_being

BACK = "https://shop.example/vserver/signed-in"


@pytest.fixture(autouse=True)
def _noon():
    with the_time_being(NOON):
        yield


@pytest.fixture
def shop(vserver):
    vserver.return_urls = ["https://shop.example/vserver/"]
    vserver.save()
    return vserver


@pytest.fixture
def team(shop):
    return team_of(shop)


def team_of(product):
    _key, secret = ProductKey.issue(at=LONG_AGO, product=product, name="shop")
    return Client(headers={"authorization": f"Bearer {secret}"})


def visited(browser, **change):
    return browser.get(reverse("visit", args=["vserver"]), {"return_url": BACK, "state": "abc"} | change)


def code_of(response) -> str:
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', response.content.decode())
    assert found, response.content.decode()
    address = urlsplit(html.unescape(found[1]))
    query = parse_qs(address.query)
    assert (address._replace(query="").geturl(), query["state"]) == (BACK, ["abc"])
    return query["code"][0]


def taken_up(team, code, return_url=BACK):
    return team.post("/api/v1/visits/", {"code": code, "return_url": return_url}, content_type="application/json")


def test_from_the_portal_to_the_customers_own_list(shop, team, alice, bob, small):
    (server,) = create(alice, small)
    create(bob, small, name="bobs")
    browser = signed_in(alice)

    answer = taken_up(team, code_of(visited(browser)))

    assert answer.status_code == 201, answer.content
    visit = answer.json()
    assert visit["customer"] == {"id": str(alice.pk), "name": alice.name, "billing_mode": "prepaid"}
    assert (visit["may_order"], visit["language"]) == (True, "en")
    rows = team.get("/api/v1/resources/", {"customer": visit["customer"]["id"]}).json()["results"]
    assert [row["id"] for row in rows] == [str(server.pk)]
    place = f"/api/v1/visits/{visit['id']}/"
    assert team.get(place).status_code == 200
    browser.post(reverse("account_logout"))
    assert team.get(place).status_code == 404, "signed out of the portal, signed out there"


def test_signing_out_on_the_product_page_leaves_the_portal_alone(shop, team, alice):
    browser = signed_in(alice)
    visit = taken_up(team, code_of(visited(browser))).json()

    assert team.post(f"/api/v1/visits/{visit['id']}/end/", {}, content_type="application/json").status_code == 200

    assert team.get(f"/api/v1/visits/{visit['id']}/").status_code == 404
    assert SESSION_KEY in browser.session


def test_a_new_password_ends_the_visits_that_an_old_one_began(shop, team, alice):
    thief, browser = signed_in(alice), signed_in(alice)
    owner = User.objects.get(pk=browser.session[SESSION_KEY])
    thief.force_login(owner)
    visit = taken_up(team, code_of(visited(thief))).json()

    browser.post(
        reverse("account_change_password"),
        {"oldpassword": "secret", "password1": "a-long-new-secret", "password2": "a-long-new-secret"},
    )

    assert team.get(f"/api/v1/visits/{visit['id']}/").status_code == 404


def test_one_who_only_looks_is_said_to(shop, team, alice):
    assert taken_up(team, code_of(visited(signed_in(alice, Role.VIEWER)))).json()["may_order"] is False


def test_whoever_is_not_signed_in_signs_in_first(shop):
    answer = visited(Client())
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))
    assert "state%3Dabc" in answer.url


@pytest.mark.parametrize(
    "change",
    [{"return_url": "https://evil.example/"}, {"return_url": ""}, {"state": ""}, {"state": "x" * 201}],
    ids=str,
)
def test_nobody_is_vouched_for_elsewhere(shop, alice, change):
    answer = visited(signed_in(alice), **change)
    assert answer.status_code == 422
    assert "refresh" not in answer.content.decode()
    assert not Visit.objects.exists()


def test_staff_are_no_customers(shop):
    browser = Client()
    browser.force_login(make_user(None, is_staff=True))
    assert visited(browser).status_code == 403


def test_a_code_is_no_use_to_another_team(shop, alice):
    other = team_of(make_product("vstorage"))
    answer = taken_up(other, code_of(visited(signed_in(alice))))
    assert (answer.status_code, answer.json()["code"]) == (422, "code-refused")
