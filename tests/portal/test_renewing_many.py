"""Renewing many: what each gains is a row; what gains nothing or cannot be renewed says so instead of vanishing or refusing."""

import pytest
from django.urls import reverse

from orders.services.delete import delete_resource
from tests.cast import DAY, NOON, create, owner_of
from tests.portal.seen import signed_in, the_time_being


@pytest.fixture(autouse=True)
def _a_day_later():
    with the_time_being(NOON + DAY):
        yield


@pytest.fixture
def short(alice, small):
    """Ends on 9 April at noon."""
    return create(alice, small, name="short")[0]


@pytest.fixture
def long(alice, small):
    """Ends on 8 June at noon."""
    return create(alice, small, name="long", months=3)[0]


def page_of(alice, *resources, **wishes) -> str:
    answer = signed_in(alice).get(reverse("renew"), {"resource": [str(one.pk) for one in resources], **wishes})
    assert answer.status_code == 200
    return answer.content.decode().replace("\xa0", " ").replace("&nbsp;", " ")


def test_each_row_says_until_when_how_much_longer_and_for_what(alice, short, long):
    """Another 30 days each: 181,000."""
    page = page_of(alice, short, long, mode="months", months="1")
    assert page.count("+30 days") == 2
    assert page.count(">181,000<") >= 2


def test_what_ends_on_the_common_day_already_is_named_and_not_charged(alice, short, long):
    """From 9 April to 8 June are 60 days: 362,000 for the one, nothing for the other."""
    page = page_of(alice, short, long, mode="match", end="2026-06-08")
    assert "+60 days" in page
    assert "unchanged: ends on that day already" in page
    assert "362,000" in page


def test_what_cannot_be_renewed_is_left_out_with_its_reason(alice, short, long):
    delete_resource(long.pk, actor=owner_of(alice), at=NOON)
    page = page_of(alice, short, long, mode="months", months="1")
    assert "left out:" in page
    assert page.count("+30 days") == 1
    assert page.count("181,000") >= 1


def test_no_more_than_36_months_are_added(alice, short, long):
    """36 months are 1,080 days: from 9 April 2026 to 24 March 2029."""
    assert "At most 36 months" not in page_of(alice, short, long, mode="match", end="2029-03-24")
    assert "At most 36 months can be added at once." in page_of(alice, short, long, mode="match", end="2029-03-25")
