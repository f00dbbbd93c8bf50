"""A forgotten password has a way back, and nobody learns by it who has an account."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Customer, User
from door import brake
from notifications.models import Letter
from tests.cast import make_user
from tests.letters import link_in, mail_to, mails
from tests.portal.seen import said

NEW = "a-long-new-secret"


@pytest.fixture(autouse=True)
def _nobody_has_tried_before(monkeypatch):
    monkeypatch.setattr(brake, "FIRST_WAIT", 3600)
    cache.clear()


@pytest.fixture
def owner(alice):
    return make_user(alice)


def browser() -> Client:
    return Client(headers={"accept-language": "en"})


def ask(address: str, client: Client | None = None):
    return (client or browser()).post("/password/forgotten/", {"email": address})


def set_by(link: str, password: str = NEW, again: str = "", client: Client | None = None):
    client = client or browser()
    answer = client.get(link)
    if answer.status_code != 302:
        return answer
    return client.post(answer["Location"], {"password1": password, "password2": again or password})


def can_sign_in(user: User, password: str) -> bool:
    return browser().post("/login/", {"username": user.email, "password": password}).status_code == 302


def test_the_link_of_the_mail_sets_a_new_password(owner):
    answer = ask(owner.email)
    assert (answer.status_code, answer["Location"]) == (302, "/password/forgotten/sent/")

    message = mail_to(owner.email)
    client = browser()
    answer = set_by(link_in(message), client=client)

    assert (answer.status_code, answer["Location"]) == (302, "/login/")
    assert "Your password is changed." in client.get("/login/").content.decode()
    assert "_auth_user_id" not in client.session, "they sign in with it"
    assert can_sign_in(owner, NEW)
    assert not can_sign_in(owner, "secret")


def test_that_it_was_set_is_told(owner):
    ask(owner.email)
    set_by(link_in(mail_to(owner.email)))

    told = mail_to(owner.email)

    assert told.subject == "Mật khẩu của bạn đã được đổi"
    assert link_in(told) == "/password/forgotten/"


def test_the_mail_is_in_the_language_of_the_customer(owner):
    ask(owner.email)
    assert mail_to(owner.email).subject == "Đặt mật khẩu mới"
    Customer.objects.filter(pk=owner.customer.pk).update(language="en")
    ask(owner.email)
    assert mail_to(owner.email).subject == "Set a new password"


def test_a_new_password_signs_out_everybody_who_is_in(owner):
    inside = browser()
    inside.force_login(owner)
    ask(owner.email)
    set_by(link_in(mail_to(owner.email)))
    assert inside.get("/settings/").status_code == 302


def test_staff_have_the_same_way_back(db):
    boss = User.objects.create_user("boss@portal.example", "secret", is_staff=True)
    ask("Boss@Portal.example")
    set_by(link_in(mail_to(boss.email)))
    assert can_sign_in(boss, NEW)


@pytest.mark.parametrize("known", [True, False])
def test_the_answer_is_the_same_whether_somebody_has_the_address(owner, known):
    address = owner.email if known else "nobody@customer.example"
    client = browser()
    answer = ask(address, client)
    page = client.get(answer["Location"])

    assert (answer.status_code, answer["Location"], page.status_code) == (302, "/password/forgotten/sent/", 200)
    assert address not in page.content.decode()
    assert len(mails()) == known


@pytest.mark.parametrize("address", ["/password/forgotten/", "/sign-up/"])
def test_the_same_is_done_for_every_address_so_that_time_tells_nothing(owner, address):
    def statements(email: str) -> list[str]:
        form = {"email": email, "kind": "person", "name": "Lan", "agrees": "on"}
        with CaptureQueriesContext(connection) as done:
            assert browser().post(address, form).status_code == 302
        return [re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in done]

    statements("warm.up@customer.example")
    assert statements(owner.email) == statements("nobody@customer.example")


def test_a_link_goes_to_the_address_that_is_kept_not_to_one_that_looks_like_it(alice):
    User.objects.create_user("nina@b.example", "secret", customer=alice)
    ask("N\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}NA@b.example")
    assert [message.to for message in mails()] in ([], [["nina@b.example"]])


def test_whoever_has_left_gets_no_link(owner):
    User.objects.filter(pk=owner.pk).update(is_active=False)
    ask(owner.email)
    assert mails() == []


def test_whoever_leaves_before_the_mail_does_gets_none_either(owner):
    ask(owner.email)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert mails() == []
    assert Letter.objects.get().state == Letter.State.OVERTAKEN


def test_nothing_that_opens_an_account_stays_in_the_database(owner):
    ask(owner.email)
    link = link_in(mail_to(owner.email))
    key = link.rstrip("/").rpartition("/")[2].partition("-")[2]

    kept = str(list(Letter.objects.values()))

    assert len(key) > 30
    assert key not in kept
    assert link not in kept


def test_a_link_is_good_once(owner):
    ask(owner.email)
    link = link_in(mail_to(owner.email))
    set_by(link)

    again = set_by(link, "another-long-secret")

    assert again.status_code == 410
    assert "This link is over" in again.content.decode()
    assert can_sign_in(owner, NEW)


def test_a_link_is_over_after_an_hour(owner, settings):
    ask(owner.email)
    link = link_in(mail_to(owner.email))
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert set_by(link).status_code == 410


@pytest.mark.parametrize(
    "link", ["/password/new/1-abc/", "/password/new/zzzzzzzzzzzzz-abc/", "/password/new/x-set-password/"]
)
def test_a_link_that_nobody_sent_opens_nothing(db, link):
    assert browser().get(link).status_code == 410


def test_a_weak_password_is_refused_with_what_is_wrong(owner):
    ask(owner.email)
    answer = set_by(link_in(mail_to(owner.email)), "12345678")
    assert answer.status_code == 200
    assert "This password is too common." in answer.content.decode()
    assert not can_sign_in(owner, "12345678")


def test_two_different_passwords_are_refused(owner):
    ask(owner.email)
    answer = set_by(link_in(mail_to(owner.email)), NEW, "a-long-new-secrot")
    assert "The two password fields didn’t match." in answer.content.decode()


@pytest.mark.parametrize("address", ["", "nobody", "a@b", "x" * 260 + "@b.example"])
def test_what_is_no_address_is_said_at_its_field_and_kept(db, address):
    answer = ask(address)
    assert answer.status_code == 200
    assert answer.context["form"].errors["email"]
    assert answer.context["form"]["email"].value() == address


@pytest.mark.parametrize("known", [True, False])
def test_who_asks_for_many_mails_has_to_wait_known_or_not(owner, known):
    address = owner.email if known else "nobody@customer.example"
    for _ in range(4):
        assert ask(address).status_code == 302

    answer = ask(address)

    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert "Too many mails were asked for. Please wait" in answer.content.decode()


def test_a_parked_letter_is_sent_again_by_staff_with_a_fresh_link(owner):
    ask(owner.email)
    Letter.objects.update(state=Letter.State.PARKED, attempts=8)
    boss = browser()
    boss.force_login(User.objects.create_superuser("boss@portal.example"))
    letter = Letter.objects.get()

    page = boss.get(f"/admin/notifications/letter/{letter.pk}/change/").content.decode()
    assert "/password/new/" not in page
    task = f"/admin/notifications/letter/{letter.pk}/task/retry/"
    assert boss.post(task, {"reason": "mended", "key": "k1"}).status_code == 302

    assert can_sign_in(owner, "secret")
    assert set_by(link_in(mail_to(owner.email))).status_code == 302


# --- Who knows it changes it ---


def change(client: Client, old: str, new: str = NEW, again: str = ""):
    return client.post("/settings/password/", {"oldpassword": old, "password1": new, "password2": again or new})


@pytest.fixture
def inside(owner):
    client = browser()
    client.force_login(owner)
    return client


def test_who_knows_the_password_changes_it_and_stays_signed_in(owner, inside):
    elsewhere = browser()
    elsewhere.force_login(owner)

    answer = change(inside, "secret")

    assert (answer.status_code, answer["Location"]) == (302, "/settings/")
    assert said(answer) == ["Your password is changed. Elsewhere you are signed out."]
    assert inside.get("/settings/").status_code == 200
    assert elsewhere.get("/settings/").status_code == 302
    assert can_sign_in(owner, NEW)
    assert mail_to(owner.email).subject == "Mật khẩu của bạn đã được đổi"


def _breaks(*_args: object, **_named: object) -> None:
    raise RuntimeError("the power is gone")


def test_a_password_is_not_changed_when_the_letter_cannot_be_written(owner, inside, monkeypatch):
    monkeypatch.setattr("door.adapter.tell_user", _breaks)
    with pytest.raises(RuntimeError):
        change(inside, "secret")
    assert can_sign_in(owner, "secret")
    assert inside.get("/settings/").status_code == 200


def test_a_link_sets_no_password_when_the_letter_cannot_be_written(owner, monkeypatch):
    ask(owner.email)
    link = link_in(mail_to(owner.email))
    monkeypatch.setattr("door.adapter.tell_user", _breaks)
    with pytest.raises(RuntimeError):
        set_by(link)
    assert can_sign_in(owner, "secret")


def test_a_browser_that_was_left_open_changes_nothing(owner, inside):
    answer = change(inside, "guess")
    assert answer.context["form"].errors == {"oldpassword": ["This is not your present password."]}
    assert can_sign_in(owner, "secret")
    assert mails() == []


def test_guessing_it_there_is_as_slow_as_at_the_door(owner, inside):
    for _ in range(6):
        assert change(inside, "guess").status_code == 200
    answer = change(inside, "secret")
    assert answer.status_code == 429
    assert can_sign_in(owner, "secret") is False, "the door counts with it"


def test_staff_change_theirs_on_the_same_page(db):
    boss = browser()
    boss.force_login(User.objects.create_superuser("boss@portal.example", "secret"))
    assert boss.get("/admin/password_change/")["Location"] == "/settings/password/"
    assert boss.get("/settings/password/").status_code == 200
    assert change(boss, "secret")["Location"] == "/admin/"


def test_who_has_no_password_gets_one_by_mail(alice):
    user = make_user(alice)
    user.set_unusable_password()
    user.save()
    client = browser()
    client.force_login(user)
    assert client.get("/settings/password/")["Location"] == "/password/forgotten/"


def test_strangers_have_no_password_to_change(db):
    assert browser().get("/settings/password/")["Location"] == "/login/?next=/settings/password/"


def test_no_page_of_the_door_says_anything_in_an_outbox_of_its_own(owner, inside):
    change(inside, "secret")
    assert mail.outbox == [], "mails leave by the outbox alone"
    assert Letter.objects.count() == 1
