"""What time brings to uses: the parts of the months that come, and what is forgotten."""

from __future__ import annotations

from datetime import datetime

from usage.services import forgetting, parts


def make_parts(*, at: datetime) -> int:
    return parts.make_coming_parts(at=at)


def clean_up(*, at: datetime) -> int:
    return forgetting.forget_refused(at=at)
