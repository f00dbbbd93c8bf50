"""Keys that people type or copy: one form in which each kind is compared, whatever spaces, case or width they used."""

from __future__ import annotations

import unicodedata


def transfer_key(text: str) -> str:
    """A bank's reference: letters and digits alone, upper case. "ft 2603-1000123" and "ＦＴ２６０３１０００１２３" are the same."""
    return "".join(character for character in unicodedata.normalize("NFKC", text).upper() if character.isalnum())


def coupon_key(text: str) -> str:
    """A coupon's code: without outer spaces, upper case, in one width."""
    return unicodedata.normalize("NFKC", text).strip().upper()
