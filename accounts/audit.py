"""
What the audit trail can say: each app declares its acts as an enum `Did(Verb)` in its own `audit.py`, beside `record_audit`.

The trail keeps codes, so that it can be searched and counted in every language; the words are made when it is read. It is
append-only: what was written under another spelling stays so, and is read as the act that it is (`formerly`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Model, TextChoices
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from kernel.shapes import Wording


class Verb(TextChoices):
    """Base of the acts of an app: code and words, as in "Lan *switched the billing mode*"."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for act in cls:
            assert act.value not in _known, f"{act.value}: one act, one verb"
            _known[act.value] = act


@dataclass(frozen=True, slots=True)
class Edit:
    """A row made or changed on its page: "add user", "change product"."""

    value: str
    label: Wording


EDITS = {"add": _("added"), "change": _("changed")}

_known: dict[str, Verb | Edit] = {}
_former: dict[str, str] = {}


class Did(Verb):
    """What is done with customers, users and keys, and by two of the staff."""

    ASK = "ask for approval", _("asked for approval")
    APPROVE = "approve act", _("approved what somebody asked for")
    REFUSE = "refuse act", _("refused what somebody asked for")
    WITHDRAW = "withdraw act", _("withdrew what they asked for")
    EXPIRE = "expire act", _("let expire what nobody approved")
    REVIEW = "review act", _("reviewed what somebody did")
    ISSUE_KEY = "issue API key", _("issued an API key")
    ROTATE_KEY = "replace API key", _("replaced an API key by a new one")
    TAKE_OVER_KEY = "take over API key", _("took over an API key")
    REVOKE_KEY = "revoke API key", _("revoked an API key")
    ADD_MEMBER = "add member", _("added a member of the team")
    CHANGE_ROLE = "change role", _("changed the role of a member")
    REMOVE_MEMBER = "remove member", _("removed a member of the team")
    SET_USER_ASIDE = "set user aside", _("set a second user of an address aside")
    VIEW_AS_CUSTOMER = "view portal as customer", _("viewed the portal as the customer")
    ADD_BUYER = "add buyer", _("added a buyer profile")
    CHANGE_BUYER = "change buyer", _("changed a buyer profile")
    DEFAULT_BUYER = "default buyer", _("made a buyer profile the default")
    ARCHIVE_BUYER = "archive buyer", _("archived a buyer profile")
    SWITCH_AUTOMATIC_PAYMENT = "switch automatic payment", _("switched automatic payment")


_told: set[str] = set()


def tell_customers(*acts: Verb) -> None:
    """Whoever does it, the customer reads that it was done; of members and keys they read everything."""
    _told.update(act.value for act in acts)


def told_to_customers() -> list[str]:
    """Every spelling of those."""
    return [spelling for code in sorted(_told) for spelling in spellings_of(code)]


def edit_of(model: type[Model], change: str) -> Edit:
    """
    The act of editing a row of `model`; known from the first time that it is asked for.

    :param change: "add" or "change"
    """
    options = model._meta
    edit = Edit(f"{change} {options.verbose_name_raw}", format_lazy("{}: {}", EDITS[change], options.verbose_name))
    return _known.setdefault(edit.value, edit)  # type: ignore[return-value]  # no app calls its own act so


def formerly(act: Verb, *spellings: str) -> None:
    """Entries that were written as one of `spellings` tell of `act`."""
    _former.update(dict.fromkeys(spellings, act.value))


def act_of(spelling: str) -> Verb | Edit | None:
    """What an entry tells of; None when nobody here knows it any more."""
    return _known.get(_former.get(spelling, spelling))


def words_of(spelling: str) -> str:
    """ "revoke key" -> "revoked an API key"; what is not known stands as it is written."""
    act = act_of(spelling)
    return str(act.label) if act else spelling


def spellings_of(code: str) -> list[str]:
    """Everything under which the act `code` has ever been written."""
    return [code, *(spelling for spelling, now in _former.items() if now == code)]


def acts_among(spellings: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(code, words) of the acts that `spellings` tell of, each once, in the order of their words."""
    codes = {_former.get(spelling, spelling) for spelling in spellings}
    yield from sorted(((code, words_of(code)) for code in codes), key=lambda act: act[1])


formerly(Did.REVOKE_KEY, "revoke key")
formerly(Did.ASK, "ask for credit adjustment")
tell_customers(
    Did.ISSUE_KEY,
    Did.ROTATE_KEY,
    Did.REVOKE_KEY,
    Did.VIEW_AS_CUSTOMER,
    Did.SWITCH_AUTOMATIC_PAYMENT,
    Did.ADD_MEMBER,
    Did.CHANGE_ROLE,
    Did.REMOVE_MEMBER,
)
