"""As long as a company's sign-in is required, an owner gets in without it."""

from __future__ import annotations

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator

from accounts.models import Membership, Provider
from accounts.services.way_back import NoWayBack
from door.services.second_factor import take_second_factor
from notifications.models import Letter
from team.services.members import end_membership, leave, pass_ownership, set_role
from tests.admin.conftest import staff
from tests.cast import NOON, make_colleague
from tests.company.conftest import DOMAIN, browser, member, set_up
from tests.markup import markup
from tests.portal.test_second_factor import set_up as set_up_factor
from tests.proof import proven

__all__ = ["staff"]
pytestmark = pytest.mark.django_db
OFF = "/settings/second-factor/off/"
WHY = "There would be none"


def factor_of(user) -> Authenticator:
    return Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})


@pytest.fixture
def second(alice):
    return member(alice, f"second@{DOMAIN}", role="owner")


@pytest.fixture
def provider(alice, owner, second, idp):
    """Required; of two owners one has a second factor."""
    factor_of(owner)
    return set_up(alice, idp, is_required=True)


def of(user) -> Membership:
    return Membership.objects.get(user=user)


def test_the_last_owner_with_a_second_factor_stays_what_they_are(provider, owner, second, alice):
    for act in (
        lambda: leave(of(owner), actor=owner.actor, at=NOON),
        lambda: end_membership(of(owner), actor=second.actor, at=NOON),
        lambda: set_role(of(owner), "viewer", actor=second.actor, at=NOON),
        lambda: pass_ownership(of(owner), of(second), keeps="billing", actor=owner.actor, at=NOON),
    ):
        with pytest.raises(NoWayBack):
            act()
    assert (of(owner).role, of(second).role) == ("owner", "owner")
    leave(of(second), actor=second.actor, at=NOON)
    assert [one.user for one in alice.memberships.all()] == [owner]


def test_where_another_owner_has_one_the_first_may_go(provider, owner, second):
    factor_of(second)
    leave(of(owner), actor=owner.actor, at=NOON)
    assert not Membership.objects.filter(user=owner).exists()


def test_where_it_is_not_required_the_last_one_may_go(provider, owner):
    Provider.objects.update(is_required=False)
    leave(of(owner), actor=owner.actor, at=NOON)
    assert not Membership.objects.filter(user=owner).exists()


def test_the_last_second_factor_of_an_owner_is_not_switched_off(alice, owner, idp):
    client = browser(owner)
    set_up_factor(client)
    set_up(alice, idp, is_required=True)
    session = proven(client).session
    session[AUTHENTICATION_METHODS_SESSION_KEY][0]["method"] = "mfa"
    session.save()

    answer = client.post(OFF)

    assert WHY in markup(client.get(answer["Location"]) if answer.status_code == 302 else answer)
    assert Authenticator.objects.filter(user=owner, type="totp").exists()
    assert not Letter.objects.filter(kind="second_factor_off").exists()
    Provider.objects.update(is_required=False)
    client.post(OFF)
    assert not Authenticator.objects.filter(user=owner, type="totp").exists()


def test_where_staff_take_the_last_one_away_it_is_required_no_longer(provider, owner, second):
    take_second_factor(owner, reason="lost", actor=make_colleague(), at=NOON, language="en")

    provider.refresh_from_db()
    assert (provider.is_on, provider.is_required) == (True, False)
    told = Letter.objects.filter(kind="provider_changed", facts__by="staff@portal.example", facts__way_in="on")
    assert {one.recipient for one in told} == {owner.email, second.email}


def test_where_another_owner_has_one_staff_take_the_factor_alone(provider, owner, second):
    factor_of(second)
    take_second_factor(owner, reason="lost", actor=make_colleague(), at=NOON, language="en")
    provider.refresh_from_db()
    assert provider.is_required


def test_staff_who_lock_the_last_one_out_are_told_what_it_means(provider, owner, second, staff):
    form = {"email": owner.email, "customer": str(of(owner).customer_id), "role": "owner", "reason": "stolen"}
    answer = staff("support").post(f"/admin/accounts/user/{owner.pk}/change/", form, follow=True)
    owner.refresh_from_db()
    assert not owner.is_active
    assert "Nobody gets in at Alice any more should its company sign-in fail" in markup(answer)


def test_staff_do_not_move_the_last_one(provider, owner, second, staff):
    form = {
        "email": owner.email,
        "customer": str(of(owner).customer_id),
        "role": "viewer",
        "is_active": "on",
        "reason": "x",
    }
    answer = staff("support").post(f"/admin/accounts/user/{owner.pk}/change/", form)
    assert answer.status_code == 200
    assert WHY in markup(answer)
    assert of(owner).role == "owner"
