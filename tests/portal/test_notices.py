"""What notices say, in both languages and everywhere; the pages of notices, settings and signing in."""

import re
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django.asserts import assertNumQueries

from accounts.may import Role
from accounts.models import Customer, CustomerKey, digest_of
from notifications.kinds import KINDS, If, Unless
from notifications.models import Notice
from notifications.render import render, words_of
from notifications.services import tell
from tests.cast import DAY, NOON, create, make_customer, make_user
from tests.markup import markup
from tests.portal.seen import signed_in, the_time_being
from tests.proof import proven

ID = "019a0000-0000-7000-8000-000000000001"


@pytest.fixture(autouse=True)
def _noon():
    with the_time_being(NOON):
        yield


# --- Wordings ---


def notice(kind, event="x", **facts):
    return Notice(
        customer=Customer(name="Alice"), kind=kind, event=event, recipient="a@b.example", facts=facts, at=NOON
    )


def sentences(wording):
    said = [one.sentence if isinstance(one, If | Unless) else one for one in (*wording.subjects, *wording.sentences)]
    return [*said, wording.link[1], *(row.label for row in wording.rows)]


def test_every_kind_has_its_wording():
    assert set(KINDS) == set(Notice.Kind.values)


@pytest.mark.parametrize("kind", Notice.Kind.values)
def test_every_wording_names_the_same_facts_in_vietnamese(kind):
    for text in sentences(KINDS[kind]):
        with translation.override("en"):
            english = str(text)
        with translation.override("vi"):
            vietnamese = str(text)
        assert vietnamese != english or re.fullmatch(r"%\(\w+\)s", english)  # said by another sentence
        assert set(re.findall(r"%\(\w+\)s", english)) == set(re.findall(r"%\(\w+\)s", vietnamese))


@pytest.mark.parametrize("kind", Notice.Kind.values)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_notice_without_any_facts_is_still_a_mail(kind, language):
    with translation.override(language):
        mail = render(notice(kind))
    assert mail.subject
    assert "%(" not in mail.subject + mail.text + mail.html


@pytest.mark.django_db
def test_amounts_and_instants_are_written_as_the_reader_does():
    told = notice(
        Notice.Kind.INVOICE_ISSUED, f"invoice:{ID}", resource="web-01", total=1_234_567,
        **{"from": "2026-03-10T05:00:00+00:00", "until": "2026-04-01T00:00Z"},
    )  # fmt: skip
    with translation.override("vi"):
        words = words_of(told)
        assert words.subject == "Hóa đơn cho web-01: 1.234.567\u00a0₫"
        assert "từ 10/03/2026 12:00 đến 01/04/2026 07:00" in words.sentences[1]
    with translation.override("en"):
        words = words_of(told)
        assert words.subject == "Invoice for web-01: 1,234,567\u00a0₫"
        assert "from 10 Mar 2026, 12:00 to 1 Apr 2026, 07:00" in words.sentences[1]
    assert words.path == reverse("invoice", args=[ID])


def test_a_sentence_without_its_facts_is_left_out():
    with translation.override("en"):
        prepaid = words_of(
            notice(
                Notice.Kind.RESOURCE_CREATED, resource="web", total=5,
                **{"from": "2026-03-10T05:00Z", "until": "2026-04-09T05:00Z"},
            )
        )  # fmt: skip
        postpaid = words_of(notice(Notice.Kind.RESOURCE_CREATED, resource="web", postpaid=True, until=None, total=0))
    assert prepaid.sentences == ["web has been set up and is running.", "It is paid until 9 Apr 2026, 12:00."]
    assert prepaid.rows == [("Period", "10 Mar 2026, 12:00 – 9 Apr 2026, 12:00"), ("Total", "5\u00a0₫")]
    assert postpaid.sentences == [
        "web has been set up and is running.",
        "Its usage is billed at the end of each month.",
    ]
    assert postpaid.rows == []


def test_credit_that_was_taken_reads_as_a_loss():
    with translation.override("en"):
        assert words_of(notice(Notice.Kind.CREDIT_ADJUSTED, amount=-5_000)).subject.endswith("−5,000\u00a0₫")
        assert words_of(notice(Notice.Kind.CREDIT_ADJUSTED, amount=5_000)).subject.endswith("+5,000\u00a0₫")


