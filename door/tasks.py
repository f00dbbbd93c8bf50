"""What time brings to the front door: what nobody came back for is forgotten, and what was confirmed is looked at again."""

from __future__ import annotations

from datetime import datetime

from door.services.domains import look_at_due, next_look
from door.services.sessions import forget_sessions
from door.services.sign_up import forget_sign_ups
from notifications.services import forget_letters
from store.tally import Tally

__all__ = ["check_domains", "clean_up", "next_look"]


def check_domains(*, at: datetime) -> Tally:
    return look_at_due(at=at)


def clean_up(*, at: datetime) -> int:
    return forget_sign_ups(at=at) + forget_letters(at=at) + forget_sessions()
