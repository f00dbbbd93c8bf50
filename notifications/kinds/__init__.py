"""
The notices, each told in one place: whom it concerns, what it says, and until when that is true.

A new kind: a member of `Notice.Kind` and an entry here.
"""

from __future__ import annotations

from notifications.kinds.base import If, NoticeKind, Row, Unless
from notifications.kinds.money import MONEY
from notifications.kinds.resources import RESOURCES

KINDS: dict[str, NoticeKind] = {**RESOURCES, **MONEY}

__all__ = ["KINDS", "If", "NoticeKind", "Row", "Unless"]
