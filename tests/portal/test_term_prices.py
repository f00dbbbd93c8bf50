"""Term prices on pages: what they save stands beside each period, and what leaving early costs is said before anything is paid."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.urls import reverse

from catalog.models import Price
from orders.models import Quote
from tests.cast import DAY, LONG_AGO, MONTH, NOON, create, fresh
from tests.markup import markup
from tests.portal.seen import signed_in, the_time_being

pytestmark = pytest.mark.django_db


def words(response):
    """What a page says, without its tags."""
    return (
        " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())
        .replace(" .", ".")
        .replace(" ;", ";")
    )


@pytest.fixture(autouse=True)
def _noon():
    with the_time_being(NOON):
        yield


@pytest.fixture
def yearly(small):
    """181,000 a month, 165,000 for whoever pays for twelve months or more ahead."""
    Price.objects.create(item=small, months=12, unit_price=165_000, valid_from=LONG_AGO)
    return small


def test_each_period_says_its_price_and_what_its_term_saves(alice, yearly):
    page = words(signed_in(alice).get(reverse("new-resource-of", args=["vserver"]), {"quantity": "2"}))
    assert "181,000 ₫ / 30 days 165,000 ₫ / 30 days from 12 months on" in page
    tiles = "6 months 2,172,000 ₫ 12 months 3,960,000 ₫ · saves 384,000 ₫ 24 months 7,920,000 ₫ · saves 768,000 ₫"
    assert tiles in page


def test_the_quote_says_what_comes_back_when_the_term_is_left_early(alice, yearly):
    owner = signed_in(alice)
    wish = {"choice": str(yearly.pk), "name": "web", "quantity": "1", "months": "12", "step": "continue"}
    answer = owner.post(reverse("new-resource-of", args=["vserver"]), wish)
    quote = Quote.objects.get()
    assert answer.url == reverse("quote", args=[quote.pk])
    page = words(owner.get(answer.url))
    assert "paid for 12 months or more ahead; without a term 181,000 ₫ / 30 days" in page
    assert "List price 2,172,000 ₫ You save − 192,000 ₫" in page
    assert "The term saves 192,000 ₫." in page
    assert "1 month 1,799,000 ₫ 3 months 1,437,000 ₫ 6 months 894,000 ₫" in page


def test_a_product_that_is_not_refundable_says_that_nothing_comes_back(alice, yearly):
    yearly.product.is_refundable = False
    yearly.product.save()
    owner = signed_in(alice)
    wish = {"choice": str(yearly.pk), "name": "web", "quantity": "1", "months": "12", "step": "continue"}
    page = markup(owner.get(owner.post(reverse("new-resource-of", args=["vserver"]), wish).url))
    assert "Nothing comes back if you delete it before its end." in page
    assert 'id="left-early"' not in page


def test_the_page_of_a_deletion_says_what_is_taken_off(alice, yearly):
    [server] = create(alice, yearly, months=12, at=NOON - 3 * MONTH)
    page = words(signed_in(alice).get(reverse("resource-delete", args=[server.pk])))
    assert "1,437,000 ₫ go back to your wallet." in page
    assert "The term is left early: the time that was used costs what it costs without it, 48,000 ₫ more." in page
    assert "270 days − 48,000 ₫ 1,437,000 ₫" in page


def test_many_deletions_say_it_once(alice, yearly):
    servers = create(alice, yearly, months=12, at=NOON - 3 * MONTH, quantity=2)
    page = signed_in(alice).get(reverse("resources-delete"), {"resource": [str(server.pk) for server in servers]})
    assert "costs what it costs without it, 96,000 ₫ more." in words(page)


def test_the_invoice_says_what_the_term_saved(alice, yearly):
    [server] = create(alice, yearly, months=12)
    page = words(signed_in(alice).get(reverse("invoice", args=[server.invoices.get().pk])))
    assert "the term saves 192,000 ₫ of it" in page
    assert "paid for 12 months or more ahead" in page
    assert "the same to the đồng" in page


def test_what_renews_by_itself_is_foretold_at_the_price_of_its_term(alice, yearly):
    [server] = create(alice, yearly, auto_renew_months=12, at=NOON - 20 * DAY)
    page = signed_in(alice).get(reverse("home"))
    assert fresh(server).auto_renew_months == 12
    assert "1,980,000 ₫" in words(page)
