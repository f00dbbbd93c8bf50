"""How near the end of paid time is, and how it is dealt with: health, renewal, and the days on which we speak of it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import BillingMode
from kernel.periods import billing_zone, local_day, start_of_day

DAY = timedelta(days=1)


class Health(models.TextChoices):
    GOOD = "good", _("good")
    WARNING = "warning", _("warning")
    ALERT = "alert", _("alert")
    EXPIRED = "expired", _("expired")


IS_RUNNING = Q(state__in=["active", "stop"])
LEAST_FOR_GOOD, LEAST_FOR_WARNING = 16, 5
"""Whole days left: good above 15, warning from 5 on, alert below."""


def health_before(end: datetime | None, *, at: datetime) -> Health:
    """The health of a running resource that stops at `end`; good when it does not stop."""
    if end is None:
        return Health.GOOD
    if end <= at:
        return Health.EXPIRED
    days = (end - at) // DAY
    return Health.GOOD if days >= LEAST_FOR_GOOD else Health.WARNING if days >= LEAST_FOR_WARNING else Health.ALERT


def has_health(health: Health, *, at: datetime) -> Q:
    """Running resources of this health, as `health_before`. What rolls over runs on at the end of its paid time."""
    warning, good = at + LEAST_FOR_WARNING * DAY, at + LEAST_FOR_GOOD * DAY
    stops = Q(paid_until__isnull=False, rolls_over=False)
    return (
        IS_RUNNING
        & {
            Health.EXPIRED: stops & Q(paid_until__lte=at),
            Health.ALERT: stops & Q(paid_until__gt=at, paid_until__lt=warning),
            Health.WARNING: stops & Q(paid_until__gte=warning, paid_until__lt=good),
            Health.GOOD: Q(paid_until__gte=good) | Q(paid_until__isnull=True) | Q(rolls_over=True),
        }[health]
    )


class Renewal(models.TextChoices):
    """How a running resource gets more paid time."""

    MANUAL = "manual", _("manual")
    AUTO = "auto", _("automatic")
    NONE = "none", _("not renewable")


RUNS_ON_PAID_TIME = IS_RUNNING & Q(billing_mode=BillingMode.PREPAID, rolls_over=False)
RUNS_ON_PAID_TIME_SQL = "state IN ('active', 'stop') AND billing_mode = 'prepaid' AND NOT rolls_over"
"""The same for the sweeps; a test holds the two together."""
RENEWALS = {
    Renewal.MANUAL: RUNS_ON_PAID_TIME & Q(auto_renew_months__isnull=True),
    Renewal.AUTO: RUNS_ON_PAID_TIME & Q(auto_renew_months__isnull=False),
    Renewal.NONE: ~RUNS_ON_PAID_TIME,
}

MILESTONES = (0, 1, 4, 7)
"""Days before the end on which we remind and renew automatically."""
MORNING = time(8)
"""When the day's renewals are tried, in the billing zone."""


def last_morning(end: datetime) -> date:
    """
    The day of the last morning before `end`: a resource that ends at 07:40 is renewed on the day before, or never.

    Days before the end are counted from it.
    """
    ahead = timedelta(hours=MORNING.hour, minutes=MORNING.minute + 1)
    return (end.astimezone(billing_zone()).replace(tzinfo=None) - ahead).date()


def milestone(end: datetime, *, at: datetime) -> int | None:
    """The smallest milestone that the days left have reached, so that a late job makes up for the latest one it missed."""
    days = (last_morning(end) - local_day(at)).days
    return next((milestone for milestone in MILESTONES if days <= milestone), None)


def next_try(end: datetime, *, at: datetime) -> datetime:
    """The next morning on which what ends at `end` is renewed automatically; its end when none is left."""
    mornings = (start_of_day(last_morning(end) - days * DAY, MORNING) for days in sorted(MILESTONES, reverse=True))
    return next((morning for morning in mornings if morning > at), end)
