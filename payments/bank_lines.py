"""
Lines of bank statements as banks write them: CSV, MT940, and what a bank's service tells by itself (JSON). No models, no clock.

Whatever did not move đồng is left out, and of what a service tells what went out as well; whatever cannot be read refuses the whole,
with its place.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import mt940
from django.utils.translation import gettext_lazy as _

from kernel.errors import InvalidInput
from kernel.money import CURRENCY, MAXIMUM
from kernel.references import plain

MOST_LINES = 5_000
GROUPED = re.compile(r"\d{1,3}([.,\s]\d{3})+|\d+")

NAMES = {
    "number": ("NUMBER", "TID", "REFERENCECODE", "REFERENCE", "TRANSACTIONNUMBER", "TRANSACTIONID", "MAGIAODICH", "SOBUTTOAN",
               "SOTHAMCHIEU", "SOCT", "SOCHUNGTU"),
    "amount": ("AMOUNT", "TRANSFERAMOUNT", "CREDIT", "CREDITAMOUNT", "GHICO", "SOTIENGHICO", "PHATSINHCO", "SOTIEN"),
    "debit": ("DEBIT", "DEBITAMOUNT", "GHINO", "SOTIENGHINO", "PHATSINHNO"),
    "note": ("NOTE", "CONTENT", "DESCRIPTION", "DETAILS", "NOIDUNG", "NOIDUNGGIAODICH", "DIENGIAI", "MOTA"),
    "payer": ("PAYER", "CORRESPONSIVENAME", "NGUOICHUYEN", "TENNGUOICHUYEN", "DOITAC", "TENDOIUNG"),
    "date": ("DATE", "WHEN", "TRANSACTIONDATE", "VALUEDATE", "NGAY", "NGAYGIAODICH", "NGAYHIEULUC"),
    "account": ("ACCOUNT", "ACCOUNTNUMBER", "BANKSUBACCID", "SOTAIKHOAN"),
    "direction": ("TRANSFERTYPE",),
    "currency": ("CURRENCY", "CURRENCYCODE", "CCY", "LOAITIEN", "TIENTE", "DONVITIENTE", "NGUYENTE"),
}  # fmt: skip
"""What banks and their services call each fact, without accents and punctuation; the first that is there is taken."""
DONG = frozenset({"", CURRENCY, "D", "DONG"})
"""How they write our currency, "đ" and "₫" among them, or say nothing."""

MISSING = {
    "number": _(
        "The first row has no title for the number of a transaction. One of these is looked for, without accents and spaces: %(known)s."
    ),
    "amount": _(
        "The first row has no title for the amount that came in. One of these is looked for, without accents and spaces: %(known)s."
    ),
}
"""A file of which no line can be money that came in would otherwise be read as a day without any."""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """
    Money that came in, or went out. `number` is the bank's own, which what went out may lack; `account` is the number of ours, empty
    when nothing is said.
    """

    number: str
    amount: int
    note: str = ""
    payer: str = ""
    day: date | None = None
    account: str = ""
    is_outgoing: bool = False


def read_csv(data: bytes) -> list[StatementLine]:
    """
    Columns are found by their titles in the first row, see `NAMES`; number and amount have to be there.

    :raises InvalidInput: with the row, or with the titles one of which is missing
    """
    text = _decoded(data)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.DictReader(StringIO(text, newline=""), delimiter=delimiter)
    titles = {plain(title) for title in rows.fieldnames or ()}
    for fact, sentence in MISSING.items():
        if titles.isdisjoint(NAMES[fact]):
            raise InvalidInput(sentence, field="file", known=", ".join(NAMES[fact]))
    return _lines(list(rows), _row_of_file)


def read_mt940(data: bytes) -> list[StatementLine]:
    """:raises InvalidInput: no MT940, another currency, or a line without the bank's number"""
    try:
        statement = mt940.models.Transactions()
        found = list(statement.parse(_decoded(data)))
    except Exception as wrong:  # the library raises whatever its patterns meet
        raise InvalidInput(_("This is no MT940 file that can be read."), field="file") from wrong
    if not found:
        raise InvalidInput(_("This is no MT940 file that can be read."), field="file")
    account = str(statement.data.get("account_identification") or "")
    return _lines([{**each.data, "account": account} for each in found], _transaction)


def read_feed(data: bytes) -> list[StatementLine]:
    """
    What a bank's service sends: one transaction, or a list of them, perhaps under "data" or "transactions".

    :raises InvalidInput: no such JSON
    """
    try:
        said: object = json.loads(data)
    except ValueError as wrong:
        raise InvalidInput(_("This is no JSON."), field="body") from wrong
    if isinstance(said, dict):
        said = next((said[name] for name in ("transactions", "data") if name in said), said)
    told = said if isinstance(said, list) else [said]
    rows = [row for row in told if isinstance(row, dict)]
    if len(rows) < len(told):
        raise InvalidInput(_("This is no list of transactions."), field="body")
    return [line for line in _lines([row for row in rows if not _goes_out(row)], _row) if not line.is_outgoing]


