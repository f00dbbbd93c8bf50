"""Who signs up has a customer and its owner once the address is confirmed, and nobody learns who has been here before."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.may import Role
from accounts.models import BillingMode, Customer, User
from door import brake, documents
from door.models import Agreement, SignUp
from door.services.sign_up import ask_to_sign_up, forget_sign_ups
from kernel import clock
from notifications.models import Letter
from notifications.services import forget_letters
from tests.cast import DAY, NOON, make_user
from tests.letters import link_in, mail_to, mails
from tests.portal.seen import said, the_time_being

LAN = "lan@hoasen.example"
PASSWORD = "a-long-new-secret"
COMPANY = {"kind": "company", "name": "Công ty Hoa Sen", "tax_code": "0101243150", "email": LAN, "agrees": "on"}
PERSON = {"kind": "person", "name": "Nguyễn Thị Lan", "tax_code": "", "email": LAN, "agrees": "on"}


@pytest.fixture(autouse=True)
def _nobody_has_tried_before(db, monkeypatch):
    monkeypatch.setattr(brake, "FIRST_WAIT", 3600)
    cache.clear()


def browser(language: str = "en") -> Client:
    return Client(headers={"accept-language": language})


def ask(said: dict[str, str], client: Client | None = None):
    return (client or browser()).post("/sign-up/", said)


def choose(link: str, password: str = PASSWORD, client: Client | None = None):
    return (client or browser()).post(link, {"password1": password, "password2": password})


def test_a_company_signs_up_and_is_in(db):
    answer = ask(COMPANY)
    assert (answer.status_code, answer["Location"]) == (302, "/sign-up/sent/")
    assert not Customer.objects.exists(), "not before the address is confirmed"
    assert not User.objects.exists()

    client = browser()
    link = link_in(mail_to(LAN))
    assert "Công ty Hoa Sen" in client.get(link).content.decode()
    answer = choose(link, client=client)

    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert said(answer) == ["Welcome. Your account is ready."]
    customer = Customer.objects.get()
    assert (customer.name, customer.email) == ("Công ty Hoa Sen", LAN)
    buyer = customer.buyers.get()
    assert (buyer.kind, buyer.name, buyer.tax_code, buyer.is_default) == (
        "company",
        "Công ty Hoa Sen",
        "0101243150",
        True,
    )
    assert (customer.billing_mode, customer.language) == (BillingMode.PREPAID, "en")
    user = User.objects.get()
    assert (user.email, user.role, user.customer, user.is_staff) == (LAN, Role.OWNER, customer, False)
    assert client.get("/").status_code == 200
    assert browser().post("/login/", {"username": LAN, "password": PASSWORD}).status_code == 302


def test_a_person_signs_up_without_a_tax_code(db):
    ask(PERSON)
    choose(link_in(mail_to(LAN)))
    assert Customer.objects.get().buyers.get().kind == "consumer"


def test_the_mail_and_the_account_speak_the_language_of_the_page(db):
    ask(PERSON, browser("vi"))
    message = mail_to(LAN)
    choose(link_in(message))
    assert "Lan" not in message.body, "strangers do not write to strangers by us"
    assert message.subject == "Xác nhận địa chỉ của bạn để mở tài khoản"
    assert Customer.objects.get().language == "vi"


def test_what_was_agreed_to_is_kept_with_its_version_and_the_instant_of_the_tick(db):
    with the_time_being(NOON):
        ask(PERSON)
    with the_time_being(NOON + DAY):
        choose(link_in(mail_to(LAN)))
    user = User.objects.get()
    kept = set(Agreement.objects.values_list("user", "customer", "document", "version", "language", "at"))
    assert kept == {
        (user.pk, user.customer.pk, document, version, "en", NOON) for document, version in documents.versions().items()
    }
    assert set(documents.versions()) == {"terms", "privacy"}
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\d", version) for version in documents.versions().values())


def test_without_agreement_there_is_no_account_and_nothing_typed_is_lost(db):
    answer = ask({**COMPANY, "agrees": ""})
    form = answer.context["form"]
    assert form.errors == {"agrees": ["Without your agreement there is no account."]}
    assert 'value="Công ty Hoa Sen"' in answer.content.decode()
    assert 'value="0101243150"' in answer.content.decode()
    assert mails() == []


def test_both_documents_are_linked_where_one_agrees(db):
    page = browser().get("/sign-up/").content.decode()
    for address in documents.addresses().values():
        assert f"href='{address}'" in page
        assert browser().get(address).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"email": "no address"}, "Enter a valid email address."),
        ({"name": ""}, "This field is required."),
        ({"name": "Lan\u202e"}, "U+202E"),
        ({"tax_code": ""}, "A company's invoices need its tax code."),
        ({"tax_code": "123"}, "A tax code has 10 digits"),
        ({"tax_code": "01012431501"}, "A tax code has 10 digits"),
        ({"tax_code": "0101243151"}, "One digit of this tax code is wrong"),
        ({"kind": "robot"}, "Select a valid choice."),
    ],
)
def test_each_field_says_what_is_wrong(db, wrong, sentence):
    answer = ask({**COMPANY, **wrong})
    (field,) = wrong
    assert sentence in " ".join(answer.context["form"].errors[field])
    assert list(answer.context["form"].errors) == [field]
    assert not SignUp.objects.exists()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("0101243150-001", "0101243150-001"), (" 0101 243 150 ", "0101243150"), ("0101243150001", "0101243150-001")],
)
def test_a_tax_code_is_taken_as_people_write_it(db, typed, kept):
    ask({**COMPANY, "tax_code": typed})
    assert SignUp.objects.get().tax_code == kept


# --- Nobody learns who has an account ---


@pytest.mark.parametrize("written", [str.lower, str.upper])
def test_a_known_address_is_answered_alike_and_gets_another_mail(alice, written):
    user = make_user(alice)
    known, unknown = browser(), browser()
    answers = [ask({**PERSON, "email": written(user.email)}, known), ask(PERSON, unknown)]

    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(302, "/sign-up/sent/")}
    pages = [client.get("/sign-up/sent/").content.decode() for client in (known, unknown)]
    assert re.sub(r"csrf\S+ value=\S+", "", pages[0]) == re.sub(r"csrf\S+ value=\S+", "", pages[1])
    assert mail_to(user.email).subject == "Bạn đã có tài khoản"
    assert link_in(mail_to(user.email)) == "/password/forgotten/"
    assert {message.to[0]: link_in(message).split("/")[1] for message in mails()} == {
        user.email: "password",
        PERSON["email"]: "sign-up",
    }
    assert User.objects.count() == 1


def test_who_has_left_is_answered_alike_and_not_written_to(alice):
    user = make_user(alice, is_active=False)
    assert ask({**PERSON, "email": user.email})["Location"] == "/sign-up/sent/"
    assert mails() == []


def test_a_stranger_blocks_nobody_elses_address(db):
    """Somebody typed Lan's address before her: whoever reads the mail decides."""
    ask({**PERSON, "name": "Stranger"})
    ask(PERSON)
    mine = link_in(mail_to(LAN))
    choose(mine)
    assert Customer.objects.get().name == "Nguyễn Thị Lan"
    assert [letter.state for letter in Letter.objects.order_by("pk")] == ["sent", "sent"]


