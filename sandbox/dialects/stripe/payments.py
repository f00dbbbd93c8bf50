"""Payments on Stripe's page and off it, what is known of them, their refunds, and the merchant's balance."""

from __future__ import annotations

import re
import secrets
import sqlite3

from sandbox.shapes import Json

from ... import ledger, links, statements, telling
from ...config import DOCUMENTED_TOLERANCE_S, Config
from ...ledger import VIETNAM
from ..base import Row, is_too_young, is_web_address
from . import shown
from .asked import Asked, Refused, missing
from .forms import of, text, whole

MIN_AMOUNT, MAX_AMOUNT = 13_000, 99_999_999
"""About half a dollar, and eight digits; đồng have no decimals."""
LEAST_LIFE_S, MOST_LIFE_S, USUAL_LIFE_S = 30 * 60, 24 * 3600, 35 * 60
CHARGE_LIVES_S = 3600
SEARCHED = re.compile(r"metadata\['reference'\]:'([^']*)'")


def open_session(db: sqlite3.Connection, asked: Asked) -> Json:
    form, now = asked.form, asked.now
    item = of(form, "line_items", "0")
    price = of(item, "price_data")
    amount = _amount(price, "unit_amount")
    addresses = [text(form, name) for name in ("success_url", "cancel_url")]
    if text(form, "mode") != "payment" or text(item, "quantity") != "1" or not text(of(price, "product_data"), "name"):
        raise Refused("Only one item of a payment is sold here.")
    if text(price, "currency") != shown.CURRENCY:
        raise Refused("Invalid currency.")
    if not all(is_web_address(one) for one in addresses):
        raise Refused("Not a valid URL", code="url_invalid")
    lives_s, ahead_s = _life(form, asked)
    metadata = of(form, "payment_intent_data", "metadata")
    order = {
        **_order(db, asked, metadata, amount=amount),
        "description": text(of(form, "payment_intent_data"), "description"),
        "details": {"metadata": metadata, "cancel_url": addresses[1], "off_session": False},
        "asked_at": now + ahead_s,
        "return_url": addresses[0],
    }
    token = ledger.open_order(db, order, lives_s=lives_s, now=now)
    assert token is not None, "the reference is a fresh one"
    return shown.session(
        token,
        page=f"{asked.config.public_url}/pay/{token}",
        mode="payment",
        metadata=of(form, "metadata"),
        expires_at=now + lives_s,
    )


def charge(db: sqlite3.Connection, asked: Asked) -> Json:
    """Of a linked card, at once. A card that its holder has taken away is refused before anything is done."""
    form, now = asked.form, asked.now
    amount = _amount(form, "amount")
    if text(form, "currency") != shown.CURRENCY:
        raise Refused("Invalid currency.")
    if (text(form, "off_session"), text(form, "confirm")) != ("true", "true"):
        raise Refused("Only confirmed payments off session are made here.")
    link: Row | None = db.execute(
        "SELECT * FROM links WHERE dialect = 'stripe' AND 'pm_' || binding = ?", [text(form, "payment_method")]
    ).fetchone()
    if link is not None and "revoked" in asked.struck and links.end(db, link, "customer"):
        telling.tell_of_link(db, link, asked.config, now=now)
        link = links.by_token(db, link["token"])
    if link is None or link["state"] != "agreed" or links.details(link)["holder"] != text(form, "customer"):
        raise Refused("The PaymentMethod is not attached to this customer.", code="payment_method_unexpected_state")
    metadata = of(form, "metadata")
    order = {
        **_order(db, asked, metadata, amount=amount),
        "customer": link["customer"],
        "description": text(form, "description"),
        "details": {"metadata": metadata, "cancel_url": "", "off_session": True},
        "asked_at": now,
        "return_url": "",
    }
    token = ledger.open_order(db, order, lives_s=CHARGE_LIVES_S, now=now)
    assert token is not None, "the reference is a fresh one"
    taken = links.charge(db, _by_token(db, token), asked.struck, now=now)
    telling.tell(db, _by_token(db, token), asked.config, now=now)
    found = shown.intent(_by_token(db, token), asked.struck)
    if not taken:
        raise Refused(status=402, **found["last_payment_error"], payment_intent=found)
    return found


def search(db: sqlite3.Connection, asked: Asked) -> Json:
    """What was written down a moment ago may not be found yet."""
    found = db.execute(
        """SELECT * FROM orders WHERE dialect = 'stripe' AND json_extract(details, '$.metadata.reference') = ?
           ORDER BY created_at DESC""",
        [searched(asked.form)],
    ).fetchall()
    begun = [row for row in found if shown.is_begun(row) and not is_too_young(row, asked.struck, asked.now)]
    rows = [shown.intent(row, asked.struck) for row in begun]
    return shown.listed(rows, "/v1/payment_intents/search", kind="search_result")