def _lines(
    rows: Sequence[Mapping[str, object]], read: Callable[[Mapping[str, object]], StatementLine | None]
) -> list[StatementLine]:
    if len(rows) > MOST_LINES:
        raise InvalidInput(_("At most %(most)s lines at once."), field="file", most=MOST_LINES)
    found = []
    for place, row in enumerate(rows, start=1):
        try:
            line = read(row)
        except ValueError as wrong:
            raise InvalidInput(
                _("Line %(place)s cannot be read: %(why)s."), field="file", place=place, why=str(wrong)
            ) from wrong
        if line:
            found.append(line)
    return found


def _facts(row: Mapping[str, object]) -> dict[str, object]:
    by_name = {plain(str(name)): value for name, value in row.items() if name is not None}
    return {fact: next((by_name[name] for name in names if name in by_name), None) for fact, names in NAMES.items()}


def _row_of_file(row: Mapping[str, object]) -> StatementLine | None:
    """By its day a file is compared with what we know, so that one that is there has to be read."""
    line = _row(row)
    if line and line.day is None and _text(_facts(row)["date"]):
        raise ValueError(str(_("its day cannot be read")))
    return line


def _goes_out(row: Mapping[str, object]) -> bool:
    """What the bank says goes out is nothing to book: whatever else is wrong with it keeps nothing that came in from being read."""
    return str(_facts(row)["direction"] or "in").strip().lower() != "in"


def _row(row: Mapping[str, object]) -> StatementLine | None:
    """A row of a table or an object, by the names of its columns."""
    facts = _facts(row)
    if plain(_text(facts["currency"])) not in DONG:
        return None
    amount = _dong(facts["amount"]) or -abs(_dong(facts["debit"]))
    if _goes_out(row):
        amount = -abs(amount)
    if not amount:
        return None
    return StatementLine(
        number=_number(facts["number"], may_lack=amount < 0),
        amount=abs(amount),
        note=_text(facts["note"]),
        payer=_text(facts["payer"]),
        day=_day(facts["date"]),
        account=_text(facts["account"]),
        is_outgoing=amount < 0,
    )


def _transaction(row: Mapping[str, Any]) -> StatementLine | None:
    """A line of MT940, as the library gives it."""
    amount: Decimal = row["amount"].amount
    if not amount:
        return None
    if row["amount"].currency not in {CURRENCY, None}:
        raise ValueError(str(_("not in đồng")))
    if amount != int(amount):
        raise ValueError(str(_("no whole amount")))
    if abs(amount) > MAXIMUM:
        raise ValueError(str(_("more than any amount can be")))
    numbers = (row.get("bank_reference"), row.get("customer_reference"))
    return StatementLine(
        number=_number(next((each for each in numbers if each and each != "NONREF"), ""), may_lack=amount < 0),
        amount=abs(int(amount)),
        note=_text(row.get("transaction_details") or row.get("extra_details")),
        payer=_text(row.get("applicant_name")),
        day=date(row["date"].year, row["date"].month, row["date"].day) if row.get("date") else None,
        account=_text(row["account"]),
        is_outgoing=amount < 0,
    )


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1258", errors="replace")


def _number(value: object, *, may_lack: bool = False) -> str:
    number = _text(value)
    if not plain(number):
        if may_lack:
            return ""
        raise ValueError(str(_("it has no transaction number")))
    return number


def _text(value: object) -> str:
    """As it can be kept: what was cut within a character has half of one, which no text has."""
    return (
        " ".join(str(value).encode(errors="replace").decode().replace("\x00", "").split()) if value is not None else ""
    )


def _dong(value: object) -> int:
    """As `_written`, if it can be an amount at all."""
    if abs(amount := _written(value)) > MAXIMUM:
        raise ValueError(str(_("more than any amount can be")))
    return amount


def _written(value: object) -> int:
    """Whole đồng as banks write them: 200000, "200.000", "+200,000.00 VND"; what went out is below zero, nothing is 0."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    text = re.sub(r"\s*(VND|VNĐ|₫|đ)$", "", _text(value), flags=re.IGNORECASE).removeprefix("+").strip()
    if text in {"", "-"}:
        return 0
    if text.startswith("-"):
        return -_written(text[1:])
    text = re.sub(r"[.,]00?$", "", text)
    if not GROUPED.fullmatch(text):
        raise ValueError(str(_("no whole amount")))
    return int(re.sub(r"\D", "", text))


def _day(value: object) -> date | None:
    text = re.split(r"[ T]", _text(value))[0]
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  # a day, of the bank's own zone
        except ValueError:
            continue
    return None


def of_account(line: StatementLine, ours: Iterable[str], main: str) -> str:
    """
    By which name the account of ours is kept: `main` when it is one of `ours`, also behind its bank and before its currency, or
    nothing is said. A spreadsheet takes such a number for an amount, and its zeros away.
    """
    number = plain(line.account.strip().removesuffix(".0")).removesuffix(CURRENCY)
    is_main = any(own and (number.endswith(own) or number.lstrip("0") == own.lstrip("0")) for own in map(plain, ours))
    return main if is_main or not number else number[:40]
