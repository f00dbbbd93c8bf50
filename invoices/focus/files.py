"""
A FOCUS dataset as CSV or Parquet, in parts: rows are taken from the cursor, written and forgotten.

In CSV an empty cell is null, and words that a spreadsheet would take for a formula are quoted, as in all our files; Parquet has every
text as it is.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings

from invoices.focus.columns import COLUMNS, PRECISION, SCALES, VERSION, FocusColumn, Kind, Row, Value, definitions
from kernel.cells import quoted
from store.tables import LINES_AT_ONCE, Line

if TYPE_CHECKING:
    import pyarrow as pa

GROUP = 5_000
"""Rows of Parquet that are held and compressed together."""
SINCE = "2026-11-27T00:00:00Z"
"""When the columns became what they are. With another set of them this is another instant."""


def csv_file(rows: Iterable[Row]) -> Iterator[bytes]:
    line, written = csv.writer(Line()), iter(rows)
    yield line.writerow([column.name for column in COLUMNS]).encode()
    while part := "".join(
        line.writerow([_text(row.get(column.name)) for column in COLUMNS]) for row in islice(written, LINES_AT_ONCE)
    ):
        yield part.encode()


def _text(value: Value) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case Decimal():
            plain = f"{value:f}"
            return plain.rstrip("0").rstrip(".") if "." in plain else plain
        case str():
            return quoted(value)
    return str(value)


def parquet_file(rows: Iterable[Row]) -> Iterator[bytes]:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([_field(column) for column in COLUMNS], metadata=_reference())
    sink, written = _Sink(), iter(rows)
    with parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        while group := list(islice(written, GROUP)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
            yield sink.taken()
    yield sink.taken()


def _field(column: FocusColumn) -> pa.Field:
    import pyarrow as pa

    match column.kind:
        case Kind.INSTANT:
            form = pa.timestamp("ms", tz="UTC")
        case Kind.COST | Kind.NUMBER:
            form = pa.decimal128(PRECISION, SCALES[column.kind])
        case _:
            form = pa.string()
    return pa.field(column.name, form, nullable=column.nulls)


class _Sink:
    """What Parquet is written to: hands on what has come, and remembers how much that was."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def write(self, part: bytes) -> int:
        self._parts.append(bytes(part))
        self._length += len(part)
        return len(part)

    def tell(self) -> int:
        return self._length

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        self.closed = True

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def metadata() -> dict[str, object]:
    """What FOCUS asks a provider to tell of its data: who makes them, and their columns."""
    return {
        "DataGenerator": settings.SELLER_NAME,
        "Schema": {
            "SchemaId": schema_id(),
            "CreationDate": SINCE,
            "FocusVersion": VERSION,
            "ColumnDefinition": definitions(),
        },
    }


def schema_id() -> str:
    """The same for the same columns, another one for others."""
    digest = hashlib.sha256(json.dumps([VERSION, definitions()], sort_keys=True).encode()).digest()
    return str(UUID(bytes=digest[:16], version=5))


def _reference() -> dict[str, str]:
    return {"FocusVersion": VERSION, "FocusSchemaId": schema_id(), "DataGenerator": settings.SELLER_NAME}


FILES: Mapping[str, tuple[str, Callable[[Iterable[Row]], Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", csv_file),
    "parquet": ("application/vnd.apache.parquet", parquet_file),
}
"""Ending -> its type, and what writes it."""
