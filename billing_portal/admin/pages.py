"""Pages of the staff area that are about no single row: the front page, the job calendar, the clock of a demo."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Unpack

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.access import signed_in
from accounts.models import User
from billing_portal.admin.attention import what_needs_attention
from billing_portal.jobs import job_calendar
from billing_portal.models import ClockMove, JobRun
from billing_portal.moving import current_move, request_move
from billing_portal.rights import MOVE_CLOCK
from kernel import clock, display
from kernel.errors import DomainError
from kernel.fields import field_of
from kernel.periods import CalendarMonth, local_day, start_of_day
from kernel.shapes import FormOptions, Sent
from store.cut import Cut, cut

SHOWN_RUNS = 50


def front_page(user: User, at: datetime) -> dict[str, object]:
    """What the front page shows beside the lists."""
    return {
        "at": at,
        "matters": what_needs_attention(user, at),
        "jobs_not_well": sum(not status.is_well for status in job_calendar(at)),
        "clock_movable": settings.CLOCK_MOVABLE and user.has_perm(MOVE_CLOCK.permission),
    }


def jobs(request: HttpRequest) -> HttpResponse:
    """The calendar of jobs: when each ran last, how late it is, when it is due next."""
    at = clock.now()
    context = {**_page(request), "title": _("Jobs"), "calendar": job_calendar(at), "at": at}
    return TemplateResponse(request, "admin/jobs.html", context)


class ClockForm(forms.Form):
    """An instant to choose from, or one to type; either lies ahead."""

    preset = forms.ChoiceField(label=_("Move forward to"), required=False, widget=forms.RadioSelect)
    to = forms.DateTimeField(
        label=_("Or to this instant"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    reason = forms.CharField(label=_("Reason"), max_length=500)

    def __init__(self, data: Sent = None, *, at: datetime, **options: Unpack[FormOptions]) -> None:
        super().__init__(data, **options)
        self.presets = {name: instant for name, (instant, _label) in presets(at).items()}
        choices = [(name, f"{label} ({display.instant(instant)})") for name, (instant, label) in presets(at).items()]
        field_of(self, forms.ChoiceField, "preset").choices = choices

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        data["instant"] = data.get("to") or self.presets.get(data.get("preset", ""))
        if not data["instant"] and not self.errors:
            raise forms.ValidationError(text("Choose how far to move the clock."))
        return data


def presets(at: datetime) -> dict[str, tuple[datetime, str]]:
    """Instants worth going to, each a little after its jobs are due."""
    tomorrow = start_of_day(local_day(at) + timedelta(days=1)) + timedelta(hours=9, minutes=5)
    month_end = CalendarMonth.of(at).following.period.starts_at + timedelta(minutes=35)
    return {
        "hour": (at + timedelta(hours=1), text("in an hour")),
        "day": (tomorrow, text("tomorrow morning, after renewals and payments")),
        "week": (at + timedelta(days=7), text("in a week")),
        "month-end": (month_end, text("after the month-end run")),
        "month": (at + timedelta(days=30), text("in 30 days")),
    }


def clock_page(request: HttpRequest) -> HttpResponse:
    """Move the clock of a demo forward, see how far it has come, and which jobs ran on the way."""
    if not settings.CLOCK_MOVABLE:
        raise Http404
    if not request.user.has_perm(MOVE_CLOCK.permission):
        raise PermissionDenied
    at = clock.now()
    form = ClockForm(request.POST if request.method == "POST" else None, at=at)
    if request.method == "POST" and form.is_valid():
        try:
            request_move(
                form.cleaned_data["instant"], reason=form.cleaned_data["reason"], actor=signed_in(request).actor, at=at
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, text("The clock is on its way; a worker carries out what is due."))
            return redirect("admin:clock")
    move = current_move()
    latest = move or ClockMove.objects.order_by("-pk").first()
    context = {
        **_page(request),
        "title": _("Demo clock"),
        "form": form,
        "move": move,
        "latest": latest,
        "percent": round(100 * move.share_done) if move else None,
        "runs": _runs_of(latest) if latest else None,
        "at": at,
    }
    return TemplateResponse(request, "admin/clock.html", context, status=422 if form.errors else 200)


def _runs_of(move: ClockMove) -> Cut:
    """What ran while the clock was moved and had something to do, the latest first."""
    runs = JobRun.objects.filter(due_at__gte=move.from_instant, due_at__lte=move.reached)
    busy = Q(count__gt=0) | Q(failures__gt=0) | ~Q(error="")
    return cut(runs.filter(busy).order_by("-pk"), SHOWN_RUNS)


def _page(request: HttpRequest) -> dict[str, object]:
    return admin.site.each_context(request)
