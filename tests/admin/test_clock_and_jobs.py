"""The job calendar and the demo's clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import AuditEntry
from billing_portal.models import ClockMove
from billing_portal.schedule import JOBS
from tests.cast import NOON


@pytest.fixture
def movable(settings):
    settings.CLOCK_MOVABLE = True


def test_every_job_is_on_the_page(superuser):
    page = superuser.get(reverse("admin:jobs"))
    assert [status.job.name for status in page.context["calendar"]] == [job.name for job in JOBS]
    assert page.status_code == 200


def test_there_is_no_clock_to_move_outside_of_demos(superuser, settings):
    settings.CLOCK_MOVABLE = False
    assert superuser.get(reverse("admin:clock")).status_code == 404


@pytest.mark.usefixtures("movable")
def test_moving_the_clock_is_asked_for_with_a_reason_and_recorded(staff):
    client = staff("support")
    answer = client.post(reverse("admin:clock"), {"preset": "week", "reason": "Show a renewal"})
    assert answer.status_code == 302
    move = ClockMove.objects.get()
    assert (move.from_instant, move.to_instant, move.reason) == (NOON, NOON + timedelta(days=7), "Show a renewal")
    assert AuditEntry.objects.latest("pk").verb == "move clock"
    page = client.get(reverse("admin:clock")).content.decode()
    assert "On its way" in page
    assert "already" in client.post(reverse("admin:clock"), {"preset": "hour", "reason": "x"}).content.decode()


@pytest.mark.usefixtures("movable")
def test_the_clock_never_goes_backward_nor_without_a_goal(staff):
    client = staff("support")
    back = client.post(reverse("admin:clock"), {"to": "2026-03-10T11:00", "reason": "x"})
    assert (back.status_code, "does not go backward" in back.content.decode()) == (422, True)
    assert "Choose how far" in client.post(reverse("admin:clock"), {"reason": "x"}).content.decode()
    assert not ClockMove.objects.exists()


@pytest.mark.usefixtures("movable")
def test_auditors_do_not_move_the_clock(staff):
    assert staff("auditor").get(reverse("admin:clock")).status_code == 403
