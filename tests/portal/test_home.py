"""The home page: nothing is cut without saying, and what the days ahead ask for is compared with the wallet."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from invoices.services.month_end import bill_ended_months
from lifecycle.services.running import set_auto_renew
from orders.queries import runway_of
from tests.cast import DAY, JOB, NOON, create, make_customer, owner_of
from tests.portal.seen import signed_in, the_time_being

BILLED = datetime(2026, 3, 31, 17, 30, tzinfo=UTC)  # half past midnight of 1 April in Hà Nội


def home_of(customer, *, days: float = 0) -> str:
    with the_time_being(NOON + days * DAY):
        return signed_in(customer).get(reverse("home")).content.decode().replace("\xa0", " ")


def test_seven_that_end_soon_are_five_and_two_more(small):
    carol = make_customer(credit=10_000_000)
    create(carol, small, name="web", quantity=7)
    page = home_of(carol, days=27)
    assert page.count("3 days left of its paid time; not renewed automatically") == 5
    assert "and 2 more" in page
    assert "sort=end&amp;renewal=manual" in page


def test_five_are_five(small):
    carol = make_customer(credit=10_000_000)
    create(carol, small, name="web", quantity=5)
    page = home_of(carol, days=27)
    assert page.count("3 days left of its paid time; not renewed automatically") == 5
    assert "more</span></span>" not in page


def test_promotional_credit_stands_apart(alice):
    assert "Promotional credit" in home_of(alice)


def test_the_wallet_is_enough_for_everything_ahead(alice, small):
    """10,000,000 less two servers at 181,000 for 30 days leaves 9,638,000; 25 days later both want another month."""
    create(alice, small, name="web", quantity=2)
    page = home_of(alice, days=25)
    assert "Keeping everything for the next 30 days takes 362,000 ₫; your wallet has 9,638,000 ₫: enough." in page
    assert page.count("181,000<span") == 2


def test_the_day_on_which_the_wallet_runs_dry_is_named(small):
    """
    500,000 less two servers at 181,000 leaves 138,000. One renews by three months (543,000) and ends with the other, on 9
    April: 724,000 are needed, 586,000 are missing.
    """
    carol = make_customer(credit=500_000)
    web = create(carol, small, name="web", quantity=2)[0]
    set_auto_renew(web.pk, months=3, actor=owner_of(carol), at=NOON)
    page = home_of(carol, days=10)
    assert (
        "Keeping everything for the next 30 days takes 724,000 ₫; your wallet has 138,000 ₫: enough until 9 Apr 2026, then"
        " 586,000 ₫ are missing." in page
    )


@pytest.mark.django_db
def test_what_rolls_over_or_is_postpaid_asks_for_nothing(bob, small):
    create(bob, small, name="usage")
    assert runway_of(bob, at=NOON, until=NOON + 30 * DAY).coming == []
    assert "Keeping everything" not in home_of(bob)


def test_who_pays_afterwards_sees_what_the_month_has_cost_and_will(bob, small):
    """From noon of 10 March: five days at 181,000 for thirty are 30,167; the 21 days and 12 hours to its end 129,717."""
    create(bob, small, name="web")
    page = home_of(bob, days=5)
    assert "Usage in Mar 2026 until now" in page
    assert "30,167" in page
    assert "129,717 ₫ by its end if nothing changes" in page


def test_who_pays_before_is_not_asked_about_usage(alice, small):
    create(alice, small, name="web")
    assert "until now" not in home_of(alice, days=5)


def test_an_overdue_invoice_stands_with_the_day_on_which_it_was_due(bob, small):
    """March is billed on 1 April and due on 16 April; on the 19th that was three days ago."""
    create(bob, small, name="web")
    bill_ended_months(actor=JOB, at=BILLED)
    before, after = (" ".join(strip_tags(home_of(bob, days=days)).split()) for days in (36, 40))
    assert "16 Apr 2026 due in 1 day" in before
    assert "16 Apr 2026 3 days overdue" in after
    assert "ended just now" not in after
