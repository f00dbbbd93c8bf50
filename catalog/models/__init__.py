"""What is sold: products with their policies, items, prices over time, tax categories with rates, discounts, commitments, coupons."""

from catalog.models.commitments import Commitment, CommitmentOffer, CommittedSwitch
from catalog.models.coupons import Coupon, Redemption
from catalog.models.prices import Discount, Price
from catalog.models.products import LONGEST_STAGE, Item, Product, ProductKey
from catalog.models.taxes import RATES_OVER_TIME, STANDARD, TaxCategory, TaxRate
from catalog.models.validity import InstantRange

__all__ = [
    "LONGEST_STAGE",
    "RATES_OVER_TIME",
    "STANDARD",
    "Commitment",
    "CommitmentOffer",
    "CommittedSwitch",
    "Coupon",
    "Discount",
    "InstantRange",
    "Item",
    "Price",
    "Product",
    "ProductKey",
    "Redemption",
    "TaxCategory",
    "TaxRate",
]
