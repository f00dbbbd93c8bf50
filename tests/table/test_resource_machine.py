"""The lifecycle of a resource, edge by edge, on every way by which a state could be written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django_fsm import TransitionNotAllowed

from accounts.models import Customer
from catalog.models import Item, Product
from lifecycle.models import EDGES, Resource, ServicePeriod, State
from tests.cast import DAY, MONTH, NOON, create
from tests.table.attack import MARKS, refused, run

pytestmark = MARKS

PUBLISHED = {
    ("new", "active"),
    ("new", "deleted"),
    ("active", "stop"),
    ("stop", "active"),
    ("active", "suspense"),
    ("stop", "suspense"),
    ("suspense", "active"),
    ("active", "deleted"),
    ("stop", "deleted"),
    ("suspense", "deleted"),
}
STATES = ["new", "active", "stop", "suspense", "deleted"]
WALKS = {
    "new": [],
    "active": ["active"],
    "stop": ["active", "stop"],
    "suspense": ["active", "suspense"],
    "deleted": ["deleted"],
}
PURGE_AT = NOON + 7 * DAY


def resource_in(state: str, customer: Customer, product: Product) -> Resource:
    """A postpaid resource that has come to `state`, with everything that any state asks for already filled in."""
    resource = Resource.objects.create(
        customer=customer,
        product=product,
        name="web",
        billing_mode="postpaid",
        configuration=[],
        created_at=NOON,
        changed_at=NOON,
        suspense_reason="deleted",
        suspended_at=NOON,
        purge_at=PURGE_AT,
    )
    for step in WALKS[state]:
        run("UPDATE lifecycle_resource SET state = %s WHERE id = %s", step, resource.pk)
    return Resource.objects.get(pk=resource.pk)


def by_raw_sql(resource: Resource, state: str) -> None:
    run("UPDATE lifecycle_resource SET state = %s WHERE id = %s", state, resource.pk)


def by_queryset_update(resource: Resource, state: str) -> None:
    Resource.objects.filter(pk=resource.pk).update(state=state)


def by_forged_save(resource: Resource, state: str) -> None:
    resource.__dict__["state"] = state
    resource.save()


def by_forged_save_of_one_field(resource: Resource, state: str) -> None:
    resource.__dict__["state"] = state
    resource.save(update_fields=["state"])


def by_bulk_update(resource: Resource, state: str) -> None:
    resource.__dict__["state"] = state
    Resource.objects.bulk_update([resource], ["state"])


def by_upsert(resource: Resource, state: str) -> None:
    """INSERT ... ON CONFLICT DO UPDATE, the update that looks like an insert."""
    run(
        "INSERT INTO lifecycle_resource SELECT (r).* FROM (SELECT r FROM lifecycle_resource r WHERE id = %s) s"
        " ON CONFLICT (id) DO UPDATE SET state = %s",
        resource.pk,
        state,
    )


WAYS = [
    by_raw_sql,
    by_queryset_update,
    by_forged_save,
    by_forged_save_of_one_field,
    by_bulk_update,
]


def test_the_declared_edges_are_the_published_ones() -> None:
    assert EDGES == PUBLISHED
    assert set(State.values) == set(STATES)


def test_the_transitions_are_the_declared_edges() -> None:
    field = Resource._meta.get_field("state")
    transitions = {(t.source, t.target) for t in field.get_all_transitions(Resource)}
    assert {(str(getattr(s, "value", s)), str(getattr(t, "value", t))) for s, t in transitions} == PUBLISHED


def test_the_trigger_knows_the_declared_edges_and_no_other() -> None:
    """Read from the function that stands in the database, not from the code that wrote it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_functiondef(p.oid) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE t.tgrelid = 'lifecycle_resource'::regclass AND t.tgname LIKE '%moves_along_its_edges%'"
        )
        [(definition,)] = cursor.fetchall()
    listed = definition.split("NOT IN (")[1].split(") THEN")[0]
    assert set(re.findall(r"\('(\w+)', '(\w+)'\)", listed)) == PUBLISHED


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("source", "target"), list(permutations(STATES, 2)))
def test_a_state_moves_only_along_the_published_edges(
    bob: Customer, vserver: Product, source: str, target: str, way: Callable[[Resource, str], None]
) -> None:
    resource = resource_in(source, bob, vserver)
    if (source, target) in PUBLISHED:
        way(resource, target)
        assert state_of(resource) == target
    else:
        with refused(f"cannot move from {source} to {target}"):
            way(resource, target)
        assert state_of(resource) == source


