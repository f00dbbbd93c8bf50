"""What is sold, and for how much: kept by the catalogue group, each edit with a reason."""

from catalog.admin import commitments, coupons, prices, products, taxes

__all__ = ["commitments", "coupons", "prices", "products", "taxes"]
