"""The checker finds what the specification forbids: each mistake is made once in a file that has none."""

from __future__ import annotations

import pytest

from tests.focus.checker import COLUMNS, mistakes

NAMES = [
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart",
    "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart",
    "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName", "CommitmentDiscountQuantity",
    "CommitmentDiscountStatus", "CommitmentDiscountType", "CommitmentDiscountUnit", "ConsumedQuantity", "ConsumedUnit", "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "InvoiceId",
    "InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory", "PricingQuantity", "PricingUnit", "ProviderName",
    "PublisherName", "ResourceId", "ResourceName", "ResourceType", "ServiceCategory", "ServiceName", "ServiceSubcategory",
    "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId", "Tags",
]  # fmt: skip
USED = {
    "BilledCost": "9", "BillingAccountId": "1", "BillingAccountName": "A", "BillingCurrency": "VND",
    "BillingPeriodEnd": "2026-04-01T00:00:00Z", "BillingPeriodStart": "2026-03-01T00:00:00Z", "ChargeCategory": "Usage",
    "ChargeDescription": "x", "ChargeFrequency": "Usage-Based", "ChargePeriodEnd": "2026-03-03T00:00:00Z",
    "ChargePeriodStart": "2026-03-02T00:00:00Z", "ConsumedQuantity": "2", "ConsumedUnit": "GB", "ContractedCost": "10",
    "ContractedUnitPrice": "5", "EffectiveCost": "9", "InvoiceId": "U1", "InvoiceIssuerName": "P", "ListCost": "12",
    "ListUnitPrice": "6", "PricingCategory": "Standard", "PricingQuantity": "2", "PricingUnit": "GB", "ProviderName": "P",
    "PublisherName": "P", "ResourceId": "r", "ResourceName": "web", "ResourceType": "Server", "ServiceCategory": "Compute",
    "ServiceName": "S", "ServiceSubcategory": "Virtual Machines", "SkuId": "s", "SkuMeter": "m", "SkuPriceDetails": "{}",
    "SkuPriceId": "p", "Tags": '{"a": "b"}',
}  # fmt: skip


COMMITTED = {
    "CommitmentDiscountCategory": "Spend", "CommitmentDiscountId": "c", "CommitmentDiscountQuantity": "9",
    "CommitmentDiscountStatus": "Used", "CommitmentDiscountType": "t", "CommitmentDiscountUnit": "VND", "PricingCategory": "Committed",
}  # fmt: skip
UNUSED = {"CommitmentDiscountStatus": "Unused", "ConsumedQuantity": None, "ConsumedUnit": None}


def test_a_row_without_mistakes_has_none() -> None:
    assert mistakes(NAMES, [USED, {**USED, **COMMITTED}]) == []
    unused = {name: cell for name, cell in {**USED, **COMMITTED, **UNUSED}.items() if cell is not None}
    assert mistakes(NAMES, [unused]) == []


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"CommitmentDiscountCategory": None}, "CommitmentDiscountCategory and CommitmentDiscountId are null together"),
        ({"CommitmentDiscountType": None}, "CommitmentDiscountType and CommitmentDiscountId are null together"),
        ({"CommitmentDiscountId": None}, "CommitmentDiscountStatus must be null when CommitmentDiscountId is"),
        ({"CommitmentDiscountStatus": None}, "CommitmentDiscountStatus must not be null of use"),
        ({"CommitmentDiscountStatus": "Wasted"}, "CommitmentDiscountStatus is Wasted"),
        ({"CommitmentDiscountStatus": "Unused"}, "ConsumedQuantity is of what was used alone"),
        ({"CommitmentDiscountQuantity": None}, "CommitmentDiscountQuantity must not be null of use"),
        ({"CommitmentDiscountUnit": None}, "CommitmentDiscountUnit and CommitmentDiscountQuantity are null together"),
        ({"PricingCategory": "Standard"}, "PricingCategory is Committed of what a commitment is for"),
    ],
)
def test_each_mistake_about_a_commitment_is_found(changes: dict[str, str | None], mistake: str) -> None:
    row = {name: cell for name, cell in {**USED, **COMMITTED, **changes}.items() if cell is not None}
    assert any(mistake in found for found in mistakes(NAMES, [row])), mistakes(NAMES, [row])


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"BilledCost": None}, "BilledCost is null"),
        ({"BilledCost": "1,5"}, "BilledCost is no Decimal"),
        ({"BilledCost": "+1"}, "BilledCost is no Decimal"),
        ({"ChargePeriodEnd": "2026-03-03 00:00"}, "ChargePeriodEnd is no Date/Time"),
        ({"ChargeCategory": "Refund"}, "ChargeCategory is Refund"),
        ({"ChargeClass": "Correct"}, "ChargeClass is Correct"),
        ({"BillingAccountName": " "}, "BillingAccountName is blank"),
        ({"ContractedUnitPrice": "-5"}, "ContractedUnitPrice is below 0"),
        ({"Tags": '{"a": 1, "a": 2}'}, "Tags is no JSON"),
        ({"Tags": '{"a": {"b": 1}}'}, "Tags is no JSON"),
        ({"Tags": "[1]"}, "Tags is no JSON"),
        ({"Tags": '{"Provider/x": "1"}'}, "has a prefix that is the provider's"),
        ({"PricingQuantity": None}, "PricingQuantity must not be null of what was used or bought"),
        ({"ChargeCategory": "Tax"}, "SkuId must be null of a tax"),
        ({"ChargeCategory": "Purchase"}, "what was bought is not charged by use"),
        ({"ConsumedUnit": None}, "ConsumedUnit and ConsumedQuantity are null together"),
        ({"SkuId": None}, "SkuMeter must be null when SkuId is"),
        ({"ContractedCost": "9.99"}, "ContractedCost is 9.99, and not 10"),
        ({"ServiceSubcategory": "Caching"}, "ServiceSubcategory is of another category"),
        ({"BillingCurrency": "đ"}, "BillingCurrency is no code of ISO 4217"),
        ({"ChargePeriodEnd": "2026-03-02T00:00:00Z"}, "ChargePeriodEnd is not after its start"),
    ],
)
def test_each_mistake_is_found(changes: dict[str, str | None], mistake: str) -> None:
    row = {name: cell for name, cell in {**USED, **changes}.items() if cell is not None}
    assert any(mistake in found for found in mistakes(NAMES, [row])), mistakes(NAMES, [row])


def test_columns_and_rows_are_held_against_each_other() -> None:
    assert mistakes(NAMES[1:], []) == ["BilledCost is missing"]
    assert "Cost is no column of FOCUS 1.2, and has no x_" in mistakes(["Cost", *NAMES], [])
    assert "columns of our own come last, and each column once" in mistakes(["x_Own", *NAMES], [])
    other = {**USED, "ServiceCategory": "Storage", "ServiceSubcategory": "Block Storage"}
    assert any("ServiceName S has more than one ServiceCategory" in found for found in mistakes(NAMES, [USED, other]))


def test_all_columns_of_the_specification_are_known() -> None:
    assert len(COLUMNS) == 57
    assert sum(column["level"] == "Mandatory" for column in COLUMNS.values()) == 21
