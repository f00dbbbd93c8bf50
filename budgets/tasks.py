"""What time brings to budgets and balances: use costs more every minute, and prices change."""

from __future__ import annotations

from datetime import datetime, timedelta

from budgets.models import BalanceAlert, Budget, Stops
from budgets.services import balance, watching
from kernel.periods import local_day, start_of_day
from lifecycle.models import Resource
from store.tally import Tally


def watch_budgets(*, at: datetime) -> Tally:
    return watching.watch_all(at=at)


def next_watch(after: datetime) -> datetime | None:
    """While a clock is moved: where caps stop something, every full hour; for what only tells, every midnight."""
    standing = Budget.objects.standing()
    halted = Resource.objects.filter(stopped_for_cap__isnull=False)
    if standing.exclude(stops=Stops.NOTHING).exists() or halted.exists():
        return after.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return _midnight(after) if standing.exists() else None


def watch_balances(*, at: datetime) -> Tally:
    return balance.watch_balances(at=at)


def next_balances(after: datetime) -> datetime | None:
    """While a clock is moved, every midnight."""
    return _midnight(after) if BalanceAlert.objects.on().exists() else None


def _midnight(after: datetime) -> datetime:
    return start_of_day(local_day(after) + timedelta(days=1))
