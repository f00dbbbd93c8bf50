"""An API key has a keeper, who answers for it; it stops when the keeper is no owner here any more."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from accounts.may import FOR_KEYS, May
from accounts.models import AuditEntry, CustomerKey, Membership, User
from accounts.services.keys import (
    BeyondKeeper,
    KeyIsKept,
    KeyIsOver,
    Terms,
    issue_customer_key,
    revoke_key,
    rotate_customer_key,
    take_over_customer_key,
)
from tests.cast import DAY, NOON, STAFF, make_user
from tests.portal.seen import the_time_being
from tests.proof import proven


@pytest.fixture
def lan(alice):
    return make_user(alice)


@pytest.fixture
def key(alice, lan):
    return issue_customer_key(alice, "import", actor=lan.actor, at=NOON)


def works(secret: str) -> bool:
    return Client(headers={"authorization": f"Bearer {secret}"}).get("/api/v1/wallet/").status_code == 200


def browser_of(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def test_the_page_shows_whose_a_key_is(lan, key):
    assert f"<span>{lan.email}</span>" in browser_of(lan).get(reverse("settings")).content.decode()


def deactivated(member: Membership) -> None:
    User.objects.filter(pk=member.user_id).update(is_active=False)


def made(role: str) -> Callable[[Membership], object]:
    return lambda member: Membership.objects.filter(pk=member.pk).update(role=role)


@pytest.mark.parametrize(
    "leave",
    [deactivated, made("viewer"), made("billing"), Membership.delete],
    ids=["deactivated", "viewer", "billing", "left"],
)
def test_a_key_stops_when_its_keeper_leaves(alice, lan, key, leave):
    other = make_user(alice)
    assert works(key[1])
    leave(lan.memberships.get())
    assert not works(key[1])
    page = browser_of(other).get(reverse("settings")).content.decode()
    assert "has left or manages no keys: the key is stopped" in page
    assert "Take over" in page


def test_a_technical_member_keeps_a_key(alice, lan, key):
    make_user(alice)
    made("technical")(lan.memberships.get())
    assert CustomerKey.working(NOON).get() == key[0]


def test_another_owner_takes_it_over_and_it_works_again(alice, lan, key):
    User.objects.filter(pk=lan.pk).update(is_active=False)
    other = make_user(alice)

    proven(browser_of(other)).post(reverse("key-take-over", args=[key[0].pk]))

    assert works(key[1])
    key[0].refresh_from_db()
    assert key[0].keeper == other
    entry = AuditEntry.objects.get(verb="take over API key")
    assert (entry.customer, entry.facts) == (alice, {"kept_before": lan.email})


def test_a_key_that_somebody_answers_for_is_not_taken_from_them(alice, lan, key):
    other = make_user(alice)
    made = issue_customer_key(alice, "ours", actor=STAFF, at=NOON)[0]
    for one in (key[0], made):
        with pytest.raises(KeyIsKept):
            take_over_customer_key(one, other, actor=other.actor, at=NOON)
    key[0].refresh_from_db()
    assert key[0].keeper == lan


def test_only_owners_take_over_and_only_their_own(alice, bob, lan, key):
    address = reverse("key-take-over", args=[key[0].pk])
    assert proven(browser_of(make_user(alice, role="billing"))).post(address).status_code == 403
    assert proven(browser_of(make_user(bob))).post(address).status_code == 404
    key[0].refresh_from_db()
    assert key[0].keeper == lan


def test_a_revoked_key_is_not_woken(alice, lan, key):
    revoke_key(key[0], actor=lan.actor, at=NOON)
    proven(browser_of(make_user(alice))).post(reverse("key-take-over", args=[key[0].pk]))
    key[0].refresh_from_db()
    assert key[0].keeper == lan
    assert not works(key[1])


def test_a_key_made_by_staff_has_no_keeper_and_works(alice, lan):
    key, secret = issue_customer_key(alice, "import", actor=STAFF, at=NOON)
    assert key.keeper is None
    assert works(secret)
    assert "our support" in browser_of(lan).get(reverse("settings")).content.decode()


def caller(secret: str, address: str = "127.0.0.1") -> Client:
    return Client(headers={"authorization": f"Bearer {secret}", "accept-language": "en"}, REMOTE_ADDR=address)


def test_a_key_carries_what_it_was_given_and_no_more(alice, lan):
    secret = issue_customer_key(
        alice, "reader", Terms(carries=frozenset({May.VIEW_BILLING})), actor=lan.actor, at=NOON
    )[1]
    assert caller(secret).get("/api/v1/wallet/").status_code == 200
    refused = caller(secret).post("/api/v1/top-ups/", {}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "key-lacks-right")
    assert "the right “pay and top up”" in refused.json()["detail"]


def test_a_key_carries_no_more_than_its_keeper_may_today(alice, lan):
    key, secret = issue_customer_key(alice, "all", actor=lan.actor, at=NOON)
    assert frozenset(key.carries) == FOR_KEYS
    make_user(alice)
    made("technical")(lan.memberships.get())
    assert caller(secret).get("/api/v1/wallet/").status_code == 403
    assert caller(secret).get("/api/v1/resources/").status_code == 200


def test_nobody_makes_a_key_that_may_more_than_they(alice):
    technician = make_user(alice, role="technical")
    with override("en"), pytest.raises(BeyondKeeper, match="pay and top up"):
        issue_customer_key(alice, "x", Terms(carries=frozenset({May.PAY})), actor=technician.actor, at=NOON)
    key, _secret = issue_customer_key(alice, "x", actor=technician.actor, at=NOON)
    assert key.carries == ["export", "manage-resources", "manage-webhooks", "order"]


@pytest.mark.parametrize(
    ("address", "status"), [("203.0.113.9", 200), ("203.0.114.9", 401), ("2001:db8::7", 200), ("2001:db9::7", 401)]
)
def test_a_key_is_used_from_its_networks_alone(alice, lan, address, status):
    terms = Terms(networks=("203.0.113.0/24", "2001:db8::/48"))
    secret = issue_customer_key(alice, "office", terms, actor=lan.actor, at=NOON)[1]
    assert caller(secret, address).get("/api/v1/wallet/").status_code == status


def test_a_key_expires_to_the_second(alice, lan):
    secret = issue_customer_key(alice, "short", Terms(expires_at=NOON + DAY), actor=lan.actor, at=NOON)[1]
    with the_time_being(NOON + DAY - timedelta(seconds=1)):
        assert works(secret)
    with the_time_being(NOON + DAY):
        assert not works(secret)


def test_a_key_is_replaced_and_both_work_meanwhile(alice, lan, key):
    terms = Terms(carries=frozenset({May.VIEW_BILLING}), daily_limit=1_000, networks=("127.0.0.0/8",))
    old, former = issue_customer_key(alice, "import", terms, actor=lan.actor, at=NOON)
    new, secret = rotate_customer_key(old, overlap=timedelta(hours=24), actor=lan.actor, at=NOON)
    assert (new.carries, new.daily_limit, new.networks, new.succeeds) == (["view-billing"], 1_000, ["127.0.0.0/8"], old)
    with the_time_being(NOON + timedelta(hours=23, minutes=59)):
        assert works(former)
        assert works(secret)
    with the_time_being(NOON + timedelta(hours=24)):
        assert not works(former)
        assert works(secret)
    with pytest.raises(KeyIsOver):
        rotate_customer_key(old, overlap=timedelta(hours=1), actor=lan.actor, at=NOON)


def test_the_page_makes_a_key_with_terms_and_shows_its_secret_once(alice, lan):
    client = proven(browser_of(lan))
    asked = {
        "name": "shop", "carries": ["order", "view-billing"], "daily_limit": "2.000.000", "networks": "203.0.113.7, 10.0.0.0/8",
        "last_day": "2099-12-31",
    }  # fmt: skip
    page = client.post(reverse("key-issue"), asked)
    key = CustomerKey.objects.get()
    assert page.context["secret"].startswith(key.hint)
    assert (key.carries, key.daily_limit, key.networks) == (
        ["order", "view-billing"],
        2_000_000,
        ["203.0.113.7/32", "10.0.0.0/8"],
    )
    assert f"{key.expires_at:%Y-%m-%dT%H:%M}" == "2099-12-31T17:00", "the end of that day in Hà Nội"
    shown = client.get(reverse("settings")).content.decode()
    assert page.context["secret"] not in shown
    assert f"{key.hint}…" in shown

    client.post(reverse("key-rotate", args=[key.pk]), {"hours": "24"})
    assert CustomerKey.objects.count() == 2


def test_what_is_no_network_is_said_at_its_field(alice, lan):
    page = proven(browser_of(lan)).post(
        reverse("key-issue"), {"name": "x", "carries": ["pay"], "networks": "300.1.1.1"}
    )
    assert page.status_code == 400
    assert "“300.1.1.1” is no network" in str(page.context["key_form"].errors["networks"])
    assert not CustomerKey.objects.exists()


def test_by_rest_a_key_is_made_with_terms_and_replaced(alice, lan):
    client = proven(browser_of(lan))
    wish = {
        "name": "x",
        "rights": ["pay"],
        "daily_limit": 5,
        "networks": ["10.0.0.0/8"],
        "expires_at": "2099-01-01T00:00:00Z",
    }
    made_key = client.post("/api/v1/keys/", wish, content_type="application/json").json()
    assert {name: made_key[name] for name in wish} == wish
    new = client.post(
        f"/api/v1/keys/{made_key['id']}/rotate/", {"overlap_hours": 1}, content_type="application/json"
    ).json()
    assert (new["succeeds"], new["rights"], new["secret"] != made_key["secret"]) == (made_key["id"], ["pay"], True)
