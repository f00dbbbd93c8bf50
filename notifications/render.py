"""
The text of a notice, from its kind and facts, in the active language: for the portal's list, the mail in text and HTML.

The wordings stand in `wordings.py`; here facts become words (amounts grouped, instants in the billing zone).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import BillingMode
from kernel import display
from kernel.errors import in_words as reason_in_words
from notifications.models import Notice
from notifications.wordings import WORDINGS, If, Unless

AMOUNTS = frozenset(
    {
        "amount",
        "available",
        "debt",
        "due",
        "from_credit",
        "left",
        "less",
        "more",
        "refund",
        "reopened",
        "shortfall",
        "total",
    }
)
INSTANTS = frozenset(
    {"due_at", "from", "paid_until", "purge_at", "renewal_window_until", "suspend_at", "undoable_until", "until"}
)
BREAKS = re.compile(r"[\x00-\x20]+")
NAMED = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Words:
    """What a notice says. `path` is the page of the portal that it leads to, or nothing."""

    subject: str
    sentences: list[str]
    path: str
    button: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A notice as it is mailed."""

    subject: str
    text: str
    html: str


def render(notice: Notice) -> Mail:
    """The mail of `notice` in the active language."""
    words = words_of(notice)
    context = {
        "subject": words.subject,
        "sentences": words.sentences,
        "action_url": f"{settings.PUBLIC_URL}{words.path}" if words.path else "",
        "action_label": words.button,
        "settings_url": f"{settings.PUBLIC_URL}{reverse('settings')}",
    }
    return Mail(
        words.subject,
        render_to_string("mail/notice.txt", context),
        render_to_string("mail/notice.html", context),
    )


def words_of(notice: Notice) -> Words:
    """What `notice` says in the active language; a fact that is missing costs its sentence, never the notice."""
    wording = WORDINGS[notice.kind]
    facts = in_words(notice.facts)
    subject = _say(str(wording.subject), facts) or str(notice.get_kind_display())
    sentences = [said for sentence in wording.sentences if (said := _sentence(sentence, notice.facts, facts))]
    path = _path(wording.page, notice)
    return Words(BREAKS.sub(" ", subject), sentences, path, str(wording.button) if path else "")


def in_words(facts: Mapping[str, Any]) -> dict[str, str]:
    """Facts as they are written into sentences; what is missing, nothing or zero is left out."""
    said = {name: text for name, value in facts.items() if value and (text := _in_words(name, value))}
    if isinstance(facts.get("amount"), int):
        said["change"] = display.signed_money(facts["amount"])
    return said


def _in_words(name: str, value: Any) -> str:
    if name in AMOUNTS and isinstance(value, int):
        return display.money(value)
    if name in INSTANTS:
        return _instant(str(value))
    if name == "reason":
        return reason_in_words(str(value))
    if name == "to_mode" and value in BillingMode.values:
        return str(BillingMode(value).label)
    return str(value)


def _instant(text: str) -> str:
    try:
        return display.instant(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return ""


def _sentence(sentence: Any, flags: Mapping[str, Any], facts: Mapping[str, str]) -> str:
    match sentence:
        case If(fact, then):
            return _say(str(then), facts) if flags.get(fact) else ""
        case Unless(fact, then):
            return "" if flags.get(fact) else _say(str(then), facts)
        case _:
            return _say(str(sentence), facts)


def _say(sentence: str, facts: Mapping[str, str]) -> str:
    return sentence % facts if facts.keys() >= set(NAMED.findall(sentence)) else ""


def _path(page: str, notice: Notice) -> str:
    """Pages of one thing need its id: from the facts ("invoice", "resource_id") or from the event ("payment:<id>")."""
    if page not in {"resource", "invoice", "payment"}:
        return reverse(page)
    kind, _, rest = notice.event.partition(":")
    from_event = rest.partition(":")[0] if kind == page else ""
    pk = notice.facts.get("resource_id" if page == "resource" else page) or from_event
    try:
        return reverse(page, args=[UUID(str(pk))])
    except ValueError:
        return ""
