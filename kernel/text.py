"""
Which text is accepted where people type it: what every document, mail and export can show.

A character has to be visible (or part of a script or pictograph, as joiners are) and to have a glyph in the fonts that
documents are set in: they cover the basic plane of Unicode and its pictographs. `shown` writes what came in otherwise.
"""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

JOINERS = "\u200c\u200d"
INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Controls, ends of lines, and what turns or hides its neighbours."""
WITHOUT_GLYPH = frozenset({"Cn", "Co", "Cs"})
"""Not assigned, private, half of a pair."""
PICTOGRAPHS = range(0x1F000, 0x1FB00)
REPLACEMENT = "\N{WHITE SQUARE}"


def is_printable(character: str) -> bool:
    category = unicodedata.category(character)
    if category in INVISIBLE:
        return character in JOINERS
    return category not in WITHOUT_GLYPH and (ord(character) < 0x10000 or ord(character) in PICTOGRAPHS)


def unprintable(text: str) -> str:
    """The first character of a line that cannot be printed, as one can read it: "U+202E", "U+20BB7 𠮷"; else nothing."""
    for character in text:
        if not is_printable(character):
            code = f"U+{ord(character):04X}"
            is_seen = unicodedata.category(character) not in INVISIBLE | WITHOUT_GLYPH
            return f"{code} {character}" if is_seen else code
    return ""


def validate_printable(text: str) -> None:
    """
    A validator for fields of one line that are printed.

    :raises ValidationError: with the character to leave out
    """
    if found := unprintable(text):
        raise ValidationError(not_printable(found), code="not-printable")


def validate_printable_lines(text: str) -> None:
    """
    As `validate_printable`, for a text of several lines.

    :raises ValidationError:
    """
    validate_printable(" ".join(text.split()))


def not_printable(found: str) -> str:
    """What to change: `found` comes from `unprintable`."""
    return _("The character %(character)s cannot be printed on documents. Please leave it out.") % {"character": found}


PLACE = re.compile(r"[/@]|\bwww\b|[^\W_]\.[^\W\d_]{2}|\d\.\d+\.\d+\.\d", re.IGNORECASE)
DOTS = str.maketrans("\N{IDEOGRAPHIC FULL STOP}", ".")
"""What programs that read domains take for a dot, where Unicode does not."""


def names_a_place(text: str) -> bool:
    """
    Whether programs may make a link of a part of `text`: an address, or a bare domain ("evil.example"). A dot with a space behind it, or
    before a single letter, is none ("J. R. Nguyễn", "A.B.C").
    """
    parts = unicodedata.normalize("NFKD", text).translate(DOTS)
    return bool(
        PLACE.search("".join(part for part in parts if unicodedata.category(part)[0] != "M" and part not in JOINERS))
    )


def shown(text: str) -> str:
    """Any text as it can be printed: white space is a space, and what has no glyph is a visible square."""
    return "".join(
        character if is_printable(character) else " " if character.isspace() else REPLACEMENT for character in text
    )
