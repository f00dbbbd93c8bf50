"""What time brings to the front door: what nobody came back for is forgotten."""

from __future__ import annotations

from datetime import datetime

from door.services.sessions import forget_sessions
from door.services.sign_up import forget_sign_ups
from notifications.services import forget_letters


def clean_up(*, at: datetime) -> int:
    return forget_sign_ups(at=at) + forget_letters(at=at) + forget_sessions()
