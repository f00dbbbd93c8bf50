"""The bank's book: transfers to the merchant's account, each under a number of its own, and how they are told."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from datetime import UTC, date, datetime

import httpx

from .. import faults
from ..config import Config
from ..dialects.base import Teller
from ..ledger import VIETNAM

LONGEST_NOTE = 25
PAYERS_ACCOUNT = "0071000888888"


def transfer(
    db: sqlite3.Connection, config: Config, *, account: str, payer: str, amount: int, note: str, now: float
) -> str:
    """Money comes in; its number. It is told where a secret was agreed."""
    (count,) = db.execute("SELECT count(*) FROM bank_transfers").fetchone()
    number = f"FT{local(now):%y%j}{count + 1:06d}"
    row = {
        "number": number,
        "account": account,
        "payer": capitals(payer),
        "amount": amount,
        "note": disfigured(note, count),
    }
    db.execute(
        "INSERT INTO bank_transfers (number, account, payer, amount, note, at)"
        " VALUES (:number, :account, :payer, :amount, :note, :at)",
        {**row, "at": now},
    )
    if config.bank_secret:
        _tell(db, config, {**row, "date": f"{local(now):%Y-%m-%d}"}, now=now)
    return number


def of_day(db: sqlite3.Connection, account: str, day: date) -> list[sqlite3.Row]:
    """What came in on a day, in the order in which it did."""
    found = db.execute("SELECT * FROM bank_transfers WHERE account = ? ORDER BY number", [account]).fetchall()
    return [row for row in found if local(row["at"]).date() == day]


def disfigured(note: str, count: int) -> str:
    """What is left of a note, in the bank's own text; banks differ, so do our lines."""
    kept = "".join(each for each in capitals(note) if each.isalnum() or each == " ")[:LONGEST_NOTE]
    frames = ("MBVCB.{count}.{kept}.CT tu {payer}", "{kept}", "IBFT {kept} - {count}")
    return frames[count % len(frames)].format(count=327890 + count, kept=kept, payer=PAYERS_ACCOUNT)


def capitals(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text.replace("đ", "d").replace("Đ", "D"))
    return bare.encode("ascii", "ignore").decode().upper()


def local(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).astimezone(VIETNAM)


def _tell(db: sqlite3.Connection, config: Config, told: dict[str, object], *, now: float) -> None:
    struck = faults.strike(db, "callback", str(told["number"]))
    if "wrong_amount" in struck:
        told = {**told, "amount": int(str(told["amount"])) + int(struck["wrong_amount"])}
    for _ in range(int(struck.get("duplicate_callbacks", 1))):
        db.execute(
            "INSERT INTO callbacks (reference, dialect, url, body, state, next_at) VALUES (?, 'bank', ?, ?, ?, ?)",
            [
                told["number"],
                f"{config.portal_url}/bank/transfers/",
                json.dumps({"transactions": [told]}),
                "dropped" if "drop_callbacks" in struck else "pending",
                now + struck.get("delay_callbacks", 0),
            ],
        )


def _judge(response: httpx.Response) -> tuple[str, str]:
    return "delivered" if response.status_code == 200 else "pending", f"HTTP {response.status_code}"


BANK = Teller(
    name="bank",
    tries=10,
    gap_s=60,
    timeout_s=30,
    judge=_judge,
    headers=lambda config: {"X-Bank-Secret": config.bank_secret},
)
