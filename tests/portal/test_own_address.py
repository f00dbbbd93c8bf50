"""The address by which one signs in changes when both addresses have confirmed it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import signing
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.models import AuditEntry, User
from door.marks import mark_of
from door.models import AddressChange
from door.services.addresses import ask_for_address, confirm_address
from kernel import clock
from notifications.models import Letter
from tests.cast import NOON, make_user
from tests.letters import link_in, mail_to, mails
from tests.portal.seen import said, the_time_being

NEW = "lan.new@customer.example"
Side = AddressChange.Side


@pytest.fixture(autouse=True)
def _nobody_has_tried_before():
    cache.clear()


@pytest.fixture
def owner(alice):
    return make_user(alice)


@pytest.fixture
def inside(owner):
    client = Client(headers={"accept-language": "en"})
    client.force_login(owner)
    return client


def ask(client: Client, address: str = NEW, password: str = "secret"):
    return client.post("/settings/address/", {"email": address, "oldpassword": password})


def press(link: str):
    """Whoever reads the mail, in another browser."""
    client = Client(headers={"accept-language": "en"})
    page = client.get(link)
    assert page.status_code == 200
    return client.post(link)


def address_of(user: User) -> str:
    return User.objects.get(pk=user.pk).email


def test_it_changes_when_both_have_confirmed(owner, inside):
    former = owner.email
    answer = ask(inside)
    assert (answer.status_code, answer["Location"]) == (302, "/settings/")
    assert said(answer) == ["Two mails are on their way: confirm the change in both."]

    first = press(link_in(mail_to(NEW)))
    assert "Now confirm it in the mail to the other address as well." in first.content.decode()
    assert address_of(owner) == former

    second = press(link_in(mail_to(former)))
    assert f"You sign in as {NEW} from now on." in second.content.decode()
    assert address_of(owner) == NEW
    assert inside.get("/settings/").status_code == 200, "and they stay signed in"


@pytest.mark.parametrize("side", Side)
def test_one_of_them_is_not_enough(owner, inside, side):
    former = owner.email
    ask(inside)
    press(link_in(mail_to(former if side == Side.FORMER else NEW)))
    press(link_in(mail_to(former if side == Side.FORMER else NEW)))
    assert address_of(owner) == former


def test_looking_at_the_link_confirms_nothing(owner, inside):
    ask(inside)
    Client().get(link_in(mail_to(NEW)))
    Client().get(link_in(mail_to(owner.email)))
    change = AddressChange.objects.get()
    assert (change.former_at, change.new_at, address_of(owner)) == (None, None, owner.email)


def test_that_it_changed_is_told_to_the_former_address_and_kept(owner, inside):
    former = owner.email
    ask(inside)
    press(link_in(mail_to(former)))
    press(link_in(mail_to(NEW)))

    told = mail_to(former)

    assert told.subject == "Địa chỉ email của bạn đã được đổi"
    assert NEW in told.body
    entry = AuditEntry.objects.get(verb="change own address")
    assert (entry.subject, entry.facts, entry.customer) == (NEW, {"former": former}, owner.customer)


def test_an_address_that_has_an_account_is_answered_alike_and_told_to_its_reader(owner, inside, bob):
    other = make_user(bob)
    answer = ask(inside, other.email.upper())

    assert said(answer) == ["Two mails are on their way: confirm the change in both."]
    sent = {message.to[0]: message.subject for message in mails()}
    assert sent == {owner.email: "Địa chỉ email của bạn sắp đổi", other.email: "Bạn đã có tài khoản"}
    press(link_in(mail_to(owner.email)))
    assert address_of(owner) == owner.email


def test_an_address_that_somebody_got_meanwhile_is_refused(owner, inside):
    ask(inside)
    press(link_in(mail_to(owner.email)))
    link = link_in(mail_to(NEW))
    User.objects.create_user(NEW.upper())

    answer = press(link)

    assert answer.status_code == 409
    assert "This address cannot be had." in answer.content.decode()
    assert address_of(owner) == owner.email


def test_asking_again_ends_what_was_asked_before(owner, inside):
    ask(inside)
    first = link_in(mail_to(NEW))
    ask(inside, "another@customer.example")

    assert press(first).status_code == 409
    assert AddressChange.objects.under_way().get().address == "another@customer.example"


def test_after_three_days_it_is_over(owner):
    change = ask_for_address(owner, NEW, at=NOON, language="en")
    with the_time_being(NOON + timedelta(days=3)):
        answer = press(f"/address/{mark_of('address', change.pk, 'new')}/")
    assert answer.status_code == 409
    assert "This change of address is over." in answer.content.decode()


def test_after_staff_have_changed_it_it_is_over(owner, inside):
    ask(inside)
    link = link_in(mail_to(NEW))
    User.objects.filter(pk=owner.pk).update(email="staff.set@customer.example")
    assert press(link).status_code == 409


@pytest.mark.parametrize(
    "mark",
    ["x", "W10:1abcde:forged", signing.dumps(["x"], salt="door.address"), signing.dumps(1, salt="door.address")],
    ids=["no mark", "forged", "of a list", "of a number"],  # signed now: otherwise named anew in each process
)
def test_a_link_that_nobody_sent_opens_nothing(db, mark):
    answer = Client().get(f"/address/{mark}/")
    assert answer.status_code == 410


def test_a_mark_for_something_else_is_none(owner):
    change = ask_for_address(owner, NEW, at=clock.now(), language="en")
    assert Client().get(f"/address/{mark_of('another', change.pk, 'new')}/").status_code == 410


def test_who_does_not_know_the_password_asks_in_vain(owner, inside):
    answer = ask(inside, password="guess")
    assert answer.context["form"].errors == {"oldpassword": ["This is not your present password."]}
    assert answer.context["form"]["email"].value() == NEW, "what was typed stays"
    assert mails() == []


@pytest.mark.parametrize("address", ["", "no address", "x" * 260 + "@b.example"])
def test_what_is_no_address_is_said_at_its_field(inside, address):
    assert ask(inside, address).context["form"].errors["email"]


def test_ones_own_address_is_no_change(owner, inside):
    answer = ask(inside, owner.email.upper())
    assert answer.context["form"].errors == {"email": ["You sign in with this address already."]}


def test_staff_who_look_at_the_portal_as_a_customer_change_nothing(owner, db):
    staff = Client()
    staff.force_login(User.objects.create_superuser("boss@portal.example", "secret"))
    session = staff.session
    session["viewed_customer"] = str(owner.customer.pk)
    session.save()
    assert ask(staff).status_code == 403
    assert not Letter.objects.exists()


def test_pressed_twice_it_is_confirmed_once(owner):
    change = ask_for_address(owner, NEW, at=NOON, language="en")
    confirm_address(change.pk, Side.NEW, at=NOON, language="en")
    again = confirm_address(change.pk, Side.NEW, at=NOON + timedelta(hours=1), language="en")
    assert again.new_at == NOON


# --- What the database refuses ---


def test_no_address_changes_with_one_confirmation(owner):
    change = ask_for_address(owner, NEW, at=NOON, language="en")
    with (
        pytest.raises(IntegrityError, match="an_address_changes_when_both_have_confirmed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE door_addresschange SET done_at = now(), new_at = now() WHERE id = %s", [change.pk])


def test_nobody_asks_for_two_addresses_at_a_time(owner):
    ask_for_address(owner, NEW, at=NOON, language="en")
    with pytest.raises(IntegrityError, match="one_change_of_address_at_a_time"), transaction.atomic():
        AddressChange.objects.create(user=owner, former=owner.email, address="x@y.example", asked_at=NOON)


@pytest.mark.parametrize("column", ["address", "former"])
def test_what_was_asked_stays(owner, column):
    change = ask_for_address(owner, NEW, at=NOON, language="en")
    with (
        pytest.raises(IntegrityError, match="these facts are frozen"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE door_addresschange SET {column} = 'thief@x.example' WHERE id = %s", [change.pk])
