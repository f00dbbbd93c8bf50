"""What the demo's three product pages show besides each other."""

from catalog.models import Product
from demo.catalogue import PRODUCTS


def test_the_shops_keep_what_is_deleted_for_seven_days_for_three_or_not_at_all():
    usual = Product._meta.get_field("days_in_trash_after_deletion").default
    kept = {code: product.get("days_in_trash_after_deletion", usual) for code, product in PRODUCTS.items()}
    assert (kept["vserver"], kept["vstorage"], kept["vmonitor"]) == (7, 3, 0)
