"""
References that people copy and banks disfigure: ten letters and digits without I, O, 0 and 1, the last one a check.

The check is a sum in the field of 32 elements whose weights are powers of its generator. All weights are different and none is
zero, so one mistyped character, or any two that changed places, never make another valid reference.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterator

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH = 10
_VALUES = {character: value for value, character in enumerate(ALPHABET)}


def new_reference() -> str:
    """A reference that nobody can guess or mistype into another."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return body + check_character(body)


def check_character(body: str) -> str:
    """What belongs behind `body`."""
    return ALPHABET[_times_generator(_sum_of(body))]


def is_reference(text: str) -> bool:
    return len(text) == LENGTH and all(each in _VALUES for each in text) and _sum_of(text) == 0


def references_in(note: str) -> list[str]:
    """Everything in a bank's text that may be a reference, whatever stands around it, as it is compared; each once."""
    text = plain(note)
    return list(dict.fromkeys(_valid(text)))


def plain(note: str) -> str:
    """Letters and digits alone, upper case and without accents: what is left of a note at the strictest bank."""
    stripped = unicodedata.normalize("NFKD", note.replace("đ", "d").replace("Đ", "D"))
    return "".join(each for each in stripped.upper() if each.isascii() and each.isalnum())


def _valid(text: str) -> Iterator[str]:
    for start in range(len(text) - LENGTH + 1):
        if is_reference(part := text[start : start + LENGTH]):
            yield part


def _sum_of(text: str) -> int:
    total = 0
    for character in text:
        total = _times_generator(total) ^ _VALUES[character]
    return total


def _times_generator(element: int) -> int:
    """In the field of 32 elements, modulo x^5 + x^2 + 1."""
    element <<= 1
    return element ^ 0b100101 if element & 0b100000 else element
