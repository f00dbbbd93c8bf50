"""How amounts and times read, with literal figures."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation
from django.utils.translation import gettext, override

from kernel import display
from kernel.actors import who
from kernel.periods import billing_zone, local_day

NOON = datetime(2027, 1, 12, 5, 0, tzinfo=UTC)  # 12:00 in Ho Chi Minh City
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("amount", "vietnamese", "english"),
    [
        (0, "0\u00a0₫", "0\u00a0₫"),
        (999, "999\u00a0₫", "999\u00a0₫"),
        (1_234_567, "1.234.567\u00a0₫", "1,234,567\u00a0₫"),
        (-1_234_567, "\u22121.234.567\u00a0₫", "\u22121,234,567\u00a0₫"),
        (10**12, "1.000.000.000.000\u00a0₫", "1,000,000,000,000\u00a0₫"),
    ],
)
def test_money_is_grouped_as_the_language_does(amount, vietnamese, english):
    assert display.money(amount, "vi") == vietnamese
    assert display.money(amount, "en") == english


def test_an_amount_that_comes_in_carries_a_plus():
    assert display.signed_money(5_000) == "+5,000\u00a0₫"
    assert display.signed_money(-5_000) == "\u22125,000\u00a0₫"
    assert display.signed_money(0) == "0\u00a0₫"


@pytest.mark.parametrize(
    ("amount", "vietnamese", "english"),
    [
        (950, "950", "950"),
        (1_250_000, "1,2\u00a0tr", "1.2M"),
        (412_000, "412\u00a0k", "412k"),
        (3 * 10**9, "3\u00a0tỷ", "3B"),
    ],
)
def test_a_bar_is_labelled_in_short(amount, vietnamese, english):
    assert display.compact_money(amount, "vi") == vietnamese
    assert display.compact_money(amount, "en") == english


@pytest.mark.parametrize(
    ("value", "vietnamese"),
    [("7.7", "7,7"), ("165000.000000", "165.000"), ("1234.000005", "1.234,000005"), ("0", "0")],
)
def test_a_rate_keeps_its_decimals_and_drops_idle_zeros(value, vietnamese):
    assert display.rate(Decimal(value), "vi") == vietnamese


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "0 minutes"),
        (1, "1 minute"),
        (60, "1 hour"),
        (1_500, "1 day 1 hour"),
        (43_200, "30 days"),
        (43_261, "30 days 1 hour 1 minute"),
    ],
)
def test_minutes_read_so_that_one_can_compute_with_them(minutes, words):
    assert display.duration(minutes) == words


def test_minutes_to_glance_at_are_their_two_largest_units():
    assert display.duration(43_261, roughly=True) == "30 days 1 hour"


@pytest.mark.parametrize(
    ("start", "end", "words", "roughly"),
    [
        ((10, 1, 0), (11, 1, 0), "October 2026", "October 2026"),
        ((10, 1, 0), (10, 12, 0), "1 Oct 2026 – 11 Oct 2026", "1 Oct 2026 – 11 Oct 2026"),
        ((10, 1, 0), (10, 2, 0), "1 Oct 2026", "1 Oct 2026"),
        ((10, 1, 12), (10, 31, 12), "1 Oct 2026, 12:00 – 31 Oct 2026, 12:00", "1 Oct 2026 – 31 Oct 2026"),
    ],
)
def test_a_stretch_is_named_as_people_do(start, end, words, roughly):
    """Ending at midnight, the day before is the last one; whoever reads "1 November" there pays twice."""
    first, last = (datetime(2026, *each, tzinfo=billing_zone()) for each in (start, end))
    assert display.span(first, last, "en") == words
    assert display.span(first, last, "en", roughly=True) == roughly


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (3 * DAY + timedelta(hours=23), "3 days left"),
        (DAY, "1 day left"),
        (DAY - timedelta(minutes=1), "23 hours left"),
        (timedelta(minutes=59), "59 minutes left"),
        (timedelta(0), "ended just now"),
        (-2 * DAY, "ended 2 days ago"),
    ],
)
def test_time_left_counts_whole_units(distance, words):
    assert display.time_left(NOON + distance, NOON) == words


@pytest.mark.parametrize(
    ("actor", "english", "vietnamese"),
    [
        ("job:notice:sandbox", "the payment gateway", "cổng thanh toán"),
        ("job:auto-renew", "automatically", "tự động"),
        ("key:import", "API key import", "khóa API import"),
        ("lan@example.vn", "lan@example.vn", "lan@example.vn"),
    ],
)
def test_who_did_it_is_said_in_the_words_of_people(actor, english, vietnamese):
    for language, words in (("en", english), ("vi", vietnamese)):
        with override(language):
            assert who(actor) == words


@pytest.mark.parametrize(
    ("english", "vietnamese"),
    [
        ("Enter a whole number.", "Nhập một số nguyên."),
        ("Enter a valid email address.", "Nhập một địa chỉ email hợp lệ."),
        ("Last 2 months", "2 tháng gần nhất"),
    ],
)
def test_vietnamese_that_reads_well(english, vietnamese):
    with override("vi"):
        assert gettext(english) == vietnamese


def test_a_due_date_says_how_late_one_is():
    today = local_day(NOON)
    assert display.time_until_due(today + 5 * DAY, NOON) == "due in 5 days"
    assert display.time_until_due(today, NOON) == "due today"
    assert display.time_until_due(today - DAY, NOON) == "1 day overdue"
    assert display.time_until_due(today - 3 * DAY, NOON) == "3 days overdue"


def test_instants_are_read_in_the_billing_zone_unless_the_reader_has_another():
    late = datetime(2027, 1, 12, 18, 30, tzinfo=UTC)
    assert display.instant(late, "en") == "13 Jan 2027, 01:30"
    assert display.instant(late, "vi") == "13/01/2027 01:30"
    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert display.instant(late, "en") == "12 Jan 2027, 19:30"


def test_the_full_instant_names_the_zone():
    assert display.full_instant(NOON, "en") == "Tuesday, 12 January 2027, 12:00:00 (Asia/Ho_Chi_Minh, UTC+07:00)"


def test_a_plain_date_needs_no_zone():
    assert display.day(date(2027, 1, 12), "vi") == "12/01/2027"
    assert display.month(date(2027, 1, 12), "vi") == "tháng 1/2027"
