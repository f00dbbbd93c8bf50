"""
Lists as tables, drawn from the columns that their reports declare: title, form, and where a cell stands on a phone.

    {% table invoice_columns page.rows as invoice caption=_("Invoices, the latest first") pick=may.pay %}
      {% cell "number" %}<a href="{% url 'invoice' invoice.pk %}">{{ invoice.number }}</a>{% endcell %}
      {% sums total=summary.charged due=summary.due %}{% translate "All of these together" %}{% endsums %}
    {% endtable %}
    {% heads _("Item") _("Quantity") _("Total") numbers=2 %}

A `cell` says what stands in a column where its value alone would not do. Two have no column: "pick", in front, is for ticking
and shown when `pick` is true; "do", at the end, is for what can be done with a row. `sums` stand at the foot. Tables that no
report declares write their own rows under `heads`.

A cell or sum of a column that there is not is an error. Where the reader may leave columns out, `of` names all that there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Never, TypeVar

from django import template
from django.forms import BaseForm
from django.template.base import FilterExpression, Node, NodeList, Parser, TextNode, Token, token_kwargs
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing_portal.templatetags.portal import day, difference, instant, money, signed_money
from invoices.columns import NOTHING, Column, Form, Place
from kernel import clock
from store.keyset import Page

register = template.Library()

PICK, DO = "pick", "do"
DRAWN: dict[Form, Callable[[Never], str]] = {
    Form.MONEY: money,
    Form.MOVED: signed_money,
    Form.OFF: lambda value: difference(-value) if value else NOTHING,
    Form.INSTANT: instant,
    Form.DAY: day,
}
"""Forms that have markup of their own on a page."""
SHAPE = "table_shape"
EMPTY = SafeString("<td></td>")
Found = TypeVar("Found", bound=Node)


def drawn(column: Column, value: Any) -> str:
    return NOTHING if value is None else (DRAWN.get(column.form) or column.teller())(value)


class CellNode(Node):
    """`{% cell name css="..." %}`: drawn by the table, once a row."""

    def __init__(self, name: str, css: str, nodelist: NodeList) -> None:
        self.name, self.css, self.nodelist = name, css, nodelist

    def render(self, context: template.Context) -> str:
        return ""


class SumsNode(Node):
    def __init__(self, sums: dict[str, FilterExpression], nodelist: NodeList) -> None:
        self.sums, self.nodelist = sums, nodelist

    def render(self, context: template.Context) -> SafeString:
        columns, has_pick, has_do = context[SHAPE]
        sums = {name: value.resolve(context) for name, value in self.sums.items()}
        label = sums.pop("label", "")
        first = next(number for number, column in enumerate(columns) if column.name in sums)
        cells = [
            format_html(
                '<td class="num" data-label="{}">{}</td>', label or column.title, drawn(column, sums[column.name])
            )
            if column.name in sums
            else EMPTY
            for column in columns[first:]
        ]
        return format_html(
            '<tr>{}<td colspan="{}">{}</td>{}{}</tr>\n',
            format_html('<td class="{}"></td>', PICK) if has_pick else "",
            first,
            _drawn_by(self.nodelist, context),
            _joined(cells),
            EMPTY if has_do else "",
        )


class TableNode(Node):
    """The columns and rows, each row under a name; the rest of the body is the foot."""

    def __init__(
        self,
        columns: FilterExpression,
        rows: FilterExpression,
        name: str,
        options: dict[str, FilterExpression],
        body: NodeList,
    ) -> None:
        self.columns, self.rows, self.name, self.options = columns, rows, name, options
        self.cells = {node.name: node for node in body if isinstance(node, CellNode)}
        self.foot = NodeList([node for node in body if not isinstance(node, CellNode | TextNode)])
        for node in _all_of(CellNode, self.foot):
            raise template.TemplateSyntaxError(
                f"the cell {node.name} stands within another tag, where no table finds it"
            )

    def render(self, context: template.Context) -> str:
        columns: Sequence[Column] = self.columns.resolve(context)
        options = {name: value.resolve(context) for name, value in self.options.items()}
        self._refuse_unknown(options.get("of", columns))
        has_pick = bool(options.get(PICK)) and PICK in self.cells
        with context.push(**{SHAPE: (columns, has_pick, DO in self.cells)}):
            return render_to_string(
                "components/table.html",
                {
                    "css": options.get("css", "table--lines"),
                    "caption": options.get("caption", ""),
                    "head": head_of(columns, has_pick=has_pick, has_do=DO in self.cells),
                    "body": _joined(self._lines(columns, context, has_pick=has_pick)),
                    "foot": _drawn_by(self.foot, context),
                },
            )

    def _refuse_unknown(self, columns: Sequence[Column]) -> None:
        """:raises TemplateSyntaxError: a cell or a sum stands in no column, and would never be drawn"""
        known = {column.name for column in columns}
        named = {*self.cells} - {PICK, DO}
        for foot in _all_of(SumsNode, self.foot):
            named |= {*foot.sums} - {"label"}
        if unknown := named - known:
            raise template.TemplateSyntaxError(
                f"no column {', '.join(sorted(unknown))}: there are {', '.join(sorted(known))}"
            )

    def _lines(self, columns: Sequence[Column], context: template.Context, *, has_pick: bool) -> Iterator[SafeString]:
        slots = [_Slot.of(column, self.cells.get(column.name)) for column in columns]
        for row in self.rows.resolve(context):
            with context.push(**{self.name: row}):
                cells = "".join(slot.drawn(row, context) for slot in slots)
                pick = self._own(PICK, context) if has_pick else ""
                do = self._own(DO, context) if DO in self.cells else ""
            yield SafeString(f"<tr>{pick}{cells}{do}</tr>\n")

    def _own(self, name: str, context: template.Context) -> str:
        return f'<td class="{name}">{_drawn_by(self.cells[name].nodelist, context)}</td>'


class _Slot(NamedTuple):
    """A column's cell, of which all rows have the same but the text: that is put together once."""

    before: str
    after: str
    value: Callable[[object], Any]
    words: Callable[[Never], str]
    told: CellNode | None

    @classmethod
    def of(cls, column: Column, told: CellNode | None) -> _Slot:
        css = " ".join(filter(None, ["num" if column.is_number else "", column.place, told.css if told else ""]))
        if column.place == Place.NAME:
            before, after = format_html('<th scope="row" class="{}">', css), "</th>"
        else:
            before, after = format_html('<td{} data-label="{}">', _class(css), column.title), "</td>"
        return cls(before, after, column.reader(), DRAWN.get(column.form) or column.teller(), told)

    def drawn(self, row: object, context: template.Context) -> str:
        if self.told:
            text: str = _drawn_by(self.told.nodelist, context)
        else:
            value = self.value(row)
            text = NOTHING if value is None else conditional_escape(self.words(value))
        return f"{self.before}{text}{self.after}"


