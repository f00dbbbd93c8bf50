"""
Misbehaviour on demand.

A fault names the call that it strikes, how often (or always), and perhaps one reference. It is used up in the
transaction of the call, so two calls at once cannot share one.
"""

from __future__ import annotations

import sqlite3

LINK_CALLS = ("bind", "link_query", "charge", "unbind")
API_CALLS = ("create", "query", "refund", "query_refund", "statement", *LINK_CALLS)
HANG_S = 35  # longer than any client should wait

# fault -> (calls that it can strike, value when none is given, what it does)
KINDS: dict[str, tuple[tuple[str, ...], float, str]] = {
    "http_500_after_effect": (API_CALLS, 0, "does what was asked, then answers 500"),
    "hang_before": (API_CALLS, HANG_S, "waits so many seconds, then answers 503 and does nothing"),
    "hang_after": (API_CALLS, HANG_S, "does what was asked, then waits so many seconds before the answer"),
    "truncated": (API_CALLS, 0, "does what was asked, then sends half of the answer"),
    "maintenance": (API_CALLS, 0, "refuses, as in maintenance"),
    "rate": (API_CALLS, 0, "refuses, as after too many calls"),
    "not_found_for": (("query", "query_refund"), 10, "knows nothing of an order or refund for so many seconds"),
    "pending_forever": (("query", "refund"), 0, "still being processed, says the answer; a refund never settles"),
    "refund_rejected": (("refund",), 0, "accepts the refund, and rejects it in the end"),
    "refund_bounced": (("refund",), 5, "returns the money, and the card's bank sends it back so many seconds later"),
    "refunded_before": (
        ("refund",),
        0,
        "refuses at once: the merchant has returned all of it by hand, in its own portal",
    ),
    "wrong_amount": (("query", "callback", "line"), 1_000, "reports so many đồng more than were paid"),
    "bad_signature": (("callback", "query", "refund"), 0, "signs with a wrong key (VNPay signs its answers too)"),
    "other_merchant": (("callback",), 0, "tells what belongs to another merchant"),
    "duplicate_callbacks": (("callback",), 3, "sends the callback so many times, at once"),
    "omit_line": (("line",), 0, "leaves a movement out of the day's statement"),
    "repeat_line": (("line",), 0, "tells a movement twice in the day's statement"),
    "unknown_line": (("statement",), 250_000, "tells of a payment of so many đồng that nobody made"),
    "drop_callbacks": (("callback",), 0, "never sends the callback"),
    "delay_callbacks": (("callback",), 10, "sends the callback so many seconds late"),
    "no_funds": (("charge",), 0, "refuses a charge of a linked account, as if it held too little"),
    "needs_customer": (("charge",), 0, "the bank wants the customer to confirm the charge of a linked account"),
    "over_limit": (("charge",), 0, "refuses a charge of a linked account, as more than its limit"),
    "revoked": (("charge",), 0, "the customer has just unlinked the account that is charged"),
    "slow": (
        ("charge", "refund"),
        2,
        "takes the money of a linked account, or returns money, so many seconds after it was asked to",
    ),
    "late_success": (("pay",), 10, "takes the money so many seconds after the customer cancelled"),
    "reversal": (("pay",), 5, "the bank takes the money back so many seconds after it was paid"),
    "dispute_won": (("pay",), 5, "what the bank took back is won back so many seconds later"),
    "won_in_part": (("pay",), 1_000, "only so many đồng of it are won back"),
}


class BadFault(ValueError):
    """The message says what is wrong, for the person who wrote the script."""


def plan(db: sqlite3.Connection, wish: dict[str, object]) -> int:
    """
    Write down a fault: {"call", "fault", "value"?, "times"? (default 1, null: always), "reference"?}.

    :raises BadFault: what was asked makes no sense
    """
    call, fault = wish.get("call"), wish.get("fault")
    if fault not in KINDS:
        raise BadFault(f"fault must be one of {', '.join(KINDS)}")
    calls, default, _ = KINDS[fault]
    if call not in calls:
        raise BadFault(f"{fault} can strike: {', '.join(calls)}")
    value, times, reference = wish.get("value", default), wish.get("times", 1), wish.get("reference")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 10**9:
        raise BadFault("value must be a number from 0 to 1,000,000,000")
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= 10**6):
        raise BadFault("times must be a whole number from 1, or null for always")
    if reference is not None and not isinstance(reference, str):
        raise BadFault("reference must be text")
    planned = db.execute(
        "INSERT INTO faults (call, fault, value, times, reference) VALUES (?, ?, ?, ?, ?)",
        [call, fault, float(value), times, reference or None],
    )
    return int(planned.lastrowid or 0)


def strike(db: sqlite3.Connection, call: str, reference: str) -> dict[str, float]:
    """The faults that this call meets, {fault: value}; each is used up by one."""
    due = db.execute(
        """SELECT * FROM faults WHERE call = ? AND (times IS NULL OR times > 0)
             AND (reference IS NULL OR reference = ?) ORDER BY id""",
        [call, reference],
    ).fetchall()
    struck: dict[str, float] = {}
    for fault in due:
        if fault["fault"] in struck:
            continue
        struck[fault["fault"]] = fault["value"]
        if fault["times"] is not None:
            db.execute("UPDATE faults SET times = times - 1 WHERE id = ?", [fault["id"]])
    return struck


def pending(db: sqlite3.Connection) -> list[sqlite3.Row]:
    return db.execute("SELECT * FROM faults WHERE times IS NULL OR times > 0 ORDER BY id").fetchall()
