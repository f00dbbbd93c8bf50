"""
Several notices said as one: what belongs together in a table with its sums, what has gathered in an outage in a line each.

Like `render`, in the active language. What is told together is told by the rule of its kind, see `kinds/together.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings
from django.db.models import BigIntegerField, Count, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext as text

from kernel import display
from kernel.shapes import Json
from notifications.kinds import KINDS, rule_of
from notifications.kinds.base import Facts
from notifications.kinds.together import Column, Figure, Together
from notifications.models import Notice
from notifications.models.notices import NoticeQuerySet
from notifications.render import (
    Mail,
    Words,
    current_facts,
    first_that_stands,
    in_words,
    mail_of,
    path_of,
    render,
    words_of,
)
from notifications.transfers import Transfer
from notifications.truth import facts_now
from store.places import address_of
from store.shown import open_rows

MOST_LINES = 100
"""So many stand in a table; the rest is counted, and is in the file that goes along and in the lists of the portal."""
COUNT = "count"
Sums = Mapping[str, Mapping[str, int]]
"""By kind: how many notices, and what their facts come to."""


class Cell(NamedTuple):
    title: str
    text: str
    is_amount: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A notice in a line; `path` is the page of the portal that it leads to, or nothing."""

    notice: Notice
    cells: list[Cell]
    path: str


@dataclass(frozen=True, slots=True)
class Table:
    """Titles, lines, the foot (empty cells where nothing is summed; none at all without sums), how many lines are left out."""

    titles: list[Cell]
    lines: list[Line]
    foot: list[Cell]
    more: int


@dataclass(frozen=True, slots=True)
class Gathered:
    words: Words
    table: Table


def said_together(notices: Sequence[Notice], transfer: Transfer | None = None) -> Gathered:
    """
    What several notices with the same key say: in the order of time, by the facts of today where a kind wants these.

    :param transfer: what their mail asks for
    """
    now = facts_now(notices)
    rule = rule_of(notices[0].kind, notices[0].together)
    facts = [current_facts(notice, now.get(notice.pk)) for notice in notices]
    figures = _figures(rule, _sums_of(notices, facts))
    asked = transfer.facts if transfer else {}
    return Gathered(_words(rule, _shared(facts) | figures | asked), _table(rule, notices, facts))


def in_a_line(head: Notice, sums: Sums, now: Mapping[str, object] | None) -> Words:
    """The same for a list, from its latest notice and the sums of all: without a table."""
    rule = rule_of(head.kind, head.together)
    return _words(rule, current_facts(head, now) | _figures(rule, sums))


def sums_by_key(heads: Iterable[Notice], shown: NoticeQuerySet) -> dict[str, Sums]:
    """How many of those `shown` are told together with each of these of one customer, and what was told of their amounts; in one query."""
    grouped = [head for head in heads if head.together]
    if not grouped:
        return {}
    rules = [rule for kind in KINDS.values() for rule in kind.together]
    names = sorted({figure.fact for rule in rules for figure in rule.figures if figure.fact})
    found = (
        shown.filter(together__in={head.together for head in grouped})
        .exclude(together="")
        .values("together", "kind")
        .annotate(notices=Count("event", distinct=True))
        .annotate(**{f"sum_{name}": Sum(Cast(KT(f"facts__{name}"), BigIntegerField())) for name in names})
    )
    sums: dict[str, dict[str, dict[str, int]]] = defaultdict(dict)
    for row in open_rows(found):
        amounts = {name: row[f"sum_{name}"] or 0 for name in names}
        sums[row["together"]][row["kind"]] = amounts | {COUNT: row["notices"]}
    return dict(sums)


def count_of(sums: Sums) -> int:
    return sum(of_kind[COUNT] for of_kind in sums.values())


def mail_together(notices: Sequence[Notice], *, transfer: Transfer | None = None) -> Mail:
    """One mail for notices with the same key."""
    said = said_together(notices, transfer)
    return mail_of(said.words, notices, table=said.table, transfer=transfer)


