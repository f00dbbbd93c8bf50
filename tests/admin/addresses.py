"""Every address of the staff area, from the resolver, with a row of the world where one is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.contrib import admin
from django.urls import reverse

from accounts.models import User

FILE, ELSEWHERE, FORM, PART = "a file", "leads elsewhere", "takes a form", "a part of a page"
NO_PAGES = {
    "login": ELSEWHERE,
    "logout": FORM,
    "password_change": ELSEWHERE,
    "password_change_done": ELSEWHERE,
    "leave_customer": ELSEWHERE,
    "view_on_site": ELSEWHERE,
    "jsi18n": FILE,
    "focus": FILE,
    "focus_schema": FILE,
    "autocomplete": PART,
    "invoices_invoice_pdf": FILE,
    "invoices_creditnote_pdf": FILE,
}
OF_ROWS, OF_LISTS = ("change", "history", "delete"), ("changelist", "add")
PARTLY_THERE = {"add", "delete"}
"""What nobody may do to most things."""


class Place(NamedTuple):
    """The name of an address, and its path."""

    name: str
    path: str

    @property
    def may_be_refused(self) -> bool:
        return self.name.rpartition("_")[2] in PARTLY_THERE


def names() -> set[str]:
    """Of all addresses; without those of files that lists are exported to, and of tasks, which are many at one."""
    return {name for name in _names(admin.site.urls[0]) if not name.endswith(("_export", "_task"))}


def places() -> Iterator[Place]:
    """One of each, of what `populate` has made."""
    for name in ("index", "find", "vat", "vat_rehearsal", "jobs", "clock", "invoices_billingrun_forecast"):
        yield Place(name, reverse(f"admin:{name}"))
    yield Place("vat_rehearsal", f"{reverse('admin:vat_rehearsal')}?category=standard&since=2027-01-01&rate=8")
    for app in dict.fromkeys(model._meta.app_label for model in admin.site._registry):
        yield Place("app_list", reverse("admin:app_list", args=[app]))
    for model, page in admin.site._registry.items():
        own = f"{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.order_by("pk").first()
        assert row is not None, f"the world has no {own}"
        for what in OF_ROWS:
            yield Place(f"{own}_{what}", reverse(f"admin:{own}_{what}", args=[row.pk]))
        for what in OF_LISTS:
            yield Place(f"{own}_{what}", reverse(f"admin:{own}_{what}"))
        for task in getattr(page, "tasks", ()):
            yield Place(f"{own}_task", reverse(f"admin:{own}_task", args=[row.pk, task.name]))
        for task in getattr(page, "list_tasks", ()):
            yield Place(f"{own}_list_task", reverse(f"admin:{own}_list_task", args=[task.name]))
    person = User.objects.order_by("pk")[0]
    yield Place("auth_user_password_change", reverse("admin:auth_user_password_change", args=[person.pk]))


def _names(patterns: Any) -> Iterator[str]:
    for one in patterns:
        if hasattr(one, "url_patterns"):
            yield from _names(one.url_patterns)
        elif one.name:
            yield one.name
