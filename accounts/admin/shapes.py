"""What the framework's admin takes and gives: its names for it exist for the type checker alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.admin.options import _FieldGroups, _FieldsetSpec, _ListFilterT
    from django.utils.datastructures import _ListOrTuple

    FieldNames: TypeAlias = _FieldGroups
    Fieldsets: TypeAlias = _FieldsetSpec
    ListFilters: TypeAlias = _ListOrTuple[_ListFilterT]
else:
    FieldNames = Fieldsets = ListFilters = object

Kept = TypeVar("Kept")


class Left(Generic[Kept]):
    """What one step of a request leaves on it for a later one: the framework calls both, and hands on nothing between them."""

    def __init__(self, name: str) -> None:
        self.name = name

    def on(self, request: HttpRequest, kept: Kept) -> None:
        setattr(request, self.name, kept)

    def of(self, request: HttpRequest) -> Kept | None:
        found: Kept | None = getattr(request, self.name, None)
        return found
