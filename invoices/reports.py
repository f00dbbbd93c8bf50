"""The reports about what is owed: usage, and the billing history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Case, F, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from invoices.columns import Column, Form, Place, on_page, rows_of
from invoices.models import Invoice
from invoices.queries import product_names
from kernel.periods import local_day

USAGE = [
    Column("resource_name", _("Resource"), Form.TEXT, 24, place=Place.NAME),
    Column("number", _("Invoice"), Form.TEXT, 16),
    Column("product", _("Product"), Form.PRODUCT, 16, source="product.pk", help="Product code."),
    Column("item", _("Item"), Form.TEXT, 28),
    Column("unit", _("Unit"), Form.UNIT, 12),
    Column("starts_at", _("From"), Form.INSTANT, 17),
    Column("ends_at", _("Until"), Form.INSTANT, 17),
    Column("minutes", _("Minutes"), Form.WHOLE, 10),
    Column("unit_price", _("Unit price"), Form.RATE, 14),
    Column("per_minutes", _("Per minutes"), Form.WHOLE, 12),
    Column("quantity", _("Quantity"), Form.RATE, 10),
    Column("discount", _("Discount"), Form.SHARE, 10),
    Column("amount", _("Amount"), Form.MONEY, 14),
    Column("tax", _("VAT"), Form.MONEY, 12),
    Column("coupon", _("Coupon"), Form.OFF, 12),
    Column("total", _("Total"), Form.MONEY, 14),
    Column("tags", _("Tags"), Form.TAGS, 32, help="Of the resource when it was invoiced."),
]
HIDDEN_AT_FIRST = {"product", "unit", "per_minutes", "amount", "tags"}
""" "hide" in the address says otherwise."""
ALWAYS = {"resource_name", "total"}

BY_TAG = [
    Column("value", _("Value"), Form.CODE, 28, choices=[("", _("without this tag"))], place=Place.NAME, in_api=False),
    Column("resources", _("Resources"), Form.WHOLE, 12),
    Column("lines", _("Lines"), Form.WHOLE, 10, help="Lines of invoices that lie in the month in part or whole."),
    Column("tax", _("VAT"), Form.MONEY, 14),
    Column("coupon", _("Coupon"), Form.OFF, 14),
    Column("total", _("Total"), Form.MONEY, 16, place=Place.END, help="Net of coupons and of what was credited."),
]
"""What a month costs by the values of a tag."""

STANDINGS = [*Invoice.Status.choices, ("overdue", _("overdue"))]
"""An invoice's status in words; overdue says more than unpaid."""

INVOICES = [
    Column("number", _("Number"), Form.TEXT, 18),
    Column("kind", _("Kind"), Form.CODE, 12, choices=Invoice.Kind.choices),
    Column("product", _("Product"), Form.PRODUCT, 16, source="product_id", help="Product code."),
    Column("resource_name", _("Resource"), Form.TEXT, 24),
    Column("issued_at", _("Created"), Form.INSTANT, 17),
    Column("period_start", _("From"), Form.INSTANT, 17),
    Column("period_end", _("Until"), Form.INSTANT, 17),
    Column("standing", _("Status"), Form.CODE, 14, choices=STANDINGS, in_api=False),
    Column(
        "due_date", _("Due"), Form.DAY, 12, lookup="due_at",
        help="Due all of this day in the billing zone, overdue from the next one on.",
    ),
    Column("subtotal", _("Sum of lines"), Form.MONEY, 14),
    Column("coupon", _("Coupon"), Form.MONEY, 12),
    Column("tax", _("VAT"), Form.MONEY, 12, help="VAT within the lines."),
    Column("total", _("Total"), Form.MONEY, 14),
    Column("credited", _("Credited"), Form.MONEY, 14, help="Taken back by credit notes."),
    Column("paid_and_kept", _("Paid"), Form.MONEY, 14, in_api=False),
    Column("due", _("To pay"), Form.MONEY, 14, help="Still to pay."),
]  # fmt: skip

INVOICES_PAGE = on_page(
    INVOICES,
    number=Place.NAME,
    resource_name=Place.BELOW,
    issued_at=Place.WIDE,
    kind=Place.WIDE,
    standing=Place.END_BELOW,
    total=Place.END,
    paid_and_kept=Place.WIDE,
    due=Place.WIDE,
)
INVOICES_TO_PAY = on_page(INVOICES, number=Place.NAME, resource_name=Place.WIDE, due_date=Place.WIDE, due=Place.WIDE)
INVOICES_OF_ONE = on_page(INVOICES, number=Place.NAME, standing=Place.WIDE, total=Place.WIDE)


def invoice_rows(invoices: QuerySet[Invoice], *, at: datetime) -> Iterator[list[object]]:
    """The latest first, for a download."""
    found = invoices.annotate(
        standing=Case(When(due__gt=0, due_at__lte=at, then=Value("overdue")), default=F("status")),
        paid_and_kept=F("paid") - F("refunded"),
    )
    names = product_names()
    return rows_of(INVOICES, found.order_by("-issued_at", "-id"), product=names.__getitem__, due_date=local_day)
