"""
The text of a notice, from its kind and facts, in the active language: for the portal's list, the mail in text and HTML.

The wordings stand in `kinds/`; here facts become words (amounts grouped, instants in the billing zone, ids as names).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Never
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language

from accounts.for_whom import path_for
from accounts.models import BillingMode
from kernel import display
from kernel.periods import CalendarMonth
from kernel.reasons import in_words as reason_in_words
from kernel.shapes import Json
from kernel.spelling import spelt_out
from notifications.events import subject_of
from notifications.kinds import KINDS, If, Unless
from notifications.kinds.base import Facts
from notifications.models import Notice
from notifications.stopping import mark_of
from notifications.transfers import CODE, Transfer
from notifications.truth import facts_now
from store.places import address_of

AMOUNTS = frozenset(
    {"amount", "available", "back", "charge_limit", "credited", "debt", "due", "expected", "from_credit", "kept", "left", "less",
     "limit", "lost", "month_limit", "more", "paid", "poc", "rate", "received", "refund", "reopened", "returned", "settled",
     "shortfall", "spent", "to_transfer", "total", "total_before"}
)  # fmt: skip
INSTANTS = frozenset(
    {"first_try", "from", "next_try", "paid_until", "purge_at", "renew_by", "renewal_window_until", "suspend_at", "undoable_until",
     "until"}
)  # fmt: skip
MONTHS = frozenset({"first_month", "last_month", "month", "next_month"})
DAYS = frozenset({"arrives_by", "due_date", "expires_on", "on", "transferred_on"})
BREAKS = re.compile(r"[\x00-\x20]+")
NAMED = re.compile(r"%\((\w+)\)s")
_words: dict[str, Callable[[Never], str]] = {}


def words_for(fact: str, in_words: Callable[[Never], str]) -> None:
    """An app tells how a fact that it knows, kept as ids, reads in the active language."""
    _words[fact] = in_words


@dataclass(frozen=True, slots=True)
class Words:
    """What a notice says. `path` is the page of the portal that it leads to, or nothing."""

    subject: str
    sentences: list[str]
    rows: list[tuple[str, str]]
    path: str
    button: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A notice as it is mailed."""

    subject: str
    text: str
    html: str
    code: bytes = b""
    """A picture that the HTML shows."""


def language_of(notice: Notice) -> str:
    """In which its mail is written: the customer's, or that of a recipient beside them."""
    return notice.copy_to.language if notice.copy_to else notice.customer.language


def render(notice: Notice, *, transfer: Transfer | None = None) -> Mail:
    """
    The mail of one notice in the active language.

    :param transfer: what it asks for, then
    """
    return mail_of(words_of(notice, transfer=transfer), [notice], transfer=transfer)


def mail_of(words: Words, notices: Sequence[Notice], *, table: object = None, transfer: Transfer | None = None) -> Mail:
    """
    Words as a mail about `notices`, which go to the same reader.

    :param table: as `gathered.Table`
    :param transfer: whose code it shows
    """
    is_copy, of = notices[0].copy_to is not None, notices[0].customer_id
    context = {
        "subject": words.subject,
        "sentences": words.sentences,
        "rows": words.rows,
        "table": table,
        "public_url": settings.PUBLIC_URL,
        "named": path_for("/", of).removeprefix("/"),
        "action_url": f"{settings.PUBLIC_URL}{path_for(words.path, of)}" if words.path else "",
        "action_label": words.button,
        "settings_url": "" if is_copy else f"{settings.PUBLIC_URL}{path_for(reverse('settings'), of)}",
        "copy_for": notices[0].customer.name if is_copy else "",
        "stop_url": stop_url(notices),
        "code": CODE if transfer else "",
    }
    return Mail(
        words.subject,
        render_to_string("mail/notice.txt", context),
        render_to_string("mail/notice.html", context),
        transfer.code if transfer else b"",
    )


def stop_url(notices: Sequence[Notice]) -> str:
    """Where the reader of a copy stops what these are about; empty where there is nothing that may be stopped."""
    recipient = notices[0].copy_to
    kinds = sorted({notice.kind for notice in notices if not KINDS[notice.kind].is_owed})
    if recipient is None or not kinds:
        return ""
    return f"{settings.PUBLIC_URL}{reverse('stop-notices', args=[mark_of(recipient, kinds)])}"


