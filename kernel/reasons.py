"""
Why something happened, as it is kept: a code, or a code and what somebody wrote ("no-capacity: zone HAN-1 is full").

Never a sentence of ours: nobody knows yet who will read it. The code becomes its sentence when it is read; what people wrote
is quoted, and stands alone where no code says what it means.
"""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext

from kernel.shapes import Wording

_sentences: dict[str, object] = {}


class Reason(NamedTuple):
    """`code` is empty when it is somebody's words and nothing else."""

    code: str
    said: str

    def __str__(self) -> str:
        """As it is kept."""
        return f"{self.code}: {self.said}" if self.code and self.said else self.code or self.said


def know(code: str, sentence: Wording) -> None:
    """From now on `code` reads as `sentence`, which is translated when it is read."""
    _sentences[code] = sentence


def reason_of(kept: str) -> Reason:
    """The parts of a reason as it is kept."""
    code, _colon, said = kept.partition(": ")
    return Reason(code, said) if code in _sentences else Reason("", kept)


def in_words(kept: str) -> str:
    """
    A reason in the present language.

    >>> in_words("no-capacity: zone HAN-1 is full")
    'There is no capacity left for it. “zone HAN-1 is full”'
    """
    code, said = reason_of(kept)
    if not code:
        return said
    sentence = str(_sentences[code])
    return gettext("%(sentence)s “%(said)s”") % {"sentence": sentence, "said": said} if said else sentence
