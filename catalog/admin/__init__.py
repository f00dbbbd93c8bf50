"""What is sold, and for how much: kept by the catalogue group, each edit with a reason."""

from catalog.admin import coupons, prices, products

__all__ = ["coupons", "prices", "products"]
