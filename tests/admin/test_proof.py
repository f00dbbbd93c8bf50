"""Whatever staff do that lets somebody in for longer than a session lasts, they do after showing anew who they are."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import CustomerKey, User
from catalog.models import ProductKey
from tests.admin.doing import WHY
from tests.admin.test_access import NEW
from tests.cast import make_user
from tests.proof import proven

AGAIN = "/settings/again/?next="


@pytest.fixture
def stolen(staff):
    """The session of an administrator, in which nobody has shown lately who it is."""
    return proven(staff("superuser"), seconds_ago=15 * 60)


def test_the_pages_that_ask_for_it():
    asking = {page.opts.label_lower for page in admin.site._registry.values() if getattr(page, "asks_proof", False)}
    assert asking == {"accounts.user", "accounts.customerkey", "auth.group", "catalog.productkey"}


@pytest.mark.parametrize("page", ["accounts_user", "accounts_customerkey", "catalog_productkey", "auth_group"])
def test_what_opens_something_is_not_made_by_a_session_alone(stolen, alice, vserver, page):
    address = reverse(f"admin:{page}_add")
    form = {
        **NEW, "email": "thief@elsewhere.example", "role": "owner", "customer": str(alice.pk), "product": str(vserver.pk),
        "name": "thief", "reason": WHY,
    }  # fmt: skip

    for answer in (stolen.get(address), stolen.post(address, form)):
        assert (answer.status_code, answer["Location"].startswith(AGAIN)) == (302, True)

    assert not CustomerKey.objects.exists()
    assert not ProductKey.objects.exists()
    assert not User.objects.filter(email="thief@elsewhere.example").exists()
    assert NEW["password1"] not in str(dict(stolen.session)), "what was typed is kept nowhere"


def test_nobodys_password_is_set_by_a_session_alone(stolen, alice):
    user = make_user(alice)
    answer = stolen.post(reverse("admin:auth_user_password_change", args=[user.pk]), {**NEW, "reason": WHY})
    assert answer["Location"].startswith(AGAIN)
    user.refresh_from_db()
    assert user.check_password("secret")


def test_a_user_is_looked_at_but_not_moved_by_a_session_alone(stolen, alice, bob):
    user, _stays = make_user(alice), make_user(alice)
    page = reverse("admin:accounts_user_change", args=[user.pk])
    form = {"email": user.email, "customer": bob.pk, "role": "owner", "is_active": "on", "reason": WHY}
    assert stolen.get(page).status_code == 200

    way = stolen.post(page, form)["Location"]
    assert User.objects.get(pk=user.pk).customer == alice

    assert stolen.post(way, {"oldpassword": "secret"}).status_code == 302
    assert User.objects.get(pk=user.pk).customer == bob, "what was sent is carried out then"
