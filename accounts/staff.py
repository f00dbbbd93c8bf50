"""
What staff may do: four groups, kept in the database, where staff can be put into them.

Each app declares the rights to what is done by it in its own `rights.py`, and which groups have them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils.translation import gettext, gettext_lazy


class Staff(StrEnum):
    """The groups. Auditors look at everything and change nothing; superusers are in none of them and may do all."""

    SUPPORT = "support"
    FINANCE = "finance"
    CATALOGUE = "catalogue"
    AUDITOR = "auditor"


class Right(NamedTuple):
    """A task beyond looking at and editing rows, as a permission on the model `on` ("app.model")."""

    on: str
    codename: str
    name: str

    @property
    def permission(self) -> str:
        return f"{self.on.split('.')[0]}.{self.codename}"


RIGHTS: list[Right] = []
_given: dict[Staff, set[str]] = {group: set() for group in Staff}
_shown: dict[str, set[Staff]] = {}


def declare(on: str, codename: str, name: str, *groups: Staff) -> Right:
    """
    A right that `groups` have, and superusers.

    :param name: as source text, translated where it is shown
    """
    right = Right(on, codename, name)
    RIGHTS.append(right)
    give([right.permission], *groups)
    return right


def give(permissions: list[str], *groups: Staff) -> None:
    """`groups` may add or change these rows."""
    for group in groups:
        _given[group].update(permissions)


def show(app: str, *groups: Staff) -> None:
    """`groups` may look at all rows of an app."""
    _shown.setdefault(app, set()).update(groups)


def shown_apps() -> set[str]:
    """The apps whose rows staff may look at."""
    return set(_shown)


@transaction.atomic
def ensure_staff_groups() -> dict[str, Group]:
    """
    Make the groups support, finance, catalogue and auditor with exactly what the apps declare; run again, it repairs them.

    Nobody but superusers makes staff, or reviews what opened a customer's account.
    """
    for right in RIGHTS:
        _keep(right)
    rows = Permission.objects.filter(content_type__app_label__in=_shown).select_related("content_type")
    known = {f"{row.content_type.app_label}.{row.codename}": row for row in rows}
    groups = {}
    for name in Staff:
        looking = {
            permission
            for permission, row in known.items()
            if row.codename == f"view_{row.content_type.model}" and name in _shown[row.content_type.app_label]
        }
        groups[name.value], _made = Group.objects.get_or_create(name=name.value)
        groups[name.value].permissions.set(known[permission] for permission in looking | _given[name])
    return groups


def _keep(right: Right) -> None:
    app, model = right.on.split(".")
    content_type = ContentType.objects.get_by_natural_key(app, model)
    Permission.objects.update_or_create(
        content_type=content_type, codename=right.codename, defaults={"name": right.name}
    )


ON_ROWS = {
    "add": gettext_lazy("add"),
    "change": gettext_lazy("change"),
    "delete": gettext_lazy("delete"),
    "view": gettext_lazy("view"),
}


def permission_words(permission: Permission) -> str:
    """What a permission allows, as people say it: on which rows, or the task."""
    verb, _underscore, rest = permission.codename.partition("_")
    model = permission.content_type.model_class()
    if model is not None and verb in ON_ROWS and rest == model._meta.model_name:
        name = str(model._meta.verbose_name_plural)
        return f"{name[:1].upper()}{name[1:]}: {ON_ROWS[verb]}"
    return gettext(permission.name)
