"""Somebody who works for several customers chooses for whom."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.may import Role
from accounts.services.team import add_member, remove_member
from tests.api.conftest import Caller
from tests.cast import NOON, STAFF, make_customer, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def both(alice, bob):
    """Owner at Alice's, for longer; looks on at Bob's, who has an owner."""
    user = make_user(alice)
    make_user(bob)
    add_member(bob, user, Role.VIEWER, actor=STAFF, at=NOON.replace(year=2099))
    return user


@pytest.fixture
def client(both):
    client = Client(headers={"accept-language": "en"})
    client.force_login(both)
    return client


def choose(client, customer):
    return client.post(reverse("choose-customer"), {"customer": customer.pk})


def test_the_longest_counts_until_another_is_chosen(client, alice, bob):
    assert client.get(reverse("home")).context["customer"] == alice

    choose(client, bob)

    page = client.get(reverse("home"))
    assert page.context["customer"] == bob
    assert page.context["may"]["pay"] is False
    assert client.post(reverse("top-up")).status_code == 403


def test_the_menu_names_both(client, alice, bob):
    said = client.get(reverse("home")).content.decode()
    assert "You belong to several customers" in said
    assert f'value="{bob.pk}"' in said


def test_nobody_chooses_where_they_do_not_belong(client, alice):
    assert choose(client, make_customer("Mallory")).status_code == 404
    assert client.get(reverse("home")).context["customer"] == alice


def test_the_api_follows_the_choice_of_the_session(both, alice, bob):
    caller = Caller(user=both)
    choose(caller.client, bob)
    assert caller.get("customer/").json()["name"] == "Bob"


def test_whoever_is_removed_from_what_they_chose_is_back_at_the_other(client, both, alice, bob):
    choose(client, bob)
    remove_member(both.memberships.get(customer=bob), actor=STAFF, at=NOON)
    assert client.get(reverse("home")).context["customer"] == alice
