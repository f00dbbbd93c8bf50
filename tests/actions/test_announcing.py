"""Auto-renewal is announced once, before the first try, with its price and what is missing; the try itself adds no promise."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.utils.translation import override

from accounts.models import Customer
from catalog.models import Item, Price
from lifecycle.models import Resource
from lifecycle.services.sweeps import remind_about_ends
from notifications.delivery import deliver_notices
from notifications.models import Notice
from notifications.render import words_of
from orders.services.announcing import announce_renewals
from orders.services.renewal import renew_automatically
from tests.cast import DAY, JOB, MONTH, NOON, create, fund, make_customer
from tests.owner import forget

pytestmark = pytest.mark.django_db

END = NOON + MONTH  # 9 April, noon
MORNING = END - 7 * DAY - timedelta(hours=4, minutes=30)  # 2 April, 07:30
EIGHT = MORNING + timedelta(minutes=30)
Kind = Notice.Kind


@pytest.fixture
def customer(db: None) -> Customer:
    return make_customer(credit=181_000, language="en")


@pytest.fixture
def web(customer: Customer, small: Item) -> Resource:
    """181,000 VND a month until 9 April, renewed automatically; the wallet is empty."""
    (resource,) = create(customer, small, auto_renew_months=1)
    forget(Notice.objects.all())
    return resource


def mails() -> list[str]:
    """What was mailed since the last time, without spaces that do not break."""
    texts = [f"{message.subject}\n{message.body}".replace("\xa0", " ") for message in mail.outbox]
    mail.outbox.clear()
    return texts


def morning(at=MORNING) -> list[str]:
    """From half past seven until eight: announcements, tries, mails."""
    remind_about_ends(at=at)
    announce_renewals(at=at)
    deliver_notices(at=at)
    renew_automatically(actor=JOB, at=at + timedelta(minutes=30))
    deliver_notices(at=at + timedelta(minutes=30))
    return mails()


def test_an_empty_wallet_a_week_before_the_end_makes_one_honest_mail(web):
    (text,) = morning()
    for words in (
        "181,000 ₫ are missing to renew web\n",
        "web ends on 9 Apr 2026, 12:00.",
        "Its automatic renewal costs 181,000 ₫.",
        "181,000 ₫ are missing: top up before 2 Apr 2026, 08:00, or before a later try.",
        "Product: vserver",
        "Next period: 9 Apr 2026, 12:00 – 9 May 2026, 12:00",
    ):
        assert words in text
    assert "It is renewed" not in text
    states = Notice.objects.order_by("pk").values_list("kind", "state")
    assert list(states) == [("auto_renew_announced", "sent"), ("auto_renew_failed", "overtaken")]


def test_the_later_tries_are_told_each(web):
    morning()
    assert morning(MORNING + DAY) == []
    (text,) = morning(MORNING + 3 * DAY)
    assert "web could not be renewed automatically\n" in text
    assert "The renewal costs 181,000 ₫, and your wallet lacks 181,000 ₫ of it." in text
    assert "Its paid time ends on 9 Apr 2026, 12:00." in text
    assert "Top up, or renew it yourself, before then." in text


def test_with_credit_the_price_and_the_hour_are_announced_before_it_is_taken(customer, web):
    fund(customer, 200_000)
    announced, done = morning()
    assert "web will be renewed automatically\n" in announced
    assert (
        "It is renewed from your wallet on 2 Apr 2026, 08:00 for 181,000 ₫, if the credit is there then." in announced
    )
    assert "missing" not in announced
    assert "The new period begins on 9 Apr 2026, 12:00, where the last one ends, and ends on 9 May 2026, 12:00." in done
    assert "181,000 ₫ were taken from your wallet." in done


def test_the_new_period_begins_where_the_old_one_ends_in_vietnamese_too(customer, web):
    fund(customer, 200_000)
    morning()
    with override("vi"):
        words = words_of(Notice.objects.get(kind=Kind.AUTO_RENEW_DONE))
    assert "Kỳ mới bắt đầu lúc 09/04/2026 12:00" in words.sentences[-1]


def test_credit_that_suffices_for_one_of_two_is_promised_to_the_one_that_ends_first(customer, web, small):
    fund(customer, 362_000)
    create(customer, small, name="later", at=NOON + timedelta(hours=1), auto_renew_months=1)
    forget(Notice.objects.all())
    texts = morning()
    announced, done = texts
    assert announced.startswith("2 resources are to be renewed automatically: 362,000 ₫\n")
    assert "web | 9 Apr 2026, 12:00 | 2 Apr 2026, 08:00 | 181,000 ₫ | -\n" in announced
    assert "later | 9 Apr 2026, 13:00 | 2 Apr 2026, 08:00 | 181,000 ₫ | 181,000 ₫\n" in announced
    assert done.startswith("web was renewed automatically\n")


def test_a_rise_of_the_price_is_announced(customer, web, small):
    Price.objects.filter(item=small).update(valid_until=NOON + DAY)
    Price.objects.create(item=small, unit_price=Decimal(200_000), valid_from=NOON + DAY)
    fund(customer, 200_000)
    announced, _done = morning()
    assert "for 200,000 ₫" in announced
    assert "The price has risen: at the price of the last period it would be 181,000 ₫." in announced


def test_without_a_price_the_advice_is_to_ask_support(web, small):
    Price.objects.filter(item=small).update(valid_until=NOON + DAY)
    (text,) = morning()
    assert "web has no price for its renewal\n" in text
    assert "Please contact support before then, so that it can be renewed." in text
    assert "op up" not in text
    (text,) = morning(MORNING + 3 * DAY)
    assert "Please contact support" in text
    assert "op up" not in text


def test_who_tops_up_in_time_is_not_told_of_a_failure(customer, web):
    announce_renewals(at=MORNING)
    fund(customer, 181_000)
    renew_automatically(actor=JOB, at=EIGHT)
    deliver_notices(at=EIGHT)
    assert [text.partition("\n")[0] for text in mails()] == ["web was renewed automatically"]


def test_credit_that_is_gone_at_eight_is_told(customer, web, small):
    fund(customer, 181_000)
    announce_renewals(at=MORNING)
    create(customer, small, name="bought-in-between", at=MORNING + timedelta(minutes=10))
    forget(Notice.objects.exclude(kind=Kind.AUTO_RENEW_ANNOUNCED))
    renew_automatically(actor=JOB, at=EIGHT)
    assert Notice.objects.get(kind=Kind.AUTO_RENEW_FAILED).state == "pending"


def test_an_announcement_is_made_once(web):
    assert announce_renewals(at=MORNING) == 1
    announce_renewals(at=MORNING + timedelta(minutes=5))
    assert Notice.objects.count() == 1
