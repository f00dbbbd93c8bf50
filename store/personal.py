"""
What becomes of what is kept about people when their account closes: each table says it, and whatever closes an account, looks for
what was left behind, or tells people what is kept, reads it there.

A model that is about a customer or a user (a key `customer` or `user`, or they themselves) declares its fate as `AT_CLOSING`:
some columns are blanked, the rows are deleted, or they are kept, for a reason that the law gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from django.apps import apps
from django.db import connection
from django.db.models import Model

EMPTY = "''"


class Because(StrEnum):
    """Why something is kept. See `docs/operate.md`, "When an account closes"."""

    BOOKS = "books"
    """Invoices, what they rest on and what paid them: the law on accounting wants them for ten years."""
    PROOF = "proof"
    """What was agreed and asked, and what was done about it: whoever is asked for it has to show it."""
    TRAIL = "trail"
    """Who did what to whose account: sealed, so that nobody rewrites it, ourselves included."""


@dataclass(frozen=True, slots=True)
class Fate:
    """
    :ivar blank: columns, and the SQL of what stands there from then on
    :ivar because: why the rest of the row is kept
    :ivar deleted: nothing of the row is
    :ivar until: SQL over the row `t`: a condition under which it cannot be done yet
    """

    of: str = "customer"
    blank: Mapping[str, str] = field(default_factory=dict)
    because: Because | None = None
    deleted: bool = False
    until: str = "FALSE"


def kept(because: Because, *, of: str = "customer") -> Fate:
    return Fate(of, because=because)


def deleted(*, of: str = "customer") -> Fate:
    return Fate(of, deleted=True)


def blanked(
    *columns: str, because: Because | None = None, of: str = "customer", until: str = "FALSE", **others: str
) -> Fate:
    """
    :param columns: texts that are empty from then on
    :param others: SQL, by column
    """
    return Fate(of, {**dict.fromkeys(columns, EMPTY), **others}, because, until=until)


OTHERS: dict[str, Fate] = {
    "usersessions_usersession": deleted(of="user"),
    "mfa_authenticator": deleted(of="user"),
    "account_emailaddress": kept(Because.PROOF, of="user"),  # has no rows: one's address stands with the user
    "django_admin_log": kept(Because.TRAIL, of="user"),  # of staff
}
"""Tables of others, whose models declare nothing."""


class Table(NamedTuple):
    """A table about customers or users; `key` is the column that says whose a row is."""

    name: str
    key: str
    primary: str
    fate: Fate


def fate_of(model: type[Model]) -> Fate | None:
    declared: Fate | None = getattr(model, "AT_CLOSING", None)
    return declared or OTHERS.get(model._meta.db_table)


def tables(of: str) -> Iterator[Table]:
    """
    Those whose rows are about them.

    :param of: "customer" or "user"
    """
    for model in apps.get_models():
        fate = fate_of(model)
        if fate is None or fate.of != of or model._meta.proxy:
            continue
        keyed = any(one.name == of for one in model._meta.concrete_fields)
        primary = str(model._meta.pk.column)
        yield Table(model._meta.db_table, f"{of}_id" if keyed else primary, primary, fate)


def forget(of: str, keys: Sequence[object]) -> None:
    """Do what the tables say to all rows about these customers or users. What cannot be done yet waits for the next time."""
    for table in tables(of):
        whose = f"t.{table.key} = ANY(%s) AND NOT ({table.fate.until})"
        with connection.cursor() as cursor:
            if table.fate.deleted:
                cursor.execute(f"DELETE FROM {table.name} t WHERE {whose}", [list(keys)])
            elif table.fate.blank:
                changes = ", ".join(f"{column} = {value}" for column, value in table.fate.blank.items())
                left = _left(table.fate)
                cursor.execute(f"UPDATE {table.name} t SET {changes} WHERE {whose} AND ({left})", [list(keys)])


def left_behind(of: str, closed: str) -> str:
    """
    SQL for the rows that are there and should not be: (label, customer).

    :param closed: a relation (key, customer) of those whose account has closed
    """
    return " UNION ALL ".join(_left_in(of, closed))


def _left_in(of: str, closed: str) -> Iterator[str]:
    for table in tables(of):
        if not table.fate.deleted and not table.fate.blank:
            continue
        left = "TRUE" if table.fate.deleted else _left(table.fate)
        yield (
            f"SELECT '{table.name} ' || t.{table.primary}, c.customer FROM {table.name} t"
            f" JOIN ({closed}) c(key, customer) ON c.key = t.{table.key} WHERE ({left}) AND NOT ({table.fate.until})"
        )


def _left(fate: Fate) -> str:
    return " OR ".join(_differs(fate.blank.items()))


def _differs(blank: Iterable[tuple[str, str]]) -> Iterator[str]:
    for column, value in blank:
        yield f"t.{column} IS DISTINCT FROM {value}"