@pytest.mark.parametrize("state", STATES)
def test_an_upsert_cannot_smuggle_in_another_state(bob: Customer, vserver: Product, state: str) -> None:
    """The attempted insert of an existing row is judged like any insert: it must be New, and so nothing gets past it."""
    resource = resource_in("deleted", bob, vserver)
    with refused():
        by_upsert(resource, state)
    assert state_of(resource) == "deleted"


@pytest.mark.parametrize(("source", "target"), list(permutations(STATES, 2)))
def test_the_state_cannot_be_assigned(bob: Customer, vserver: Product, source: str, target: str) -> None:
    resource = resource_in(source, bob, vserver)
    with pytest.raises(AttributeError):
        resource.state = target
    assert state_of(resource) == source


@pytest.mark.parametrize("source", STATES)
def test_the_verbs_refuse_to_run_from_elsewhere(bob: Customer, vserver: Product, source: str) -> None:
    verbs = {
        "activate": ("active", {"new"}, {}),
        "fail_provisioning": ("deleted", {"new"}, {}),
        "stop": ("stop", {"active"}, {}),
        "start": ("active", {"stop"}, {}),
        "suspend": ("suspense", {"active", "stop"}, {"reason": "expired", "purge_at": PURGE_AT}),
        "recover": ("active", {"suspense"}, {}),
        "delete_at_once": ("deleted", {"active", "stop"}, {}),
        "purge": ("deleted", {"suspense"}, {}),
    }
    assert {(s, target) for target, sources, _ in verbs.values() for s in sources} == PUBLISHED
    for verb, (target, sources, more) in verbs.items():
        resource = resource_in(source, bob, vserver)
        if source in sources:
            getattr(resource, verb)(at=NOON, **more)
            assert resource.state == target
        else:
            with pytest.raises(TransitionNotAllowed):
                getattr(resource, verb)(at=NOON, **more)
            assert resource.state == source


@pytest.mark.parametrize("state", [state for state in STATES if state != "new"])
def test_a_resource_starts_as_new(bob: Customer, vserver: Product, state: str) -> None:
    facts = {
        "customer": bob, "product": vserver, "name": "web", "billing_mode": "postpaid", "configuration": [], "created_at": NOON,
        "changed_at": NOON, "suspense_reason": "deleted", "suspended_at": NOON, "purge_at": PURGE_AT,
    }  # fmt: skip
    with refused("starts as new"):
        Resource.objects.create(state=state, **facts)
    with refused("starts as new"):
        Resource.objects.bulk_create([Resource(state=state, **facts)])
    assert not Resource.objects.exists()


def test_a_state_that_nobody_has_heard_of(bob: Customer, vserver: Product) -> None:
    resource = resource_in("active", bob, vserver)
    with refused():
        run("UPDATE lifecycle_resource SET state = 'paused' WHERE id = %s", resource.pk)


def test_two_that_move_the_same_resource_do_not_both_succeed(bob: Customer, vserver: Product) -> None:
    """A stale instance is refused by the state that it was read with, even on an allowed edge."""
    mine = resource_in("active", bob, vserver)
    theirs = Resource.objects.get(pk=mine.pk)
    theirs.stop(at=NOON)
    theirs.save()
    mine.delete_at_once(at=NOON)
    with pytest.raises(Exception, match="state"), transaction.atomic():
        mine.save()
    assert state_of(mine) == "stop"


def test_nothing_is_dated_more_than_an_hour_before_what_happened_last(bob: Customer, vserver: Product) -> None:
    """Whoever waited for a lock read the clock a while before."""
    resource = resource_in("active", bob, vserver)
    with refused("was changed at .* already"):
        run("UPDATE lifecycle_resource SET state = 'stop', changed_at = %s", NOON - timedelta(hours=1, seconds=1))
    with refused("was changed at .* already"):
        run("UPDATE lifecycle_resource SET changed_at = %s", NOON - DAY)
    run("UPDATE lifecycle_resource SET state = 'stop', changed_at = %s", NOON - timedelta(hours=1))
    assert state_of(resource) == "stop"


@pytest.mark.parametrize(
    "written", ["suspended_at = changed_at - interval '1 day'", "purge_at = suspended_at - interval '1 s'"]
)
def test_the_trash_begins_at_the_instant_of_its_change(bob: Customer, vserver: Product, written: str) -> None:
    resource_in("active", bob, vserver)
    with refused("at the instant of its change"):
        run(f"UPDATE lifecycle_resource SET state = 'suspense', {written}")


