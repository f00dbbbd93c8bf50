"""
The columns of FOCUS 1.2 that we have, in the specification's order of names, our own ones last.

What is left out are columns of concepts that there are not here: regions and zones, sub-accounts, capacity reservations, prices in
another currency.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import TypeAlias

from catalog.service_categories import CATEGORY_OF
from kernel.money import CURRENCY
from kernel.tags import PROVIDER

VERSION = "1.2"
Value: TypeAlias = str | int | Decimal | datetime | None
Row: TypeAlias = dict[str, Value]
"""A charge: the value of each column by its name; what is missing is null."""


class Kind(Enum):
    """Of what type a column is; JSON is text that is an object of keys and plain values."""

    TEXT = "String"
    COST = "Decimal"
    NUMBER = "Decimal of more places"
    INSTANT = "Date/Time"
    JSON = "JSON"

    @property
    def data_type(self) -> str:
        """As the specification calls it."""
        return "Decimal" if self in SCALES else self.value


SCALES = {Kind.COST: 6, Kind.NUMBER: 12}
PRECISION = 38


@dataclass(frozen=True, slots=True)
class FocusColumn:
    name: str
    kind: Kind = Kind.TEXT
    nulls: bool = False
    allowed: Collection[str] = ()


CATEGORIES = ("Usage", "Purchase", "Tax", "Credit", "Adjustment")

COLUMNS = (
    FocusColumn("BilledCost", Kind.COST),
    FocusColumn("BillingAccountId"),
    FocusColumn("BillingAccountName"),
    FocusColumn("BillingCurrency", allowed=[CURRENCY]),
    FocusColumn("BillingPeriodEnd", Kind.INSTANT),
    FocusColumn("BillingPeriodStart", Kind.INSTANT),
    FocusColumn("ChargeCategory", allowed=CATEGORIES),
    FocusColumn("ChargeClass", nulls=True, allowed=["Correction"]),
    FocusColumn("ChargeDescription"),
    FocusColumn("ChargeFrequency", allowed=["One-Time", "Recurring", "Usage-Based"]),
    FocusColumn("ChargePeriodEnd", Kind.INSTANT),
    FocusColumn("ChargePeriodStart", Kind.INSTANT),
    FocusColumn("CommitmentDiscountCategory", nulls=True, allowed=["Spend"]),
    FocusColumn("CommitmentDiscountId", nulls=True),
    FocusColumn("CommitmentDiscountName", nulls=True),
    FocusColumn("CommitmentDiscountQuantity", Kind.NUMBER, nulls=True),
    FocusColumn("CommitmentDiscountStatus", nulls=True, allowed=["Used", "Unused"]),
    FocusColumn("CommitmentDiscountType", nulls=True),
    FocusColumn("CommitmentDiscountUnit", nulls=True),
    FocusColumn("ConsumedQuantity", Kind.NUMBER, nulls=True),
    FocusColumn("ConsumedUnit", nulls=True),
    FocusColumn("ContractedCost", Kind.COST),
    FocusColumn("ContractedUnitPrice", Kind.NUMBER, nulls=True),
    FocusColumn("EffectiveCost", Kind.COST),
    FocusColumn("InvoiceId"),
    FocusColumn("InvoiceIssuerName"),
    FocusColumn("ListCost", Kind.COST),
    FocusColumn("ListUnitPrice", Kind.NUMBER, nulls=True),
    FocusColumn("PricingCategory", nulls=True, allowed=["Standard", "Dynamic", "Committed", "Other"]),
    FocusColumn("PricingQuantity", Kind.NUMBER, nulls=True),
    FocusColumn("PricingUnit", nulls=True),
    FocusColumn("ProviderName"),
    FocusColumn("PublisherName"),
    FocusColumn("ResourceId"),
    FocusColumn("ResourceName"),
    FocusColumn("ResourceType"),
    FocusColumn("ServiceCategory", allowed=[*dict.fromkeys(CATEGORY_OF.values())]),
    FocusColumn("ServiceName"),
    FocusColumn("ServiceSubcategory", allowed=[*CATEGORY_OF]),
    FocusColumn("SkuId", nulls=True),
    FocusColumn("SkuMeter", nulls=True),
    FocusColumn("SkuPriceDetails", Kind.JSON, nulls=True),
    FocusColumn("SkuPriceId", nulls=True),
    FocusColumn("Tags", Kind.JSON, nulls=True),
    FocusColumn("x_CorrectedInvoiceId", nulls=True),
    FocusColumn("x_CouponAmount", Kind.COST, nulls=True),
    FocusColumn("x_CouponCode", nulls=True),
)


def definitions() -> list[dict[str, object]]:
    """The columns as FOCUS metadata tells of them."""
    return [_definition(column) for column in COLUMNS]


def _definition(column: FocusColumn) -> dict[str, object]:
    found: dict[str, object] = {"ColumnName": column.name, "DataType": column.kind.data_type}
    if column.kind in SCALES:
        found |= {"NumericPrecision": PRECISION, "NumberScale": SCALES[column.kind]}
    elif column.kind is not Kind.INSTANT:
        found["StringEncoding"] = "UTF-8"
    if column.name == "Tags":
        found["ProviderTagPrefixes"] = [PROVIDER]
    return found
