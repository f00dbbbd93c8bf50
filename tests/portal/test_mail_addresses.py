"""An address is the same however its letters are written: at the doors, for uniqueness, in what staff type."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.cast import make_user
from tests.proof import proven

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
    proven(client)
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
