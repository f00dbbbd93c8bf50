"""What jobs did, how the clock was moved, which totals were counted anew: to be looked at."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import LookOnlyAdmin
from billing_portal.models import ClockMove, JobRun, Recount


@admin.register(JobRun)
class JobRunAdmin(LookOnlyAdmin):
    list_display = ("job", "due_at", "started_at", "finished_at", "outcome", "count", "failures", "error")
    list_filter = ("outcome", "job")
    search_fields = ("=job", "error")


@admin.register(ClockMove)
class ClockMoveAdmin(LookOnlyAdmin):
    list_display = ("from_instant", "to_instant", "reached", "state", "jobs", "actor", "reason")
    list_filter = ("state",)


@admin.register(Recount)
class RecountAdmin(LookOnlyAdmin):
    list_display = ("at", "total", "key", "kept", "counted", "actor")
    list_filter = ("total",)