def _all_of(kind: type[Found], nodes: NodeList) -> list[Found]:
    """However deep they stand in other tags."""
    return [node for node in nodes.get_nodes_by_type(kind) if isinstance(node, kind)]


def _drawn_by(nodes: NodeList, context: template.Context) -> SafeString:
    """Without the line breaks around it."""
    return SafeString(nodes.render(context).strip())


def _joined(parts: Iterable[SafeString]) -> SafeString:
    return SafeString("".join(parts))


def _class(css: str) -> SafeString:
    return format_html(' class="{}"', css) if css else SafeString("")


def head_of(columns: Iterable[Column], *, has_pick: bool = False, has_do: bool = False) -> SafeString:
    titles = [(_class("num" if column.is_number else ""), column.title) for column in columns]
    return format_html(
        "{}{}{}",
        format_html('<th class="pick"><input type="checkbox" data-tick-all aria-label="{}"></th>', _("Choose all"))
        if has_pick
        else "",
        format_html_join("", '<th scope="col"{}>{}</th>', titles),
        _actions() if has_do else "",
    )


def _actions() -> SafeString:
    return format_html('<th scope="col"><span class="sr-only">{}</span></th>', _("Actions"))


@register.tag
def table(parser: Parser, token: Token) -> TableNode:
    bits = token.split_contents()
    if len(bits) < 5 or bits[3] != "as":
        raise template.TemplateSyntaxError("{% table columns rows as name ... %}")
    options = token_kwargs(bits[5:], parser)
    body = parser.parse(("endtable",))
    parser.delete_first_token()
    return TableNode(parser.compile_filter(bits[1]), parser.compile_filter(bits[2]), bits[4], options, body)


@register.tag
def cell(parser: Parser, token: Token) -> CellNode:
    _tag, name, *rest = token.split_contents()
    css = rest[0].removeprefix("css=").strip("\"'") if rest else ""
    body = parser.parse(("endcell",))
    parser.delete_first_token()
    return CellNode(name.strip("\"'"), css, body)


@register.tag
def sums(parser: Parser, token: Token) -> SumsNode:
    """What some columns come to; the words between the tags stand in front of them."""
    given = token_kwargs(token.split_contents()[1:], parser)
    body = parser.parse(("endsums",))
    parser.delete_first_token()
    return SumsNode(given, body)


@register.simple_tag
def heads(*titles: str, numbers: int = 0, do: bool = False, css: str = "") -> SafeString:
    """The head of a table: its titles, of which the last `numbers` stand above numbers."""
    words = len(titles) - numbers
    return format_html(
        "<thead{}><tr>{}{}</tr></thead>",
        _class(css),
        format_html_join(
            "",
            '<th scope="col"{}>{}</th>',
            ((_class("num" if at >= words else ""), title) for at, title in enumerate(titles)),
        ),
        _actions() if do else "",
    )


@register.inclusion_tag("components/filters.html", takes_context=True)
def filter_bar(context: template.RequestContext, form: BaseForm, exports: object = None) -> dict[str, object]:
    """Above a list: its filters, of which "q" is the search; `exports`: (format, address) of files of the same."""
    return {"form": form, "exports": exports, "request": context["request"]}


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: template.RequestContext, page: Page[object]) -> dict[str, object]:
    """Below a list: when it was read, and the pages beside this one."""
    return {
        "newer": page.newer,
        "older": page.older,
        "as_of": context.get("now") or clock.now(),
        "request": context["request"],
    }
