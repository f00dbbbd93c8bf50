"""What was refused is forgotten when nobody will mend it any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from usage.models import RefusedRecord

KEPT = timedelta(days=90)


def forget_refused(*, at: datetime) -> int:
    gone, _by_model = RefusedRecord.objects.filter(at__lt=at - KEPT).delete()
    return gone
