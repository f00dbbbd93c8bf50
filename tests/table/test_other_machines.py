"""Payments, orders, their items and provisioning requests: every ordered pair of states, by plain SQL."""

from __future__ import annotations

import re
from itertools import permutations
from typing import TypeAlias
from uuid import UUID

import pytest
from django.db import connection
from django_fsm import FSMFieldMixin

from accounts.models import Customer
from catalog.models import Product
from kernel.ids import new_id
from lifecycle.models import ProvisioningRequest, Resource
from orders.models import Order, OrderItem, Quote
from payments.models import Payment
from tests.cast import NOON
from tests.table.attack import MARKS, refused, run

pytestmark = MARKS

EDGES = {
    Payment: {
        ("created", "processing"), ("created", "unknown"), ("processing", "unknown"), ("unknown", "processing"),
        ("created", "succeeded"), ("processing", "succeeded"), ("unknown", "succeeded"), ("failed", "succeeded"),
        ("cancelled", "succeeded"),
        ("created", "failed"), ("processing", "failed"), ("unknown", "failed"),
        ("created", "cancelled"), ("processing", "cancelled"), ("unknown", "cancelled"),
        ("succeeded", "refunded"), ("refunded", "succeeded"),
    },
    Order: {
        ("awaiting_payment", "paid"), ("awaiting_payment", "cancelled"), ("awaiting_payment", "expired"),
        ("paid", "provisioning"),
        ("provisioning", "completed"), ("provisioning", "partly_refunded"), ("provisioning", "refunded"),
    },
    OrderItem: {
        ("waiting", "provisioning"), ("waiting", "cancelled"), ("provisioning", "completed"), ("provisioning", "refunded"),
    },
    ProvisioningRequest: {
        ("pending", "delivered"), ("pending", "succeeded"), ("pending", "failed"), ("pending", "timed_out"),
        ("pending", "parked"), ("parked", "pending"),
        ("delivered", "succeeded"), ("delivered", "failed"), ("delivered", "timed_out"),
    },
}  # fmt: skip
INITIAL = {Payment: "created", Order: "awaiting_payment", OrderItem: "waiting", ProvisioningRequest: "pending"}
Machine: TypeAlias = type[Payment] | type[Order] | type[OrderItem] | type[ProvisioningRequest]
MACHINES: tuple[Machine, ...] = (Payment, Order, OrderItem, ProvisioningRequest)


def path_to(machine: Machine, state: str) -> list[str]:
    """The states to go through from the initial one."""
    paths = {INITIAL[machine]: [INITIAL[machine]]}
    while state not in paths:
        for source, target in sorted(EDGES[machine]):
            if source in paths and target not in paths:
                paths[target] = [*paths[source], target]
    return paths[state]


def make(machine: Machine, customer: Customer, product: Product) -> UUID:
    """A row in its initial state."""
    if machine is Payment:
        return Payment.objects.create(
            customer=customer,
            kind="top_up",
            means="gateway",
            gateway="g",
            reference=str(new_id()),
            payable=f"top_up:{new_id()}",
            amount=1,
            actor="x",
            created_at=NOON,
        ).pk
    if machine is ProvisioningRequest:
        resource = Resource.objects.create(
            customer=customer,
            product=product,
            name="web",
            billing_mode="prepaid",
            configuration=[],
            created_at=NOON,
            changed_at=NOON,
        )
        return ProvisioningRequest.objects.create(
            resource=resource,
            product=product,
            verb="stop",
            configuration=[],
            expects_answer=False,
            requested_at=NOON,
            next_attempt_at=NOON,
        ).pk
    quote = Quote.objects.create(
        customer=customer,
        action="create",
        inputs={},
        content={},
        total=0,
        seal="",
        quoted_at=NOON,
        expires_at=NOON,
    )
    order = Order.objects.create(
        customer=customer,
        quote=quote,
        action="create",
        means="wallet",
        total=0,
        key="k",
        actor_kind="customer",
        actor="x",
        created_at=NOON,
        expires_at=NOON,
    )
    if machine is Order:
        return order.pk
    return OrderItem.objects.create(order=order, customer=customer, position=1, content={}, due=0).pk


