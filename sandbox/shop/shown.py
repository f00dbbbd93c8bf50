"""What the portal says, as our pages show it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sandbox.shapes import Json

from ..texts import day_of, number, say
from ..words import WORDS

ACTIONS = ("resize", "renew", "recover", "delete")
NOT_BOUGHT = {"cancelled", "expired"}
FAILED = {"refunded", "partly_refunded"}
UNDER_WAY = {"paid", "provisioning"}


def items_by_use(items: list[Json]) -> dict[str, list[Json]]:
    """What is chosen one of, what is added by quantity, and what is only measured."""
    metered = [item for item in items if item.get("kind") == "metered" or item.get("per") == "hour"]
    volumes = [item for item in items if item.get("kind") == "volume" and item not in metered]
    return {
        "volumes": volumes,
        "metered": metered,
        "choices": [item for item in items if item not in volumes and item not in metered],
    }


def row_of(resource: Json, *, as_of: datetime, may_order: bool) -> Json:
    """A resource as a line of a list."""
    state = state_of(resource)
    ends = resource.get("purge_at") if state == "suspense" else resource.get("paid_until")
    actions = resource.get("actions") or []
    return {
        "id": resource.get("id"),
        "name": resource.get("name"),
        "state": state,
        "what": _configuration(resource.get("configuration") or []),
        "ends_at": _instant(ends),
        "left": _left(_instant(ends), as_of),
        "why": f"why {resource.get('suspense_reason')}" if resource.get("suspense_reason") in ("expired", "deleted") else "",
        "actions": [action for action in ACTIONS if action in actions] if may_order else [],
    }  # fmt: skip


def state_of(resource: Json) -> str:
    state = str(resource.get("state", "")).lower()
    return state if f"is {state}" in WORDS else "new"


def stage_of(session: Json) -> str:
    """How far it is: open (nothing done), pending (not paid), waiting (the team is at work), done, failed, cancelled."""
    status = str(session.get("status", "")).lower()
    if status in FAILED:
        return "failed"
    if status in NOT_BOUGHT or status == "open":
        return "cancelled"
    if status in UNDER_WAY:
        return "waiting"
    return "done" if status == "completed" else "pending"


def unit_words(unit: str) -> str:
    """Units come from the portal as codes; one that we do not know is shown as it is."""
    return say(f"unit {unit}") if f"unit {unit}" in WORDS else unit


def vat_words(item: Json) -> str:
    """Today's rate, and those that are known to come: "VAT 10 %, 8 % from 1 Jan 2027"."""
    coming = [
        (change["rate"], day_of(date.fromisoformat(str(change["since"])))) for change in item.get("vat_changes", ())
    ]
    now = say("vat rate", rate=_percent(item["vat_rate"]))
    return ", ".join([now, *(say("vat from", rate=_percent(rate), day=day) for rate, day in coming)])


def _percent(share: object) -> str:
    return number(100 * Decimal(str(share)))


def _configuration(entries: list[Json]) -> str:
    parts = []
    for entry in entries:
        quantity = entry.get("quantity", 1)
        parts.append(str(entry.get("name", "")) + (f" × {number(quantity)}" if quantity != 1 else ""))
    return " + ".join(parts)


def _instant(value: object) -> datetime | None:
    return datetime.fromisoformat(str(value)) if value else None


def _left(end: datetime | None, as_of: datetime) -> str:
    """Whole days and hours; under an hour in minutes."""
    if end is None:
        return ""
    minutes = max(int((end - as_of).total_seconds() // 60), 0)
    days, hours = minutes // 1440, minutes % 1440 // 60
    if not days and not hours:
        return say("minutes left", minutes=minutes)
    return say("days left", days=days, hours=hours) if days else say("hours left", hours=hours)