def test_the_resource_is_found_in_the_event():
    for told in (
        notice(Notice.Kind.RESOURCE_CREATED, event=f"resource:{ID}:7", resource="web"),
        notice(Notice.Kind.RESOURCE_TRASHED, event=f"resource:{ID}:2026-04-09T05:00Z", resource="web"),
    ):
        assert words_of(told).path == reverse("resource", args=[ID])
    assert words_of(notice(Notice.Kind.RESOURCE_CREATED, event="order-item:7", resource="web")).path == ""


def test_facts_that_make_no_sense_cost_their_sentence_and_not_the_notice():
    with translation.override("en"):
        told = notice(Notice.Kind.RESOURCE_TRASHED, event="resource:7", resource="web", purge_at="soon", resource_id=5)
        assert len(words_of(told).sentences) == 1
        assert words_of(told).path == ""


def test_names_cannot_break_out_of_a_mail():
    with translation.override("en"):
        mail = render(notice(Notice.Kind.RESOURCE_CREATED, resource="<b>x</b>\r\nBcc: all@example.com %(total)s"))
    assert "\n" not in mail.subject
    assert "<b>x</b>" not in mail.html
    assert "&lt;b&gt;x&lt;/b&gt;" in mail.html
    assert "<b>x</b>" in mail.text


# --- Pages ---


@pytest.fixture
def told(alice):
    for number in range(3):
        tell(alice, Notice.Kind.PAYMENT_RECEIVED, UUID(ID), number, at=NOON - DAY, amount=1000 + number)
    return list(Notice.objects.order_by("id"))


def test_notices_are_listed_with_what_they_say(alice, told):
    page = signed_in(alice).get(reverse("notices"))
    assert [notice.words.subject for notice in page.context["page"].rows] == [
        "Payment received: 1,002\u00a0₫",
        "Payment received: 1,001\u00a0₫",
        "Payment received: 1,000\u00a0₫",
    ]
    assert page.context["unread_notices"] == 3


def test_reading_a_notice_shows_the_mail_as_it_was_sent(alice, told):
    client = signed_in(alice)
    page = client.get(reverse("notice", args=[told[0].pk])).content.decode()
    assert "Đã nhận thanh toán: 1.000" in page
    assert "Payment received: 1,000" in page
    assert alice.email in page
    assert client.get(reverse("notices")).context["unread_notices"] == 2
    first = Notice.objects.get(pk=told[0].pk).read_at
    with the_time_being(NOON + DAY):
        client.get(reverse("notice", args=[told[0].pk]))
    assert Notice.objects.get(pk=told[0].pk).read_at == first


def test_all_can_be_marked_as_read(alice, bob, told):
    tell(bob, Notice.Kind.REFUND, UUID(ID), at=NOON, amount=5)
    client = signed_in(alice)
    assert len(client.get(reverse("notices"), {"show": "unread"}).context["page"].rows) == 3
    client.post(reverse("notices-read"))
    assert client.get(reverse("notices"), {"show": "unread"}).context["page"].rows == []
    assert Notice.objects.get(customer=bob).read_at is None


def test_the_notice_of_somebody_else_does_not_exist(bob, told):
    assert signed_in(bob).get(reverse("notice", args=[told[0].pk])).status_code == 404
    assert Notice.objects.get(pk=told[0].pk).read_at is None


@pytest.mark.parametrize("count", [1, 3])
def test_notices_cost_the_same_number_of_queries(alice, small, count):
    create(alice, small, quantity=count)
    client = signed_in(alice)
    with assertNumQueries(8):  # one of them for the facts of today, one for each kind of subject; one for sums
        client.get(reverse("notices"))


# --- Settings ---


def test_settings_show_users_and_keys(alice):
    make_user(alice, role=Role.VIEWER)
    page = signed_in(alice).get(reverse("settings"))
    assert "There is no key yet." in page.content.decode()


