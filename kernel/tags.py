"""
Tags: what customers write on their resources so that costs can be told apart, key -> value ("Environment" -> "production").

Keys and values are written as their owner likes; upper and lower case make no difference (`folded`), so no resource has a key twice, and
"Prod" and "prod" are one value wherever something is found, grouped or limited by it. Some keys everybody has (`FIXED`), and one the
system alone writes (`CREATED_BY`). The tables hold the same rules, see `lifecycle.models.tags`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from kernel.errors import DomainError, InvalidInput
from kernel.text import not_printable, unprintable

FIXED = ("Assignee", "Company", "Department", "Environment")
CREATED_BY = "createdBy"
"""Who or which key ordered it; not counted among `MOST`."""
PROVIDER = "provider/"
"""Keys that begin like this are ours, in files for others: no customer writes one."""
MOST = 20
LONGEST_KEY = 60
LONGEST_VALUE = 120

Tags = Mapping[str, str]
Change = Mapping[str, str | None]
"""Key -> its value from now on, or None: it is taken off."""


def folded(text: str) -> str:
    """What is compared of a key or a value: character by character in lower case, as the tables do it, see `lifecycle.models.tags`."""
    return text.lower() if text.isascii() else "".join(character.lower()[0] for character in text)


def spelling(written: Mapping[str, int]) -> str:
    """Of several ways of writing the same, with how often each is written: what is shown."""
    return min(written, key=lambda value: (-written[value], value))


_SPELT = {folded(key): key for key in FIXED}


class TooManyTags(DomainError):
    code = "too-many-tags"
    message = _("%(name)s has room for %(most)s tags besides createdBy. Take some off first.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows a filter asks for: those with the key, with this value of it, or `without` the key."""

    key: str
    value: str | None = None
    without: bool = False

    def __str__(self) -> str:
        if self.without:
            return f"!{self.key}"
        return self.key if self.value is None else f"{self.key}={self.value}"

    def takes(self, tags: Tags) -> bool:
        """Whether these are such tags, in upper or lower case."""
        value = next((value for key, value in tags.items() if folded(key) == folded(self.key)), None)
        if value is None or self.value is None:
            return (value is None) == self.without
        return folded(value) == folded(self.value)


def checked(change: Mapping[str, object]) -> dict[str, str | None]:
    """
    A change as it can be kept: spaces in one way, the fixed keys as they are spelt.

    :raises InvalidInput: a key or a value cannot be kept, or a key is named twice
    """
    if len(change) > MOST * 2:
        raise InvalidInput(_("At most %(most)s tags are changed at once."), field="tags", most=MOST * 2)
    found: dict[str, str | None] = {}
    for key, value in change.items():
        kept = _key(key)
        if folded(kept) in map(folded, found):
            raise InvalidInput(_("The tag %(key)s is named twice."), field="tags", key=kept)
        found[kept] = None if value is None else _value(kept, value)
    return found


def changed(tags: Tags, change: Change, *, name: str) -> dict[str, str]:
    """
    What `tags` of a resource called `name` become by a checked change: a key that is there in another spelling is spelt anew.

    :raises TooManyTags:
    """
    gone = set(map(folded, change))
    kept = {key: value for key, value in tags.items() if folded(key) not in gone}
    found = kept | {key: value for key, value in change.items() if value is not None}
    if len(found.keys() - {CREATED_BY}) > MOST:
        raise TooManyTags(name=name, most=MOST)
    return in_order(found)


def in_order(tags: Tags) -> dict[str, str]:
    """As they are shown: the fixed keys, the free ones by the alphabet, the system's."""
    return {key: tags[key] for key in sorted(tags, key=_rank)}


def own(tags: Tags) -> dict[str, str]:
    """Without what the system writes."""
    return {key: value for key, value in in_order(tags).items() if key != CREATED_BY}


def text_of(tags: Tags) -> str:
    """In one line: "Environment=production; Team=web"."""
    return "; ".join(f"{key}={value}" for key, value in in_order(tags).items())


def said_by(change: Change) -> str:
    """What was changed, in one line; what was taken off has no value."""
    return text_of({key: value or "" for key, value in change.items()})


def wanted(text: str) -> Wanted | None:
    """ "Environment=production", "Environment", or "!Environment" for what lacks it; None of nothing."""
    key, _sign, value = unicodedata.normalize("NFC", text.strip()).partition("=")
    without = key.startswith("!")
    key, value = " ".join(key.removeprefix("!").split()), " ".join(value.split())
    if not key or "\x00" in text:
        return None
    return Wanted(_SPELT.get(folded(key), key), None if without else value or None, without)


def _key(given: object) -> str:
    key = _line(given)
    if not key or len(key) > LONGEST_KEY:
        raise InvalidInput(_("The key of a tag has 1 to %(most)s characters."), field="tags", most=LONGEST_KEY)
    if "=" in key or "!" in key:
        raise InvalidInput(_("The key of a tag has neither “=” nor “!” in it: %(key)s"), field="tags", key=key)
    compared = folded(key)
    if compared == folded(CREATED_BY) or compared.startswith(PROVIDER):
        raise InvalidInput(_("The tag %(key)s is written by the system alone."), field="tags", key=key)
    return _SPELT.get(compared, key)


def _value(key: str, given: object) -> str:
    value = _line(given)
    if not value or len(value) > LONGEST_VALUE:
        raise InvalidInput(
            _("The value of the tag %(key)s has 1 to %(most)s characters."), field="tags", key=key, most=LONGEST_VALUE
        )
    return value


def _line(given: object) -> str:
    text = " ".join(unicodedata.normalize("NFC", given).split()) if isinstance(given, str) else ""
    if found := unprintable(text):
        raise InvalidInput(not_printable(found), field="tags")
    return text


def _rank(key: str) -> tuple[int, int, str]:
    if key in FIXED:
        return 0, FIXED.index(key), ""
    return (2 if key == CREATED_BY else 1), 0, folded(key)
