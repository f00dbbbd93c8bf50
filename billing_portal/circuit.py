"""The cache in Redis behind a circuit: when Redis hangs, one call waits for it, and the others do without at once."""

from __future__ import annotations

import time
from typing import Any

import redis
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import TimeoutError as TookTooLong

OPEN_SECONDS = 5


class Circuit:
    """
    Open for OPEN_SECONDS after a failure: nobody asks. Then one caller tries, and while it waits the others still do not ask.

    Threads share it without a lock: at worst, two of them try.
    """

    def __init__(self) -> None:
        self._closed_from = 0.0

    def pass_through(self) -> None:
        """:raises NoConnection: it is open."""
        now = time.monotonic()
        if now < self._closed_from:
            raise NoConnection("Redis did not answer a moment ago")
        if self._closed_from:
            self.open()  # until this caller comes back

    def open(self) -> None:
        """Redis does not answer."""
        self._closed_from = time.monotonic() + OPEN_SECONDS

    def close(self) -> None:
        """Redis answers."""
        self._closed_from = 0.0


circuit = Circuit()
"""Of this process: there is one Redis."""


class CircuitRedis(redis.Redis):
    """redis-py's client, asked through the circuit."""

    def execute_command(self, *args: object, **options: object) -> object:
        circuit.pass_through()
        try:
            answer: object = super().execute_command(*args, **options)
        except (NoConnection, TookTooLong):
            circuit.open()
            raise
        circuit.close()
        return answer

    def pipeline(self, *args: object, **options: object) -> Any:
        circuit.pass_through()
        return super().pipeline(*args, **options)


class _Client(RedisCacheClient):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._client = CircuitRedis


class CircuitCache(RedisCache):
    """Django's, behind the circuit. Whoever uses it takes a `RedisError` for "no answer"."""

    def __init__(self, server: str, params: dict[str, object]) -> None:
        super().__init__(server, params)
        self._class = _Client
