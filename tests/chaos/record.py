"""What was asked, under which key, and what the caller was told."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any
from uuid import UUID

import httpx

PATIENCE_SECONDS = 20.0
TRY_AGAIN = {409: {"still-running"}, 429: {"throttled"}}
"""Answers that say nothing about what was asked: repeat it, they say."""


class Told(StrEnum):
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """No answer, half of one, or a 5xx: it may have been done or not."""


@dataclass
class Operation:
    """
    One write of somebody, however often it was sent.

    :ivar key: of idempotency: the same each time
    :ivar first: what was told the first time
    :ivar answer: the body of the last answer that said something
    """

    number: int
    who: str
    what: str
    path: str
    body: dict[str, Any]
    key: str
    first: Told = Told.UNKNOWN
    told: Told = Told.UNKNOWN
    status: int = 0
    answer: Any = None
    tries: int = 0
    last_words: str = ""

    @property
    def id(self) -> str:
        """Of what the answer shows."""
        return str(self.answer.get("id", "")) if isinstance(self.answer, dict) else ""

    @property
    def code(self) -> str:
        """Of a refusal."""
        return str(self.answer.get("code", "")) if isinstance(self.answer, dict) else ""

    def __str__(self) -> str:
        how = (
            f"{self.told} ({self.status} {self.code})" if self.told == Told.REFUSED else f"{self.told} ({self.status})"
        )
        first = "" if self.first == self.told else f", at first {self.first}"
        return f"#{self.number} {self.what} by {self.who} POST {self.path} {self.body} key {self.key}: {how}{first}"


@dataclass
class Record:
    """Every operation of a run; several threads write."""

    operations: list[Operation] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, who: str, what: str, path: str, body: dict[str, Any], key: str) -> Operation:
        with self._lock:
            operation = Operation(len(self.operations) + 1, who, what, path, body, key)
            self.operations.append(operation)
        return operation

    def of(self, *what: str, told: Told | None = None) -> Iterator[Operation]:
        return (one for one in self.operations if one.what in what and told in (None, one.told))

    def counts(self) -> dict[str, Counter[Told]]:
        """By what was asked, how often each thing was told at first; a running total."""
        found: dict[str, Counter[Told]] = {}
        for operation in list(self.operations):
            found.setdefault(operation.what, Counter())[operation.first] += 1
        return found


class Caller:
    """Somebody with a key to the portal. `random` names the idempotency keys, so that a seed gives the same ones."""

    def __init__(self, who: str, url: str, secret: str, record: Record, random: Random) -> None:
        self.who, self.record, self.random = who, record, random
        self.http = httpx.Client(
            base_url=url,
            timeout=PATIENCE_SECONDS,
            trust_env=False,
            headers={"Authorization": f"Bearer {secret}", "Accept-Language": "en"},
        )

    def write(self, what: str, path: str, body: dict[str, Any] | None = None) -> Operation:
        """A new operation, sent once."""
        key = str(UUID(int=self.random.getrandbits(128), version=4))
        operation = self.record.begin(self.who, what, path, body or {}, key)
        self.send(operation)
        operation.first = operation.told
        return operation

    def send(self, operation: Operation) -> None:
        """Send it, for the first time or again, and write down what is told."""
        operation.tries += 1
        try:
            answer = self.post(operation)
            said = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            operation.last_words = f"{type(error).__name__} {error}"
            return
        operation.last_words = answer.text[:300]
        if answer.status_code >= 500 or said.get("code") in TRY_AGAIN.get(answer.status_code, ()):
            return
        operation.status, operation.answer = answer.status_code, said
        operation.told = Told.ACKNOWLEDGED if answer.is_success else Told.REFUSED

    def post(self, operation: Operation) -> httpx.Response:
        return self.http.post(
            f"/api/v1/{operation.path}", json=operation.body, headers={"Idempotency-Key": operation.key}
        )

    def read(self, path: str, **parameters: Any) -> Any:
        """What an address shows; None when it does not answer just now."""
        try:
            answer = self.http.get(f"/api/v1/{path}", params=parameters)
            return answer.json() if answer.is_success else None
        except (httpx.HTTPError, ValueError):
            return None


class Bank(Caller):
    """The bank's service: it tells of each transfer until it is thanked; the number of the transfer is the key."""

    def __init__(self, url: str, secret: str, record: Record, random: Random) -> None:
        super().__init__("the bank", url, secret, record, random)

    def transfer(self, account: str, amount: int, note: str) -> Operation:
        number = f"FT{self.random.getrandbits(48):014}"
        line = {"number": number, "amount": amount, "note": note, "account": account}
        operation = self.record.begin(self.who, "bank line", "bank/transfers/", line, number)
        self.send(operation)
        operation.first = operation.told
        return operation

    def post(self, operation: Operation) -> httpx.Response:
        return self.http.post("/bank/transfers/", json=operation.body)
