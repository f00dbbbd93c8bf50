"""From when until when terms are in force."""

from __future__ import annotations

from django.db.models import F, Func, Q


class InstantRange(Func):
    """tstzrange(from, until): half-open, without end when `until` is null."""

    function = "TSTZRANGE"


VALIDITY = InstantRange("valid_from", "valid_until")
STARTS_BEFORE_IT_ENDS = Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from"))