def test_the_language_is_that_of_mails_and_portal(alice):
    client = signed_in(alice)
    answer = client.post(reverse("settings-language"), {"language": "en"})
    assert Customer.objects.get(pk=alice.pk).language == "en"
    assert answer.cookies["django_language"].value == "en"
    client.post(reverse("settings-language"), {"language": "xx"})
    assert Customer.objects.get(pk=alice.pk).language == "en"


def test_a_key_is_shown_once_and_revoked(alice):
    client = signed_in(alice)
    answer = proven(client).post(reverse("key-issue"), {"name": "import"})
    secret = re.search(r"bpc_[\w-]+", answer.content.decode())
    assert secret is not None
    key = CustomerKey.objects.get(customer=alice)
    assert key.digest == digest_of(secret[0])
    assert "no-store" in answer["Cache-Control"]
    assert secret[0] not in client.get(reverse("settings")).content.decode()
    client.post(reverse("key-revoke", args=[key.pk]))
    assert CustomerKey.objects.get().revoked_at == NOON


@pytest.mark.parametrize("role", [Role.BILLING, Role.VIEWER])
def test_keys_are_the_owners_alone(alice, role):
    key, _secret = CustomerKey.issue(at=NOON, customer=alice, name="k")
    client = signed_in(alice, role=role)
    assert client.post(reverse("key-issue"), {"name": "x"}).status_code == 403
    assert client.post(reverse("key-revoke", args=[key.pk])).status_code == 403
    assert CustomerKey.objects.get().revoked_at is None


def test_the_keys_of_somebody_else_do_not_exist(alice, bob):
    key, _secret = CustomerKey.issue(at=NOON, customer=alice, name="k")
    assert signed_in(bob).post(reverse("key-revoke", args=[key.pk])).status_code == 404
    assert CustomerKey.objects.get().revoked_at is None


@pytest.mark.parametrize("name", ["", "x" * 101])
def test_keys_need_a_name(alice, name):
    assert proven(signed_in(alice)).post(reverse("key-issue"), {"name": name}).status_code == 400
    assert not CustomerKey.objects.exists()


def test_there_are_only_so_many_keys(alice):
    for number in range(20):
        CustomerKey.issue(at=NOON, customer=alice, name=f"k{number}")
    answer = proven(signed_in(alice)).post(reverse("key-issue"), {"name": "one too many"})
    assert answer.status_code == 409
    assert CustomerKey.objects.count() == 20


# --- Signing in ---


def test_signing_in_speaks_the_customers_language(db):
    customer = make_customer("Emma", language="en")
    user = make_user(customer)
    answer = Client().post(reverse("account_login"), {"username": user.email, "password": "secret"})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert answer.cookies["django_language"].value == "en"


def test_a_language_that_was_chosen_before_signing_in_stays(db):
    user = make_user(make_customer("Hoa Sen", language="vi"))
    browser = Client(headers={"accept-language": "vi"})
    browser.post(reverse("set_language"), {"language": "en", "next": "/login/"})
    answer = browser.post(reverse("account_login"), {"username": user.email, "password": "secret"}, follow=True)
    assert browser.cookies["django_language"].value == "en"
    assert '<html lang="en"' in markup(answer)


def test_no_other_language_than_ours_is_chosen(db):
    browser = Client()
    browser.post(reverse("set_language"), {"language": "xx", "next": "/login/"})
    assert set(browser.cookies) <= {"csrftoken"}


def test_staff_come_to_the_staff_area(db):
    user = make_user(None, is_staff=True)
    answer = Client().post(reverse("account_login"), {"username": user.email, "password": "secret"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_a_wrong_password_signs_nobody_in(alice):
    user = make_user(alice)
    answer = Client().post(reverse("account_login"), {"username": user.email, "password": "guess"})
    assert answer.status_code == 200
    assert "_auth_user_id" not in answer.wsgi_request.session


def test_signing_in_leads_nowhere_else(alice):
    user = make_user(alice)
    form = {"username": user.email, "password": "secret", "next": "https://evil.example/"}
    assert Client().post(reverse("account_login"), form)["Location"] == "/"


def test_signing_out_needs_a_form(alice):
    client = signed_in(alice)
    assert client.get(reverse("account_logout")).status_code == 405
    assert client.post(reverse("account_logout"))["Location"] == "/login/"