def test_of_two_sign_ups_with_one_address_one_becomes_an_account(db):
    ask({**PERSON, "name": "First"})
    first = link_in(mail_to(LAN))
    ask({**PERSON, "name": "Second"})
    choose(link_in(mail_to(LAN)))

    answer = choose(first)

    assert answer.status_code == 409
    assert User.objects.count() == Customer.objects.count() == 1


def test_asking_often_is_slow(db):
    for _ in range(4):
        assert ask(PERSON).status_code == 302
    answer = ask(PERSON)
    assert answer.status_code == 429
    assert "Too many mails were asked for." in answer.content.decode()


# --- Links ---


def test_looking_at_the_link_opens_nothing(db):
    ask(PERSON)
    assert browser().get(link_in(mail_to(LAN))).status_code == 200
    assert not User.objects.exists()


def test_a_link_is_good_once(db):
    ask(PERSON)
    link = link_in(mail_to(LAN))
    choose(link)
    assert choose(link, "another-long-secret").status_code == 410
    assert browser().post("/login/", {"username": LAN, "password": PASSWORD}).status_code == 302


def test_a_link_is_over_after_three_days(db):
    with the_time_being(NOON):
        ask(PERSON)
        link = link_in(mail_to(LAN))
    with the_time_being(NOON + 3 * DAY - timedelta(seconds=1)):
        assert browser().get(link).status_code == 200
    with the_time_being(NOON + 3 * DAY):
        answer = browser().get(link)
        assert (answer.status_code, choose(link).status_code) == (410, 410)
    assert 'href="/sign-up/"' in answer.content.decode()


