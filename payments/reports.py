"""The reports about money: payments, and the movements of the wallet."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import cast

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, OuterRef, QuerySet, When
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from invoices.columns import Column, Form, Place, on_page, rows_of
from ledger.models import Account, Entry, Transaction
from payments.gateways import GATEWAYS
from payments.models import Allocation, Payment
from payments.origins import in_words, origins_of
from payments.queries import STATES, gateway_name, with_totals_after

MANY = 10_000
"""Movements of which the origins are found together."""

PAYMENTS = [
    Column("reference", _("Transaction id"), Form.TEXT, 40),
    Column("created_at", _("Date"), Form.INSTANT, 17),
    Column("kind", _("Type"), Form.CODE, 16, choices=Payment.Kind.choices),
    Column("paid_by", _("Means"), Form.CODE, 18, choices=Payment.Means.choices, in_api=False),
    Column("description", _("Details"), Form.TEXT, 30),
    Column("state", _("Status"), Form.CODE, 12, choices=STATES),
    Column("amount", _("Amount"), Form.MONEY, 14, help="What was asked for."),
    Column("settled_at", _("Settled"), Form.INSTANT, 17, may_be_none=True),
    Column("numbers", _("Invoices paid"), Form.TEXT, 30, in_api=False),
    Column("refunded", _("Returned to the wallet"), Form.MONEY, 14, help="Given back to the wallet."),
    Column(
        "to_source",
        _("Returned to its source"),
        Form.MONEY,
        14,
        help="Of a top-up: where it came from has it again, or will.",
    ),
    Column("taken_back", _("Taken back"), Form.MONEY, 14, help="By the bank or gateway, after it had arrived."),
]

MOVEMENTS = [
    Column("at", _("Date"), Form.INSTANT, 17, source="transaction.at"),
    Column("kind", _("Action"), Form.CODE, 24, source="transaction.kind", choices=Transaction.Kind.choices),
    Column("reference", _("Description"), Form.TEXT, 40, source="transaction.reference"),
    Column("bucket", _("Kind of credit"), Form.CODE, 18, source="account.kind",
           choices=[(kind.value, kind.label) for kind in Account.WALLET]),
    Column("amount", _("Amount"), Form.MOVED, 14, help="Positive came in, negative went out."),
    Column("balance_after", _("Balance after"), Form.MONEY, 14, help="Of the bucket."),
    Column("total_after", _("All credit after"), Form.MONEY, 14, in_api=False),
    Column("paid_with", _("Paid with"), Form.TEXT, 40, lookup="id", in_api=False),
    Column("id", _("No."), Form.WHOLE, 12),
]  # fmt: skip

HOLDS = [
    Column("resource", _("Resource"), Form.TEXT, 30, source="resource.name"),
    Column("first_day", _("Month"), Form.DAY, 12),
    Column("held_at", _("Since"), Form.INSTANT, 17),
    Column("so_far", _("Cost so far"), Form.MONEY, 14),
    Column("ahead", _("Days ahead"), Form.MONEY, 14),
    Column("amount", _("Held"), Form.MONEY, 14),
]

PAYMENTS_PAGE = on_page(
    PAYMENTS,
    reference=Place.NAME,
    created_at=Place.BELOW,
    kind=Place.WIDE,
    description=Place.WIDE,
    state=Place.END_BELOW,
    amount=Place.END,
)
HOLDS_PAGE = on_page(
    HOLDS,
    resource=Place.NAME,
    first_day=Place.WIDE,
    held_at=Place.BELOW,
    so_far=Place.WIDE,
    ahead=Place.WIDE,
    amount=Place.END,
)
MOVEMENTS_PAGE = on_page(
    MOVEMENTS,
    at=Place.BELOW,
    kind=Place.NAME,
    reference=Place.WIDE,
    bucket=Place.WIDE,
    amount=Place.END,
    total_after=Place.END_BELOW,
)


def payment_rows(payments: QuerySet[Payment]) -> Iterator[list[object]]:
    """The latest first, for a download. Paid by: the gateway's name says more than "gateway"."""
    means = {value: str(label) for value, label in Payment.Means.choices}
    gateways = {code: gateway_name(code) for code in GATEWAYS}
    numbers = (
        Allocation.objects.filter(payment=OuterRef("pk"), reversal=None)
        .order_by("invoice__number")
        .values("invoice__number")
    )
    found = payments.annotate(
        paid_by=Case(When(gateway="", then=F("means")), default=F("gateway")), numbers=ArraySubquery(numbers)
    )
    return rows_of(
        PAYMENTS,
        found.order_by("-created_at", "-id"),
        paid_by=lambda code: gateways.get(code) or means.get(code, code),
        numbers=", ".join,
    )


def movement_rows(customer: Customer, movements: QuerySet[Entry]) -> Iterator[list[object]]:
    """The latest first, for a download; what paid each is found for many at once."""
    rows = rows_of(MOVEMENTS, with_totals_after(customer, movements).order_by("-id"))
    place = [column.name for column in MOVEMENTS].index("paid_with")
    while some := list(islice(rows, MANY)):
        origins = origins_of(customer.pk, [cast("int", row[place]) for row in some])
        for row in some:
            row[place] = in_words(origins[cast("int", row[place])])
            yield row
