"""What may be done with a resource now. Buttons in pages and `actions` in the API both come from here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from accounts.may import May
from accounts.models import Customer
from invoices.models import Act as DunningAct
from invoices.models import DunningStep
from lifecycle.models import ProvisioningRequest, Resource
from lifecycle.services.acts import Act, refusal_of
from orders.models import OrderItem
from payments.models import PocTime

FOR_PREPAID_CUSTOMERS = frozenset({Act.RENEW, Act.RECOVER})
BLOCKED = frozenset({Act.RESIZE})
"""What debts keep from being ordered, beside what is new; renewing what is there is paid at once."""
ALONE = frozenset({Act.RESIZE, Act.RENEW, Act.RECOVER, Act.DELETE, Act.PURGE})
"""What an open order of the resource keeps waiting: another order, and its end. The rest goes on beside one."""


TO_BUY = frozenset({Act.RESIZE, Act.RENEW, Act.AUTO_RENEW, Act.RECOVER})


def right_for(act: str) -> May:
    """What somebody needs for it: what costs something is an order, the rest is running what there is."""
    return May.ORDER if act in TO_BUY or act == "create" else May.MANAGE_RESOURCES


def with_pending(resources: QuerySet[Resource]) -> QuerySet[Resource]:
    """
    Annotate `is_changing`: the product team owes an answer, `has_order`: an order of the resource is open, `is_blocked`: its
    customer's new orders are, for overdue invoices, and `poc_until`: the end of what POC credit has paid of its time.
    """
    requests = ProvisioningRequest.objects.unanswered().filter(resource=OuterRef("pk"))
    orders = OrderItem.objects.open().filter(resource=OuterRef("pk"))
    blocks = DunningStep.objects.in_force(DunningAct.BLOCK).filter(customer=OuterRef("customer"))
    poc = PocTime.objects.filter(resource=OuterRef("pk")).order_by("-covered_until").values("covered_until")[:1]
    pending = {"is_changing": Exists(requests), "has_order": Exists(orders), "is_blocked": Exists(blocks)}
    until = {"poc_until": Subquery(poc)}
    return resources.annotate(**pending, **until)  # the model declares them


def available_actions(
    resource: Resource,
    customer: Customer,
    *,
    changing: bool,
    ordered: bool,
    blocked: bool = False,
    on_poc: bool = False,
    at: datetime,
) -> list[Act]:
    """
    What the services would accept from this customer now, in the order in which it is shown.

    :param changing: the product team owes an answer
    :param ordered: an order of the resource is open
    :param blocked: new orders are, for overdue invoices
    :param on_poc: POC credit has paid its time
    """
    if changing:
        return []
    return [
        act
        for act in Act
        if not (ordered and act in ALONE)
        and not (blocked and act in BLOCKED)
        and not (on_poc and act == Act.RESIZE)
        and not (customer.is_postpaid and act in FOR_PREPAID_CUSTOMERS)
        and refusal_of(act, resource, at=at) is None
    ]


def actions_of_row(row: Resource, customer: Customer, *, at: datetime) -> list[Act]:
    """`available_actions` of a resource that was read `with_pending`."""
    return available_actions(
        row,
        customer,
        changing=row.is_changing,
        ordered=row.has_order,
        blocked=row.is_blocked,
        on_poc=row.poc_until is not None and row.poc_until > at,
        at=at,
    )


def actions_for(rights: Collection[May], row: Resource, customer: Customer, *, at: datetime) -> list[Act]:
    """Those of `actions_of_row` that somebody with `rights` may do."""
    return [act for act in actions_of_row(row, customer, at=at) if right_for(act) in rights]
