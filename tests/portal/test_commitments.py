"""The page of commitments: what is offered, what is agreed, how far the month is, what the bill of a shortfall says."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse

from accounts.may import Role
from catalog.models import Commitment, CommitmentOffer
from invoices.models import CommittedMonth
from invoices.pdf import invoice_pdf
from invoices.services.month_end import bill_ended_months
from kernel.periods import CalendarMonth
from tests.actions.test_commitments import committed
from tests.cast import DAY, JOB, LONG_AGO, NOON, create
from tests.documents.reading import text_of
from tests.portal.seen import said, signed_in, the_time_being

pytestmark = pytest.mark.django_db
APRIL = CalendarMonth(2026, 4)
PAGE = "commitments"


@pytest.fixture
def offer(db):
    """1,000,000 a month for a year at 10 % less."""
    return CommitmentOffer.objects.create(
        name="Cam kết", name_en="A million", amount=1_000_000, share="0.1", months=12, valid_from=LONG_AGO
    )


def words(response):
    """What a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def seen(client):
    return words(client.get(reverse(PAGE)))


def test_an_owner_takes_an_offer(bob, offer):
    owner = signed_in(bob)
    with the_time_being(NOON):
        page = seen(owner)
        assert "A million" in page
        assert "12,000,000 ₫" in page  # in all
        answer = owner.post(reverse("commitment-take"), {"offer": str(offer.pk), "renews": "on"})
        assert said(answer) == ["You are committed from Apr 2026 on."]
        page = seen(owner)
    assert Commitment.objects.get().renews
    assert "followed by another like it" in page
    assert "12,000,000 ₫" not in page


@pytest.mark.parametrize("role", [Role.BILLING, Role.VIEWER])
def test_who_may_not_order_and_pay_only_looks(bob, offer, role):
    client = signed_in(bob, role)
    with the_time_being(NOON):
        assert "An owner of your account can commit to it." in seen(client)
        assert client.post(reverse("commitment-take"), {"offer": str(offer.pk)}).status_code == 403
    assert not Commitment.objects.exists()


@pytest.mark.parametrize("sent", ["", "nonsense"])
def test_what_is_no_offer_is_refused(bob, sent):
    with the_time_being(NOON):
        assert signed_in(bob).post(reverse("commitment-take"), {"offer": sent}).status_code == 409


def test_an_owner_lets_it_end(bob):
    commitment = committed(bob, renews=True)
    with the_time_being(NOON):
        signed_in(bob).post(reverse("commitment-renewal"), {"commitment": str(commitment.pk), "renews": "0"})
    commitment.refresh_from_db()
    assert not commitment.renews


def test_the_present_month_and_those_before(bob, small):
    create(bob, small)
    committed(bob)
    bill_ended_months(actor=JOB, at=APRIL.period.ends_at + timedelta(minutes=30))
    with the_time_being(APRIL.period.ends_at + 10 * DAY):
        page = seen(signed_in(bob))
    assert "54,300 ₫" in page
    assert "the month comes to 168,330 ₫" in page
    assert "831,670 ₫" in page
    assert "837,100 ₫" in page


def test_the_bill_of_a_shortfall_says_how_it_came_about(bob, small):
    create(bob, small)
    committed(bob)
    bill_ended_months(actor=JOB, at=APRIL.period.ends_at + timedelta(minutes=30))
    invoice = CommittedMonth.objects.get().invoice
    assert invoice is not None
    client = signed_in(bob)
    page = words(client.get(reverse("invoice", args=[invoice.pk])))
    assert "1,000,000 ₫ less 162,900 ₫ are 837,100 ₫" in page
    assert "the same to the đồng" in page
    assert client.get(reverse("billing-history")).status_code == 200
    assert client.get(reverse("usage-report"), {"month": "2026-04"}).status_code == 200
    assert "837" in text_of(invoice_pdf(invoice, at=invoice.issued_at))


def test_the_page_takes_as_many_queries_for_many_months(bob, small, django_assert_max_num_queries):
    create(bob, small)
    committed(bob)
    for month in (4, 5, 6):
        bill_ended_months(actor=JOB, at=CalendarMonth(2026, month).period.ends_at + timedelta(minutes=30))
    client = signed_in(bob)
    client.get(reverse(PAGE))
    with the_time_being(CalendarMonth(2026, 7).period.starts_at + DAY), django_assert_max_num_queries(25):
        seen(client)
