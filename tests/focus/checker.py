"""
Holds a file against FOCUS 1.2: what `focus-1.2.json` says of each column, and the requirements that columns have of each other.

The rules are written after the specification's sentences and know nothing of how the rows were made.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

SAID = json.loads((Path(__file__).parent / "focus-1.2.json").read_text())
COLUMNS, PARENTS = SAID["columns"], SAID["parents"]
CONCEPTS_THAT_THERE_ARE_NOT = {
    *("AvailabilityZone", "RegionId", "RegionName", "SubAccountId", "SubAccountName", "SubAccountType", "BillingAccountType"),
    *(name for name in COLUMNS if name.startswith(("CapacityReservation", "PricingCurrency"))),
}  # fmt: skip
"""Conditional and recommended columns of what the portal has none of: all others are asked for."""
NUMBER = re.compile(r"-?\d+(\.\d+)?(E-?\d+)?")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
PASCAL = re.compile(r"(x_)?[A-Z][A-Za-z0-9]*")
PROVIDER = "provider/"
CLOSE = Decimal("0.000001")

Row = dict[str, str]
"""The cells of a line by the names of their columns; what is null is missing."""


def read(text: str) -> tuple[list[str], list[Row]]:
    lines = csv.reader(io.StringIO(text))
    names = next(lines)
    return names, [{name: cell for name, cell in zip(names, line, strict=True) if cell != ""} for line in lines]


def mistakes(names: list[str], rows: Iterable[Row]) -> list[str]:
    """What the specification forbids in a file of these columns and rows; nothing if it is one of FOCUS 1.2."""
    rows = list(rows)
    found = list(_of_columns(names))
    for number, row in enumerate(rows, start=1):
        cells = list(_of_cells(names, row))
        found += [f"row {number}: {mistake}" for mistake in cells or _between(row)]
    return [*found, *_between_rows(rows)]


def _of_columns(names: list[str]) -> Iterator[str]:
    for name in COLUMNS:
        if name not in names and name not in CONCEPTS_THAT_THERE_ARE_NOT:
            yield f"{name} is missing"
    for name in names:
        if name not in COLUMNS and not name.startswith("x_"):
            yield f"{name} is no column of FOCUS 1.2, and has no x_"
        if not PASCAL.fullmatch(name):
            yield f"{name} is not written in Pascal case"
    if sorted(names, key=lambda name: name.startswith("x_")) != names or len({*names}) < len(names):
        yield "columns of our own come last, and each column once"


def _of_cells(names: list[str], row: Row) -> Iterator[str]:
    for name in names:
        column, cell = COLUMNS.get(name), row.get(name)
        if column is None:
            continue
        if cell is None:
            if not column["nulls"]:
                yield f"{name} is null"
            continue
        if not cell.strip():
            yield f"{name} is blank"
        if "allowed" in column and cell not in column["allowed"]:
            yield f"{name} is {cell}"
        if not FITS[column["type"]](cell):
            yield f"{name} is no {column['type']}: {cell}"
        elif "least" in column and Decimal(cell) < column["least"]:
            yield f"{name} is below {column['least']}"


def _is_object(cell: str) -> bool:
    try:
        found = json.loads(cell, object_pairs_hook=tuple)
    except ValueError:
        return False
    if not isinstance(found, tuple):
        return False
    keys = [key for key, _value in found]
    return len({*keys}) == len(keys) and all(isinstance(value, str | int | float | None) for _key, value in found)


FITS: dict[str, Callable[[str], object]] = {
    "String": lambda cell: True,
    "Decimal": NUMBER.fullmatch,
    "Date/Time": INSTANT.fullmatch,
    "JSON": _is_object,
}
PRICED = ("PricingQuantity", "ContractedUnitPrice", "ListUnitPrice", "PricingCategory", "SkuId", "SkuPriceId")


def _between(row: Row) -> Iterator[str]:
    category, is_correction = row.get("ChargeCategory"), row.get("ChargeClass") == "Correction"
    for name in PRICED:
        if category == "Tax" and name in row:
            yield f"{name} must be null of a tax"
        if category in {"Usage", "Purchase"} and not is_correction and name not in row:
            yield f"{name} must not be null of what was used or bought"
    for one, other in (
        ("PricingUnit", "PricingQuantity"),
        ("ConsumedUnit", "ConsumedQuantity"),
        ("ResourceType", "ResourceId"),
    ):
        if (one in row) != (other in row):
            yield f"{one} and {other} are null together"
    for one, other in (("SkuMeter", "SkuId"), ("SkuPriceDetails", "SkuPriceId"), ("ResourceName", "ResourceId")):
        if one in row and other not in row:
            yield f"{one} must be null when {other} is"
    is_unused = row.get("CommitmentDiscountStatus") == "Unused"
    if (category != "Usage" or is_unused) and "ConsumedQuantity" in row:
        yield "ConsumedQuantity is of what was used alone"
    if category == "Usage" and not is_correction and not is_unused and "ConsumedQuantity" not in row:
        yield "ConsumedQuantity must not be null of what was used"
    if category == "Purchase" and row.get("ChargeFrequency") == "Usage-Based":
        yield "what was bought is not charged by use"
    if PARENTS.get(row.get("ServiceSubcategory", "")) != row.get("ServiceCategory"):
        yield "ServiceSubcategory is of another category"
    if not re.fullmatch("[A-Z]{3}", row.get("BillingCurrency", "")):
        yield "BillingCurrency is no code of ISO 4217"
    yield from _commitments(row, category, is_correction=is_correction)
    yield from _costs(row, category, is_correction=is_correction)
    yield from _times(row)
    yield from _tags(row)


def _commitments(row: Row, category: str | None, *, is_correction: bool) -> Iterator[str]:
    is_committed = "CommitmentDiscountId" in row
    for name in ("CommitmentDiscountCategory", "CommitmentDiscountType"):
        if (name in row) != is_committed:
            yield f"{name} and CommitmentDiscountId are null together"
    for name in ("CommitmentDiscountName", "CommitmentDiscountStatus"):
        if name in row and not is_committed:
            yield f"{name} must be null when CommitmentDiscountId is"
    if category == "Usage" and is_committed and "CommitmentDiscountStatus" not in row:
        yield "CommitmentDiscountStatus must not be null of use with a commitment"
    has_quantity = "CommitmentDiscountQuantity" in row
    if ("CommitmentDiscountUnit" in row) != has_quantity:
        yield "CommitmentDiscountUnit and CommitmentDiscountQuantity are null together"
    counts = is_committed and category in {"Usage", "Purchase"}
    if has_quantity and not counts:
        yield "CommitmentDiscountQuantity is of use and purchases with a commitment alone"
    if counts and not has_quantity and not is_correction:
        yield "CommitmentDiscountQuantity must not be null of use with a commitment"
    if category == "Usage" and "PricingCategory" in row and (row["PricingCategory"] == "Committed") != is_committed:
        yield "PricingCategory is Committed of what a commitment is for, and of nothing else"


def _costs(row: Row, category: str | None, *, is_correction: bool) -> Iterator[str]:
    amounts = {name: Decimal(cell) for name, cell in row.items() if COLUMNS.get(name, {}).get("type") == "Decimal"}
    for cost, price in (("ContractedCost", "ContractedUnitPrice"), ("ListCost", "ListUnitPrice")):
        if price in amounts and "PricingQuantity" in amounts and not is_correction:
            product = amounts[price] * amounts["PricingQuantity"]
            if abs(product - amounts[cost]) > CLOSE:
                yield f"{cost} is {amounts[cost]}, and not {product}"
        if price not in amounts and category == "Credit" and amounts[cost] != amounts["BilledCost"]:
            yield f"{cost} of a credit is what is billed"
    if category == "Credit" and amounts["EffectiveCost"] != amounts["BilledCost"]:
        yield "EffectiveCost of a credit is what is billed"


def _times(row: Row) -> Iterator[str]:
    for kind in ("Billing", "Charge"):
        start, end = (datetime.fromisoformat(row[f"{kind}Period{which}"]) for which in ("Start", "End"))
        if start >= end:
            yield f"{kind}PeriodEnd is not after its start"


def _tags(row: Row) -> Iterator[str]:
    for key in json.loads(row.get("Tags", "{}")):
        if key.casefold().startswith(PROVIDER) and key != f"{PROVIDER}createdBy":
            yield f"the tag {key} has a prefix that is the provider's"


def _between_rows(rows: list[Row]) -> Iterator[str]:
    for one, other in (
        ("ServiceName", "ServiceCategory"),
        ("SkuPriceId", "SkuId"),
        ("SkuId", "SkuMeter"),
        ("CommitmentDiscountId", "CommitmentDiscountUnit"),
    ):
        seen: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            if one in row and other in row:
                seen[row[one]].add(row[other])
        for name, values in seen.items():
            if len(values) > 1:
                yield f"{one} {name} has more than one {other}: {sorted(values)}"
