"""What staff may do with what is sold."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from accounts.staff import Staff, declare, give, show

show("catalog", *Staff)
give(
    [
        f"catalog.{verb}_{row}"
        for row in ("product", "item", "price", "discount", "coupon", "commitmentoffer")
        for verb in ("add", "change")
    ],
    Staff.CATALOGUE,
)
give(["catalog.add_productkey"], Staff.CATALOGUE)
give(["catalog.add_taxcategory", "catalog.change_taxcategory"], Staff.FINANCE)

REOPEN_PRICE = declare(
    "catalog.price", "reopen_price", _("Can let a price go on that was ended by mistake"), Staff.CATALOGUE
)
BACK_DATE_PRICE = declare(
    "catalog.price", "back_date_price", _("Can ask for a price of time that has passed"), Staff.CATALOGUE
)
REVOKE_PRODUCT_KEY = declare(
    "catalog.productkey", "revoke_product_key", _("Can revoke a product's API key"), Staff.CATALOGUE
)
ENTER_TAX_RATE = declare(
    "catalog.taxcategory", "enter_tax_rate", _("Can ask for a rate of VAT to be entered"), Staff.FINANCE
)
MAKE_COUPONS = declare(
    "catalog.coupon", "make_coupons", _("Can make and take away batches of coupons"), Staff.CATALOGUE
)
AGREE_COMMITMENT = declare(
    "catalog.commitment", "agree_commitment", _("Can ask for a commitment, and for its early end"), Staff.FINANCE
)
