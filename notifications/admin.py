"""What customers were told: each notice as it was sent, and those that could not be delivered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin
from accounts.admin.tasks import Task
from accounts.services import record_audit
from accounts.staff import RETRY_NOTICE
from kernel.actors import Actor
from notifications.models import Notice


class RetryNotice(Task):
    name = "retry"
    label = _("Send again")
    lead = _("The notice waits for delivery again, with all of its attempts ahead.")
    button = _("Send again")
    right = RETRY_NOTICE

    def is_open(self, subject: Notice, at: datetime) -> bool:
        return subject.state == Notice.State.PARKED

    @transaction.atomic
    def carry_out(self, subject: Notice, data: dict[str, Any], *, actor: Actor, at: datetime) -> str:
        waits = {"state": Notice.State.PENDING, "attempts": 0, "next_attempt_at": at}
        if Notice.objects.filter(pk=subject.pk, state=Notice.State.PARKED).update(**waits):
            record_audit("retry notice", subject, actor=actor, at=at, reason=data["reason"], customer=subject.customer)
        return text("The notice waits for delivery.")


@admin.register(Notice)
class NoticeAdmin(LookOnlyAdmin):
    tasks = (RetryNotice(),)
    list_display = ("at", "kind", "customer", "recipient", "state", "attempts", "sent_at")
    list_select_related = ("customer",)
    list_filter = ("state", "kind")
    search_fields = ("customer__name", "recipient", "event")
    date_hierarchy = "at"