def mail_after_outage(groups: Sequence[Sequence[Notice]]) -> Mail:
    """One mail for all that has gathered for a customer: what each says in a line, in the order of time."""
    subject = text("%(count)d notices for you") % {"count": sum(map(len, groups))}
    sentence = text("Our mails were held up. These notices have gathered for you; all of them stand in the portal.")
    rows = [(display.instant(group[0].at), said_in_short(group).subject) for group in groups]
    told = [notice for group in groups for notice in group]
    return mail_of(Words(subject, [sentence], rows, reverse("notices"), text("See all notices")), told)


def said_in_short(notices: Sequence[Notice]) -> Words:
    return words_of(notices[0], in_full=False) if len(notices) == 1 else said_together(notices).words


def _words(rule: Together, facts: Facts) -> Words:
    facts = {"support": settings.SELLER_SUPPORT} | dict(facts)
    page, button = rule.link
    path = address_of(page)
    sentences = [said for sentence in rule.sentences if (said := first_that_stands([sentence], facts))]
    return Words(first_that_stands(rule.subjects, facts), sentences, [], path, str(button) if path else "")


def _sums_of(notices: Iterable[Notice], facts: Iterable[Facts]) -> Sums:
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for notice, known in zip(notices, facts, strict=True):
        sums[notice.kind][COUNT] += 1
        sums[notice.kind].update({name: value for name, value in known.items() if type(value) is int})
    return sums


def _figures(rule: Together, sums: Sums) -> dict[str, int]:
    return {COUNT: count_of(sums)} | {
        figure.name: sum(
            of_kind.get(figure.fact or COUNT, 0) for kind, of_kind in sums.items() if _counts(figure, kind)
        )
        for figure in rule.figures
    }


def _counts(figure: Figure, kind: str) -> bool:
    return not figure.kinds or kind in figure.kinds


def _shared(facts: Sequence[Facts]) -> Json:
    """What all of them say alike."""
    first, *others = facts
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def _table(rule: Together, notices: Sequence[Notice], facts: Sequence[Facts]) -> Table:
    """Columns in which nothing stands are left out."""
    own = [_own_figures(rule, notice, known) for notice, known in zip(notices, facts, strict=True)]
    shown = list(zip(notices, own, strict=True))[:MOST_LINES]
    rows = [[_cell(column.name, notice, known) for column in rule.columns] for notice, known in shown]
    used = [place for place in range(len(rule.columns)) if any(row[place] for row in rows)]

    def cells(texts: Sequence[str]) -> list[Cell]:
        columns = [rule.columns[place] for place in used]
        return [
            Cell(str(column.label), texts[place], column.is_amount) for place, column in zip(used, columns, strict=True)
        ]

    sums = [_sum(column, own) for column in rule.columns]
    return Table(
        cells([str(column.label) for column in rule.columns]),
        [Line(notice, cells(row), path_of(notice)) for (notice, _known), row in zip(shown, rows, strict=True)],
        cells(sums) if any(sums) else [],
        len(notices) - len(rows),
    )


def _sum(column: Column, facts: Sequence[Facts]) -> str:
    return (
        in_words(column.name, {column.name: sum(known.get(column.name) or 0 for known in facts)})
        if column.is_amount
        else ""
    )


def _own_figures(rule: Together, notice: Notice, facts: Facts) -> Json:
    """The facts of one notice, with its part of each figure in the place of that name."""
    parts = {
        figure.name: facts.get(figure.fact, 0) if _counts(figure, notice.kind) else 0
        for figure in rule.figures
        if figure.fact
    }
    return dict(facts) | parts


def _cell(name: str, notice: Notice, facts: Facts) -> str:
    return words_of(notice, facts, in_full=False).subject if name == "told" else in_words(name, facts)


def mail_as_sent(notice: Notice) -> Mail:
    """The mail in which this notice was sent, or would be."""
    notices = [notice]
    if notice.together and notice.state not in Notice.NOT_SENT:
        same = Notice.objects.filter(
            customer=notice.customer_id, together=notice.together, recipient=notice.recipient, sent_at=notice.sent_at
        )
        notices = list(same.exclude(state__in=Notice.NOT_SENT).order_by("at", "pk"))
    return mail_together(notices) if len(notices) > 1 else render(notice)
