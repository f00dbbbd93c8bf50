"""What every answer of the API needs to know, and how it refuses."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.shapes import Json

from ...config import Config
from ..base import Struck


@dataclass(frozen=True)
class Asked:
    form: Json
    config: Config
    struck: Struck
    now: float


class Refused(Exception):
    """`error` is what stands in the answer; 402 is a card's refusal, which has had its effect."""

    def __init__(self, message: str, *, code: str = "parameter_invalid", status: int = 400, **more: object) -> None:
        self.status = status
        self.error: Json = {"type": "invalid_request_error", "code": code, "message": message, **more}


def missing(what: str, name: str) -> Refused:
    return Refused(f"No such {what}: '{name}'", code="resource_missing", status=404)