def words_of(
    notice: Notice,
    now: Mapping[str, object] | None = None,
    *,
    in_full: bool = True,
    transfer: Transfer | None = None,
) -> Words:
    """
    What `notice` says in the active language; a fact that is missing costs its sentence, never the notice.

    :param now: the facts of today of what it is about, when the caller has read them already
    :param in_full: with its rows, for which names are looked up
    :param transfer: what its mail asks for
    """
    kind = KINDS[notice.kind]
    if kind.current and now is None:
        now = facts_now([notice]).get(notice.pk)
    facts = {"support": settings.SELLER_SUPPORT, "seller": settings.SELLER_NAME} | current_facts(notice, now)
    facts |= transfer.facts if transfer else {}
    subject = first_that_stands(kind.subjects, facts) or str(notice.get_kind_display())
    sentences = [said for sentence in kind.sentences if (said := _sentence(sentence, facts))]
    rows = [(str(row.label), said) for row in kind.rows if (said := say(row.text, facts))] if in_full else []
    path = path_of(notice)
    return Words(subject, sentences, rows, path, str(kind.link[1]) if path else "")


def current_facts(notice: Notice, now: Mapping[str, object] | None) -> Json:
    """What was told, and in the place of it what its kind wants as it is now."""
    facts: Json = dict(notice.facts)
    return facts | {name: now[name] for name in KINDS[notice.kind].current if now and name in now}


def first_that_stands(wordings: Iterable[object], facts: Facts) -> str:
    return in_one_line(next(filter(None, (_sentence(one, facts) for one in wordings)), ""))


def in_one_line(text: str) -> str:
    """As a subject has to be, whatever names are in it."""
    return BREAKS.sub(" ", text)


def _sentence(sentence: object, facts: Facts) -> str:
    match sentence:
        case If(fact, then, values):
            stands = facts.get(fact) in values if values else facts.get(fact)
            return say(str(then), facts) if stands else ""
        case Unless(fact, then):
            return "" if facts.get(fact) else say(str(then), facts)
        case _:
            return say(str(sentence), facts)


def say(sentence: object, facts: Facts) -> str:
    """The sentence with its facts in words; nothing when one of them is missing, nothing or zero."""
    words = str(sentence)
    said = {name: in_words(name, facts) for name in NAMED.findall(words)}
    return words % said if all(said.values()) else ""


def in_words(name: str, facts: Facts) -> str:
    """A fact as it is written into sentences; empty when it is missing, nothing or zero."""
    if name == "change":
        return display.signed_money(facts["amount"]) if isinstance(facts.get("amount"), int) else ""
    if name == "amount_spelt":
        return spelt_out(int(facts["amount"]), get_language() or "vi") if facts.get("amount") else ""
    value = facts.get(name)
    if not value:
        return ""
    if name in AMOUNTS and isinstance(value, int):
        return display.money(value)
    if name in INSTANTS:
        return _instant(str(value))
    if name in DAYS:
        return _day(str(value))
    if name in MONTHS:
        return _month(str(value))
    if name == "reason":
        return reason_in_words(str(value))
    if name == "mode" and value in BillingMode.values:
        return str(BillingMode(value).label)
    return _words[name](value) if name in _words else str(value)


def _instant(text: str) -> str:
    try:
        return display.instant(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return ""


def _month(text: str) -> str:
    try:
        period = CalendarMonth.parse(text).period
    except ValueError:
        return ""
    return display.span(period.starts_at, period.ends_at)


def _day(text: str) -> str:
    try:
        return display.day(date.fromisoformat(text))
    except ValueError:
        return ""


def path_of(notice: Notice) -> str:
    """The page of the portal that the notice leads to, or nothing. Pages of one thing need its id: that of what it is about."""
    page = KINDS[notice.kind].link[0]
    subject, pk = subject_of(notice.event)
    if page not in {"resource", "invoice", "payment"}:
        return address_of(page)
    try:
        return address_of(page, UUID(pk)) if subject == page else ""
    except ValueError:
        return ""
