"""How attempts and expected transfers name what they pay: one form, for one open attempt at a time is told by it."""

from __future__ import annotations

from enum import StrEnum

from django.db.models import CharField, CheckConstraint, Q, Value
from django.db.models.functions import Cast, Concat


class PaidFor(StrEnum):
    """Who takes the money when it has come in, see `services/purposes.py`."""

    TOP_UP = "top_up"
    INVOICES = "invoices"
    ORDER = "order"
    RENEWED = "invoice"
    """A renewal's own invoice: paid when it is written, so nobody takes it."""
    BEHALF = "behalf"


def payable_of(what: PaidFor, whose: object) -> str:
    """:param whose: tells apart what is paid by payments of its own: an order, a customer's invoices, one wish of a page"""
    return f"{what}:{whose}"


def paid_for(payable: str) -> str:
    """The first half again."""
    return payable.partition(":")[0]


FORM = r"^[a-z_]+:[A-Za-z0-9-]+$"


def names_what_it_pays(name: str, *, among: Q | None = None) -> CheckConstraint:
    """
    `payable` is a purpose and a name, and of an order exactly that order's id.

    :param among: the rows that must; those that are born settled have nothing to wait for
    """
    of_an_order = Q(kind="order", order_id__isnull=False) & Q(
        payable=Concat(Value(payable_of(PaidFor.ORDER, "")), Cast("order_id", CharField()))
    )
    named = of_an_order | ~Q(kind="order") & Q(payable__regex=FORM)
    return CheckConstraint(name=name, condition=named if among is None else ~among | named)
