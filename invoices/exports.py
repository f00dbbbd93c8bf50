"""Lists as CSV and XLSX, in constant memory: rows are taken from the cursor, written, forgotten."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

import xlsxwriter
from django.http import FileResponse, Http404, HttpResponseBase, StreamingHttpResponse

from accounts.access import PortalRequest
from invoices.progress import Watched
from kernel.cells import quoted
from kernel.periods import billing_zone

FORMATS = ("csv", "xlsx")
LINES_AT_ONCE = 200
SHEET_ROWS = 1_000_000
WIDTH = 18
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table_response(
    request: PortalRequest,
    form: str,
    titles: Sequence[object],
    rows: Iterable[Sequence[Any]],
    *,
    name: str,
    count: Callable[[], int],
    widths: Sequence[int] = (),
) -> HttpResponseBase:
    """
    A download of `rows` as `form` ("csv" or "xlsx"), called `name` with the format's ending; `count` says how many there are,
    `widths` how many characters a column of a workbook is wide.

    Cells are str, int, Decimal, datetime (written in the billing zone), date or None.

    :raises Http404: another format was asked for
    """
    if form not in FORMATS:
        raise Http404
    headings, watched = [str(title) for title in titles], Watched(request, rows, count)
    if form == "csv":
        return StreamingHttpResponse(
            csv_parts(headings, watched),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
        )
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    write_workbook(file, headings, watched, widths)
    watched.finish()
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX)


def csv_parts(titles: Sequence[str], rows: Watched) -> Iterator[str]:
    """A CSV file in parts of many lines, with the mark by which spreadsheets know UTF-8."""
    line = csv.writer(Line())
    yield "\ufeff" + line.writerow(titles)
    written = iter(rows)
    while part := "".join(line.writerow([_text(cell) for cell in row]) for row in islice(written, LINES_AT_ONCE)):
        yield part
    rows.finish()


class Line:
    """What `csv.writer` writes to: hands each line back instead of keeping it."""

    def write(self, text: str) -> str:
        return text


def _text(cell: Any) -> Any:
    """Words that a spreadsheet would take for a formula are quoted; names come from customers."""
    match cell:
        case datetime():
            return cell.astimezone(billing_zone()).strftime("%Y-%m-%d %H:%M")
        case date():
            return cell.isoformat()
        case str():
            return quoted(cell)
        case _:
            return cell


def write_workbook(file: Any, titles: Sequence[str], rows: Iterable[Sequence[Any]], widths: Sequence[int] = ()) -> None:
    """Write a workbook; every million rows another sheet begins."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        whole = book.add_format({"num_format": "#,##0"})
        sheet: Any = None
        at = SHEET_ROWS
        for row in rows:
            if at >= SHEET_ROWS:
                sheet, at = _sheet(book, titles, bold, widths), 0
            at += 1
            for column, cell in enumerate(row):
                match cell:
                    case datetime():
                        local = cell.astimezone(billing_zone()).replace(tzinfo=None)
                        sheet.write_datetime(at, column, local, instant)
                    case date():
                        sheet.write_datetime(at, column, cell, day)
                    case int():
                        sheet.write_number(at, column, cell, whole)
                    case None:
                        pass
                    case str():
                        sheet.write_string(at, column, cell)
                    case _:
                        sheet.write_number(at, column, cell)
        if sheet is None:
            _sheet(book, titles, bold, widths)


def _sheet(book: Any, titles: Sequence[str], bold: Any, widths: Sequence[int]) -> Any:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(titles) - 1, WIDTH)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    for column, title in enumerate(titles):
        sheet.write_string(0, column, title, bold)
    return sheet
