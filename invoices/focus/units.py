"""Units in the format of FOCUS: "Server-Months", "GB-Hours", "Packages". A month is 30 days, as in every price."""

from __future__ import annotations

from kernel.periods import HOUR_MINUTES

PLURALS = {
    "Server": "Servers",
    "Package": "Packages",
    "Address": "Addresses",
    "Certificate": "Certificates",
    "Unit": "Units",
}
SIZES = {size.casefold(): size for prefix in ("K", "M", "G", "T", "P") for size in (f"{prefix}B", f"{prefix}iB")}
PER_HOUR = "-hour"


def priced_in(unit: str, per_minutes: int) -> str:
    """What a price is for: so much of it over some time, or each unit that is metered."""
    if not per_minutes:
        return _counted(unit)
    return f"{_one(unit)}-{'Hours' if per_minutes == HOUR_MINUTES else 'Months'}"


def consumed_in(unit: str, per_minutes: int) -> str:
    """In what it was used: by the hour, or in units that are metered."""
    return f"{_one(unit)}-Hours" if per_minutes else _counted(unit)


def _one(unit: str) -> str:
    bare = unit.removesuffix(PER_HOUR)
    return SIZES.get(bare.casefold()) or bare[:1].upper() + bare[1:]


def _counted(unit: str) -> str:
    one = _one(unit)
    return f"{one}-Hours" if unit.endswith(PER_HOUR) else PLURALS.get(one, one)