def test_when_it_goes_to_the_trash_moves_with_its_paid_time_only(alice: Customer, small: Item) -> None:
    create(alice, small)
    with refused("frozen"):
        run("UPDATE lifecycle_resource SET suspend_at = suspend_at + interval '60 days'")
    run(
        "UPDATE lifecycle_resource SET suspend_at = suspend_at - interval '1 day', paid_until = paid_until - interval '1 day'"
    )


@pytest.mark.parametrize(("seconds", "comes_back"), [(-1, True), (0, False), (1, False)])
def test_nothing_comes_back_after_its_time_in_the_trash(
    bob: Customer, vserver: Product, seconds: int, comes_back: bool
) -> None:
    """The purge may be late; the database still knows the instant."""
    resource = resource_in("suspense", bob, vserver)
    resource.recover(at=PURGE_AT + timedelta(seconds=seconds))
    if comes_back:
        resource.save()
        assert state_of(resource) == "active"
    else:
        with refused("cannot come back"):
            resource.save()
        assert state_of(resource) == "suspense"


@pytest.mark.parametrize(
    ("claim", "broken"),
    [
        ("a_running_prepaid_resource_knows_its_end", "billing_mode = 'prepaid'"),
        (
            "a_running_prepaid_resource_knows_its_end",
            "billing_mode = 'prepaid', paid_until = now(), suspend_at = now() - interval '1 s'",
        ),
        ("a_postpaid_resource_has_no_end", "paid_until = now()"),
        ("a_postpaid_resource_has_no_end", "rolls_over = TRUE"),
        ("only_what_runs_on_paid_time_is_renewed_automatically", "auto_renew_months = 1"),
        ("auto_renew_is_by_a_period_that_is_sold", "auto_renew_months = 7"),
        ("trash_has_a_reason_and_an_end", "state = 'suspense', purge_at = NULL"),
        ("trash_has_a_reason_and_an_end", "state = 'suspense', suspense_reason = ''"),
        ("frozen", "customer_id = gen_random_uuid()"),
        ("frozen", "created_at = now()"),
    ],
)
def test_a_resource_that_cannot_be(bob: Customer, vserver: Product, claim: str, broken: str) -> None:
    resource = resource_in("active", bob, vserver)
    with refused(claim):
        run(f"UPDATE lifecycle_resource SET {broken} WHERE id = %s", resource.pk)


def test_service_periods_of_a_resource_never_overlap(bob: Customer, vserver: Product) -> None:
    resource = resource_in("active", bob, vserver)
    common = {"resource": resource, "customer": bob, "configuration": []}
    ServicePeriod.objects.create(billing_mode="prepaid", starts_at=NOON, ends_at=NOON + MONTH, **common)
    with refused("never_overlap"):
        ServicePeriod.objects.create(
            billing_mode="postpaid", starts_at=NOON + MONTH - timedelta(minutes=1), ends_at=None, **common
        )
    ServicePeriod.objects.create(billing_mode="postpaid", starts_at=NOON + MONTH, ends_at=None, **common)
    with refused("never_overlap"):
        ServicePeriod.objects.create(billing_mode="postpaid", starts_at=NOON + 2 * MONTH, ends_at=None, **common)


def test_only_postpaid_usage_is_open(bob: Customer, vserver: Product) -> None:
    resource = resource_in("active", bob, vserver)
    with refused("only_postpaid_usage_is_open"):
        ServicePeriod.objects.create(
            resource=resource, customer=bob, configuration=[], billing_mode="prepaid", starts_at=NOON, ends_at=None
        )


def test_the_page_about_the_lifecycle_tells_the_same_edges() -> None:
    """docs/lifecycle.md has one row per edge: | from | to | trigger | prepaid | postpaid | money |"""
    page = Path(settings.BASE_DIR) / "docs" / "lifecycle.md"
    if not page.exists():
        pytest.skip("docs/lifecycle.md is not written yet")
    rows = [
        [cell.strip(" `*") for cell in line.strip().strip("|").split("|")]
        for line in page.read_text().splitlines()
        if line.strip().startswith("|")
    ]
    told = {
        (row[0].lower(), row[1].lower())
        for row in rows
        if len(row) == 6 and {row[0].lower(), row[1].lower()} <= set(STATES)
    }
    assert told == PUBLISHED


def state_of(resource: Resource) -> str:
    return str(Resource.objects.values_list("state", flat=True).get(pk=resource.pk))


def test_a_refused_statement_of_many_rows_moves_none(bob: Customer, vserver: Product) -> None:
    active, deleted = (resource_in(state, bob, vserver) for state in ("active", "deleted"))
    with pytest.raises(DatabaseError), transaction.atomic():
        Resource.objects.update(state="stop")
    assert (state_of(active), state_of(deleted)) == ("active", "deleted")
