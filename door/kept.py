"""
All that is kept about somebody, to take with them: a ZIP with a JSON file for each table, and a page that a person can read.

What belongs to it is found in the models, so that no table is forgotten: rows about a user (by a key `user`) are that user's,
rows of a customer (by a key `customer`) are for who manages its details. Secrets that open something are left out.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field, Model, Q, QuerySet
from django.template.loader import render_to_string
from django.utils.text import capfirst
from django.utils.translation import override

from accounts.models import Customer, User
from kernel import display
from kernel.periods import local_day
from store.rights import SECRET
from store.zipping import Sink

LEFT_OUT = SECRET - {"personal_id"}
"""What opens something. An identity number is its holder's, and handed over."""
SECRET_OF = {"mfa_authenticator": {"data"}}
AT_ONCE = 2_000
MOST_LINES = 500
"""So many rows of a table stand on the page that people read; all are in the JSON."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The rows of one table that are about somebody."""

    model: type[Model]
    rows: QuerySet[Model]

    @property
    def columns(self) -> list[Field[object, object]]:
        hidden = LEFT_OUT | SECRET_OF.get(self.model._meta.db_table, set())
        return [field for field in self.model._meta.concrete_fields if field.column not in hidden]

    @property
    def name(self) -> str:
        return self.model._meta.label_lower

    @property
    def title(self) -> str:
        return str(capfirst(self.model._meta.verbose_name_plural))

    def values(self) -> Iterator[dict[str, object]]:
        names = [field.attname for field in self.columns]
        return iter(self.rows.order_by("pk").values(*names).iterator(chunk_size=AT_ONCE))


def kept_about(user: User | None, customer: Customer | None) -> list[Kept]:
    """
    The tables with rows about them.

    :param user: None for a program, which is nobody
    :param customer: None for who does not manage its details
    """
    found = []
    for model in apps.get_models():
        if model._meta.proxy or not model._meta.managed:
            continue
        condition = _about(model, user, customer)
        if condition is not None:
            found.append(Kept(model, model._default_manager.filter(condition)))
    return found


def _about(model: type[Model], user: User | None, customer: Customer | None) -> Q | None:
    if model is User:
        return Q(pk=user.pk) if user else None
    if model is Customer:
        return Q(pk=customer.pk) if customer else None
    leads = {field.name: field.related_model for field in model._meta.concrete_fields if field.is_relation}
    if leads.get("user") is User:
        return Q(user=user) if user else None
    if leads.get("customer") is Customer:
        return Q(customer=customer) if customer else None
    return None


def zip_of_kept(user: User | None, customer: Customer | None, *, language: str, at: datetime) -> Iterator[bytes]:
    """The parts of the ZIP, table by table."""
    sink = Sink()
    day = local_day(at)
    stamp = (day.year, day.month, day.day, 0, 0, 0)
    tables = kept_about(user, customer)
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        page = _page(tables, user, customer, language=language, at=at)
        archive.writestr(zipfile.ZipInfo("kept.html", stamp), page, zipfile.ZIP_DEFLATED)
        yield sink.taken()
        for table in tables:
            with archive.open(zipfile.ZipInfo(f"json/{table.name}.json", stamp), "w") as file:
                for part in _json(table):
                    file.write(part.encode())
                    yield sink.taken()
    yield sink.taken()


def _json(table: Kept) -> Iterator[str]:
    """An array, a row in a line."""
    before = "[\n"
    for row in table.values():
        yield before + json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False)
        before = ",\n"
    yield "]\n" if before == "[\n" else "\n]\n"


def _page(tables: list[Kept], user: User | None, customer: Customer | None, *, language: str, at: datetime) -> str:
    """For people: the tables that have rows, in their words."""
    with override(language):
        shown = []
        for table in tables:
            rows = list(
                table.rows.order_by("pk").values_list(*(field.attname for field in table.columns))[: MOST_LINES + 1]
            )
            if rows:
                titles = [str(capfirst(field.verbose_name)) for field in table.columns]
                lines = [[_shown(cell) for cell in row] for row in rows[:MOST_LINES]]
                shown.append({"title": table.title, "titles": titles, "lines": lines, "more": len(rows) > MOST_LINES})
        context = {"tables": shown, "user": user, "customer": customer, "at": at, "language": language}
        return render_to_string("door/kept.html", context)


def _shown(cell: object) -> str:
    match cell:
        case None:
            return "–"
        case datetime():
            return display.instant(cell)
        case dict() | list():
            return json.dumps(cell, cls=DjangoJSONEncoder, ensure_ascii=False)
        case _:
            return str(cell)
