"""ZIP files that are sent while they are written: neither the file nor what is in it lies in memory."""

from __future__ import annotations


class Sink:
    """What `zipfile` writes to: hands over what has come, and keeps nothing. It is no file, so nothing can go back in it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> int:
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        return None

    def close(self) -> None:
        return None

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)
