"""What the template tags write into a page."""

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from billing_portal.templatetags import charts


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def render(source: str, **context: object) -> str:
    return Template("{% load portal %}" + source).render(Context(context))


def test_nothing_is_shown_for_an_amount_that_is_missing():
    assert (
        render(
            "{{ amount|money }}{{ amount|signed_money }}{{ amount|rate }}{{ moment|instant }}", amount=None, moment=None
        )
        == ""
    )


@pytest.mark.parametrize(("is_on", "tone", "word"), [(True, "green", "switched on"), (None, "grey", "switched off")])
def test_a_switch_shows_how_it_stands(is_on, tone, word):
    badge = render("{% switch_badge is_on %}", is_on=is_on)
    assert f"tone-{tone}" in badge
    assert word in badge


def test_a_state_is_colour_icon_and_word():
    badge = render("{% state_badge 'suspense' '20 hours left' %}")
    assert "tone-amber" in badge
    assert "icons.svg#trash" in badge
    assert "In trash" in badge
    assert "20 hours left" in badge


@pytest.mark.parametrize("spelling", ["partially_paid", "PARTIALLY_PAID", "Partially-paid", "partially paid"])
def test_a_state_is_found_however_it_is_spelt(spelling):
    assert "Partially paid" in render("{% state_badge state %}", state=spelling)


def test_an_unknown_state_shows_its_own_name_and_no_markup_of_it():
    badge = render("{% state_badge state %}", state="<b>odd</b>")
    assert "&lt;b&gt;odd&lt;/b&gt;" in badge
    assert "tone-grey" in badge


@pytest.mark.parametrize(
    ("tag", "query"),
    [
        ("{% query_replace status='paid' %}", "?product=a&amp;product=b&amp;status=paid"),
        ("{% query_replace after='k' before=None %}", "?product=a&amp;product=b&amp;status=unpaid&amp;after=k"),
        ("{% query_replace product=None status='' %}", "?"),
    ],
)
def test_a_link_keeps_the_filters_and_begins_paging_anew(tag, query):
    request = RequestFactory().get("/invoices/?product=a&product=b&status=unpaid&before=x")
    assert render(tag, request=request).replace("&amp;", "&") == query.replace("&amp;", "&")


def test_the_shares_fill_the_bar_exactly():
    parts = charts.shares([{"label": str(n), "amount": amount} for n, amount in enumerate([1, 1, 1, 333, 7, 7, 7])])
    assert sum(part["width"] for part in parts) == charts.WIDTH
    assert [part["amount"] for part in parts] == [333, 7, 7, 7, 3]
    assert parts[-1]["label"] == "Other"


def test_the_percentages_of_shares_make_a_hundred():
    """36,052,858 + 8,800,000 + 1,980,000 + 737,048 = 47,569,906: 75.79, 18.50, 4.16, 1.55 %; rounded down they miss two."""
    parts = charts.shares([{"label": "x", "amount": one} for one in (36_052_858, 8_800_000, 1_980_000, 737_048)])
    assert [part["percent"] for part in parts] == ["76 %", "18 %", "4 %", "2 %"]
    tiny = charts.shares([{"label": "x", "amount": one} for one in (99_999, 1)])
    assert [part["percent"] for part in tiny] == ["100 %", "< 1 %"]


def test_a_small_amount_still_has_a_bar():
    january, february = charts.bars(
        [{"label": "1", "paid": 10**9, "unpaid": 0}, {"label": "2", "paid": 0, "unpaid": 5}]
    )
    assert (january["paid_height"], january["unpaid_height"]) == (100, 0)
    assert (february["paid_height"], february["unpaid_height"]) == (0, 1)


def test_the_parts_of_a_stack_stand_one_upon_the_other_and_the_highest_fills_the_picture():
    """Between 8 % and 88 %: 60 of 100 are 48 %, from the foot to 40 %; the rest is from there to 8 %."""
    drawn = charts.stacks([{"label": "Jan", "parts": [(60, 0), (0, 40), (-5, 0)], "before": 50}])
    [bar] = drawn["bars"]
    assert [(part["y"], part["height"], part["number"], part["is_open"]) for part in bar["rects"]] == [
        ("40.00%", "48.00%", 1, False),
        ("8.00%", "32.00%", 2, True),
    ]
    assert (bar["before"], bar["middle"], drawn["highest"]) == ("48.00%", "54.50%", "100")


def test_of_many_stacks_some_are_named():
    steps = [{"label": str(day), "parts": [(day, 0)], "before": 0} for day in range(1, 32)]
    assert [bar["label"] for bar in charts.stacks(steps)["bars"] if bar["label"]] == [
        str(day) for day in range(1, 32, 3)
    ]


def test_a_waterfall_goes_on_where_the_last_step_ended():
    changes = [{"label": "new", "amount": 50}, {"label": "coupon", "amount": 0}, {"label": "deleted", "amount": -100}]
    rows = charts.waterfall({"label": "March", "amount": 150}, changes, {"label": "April", "amount": 100})
    assert [(row["kind"], row["x"], row["width"]) for row in rows] == [
        ("whole", "0.00%", "75.00%"),
        ("more", "75.00%", "25.00%"),
        ("less", "100.00%", "0.00%"),
        ("less", "50.00%", "50.00%"),
        ("whole", "0.00%", "50.00%"),
    ]


def test_a_band_lies_within_its_picture():
    drawn = charts.band(100, 150, 200, 250)
    assert (drawn["so_far"], drawn["expected"], drawn["low"], drawn["high"]) == ("38.46%", "76.92%", "57.69%", "96.15%")


def test_charts_of_nothing_are_empty():
    assert charts.stacks([])["bars"] == []
    assert charts.bars([]) == []
    assert charts.shares([]) == []
    assert charts.shares([{"label": "x", "amount": 0}]) == []