def read(db: sqlite3.Connection, name: str, asked: Asked) -> Json:
    return shown.intent(_by_intent(db, name), asked.struck)


def refund(db: sqlite3.Connection, asked: Asked) -> Json:
    name = text(asked.form, "payment_intent")
    order, amount = _by_intent(db, name), whole(asked.form, "amount") or 0
    if order["state"] != "paid":
        raise Refused("This PaymentIntent does not have a successful charge to refund.", code="charge_not_refundable")
    left = ledger.refundable(db, order, asked.struck)
    if not 0 < amount <= left:
        raise Refused(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})")
    wanted = text(of(asked.form, "metadata"), "refund") or secrets.token_hex(8)
    made = {"reference": shown.fresh_reference(db, "refunds", wanted), "amount": amount, "description": ""}
    takes_s = asked.config.refund_takes_s
    number = ledger.open_refund(db, order, made, asked.struck, takes_s=takes_s, now=asked.now, may_bounce=True)
    return shown.refund(db.execute("SELECT * FROM refunds WHERE txn = ?", [number]).fetchone(), order)


def list_refunds(db: sqlite3.Connection, asked: Asked) -> Json:
    ledger.end_refunds(db, now=asked.now)
    order = _by_intent(db, text(asked.form, "payment_intent"))
    made = [row for row in ledger.refunds_of(db, order) if not is_too_young(row, asked.struck, asked.now)]
    return shown.listed([shown.refund(row, order) for row in reversed(made)], "/v1/refunds")


def list_balance(db: sqlite3.Connection, asked: Asked) -> Json:
    """A day's lines, newest first, a page at a time. `created` has to be a day in Việt Nam: the sandbox lists nothing else."""
    day = statements.day_named(day_asked(asked.form))
    limit = whole(asked.form, "limit") or 10
    if day is None or not 1 <= limit <= 100:
        raise Refused("created must be a day, and limit from 1 to 100.")
    lines = [shown.balance_transaction(line) for line in statements.of_day(db, "stripe", day, asked.struck)][::-1]
    after = text(asked.form, "starting_after")
    if after:
        lines = lines[[line["id"] for line in lines].index(after) + 1 :]
    return shown.listed(lines[:limit], "/v1/balance_transactions", has_more=len(lines) > limit)


def day_asked(form: Json) -> str:
    """As yyyymmdd; empty unless it is a whole day."""
    since, until = (whole(of(form, "created"), name) or 0 for name in ("gte", "lt"))
    is_midnight = (since + VIETNAM.utcoffset(None).total_seconds()) % 86_400 == 0
    return f"{statements.day_of(since):%Y%m%d}" if is_midnight and until - since == 86_400 else ""


def searched(form: Json) -> str | None:
    found = SEARCHED.fullmatch(text(form, "query"))
    return found[1] if found else None


def notify_url(config: Config) -> str:
    return config.stripe_webhook_url or f"{config.portal_url}/gateways/sandbox-stripe/notice/"


def _order(db: sqlite3.Connection, asked: Asked, metadata: Json, *, amount: int) -> Json:
    wanted = text(metadata, "reference") or secrets.token_hex(8)
    return {
        "reference": shown.fresh_reference(db, "orders", wanted),
        "dialect": "stripe",
        "customer": text(metadata, "customer") or "guest",
        "amount": amount,
        "notify_url": notify_url(asked.config),
    }


def _amount(form: Json, name: str) -> int:
    amount = whole(form, name)
    if amount is None:
        raise Refused(f"Invalid integer: {name}", code="parameter_invalid_integer")
    if not MIN_AMOUNT <= amount <= MAX_AMOUNT:
        raise Refused("Amount out of range.", code=f"amount_too_{'small' if amount < MIN_AMOUNT else 'large'}")
    return amount


def _life(form: Json, asked: Asked) -> tuple[float, float]:
    """How long the page lives, by our clock; and how far ahead the merchant's is, where that is forgiven."""
    expires_at = whole(form, "expires_at")
    lives_s = MOST_LIFE_S if expires_at is None else expires_at - asked.now
    if LEAST_LIFE_S <= lives_s <= MOST_LIFE_S:
        return lives_s, 0
    ahead_s = lives_s - USUAL_LIFE_S
    if asked.config.clock_tolerance_s > DOCUMENTED_TOLERANCE_S and abs(ahead_s) <= asked.config.clock_tolerance_s:
        return USUAL_LIFE_S, ahead_s
    raise Refused("The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from now.")


def _by_token(db: sqlite3.Connection, token: str) -> Row:
    found = ledger.order_by_token(db, token)
    assert found is not None
    return found


def _by_intent(db: sqlite3.Connection, name: str) -> Row:
    """Its token names it; that of another gateway's order is none of ours."""
    found = ledger.order_by_token(db, name.removeprefix("pi_"))
    if found is None or found["dialect"] != "stripe" or not shown.is_begun(found):
        raise missing("payment_intent", name)
    return found
