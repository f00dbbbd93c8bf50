"""Lists of the staff area: pages by the key of a row, so that the ten thousandth costs what the first does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, GeneratedField, Model, QuerySet
from django.http import HttpRequest

from accounts.admin.exports import columns_of, sums_of
from store.keyset import keyset_page

COUNTED = 10_000
"""Of more rows it is said that there are more."""
PLACES = ("before", "after")


@contextmanager
def asked_sensibly(request: HttpRequest) -> Iterator[None]:
    """What no column can hold, or no calendar has, is a filter that makes no sense."""
    if any("\x00" in value for values in request.GET.lists() for value in values[1]):
        raise IncorrectLookupParameters
    try:
        yield
    except (ValueError, OverflowError) as wrong:  # a year of five digits is found out when it is asked for
        raise IncorrectLookupParameters from wrong


class StaffList(ChangeList):
    """
    A list that is read on by the key of the last row, in the order of one column that is always there. Sorted otherwise it shows its
    first rows: who wants others filters.
    """

    newer = older = ""
    is_cut = False
    """There is more, and no way on: by this order nothing can be found again."""
    is_counted = True
    sums: Sequence[tuple[str, int]] = ()
    """What each column of amounts comes to, of all that the filters leave; of a list too long to be counted nothing is added up."""

    def get_filters_params(self, params: dict[str, object] | None = None) -> dict[str, object]:
        return {name: value for name, value in super().get_filters_params(params).items() if name not in PLACES}

    @property
    def newer_link(self) -> str:
        return self.get_query_string({"before": self.newer})

    @property
    def older_link(self) -> str:
        return self.get_query_string({"after": self.older})

    def get_results(self, request: HttpRequest) -> None:
        for place in PLACES:  # whoever filters or sorts from here begins at the first page
            self.params.pop(place, None)
            self.filter_params.pop(place, None)
        found = self.queryset
        counted = found.order_by()[: COUNTED + 1].count()
        self.result_count, self.is_counted = min(counted, COUNTED), counted <= COUNTED
        if 0 < counted <= COUNTED:
            self.sums = sums_of(columns_of(self.model_admin, self), self)
        self.full_result_count, self.show_full_result_count = None, False
        self.show_admin_actions = counted > 0
        self.can_show_all, self.multi_page = False, counted > self.list_per_page
        self.paginator = self.model_admin.get_paginator(request, found.none(), self.list_per_page)
        key = self._key(found)
        if key is None:
            rows = list(found[: self.list_per_page + 1])
            self.result_list, self.is_cut = rows[: self.list_per_page], len(rows) > self.list_per_page
            return
        columns, ascending = key
        page = keyset_page(
            found,
            columns,
            before=request.GET.get("before", ""),
            after=request.GET.get("after", ""),
            size=self.list_per_page,
            ascending=ascending,
        )
        self.result_list, self.newer, self.older = page.rows, page.newer, page.older

    def _key(self, found: QuerySet[Model]) -> tuple[tuple[str, ...], bool] | None:
        """The columns by which the list is read on, and whether upwards; nothing for an order of several, or of what may be missing."""
        name, (first, *others) = self.lookup_opts.pk.attname, found.query.order_by
        last = {"pk", "-pk", name, f"-{name}"}
        if not isinstance(first, str) or any(other not in last for other in others):
            return None
        column = first.lstrip("-")
        if first in last:
            return (name,), not first.startswith("-")
        try:
            field = self.lookup_opts.get_field(column)
        except FieldDoesNotExist:
            return None
        may_be_missing = field.null and not isinstance(field, GeneratedField)
        if not isinstance(field, Field) or may_be_missing or field.is_relation:
            return None
        return (column, name), not first.startswith("-")
