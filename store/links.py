"""
Links of mails by which somebody without an account does one thing.

A token is derived from its row and SECRET_KEY whenever a mail leaves, and written nowhere: the database has its digest alone. When the
key changes, tokens made under one of SECRET_KEY_FALLBACKS are found again.
"""

from __future__ import annotations

import base64
import hashlib
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def token_of(purpose: str, row: UUID, mark: str = "", *, secret: str | bytes | None = None) -> str:
    """
    43 letters and digits, `-` and `_`.

    :param mark: what tells a link of the row from the one before it
    """
    named = f"{row}{mark and ':'}{mark}"
    mac = salted_hmac(purpose, named, secret=secret or settings.SECRET_KEY, algorithm="sha256")
    return base64.urlsafe_b64encode(mac.digest()).decode().rstrip("=")


def token_with(digest: str, purpose: str, row: UUID, mark: str = "") -> str:
    """The token that has this digest; empty when its key is not here any more."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return next(
        (
            token
            for token in (token_of(purpose, row, mark, secret=one) for one in secrets)
            if digest_of(token) == digest
        ),
        "",
    )
