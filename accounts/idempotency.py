"""The same write sent twice is done once: keys of REST clients, and the answers that belong to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import IdempotencyKey
from kernel.errors import DomainError
from store.locks import alone


class KeyMissing(DomainError):
    code = "idempotency-key-required"
    status = 400
    message = _("Send an Idempotency-Key header, so that repeating this request cannot pay twice.")


class KeyMalformed(DomainError):
    code = "idempotency-key-malformed"
    status = 400
    message = _("The Idempotency-Key must have 1 to 100 printable ASCII characters.")


class KeyReused(DomainError):
    code = "key-reused"
    status = 422
    message = _("This Idempotency-Key was sent with another request. Use a new key for a new request.")


class StillRunning(DomainError):
    code = "still-running"
    message = _("A request with this Idempotency-Key is still being carried out. Repeat it in a moment.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write was answered: an HTTP status and a JSON-ready `body`; `replayed` when kept from the first time."""

    status: int
    body: object
    replayed: bool = False


Note = Callable[[UUID], object]
"""Hears of what a request makes, in the transaction that makes it: who repeats the request finds it again."""


def unnoted(_pk: UUID) -> None:
    """For callers who are not repeated."""


def check_key(key: str) -> str:
    """:raises KeyMalformed:"""
    if not (1 <= len(key) <= 100 and key.isascii() and key.isprintable()):
        raise KeyMalformed
    return key


def fingerprint(method: str, path: str, body: object) -> str:
    """A digest of what is asked; the order of JSON members does not matter."""
    asked = json.dumps([method, path, body], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()


def answer_once(
    principal: str,
    key: str,
    asked: str,
    work: Callable[[IdempotencyKey], Answer],
    *,
    in_steps: bool,
    at: datetime,
) -> Answer:
    """
    Do `work` for the first request with `key`, and give its answer to every later one that asks for the same.

    The effect and the answer are one transaction. Work `in_steps` commits by itself on the way (a gateway is called
    between two commits): it notes what it makes, see `Note`, for after a crash it is called again. A refusal
    keeps no answer: the same request may succeed later. What `asked` was stays bound to the key.

    :raises KeyReused: the key was sent with something else
    :raises StillRunning: the first request has not ended; one that died is not running
    """
    with alone(f"request:{principal} {key}") as ours:
        if not ours:
            raise StillRunning
        record, _made = IdempotencyKey.objects.get_or_create(
            principal=principal, key=key, defaults={"fingerprint": asked, "created_at": at}
        )
        if record.fingerprint != asked:
            raise KeyReused
        if record.status is not None:
            return Answer(record.status, record.body, replayed=True)
        with nullcontext() if in_steps else transaction.atomic():
            answer = work(record)
            record.status, record.body = answer.status, answer.body
            record.save(update_fields=["status", "body"])
        return answer
