"""A list is drawn from the columns that its report declares."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

from invoices.columns import Column, Form, Place, on_page
from tests.markup import one_line

COLUMNS = on_page(
    [
        Column("number", "Number", Form.TEXT, 10),
        Column("kind", "Kind", Form.CODE, 10, choices=[("once", "one-off")]),
        Column("issued_at", "Created", Form.INSTANT, 10, source="of.issued_at"),
        Column("total", "Total", Form.MONEY, 10),
        Column("unused", "Never shown", Form.TEXT, 10),
    ],
    number=Place.NAME,
    total=Place.END,
    kind=Place.WIDE,
    issued_at=Place.BELOW,
)
ROW = SimpleNamespace(
    number="<b>1</b>", kind="once", total=1_250_000, of=SimpleNamespace(issued_at=datetime(2026, 3, 9, 5, tzinfo=UTC))
)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


def drawn(options: str = "", body: str = "", **context: object) -> str:
    source = "{% load tables %}{% table columns rows as row " + options + " %}" + body + "{% endtable %}"
    return one_line(Template(source).render(Context({"columns": COLUMNS, "rows": [ROW]} | context)))


def test_titles_forms_and_places_come_from_the_declaration() -> None:
    page = drawn()
    assert '<th scope="col">Number</th><th scope="col" class="num">Total</th><th scope="col">Kind</th>' in page
    assert '<th scope="row" class="l1">&lt;b&gt;1&lt;/b&gt;</th>' in page, "what customers name is no markup"
    assert '<td class="num r1" data-label="Total"><span class="money">1,250,000' in page
    assert '<td data-label="Kind">one-off</td>' in page
    assert '<td class="l2" data-label="Created"><time datetime="2026-03-09T05:00:00+00:00"' in page
    assert "Never shown" not in page


def test_a_cell_says_what_its_value_alone_would_not() -> None:
    page = drawn(body='{% cell "kind" css="wide-name" %} <i>{{ row.kind }}</i> {% endcell %}')
    assert '<td class="wide-name" data-label="Kind"><i>once</i></td>' in page


def test_rows_are_ticked_only_by_who_may() -> None:
    body = '{% cell "pick" %}<input name="x">{% endcell %}{% sums total=5 %}All{% endsums %}'
    assert '<td class="pick"><input name="x"></td><th scope="row"' in drawn("pick=True", body)
    assert '<td class="pick"></td><td colspan="1">All</td><td class="num" data-label="Total">' in drawn(
        "pick=True", body
    )
    assert "pick" not in drawn("pick=False", body)


def test_sums_stand_below_their_columns_and_the_words_in_front() -> None:
    page = drawn(
        body='{% if True %}{% sums total=7 label="Spent" %}All of it{% endsums %}{% endif %}{% cell "do" %}go{% endcell %}'
    )
    assert '<tfoot><tr><td colspan="1">All of it</td><td class="num" data-label="Spent"><span class="money">7' in page
    assert "</td><td></td><td></td><td></td></tr></tfoot>" in page, "kind, created, and what can be done"
    assert '<td class="do">go</td></tr>' in page


def test_without_sums_there_is_no_foot() -> None:
    assert "<tfoot>" not in drawn(body='{% cell "kind" %}x{% endcell %}')


def test_what_is_taken_off_stands_with_its_sign_and_looks_like_every_amount() -> None:
    columns = [Column("number", "Number", Form.TEXT, 10), Column("coupon", "Coupon", Form.OFF, 10)]
    rows = [SimpleNamespace(number="1", coupon=2_857), SimpleNamespace(number="2", coupon=0)]
    page = drawn(columns=columns, rows=rows)
    assert '<span class="money">\u22122,857<span class="cur">&nbsp;₫</span></span>' in page
    assert '<td class="num" data-label="Coupon">–</td>' in page


def test_what_is_missing_is_a_dash() -> None:
    nothing = SimpleNamespace(number="1", kind="once", total=None, of=SimpleNamespace(issued_at=None))
    page = drawn(rows=[nothing])
    assert '<td class="l2" data-label="Created">–</td>' in page
    assert '<td class="num r1" data-label="Total">–</td>' in page


def test_the_head_of_a_table_without_a_declaration_has_its_numbers_last() -> None:
    page = Template('{% load tables %}{% heads "What" "Before" "Now" numbers=2 do=True %}').render(Context())
    assert page == (
        '<thead><tr><th scope="col">What</th><th scope="col" class="num">Before</th><th scope="col" class="num">Now</th>'
        '<th scope="col"><span class="sr-only">Actions</span></th></tr></thead>'
    )


@pytest.mark.parametrize(
    "wrong", ["{% table columns %}{% endtable %}", '{% table a b as c %}{% cell "x" %}{% endtable %}']
)
def test_a_table_that_is_not_one_is_found_when_the_template_is_read(wrong: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        Template("{% load tables %}" + wrong)


def test_a_cell_or_a_sum_of_a_column_that_there_is_not_is_an_error() -> None:
    for body in ('{% cell "unsed" %}x{% endcell %}', "{% if True %}{% sums totl=7 %}All{% endsums %}{% endif %}"):
        with pytest.raises(TemplateSyntaxError, match=r"no column (unsed|totl): there are"):
            drawn(body=body)
    with pytest.raises(TemplateSyntaxError, match="the cell kind stands within another tag"):
        drawn(body='{% if True %}{% cell "kind" %}x{% endcell %}{% endif %}')


def test_a_column_that_the_reader_has_left_out_may_have_its_cell() -> None:
    some = [column for column in COLUMNS if column.name != "kind"]
    page = drawn(
        "of=every", '{% cell "kind" %}x{% endcell %}{% sums total=7 %}All{% endsums %}', columns=some, every=COLUMNS
    )
    assert 'data-label="Kind"' not in page
