"""An address is the same however its letters are written: at the doors, for uniqueness, in what staff type."""

import importlib

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, User
from tests.cast import DAY, make_user
from tests.owner import as_owner

SET_ASIDE = importlib.import_module("accounts.migrations.0005_users_of_one_address_are_told_apart").set_aside_doubles
STORED = "Lan.Nguyen@Hoasen.example"


@pytest.fixture
def lan(alice):
    user = make_user(alice)
    User.objects.filter(pk=user.pk).update(email=STORED)
    return user


@pytest.mark.parametrize("typed", ["lan.nguyen@hoasen.example", "LAN.NGUYEN@HOASEN.EXAMPLE", f" {STORED} "])
def test_she_signs_in_however_she_types_her_address(lan, typed):
    client = Client()
    assert client.post("/login/", {"username": typed, "password": "secret"}).status_code == 302
    assert client.session["_auth_user_id"] == str(lan.pk)


def test_staff_sign_in_so_too(db):
    User.objects.create_superuser("Boss@Portal.example", "secret")
    answer = Client().post("/login/", {"username": "boss@portal.example", "password": "secret"})
    assert answer.status_code == 302


def test_no_second_user_has_the_address(lan):
    with pytest.raises(IntegrityError, match="one_user_per_mail_address_however_written"), transaction.atomic():
        User.objects.create_user("lan.nguyen@hoasen.example")


def test_staff_read_a_sentence_when_they_type_it_again(alice, lan):
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.create_superuser("boss@portal.example"))
    form = {
        "email": STORED.lower(),
        "customer": alice.pk,
        "role": "viewer",
        "usable_password": "false",
        "reason": "asked",
    }
    answer = client.post(reverse("admin:accounts_user_add"), form)
    assert answer.status_code == 200
    assert "Another user signs in with this address already." in answer.content.decode()
    assert User.objects.filter(email__iexact=STORED).count() == 1


@pytest.mark.django_db
def test_of_two_users_of_one_address_the_upgrade_keeps_the_one_who_signed_in_last(alice, bob):
    """As it was before the constraint: Lan.Nguyen@ signed in today, lan.nguyen@ long ago, LAN.NGUYEN@ never."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_user_per_mail_address_however_written")
    now = timezone.now()
    old = User.objects.create_user("lan.nguyen@x.example", customer=bob, last_login=now - 400 * DAY)
    kept = User.objects.create_user("Lan.Nguyen@x.example", customer=alice, last_login=now)
    never = User.objects.create_user("LAN.NGUYEN@x.example", customer=alice)
    other = User.objects.create_user("other@x.example", customer=alice)

    SET_ASIDE(apps, None)

    for user in (old, kept, never, other):
        user.refresh_from_db()
    assert (kept.email, kept.is_active) == ("Lan.Nguyen@x.example", True)
    assert (old.email, old.is_active) == (f"user-{old.pk}.lan.nguyen@x.example", False)
    assert (never.email, never.is_active) == (f"user-{never.pk}.LAN.NGUYEN@x.example", False)
    assert (other.email, other.is_active) == ("other@x.example", True)
    trail = AuditEntry.objects.filter(verb="set user aside").order_by("pk")
    assert [(entry.customer_id, entry.facts["address"], entry.facts["kept_by"]) for entry in trail] == [
        (bob.pk, "lan.nguyen@x.example", "Lan.Nguyen@x.example"),
        (alice.pk, "LAN.NGUYEN@x.example", "Lan.Nguyen@x.example"),
    ]