def move(machine: Machine, pk: UUID, state: str) -> None:
    received = ", captured = 1, gateway_txn_id = reference" if (machine, state) == (Payment, "succeeded") else ""
    run(f"UPDATE {machine._meta.db_table} SET state = %s{received} WHERE id = %s", state, pk)


PAIRS = [
    pytest.param(machine, source, target, id=f"{machine.__name__}-{source}-{target}")
    for machine in MACHINES
    for source, target in permutations(machine.State.values, 2)
]


@pytest.mark.parametrize(("machine", "source", "target"), PAIRS)
def test_a_state_moves_only_along_its_edges(
    alice: Customer, vserver: Product, machine: Machine, source: str, target: str
) -> None:
    pk = make(machine, alice, vserver)
    for step in path_to(machine, source)[1:]:
        move(machine, pk, step)
    if (source, target) in EDGES[machine]:
        move(machine, pk, target)
    else:
        with refused(f"cannot move from {source} to {target}"):
            move(machine, pk, target)
    now = machine._default_manager.values_list("state", flat=True).get(pk=pk)
    assert now == (target if (source, target) in EDGES[machine] else source)


@pytest.mark.parametrize("machine", [Payment, Order])
def test_the_transitions_are_the_edges(machine: type[Payment] | type[Order]) -> None:
    field = machine._meta.get_field("state")
    assert isinstance(field, FSMFieldMixin)
    declared = {
        (str(getattr(t.source, "value", t.source)), str(getattr(t.target, "value", t.target)))
        for t in field.get_all_transitions(machine)
    }
    assert declared == EDGES[machine]


@pytest.mark.parametrize("machine", MACHINES)
def test_the_trigger_knows_exactly_the_edges(machine: Machine) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_functiondef(p.oid) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE t.tgrelid = %s::regclass AND t.tgname LIKE '%%moves_along_its_edges%%'",
            [machine._meta.db_table],
        )
        [(definition,)] = cursor.fetchall()
    listed = definition.split("NOT IN (")[1].split(") THEN")[0]
    assert set(re.findall(r"\('(\w+)', '(\w+)'\)", listed)) == EDGES[machine]


@pytest.mark.parametrize("machine", MACHINES)
def test_a_row_starts_in_its_initial_state(alice: Customer, vserver: Product, machine: Machine) -> None:
    """A copy of an existing row in any other state is refused."""
    pk = make(machine, alice, vserver)
    table = machine._meta.db_table
    generated = {field.column for field in machine._meta.concrete_fields if getattr(field, "generated", False)}
    columns = [field.column for field in machine._meta.concrete_fields if field.column not in generated]
    for state in set(machine.State.values) - {INITIAL[machine]}:
        chosen = ", ".join({"id": "gen_random_uuid()", "state": f"'{state}'"}.get(name, name) for name in columns)
        with refused(f"starts as {INITIAL[machine]}"):
            run(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table} WHERE id = %s", pk)


def test_one_open_attempt_per_payable(alice: Customer, vserver: Product) -> None:
    first = Payment.objects.get(pk=make(Payment, alice, vserver))
    second = Payment(
        customer=alice,
        kind="top_up",
        means="gateway",
        gateway="g",
        reference="other",
        payable=first.payable,
        amount=1,
        actor="x",
        created_at=NOON,
    )
    with refused("one_open_attempt_per_payable"):
        second.save(force_insert=True)
    move(Payment, first.pk, "failed")
    second.save(force_insert=True)


def test_one_open_order_per_resource(alice: Customer, vserver: Product) -> None:
    item = OrderItem.objects.get(pk=make(OrderItem, alice, vserver))
    resource = Resource.objects.create(
        customer=alice,
        product=vserver,
        name="web",
        billing_mode="prepaid",
        configuration=[],
        created_at=NOON,
        changed_at=NOON,
    )
    item.resource = resource
    item.save()
    with refused("one_open_order_per_resource"):
        OrderItem.objects.create(order=item.order, customer=alice, position=2, content={}, due=0, resource=resource)