@pytest.mark.parametrize("mark", ["x", "W10:1abcde:forged"])
def test_a_link_that_nobody_sent_opens_nothing(db, mark):
    assert browser().get(f"/sign-up/{mark}/").status_code == 410


def test_a_weak_password_opens_no_account(db):
    ask(PERSON)
    answer = choose(link_in(mail_to(LAN)), "12345678")
    assert "This password is too common." in answer.content.decode()
    assert not User.objects.exists()


def test_where_staff_make_every_account_there_is_no_sign_up(db, settings):
    settings.SIGN_UP = False
    assert browser().get("/sign-up/").status_code == 404
    assert ask(PERSON).status_code == 404
    assert "/sign-up/" not in browser().get("/login/").content.decode()


# --- What is forgotten, and what stays ---


def test_a_sign_up_is_forgotten_after_a_week(db):
    with the_time_being(NOON):
        ask(PERSON)
    assert forget_sign_ups(at=NOON + 7 * DAY) == 0
    assert forget_sign_ups(at=NOON + 8 * DAY) == 1
    assert mails() == [], "its letter leads nowhere any more"


def test_a_letter_that_left_is_forgotten_after_ninety_days(db):
    with the_time_being(NOON):
        ask(PERSON)
        mails()
    Letter.objects.create(
        kind="sign_up", recipient="x@y.example", language="vi", at=NOON, next_attempt_at=NOON, state="parked"
    )
    assert forget_letters(at=NOON + 90 * DAY) == 0
    assert forget_letters(at=NOON + 91 * DAY) == 1
    assert Letter.objects.get().state == "parked"


@pytest.fixture
def agreed(alice):
    return Agreement.objects.create(
        user=make_user(alice), customer=alice, document="terms", version="2026-01-01", language="vi", at=NOON
    )


@pytest.mark.parametrize("attack", ["UPDATE door_agreement SET version = 'x'", "DELETE FROM door_agreement"])
def test_what_was_agreed_to_is_never_changed(agreed, attack):
    with pytest.raises(Exception, match=r"permission denied|append-only"), transaction.atomic():
        connection.cursor().execute(attack)


def test_an_agreement_names_a_version(agreed):
    with pytest.raises(IntegrityError, match="an_agreement_names_a_version"), transaction.atomic():
        Agreement.objects.create(
            user=agreed.user, customer=agreed.customer, document="privacy", version="", language="vi", at=NOON
        )


def test_a_version_is_agreed_to_once(agreed):
    with pytest.raises(IntegrityError, match="one_agreement_per_user_and_version"), transaction.atomic():
        Agreement.objects.create(
            user=agreed.user, customer=agreed.customer, document="terms", version="2026-01-01", language="vi", at=NOON
        )


def test_no_company_signs_up_without_a_tax_code(db):
    with pytest.raises(IntegrityError, match="a_company_that_signs_up_has_a_tax_code"), transaction.atomic():
        ask_to_sign_up(
            kind="company", name="X", tax_code="", email=LAN, language="vi", versions={"terms": "1"}, at=clock.now()
        )
