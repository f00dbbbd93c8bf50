"""
Lists as CSV and XLSX, in constant memory: rows are taken from the cursor, written, forgotten.

Cells are str, int, Decimal, datetime (written in the billing zone), date or None.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice

import xlsxwriter

from kernel.cells import quoted
from kernel.periods import billing_zone
from store.progress import Watched

LINES_AT_ONCE = 200
SHEET_ROWS = 1_000_000


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


def _text(cell: object) -> object:
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


def write_workbook(
    file: object, titles: Sequence[str], rows: Iterable[Sequence[object]], widths: Sequence[int]
) -> None:
    """Write a workbook; every million rows another sheet begins."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        whole = book.add_format({"num_format": "#,##0"})
        sheet, at = _sheet(book, titles, bold, widths), 0
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


def _sheet(
    book: xlsxwriter.Workbook, titles: Sequence[str], bold: object, widths: Sequence[int]
) -> xlsxwriter.worksheet.Worksheet:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    for column, title in enumerate(titles):
        sheet.write_string(0, column, title, bold)
    return sheet
