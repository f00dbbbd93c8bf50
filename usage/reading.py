"""
A record as it is sent, read without I/O: what it says, or why it cannot be taken.

Two forms: our own members, and CloudEvents 1.0. A batch holds up to 10,000, so this is written for speed: no serializer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import NamedTuple

from usage.models.intake import Outcome

LONGEST = 100
FINEST = Decimal("0.000001")
LARGEST = Decimal(10**12)
MEMBERS = frozenset({"resource", "item", "key", "used_at", "quantity", "subject", "corrects"})
EVENT_TYPE = "vn.billing.usage"


class Said(NamedTuple):
    """What a record says; `resource` and `item` are not looked up yet."""

    resource: str
    item: str
    key: str
    used_at: datetime
    quantity: Decimal | None
    subject: str
    corrects: str


def read_record(sent: object) -> Said | Outcome:
    """What was sent, in either form."""
    if not isinstance(sent, Mapping):
        return Outcome.MALFORMED
    if "specversion" in sent:
        event = _of_event(sent)
        return _read(event) if event is not None else Outcome.MALFORMED
    return _read(sent) if MEMBERS.issuperset(sent) else Outcome.MALFORMED


def _of_event(event: Mapping[str, object]) -> Mapping[str, object] | None:
    """A CloudEvent: `id` is the key, `subject` the resource, `time` the instant; the rest is its data."""
    data = event.get("data")
    if event["specversion"] != "1.0" or event.get("type") != EVENT_TYPE or not isinstance(data, Mapping):
        return None
    if not isinstance(event.get("source"), str) or not {"item", "quantity", "of", "corrects"}.issuperset(data):
        return None
    return {
        "resource": event.get("subject"),
        "key": event.get("id"),
        "used_at": event.get("time"),
        "subject": data.get("of", ""),
        **{name: data[name] for name in ("item", "quantity", "corrects") if name in data},
    }


def _read(sent: Mapping[str, object]) -> Said | Outcome:
    resource, item, key = sent.get("resource"), sent.get("item"), sent.get("key")
    subject, corrects = sent.get("subject", ""), sent.get("corrects", "")
    for text in (resource, item, key):
        if not isinstance(text, str) or not 0 < len(text) <= LONGEST or not text.isprintable():
            return Outcome.MALFORMED
    for text in (subject, corrects):
        if not isinstance(text, str) or len(text) > LONGEST or not text.isprintable():
            return Outcome.MALFORMED
    used_at, quantity = _instant(sent.get("used_at")), _quantity(sent.get("quantity"))
    if used_at is None or isinstance(quantity, bool) or (quantity is None and not corrects) or corrects == key:
        return Outcome.MALFORMED
    if quantity is not None and not 0 <= quantity < LARGEST:
        return Outcome.OUT_OF_RANGE
    return Said(resource, item, key, used_at, quantity, subject, corrects)  # type: ignore[arg-type]  # looked at above


def _instant(text: object) -> datetime | None:
    """RFC 3339 with its zone."""
    if not isinstance(text, str) or not 20 <= len(text) <= 35 or text[10] not in "Tt":
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _quantity(sent: object) -> Decimal | bool | None:
    """A JSON number or a decimal as a string, to the nearest millionth; None if there is none, False if it is no number."""
    if sent is None:
        return None
    if isinstance(sent, bool) or not isinstance(sent, int | float | str) or (isinstance(sent, str) and len(sent) > 40):
        return False
    try:
        number = Decimal(str(sent))
        if not number.is_finite() or abs(number) >= LARGEST:
            return LARGEST if number.is_finite() else False
        return number if number.as_tuple().exponent >= -6 else number.quantize(FINEST, ROUND_HALF_UP)  # type: ignore[operator]  # finite
    except (InvalidOperation, ValueError):
        return False
