"""The statement of a day as files: a table with a Vietnamese bank's titles, and MT940."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Sequence
from datetime import date
from io import StringIO

from .book import local

TITLES = ("Số tham chiếu", "Ngày giao dịch", "Nội dung", "Ghi có", "Ghi nợ", "Tên người chuyển", "Số tài khoản")
WIDTH = 65


def as_csv(rows: Sequence[sqlite3.Row]) -> str:
    written = StringIO()
    table = csv.writer(written, delimiter=";")
    table.writerow(TITLES)
    for row in rows:
        amount = f"{row['amount']:,}".replace(",", ".")
        day = f"{local(row['at']):%d/%m/%Y}"
        table.writerow((row["number"], day, row["note"], amount, "", row["payer"], row["account"]))
    return written.getvalue()


def as_mt940(rows: Sequence[sqlite3.Row], account: str, day: date) -> str:
    total = sum(row["amount"] for row in rows)
    lines = [":20:SANDBOX", f":25:{account}", f":28C:{day:%j}/001", f":60F:C{day:%y%m%d}VND0,"]
    for row in rows:
        at = local(row["at"])
        lines.append(f":61:{at:%y%m%d%m%d}C{row['amount']},00NTRFNONREF//{row['number']}")
        note = row["note"]
        lines.append(":86:" + "\n".join(note[start : start + WIDTH] for start in range(0, len(note), WIDTH)))
    return "\n".join([*lines, f":62F:C{day:%y%m%d}VND{total},", ""])
