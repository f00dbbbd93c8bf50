"""What staff do on a page: the task of a subject, with a reason."""

from __future__ import annotations

from django.urls import reverse

from accounts.models import AuditEntry

WHY = "The customer asked for it by phone"


def page_of(subject, task):
    meta = subject._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_task", args=[subject.pk, task])


def do(client, subject, task, *, key="k1", **data):
    return client.post(page_of(subject, task), {"reason": WHY, "key": key, **data})


def sentences(response):
    return " ".join(str(error) for errors in response.context["form"].errors.values() for error in errors)


def last_audit():
    return AuditEntry.objects.latest("pk")
