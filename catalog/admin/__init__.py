"""What is sold, and for how much: kept by the catalogue group, each edit with a reason."""

from catalog.admin import coupons, prices, products, taxes

__all__ = ["coupons", "prices", "products", "taxes"]
