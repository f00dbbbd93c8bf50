"""What jobs did and how the clock was moved: to be looked at."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import LookOnlyAdmin
from billing_portal.models import ClockMove, JobRun


@admin.register(JobRun)
class JobRunAdmin(LookOnlyAdmin):
    list_display = ("job", "due_at", "started_at", "finished_at", "outcome", "count", "failures", "error")
    list_filter = ("outcome", "job")
    search_fields = ("=job", "error")


@admin.register(ClockMove)
class ClockMoveAdmin(LookOnlyAdmin):
    list_display = ("from_instant", "to_instant", "reached", "state", "jobs", "actor", "reason")
    list_filter = ("state",)
