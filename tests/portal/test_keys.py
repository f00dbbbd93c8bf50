"""An API key has a keeper, who answers for it; it stops when the keeper is no owner here any more."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Membership, User
from accounts.services.keys import issue_customer_key, revoke_key
from tests.cast import NOON, STAFF, make_user
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
    assert works(key[1])


def test_another_owner_takes_it_over_and_it_works_again(alice, lan, key):
    User.objects.filter(pk=lan.pk).update(is_active=False)
    other = make_user(alice)

    proven(browser_of(other)).post(reverse("key-take-over", args=[key[0].pk]))

    assert works(key[1])
    key[0].refresh_from_db()
    assert key[0].keeper == other
    entry = AuditEntry.objects.get(verb="take over API key")
    assert (entry.customer, entry.facts) == (alice, {"kept_before": lan.email})


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
