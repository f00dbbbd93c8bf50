"""
Resources that are stopped without their customer's doing it just now, and started again when the reason is no more: for debts, at caps
of the customer's own, and where credit does not cover what they use.

Who has to stop is decided above, and asked for here. Each reason has its mark: what its customer had stopped stays stopped, for only what
was stopped here is marked, and what has several marks starts when all are gone; not by itself if one of them left that to its customer. A
resource that is being changed is left to the next time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from kernel import reasons
from kernel.actors import Actor
from kernel.shapes import SqlArguments
from lifecycle.models import EDGES, ProvisioningRequest, State

assert {(State.ACTIVE.value, State.STOP.value), (State.STOP.value, State.ACTIVE.value)} <= EDGES


@dataclass(frozen=True, slots=True)
class Halt:
    """
    A reason to stop, in SQL of a resource `r`.

    :ivar wanted: a relation `w(id, cap)` of those that are to stop
    :ivar held: which of those that have its mark start again
    :ivar because: the code of the reason, and that of its end
    """

    wanted: str
    held: str
    marked: str
    mark: str
    unmark: str
    because: str
    no_more: str


DEBT = Halt(
    wanted="SELECT id, NULL::uuid AS cap FROM lifecycle_resource"
    " WHERE customer_id = ANY(%(customers)s) AND (billing_mode = 'postpaid' OR id = ANY(%(unpaid)s))",
    held="r.customer_id = ANY(%(customers)s) AND (%(all)s OR r.billing_mode = 'prepaid' AND NOT r.id = ANY(%(unpaid)s))",
    marked="r.stopped_for_debt",
    mark="stopped_for_debt = TRUE",
    unmark="stopped_for_debt = FALSE",
    because="stopped-for-overdue-invoices",
    no_more="overdue-invoices-paid",
)
"""All that runs postpaid of some customers. What is prepaid runs on, for it is paid, unless what it was paid with was taken back."""
CAP = Halt(
    wanted="SELECT * FROM unnest(%(resources)s::uuid[], %(caps)s::uuid[]) AS w(id, cap)",
    held="r.id = ANY(%(resources)s)",
    marked="r.stopped_for_cap IS NOT NULL",
    mark="stopped_for_cap = due.cap",
    unmark="stopped_for_cap = NULL",
    because="stopped-for-cap",
    no_more="cap-lifted",
)
"""Those that were chosen; the mark names the cap."""

CREDIT = Halt(
    wanted="SELECT resource_id AS id, NULL::uuid AS cap FROM lifecycle_creditwarning"
    " WHERE resource_id = ANY(%(resources)s) AND ended_at IS NULL AND came_at IS NOT NULL",
    held="r.id = ANY(%(resources)s)",
    marked="r.stopped_for_credit",
    mark="stopped_for_credit = TRUE",
    unmark="stopped_for_credit = FALSE",
    because="stopped-for-lack-of-credit",
    no_more="credit-covers-it-again",
)
"""Those whose use credit does not cover, and whose customer was told that they stop by now."""
HALTS = (DEBT, CAP, CREDIT)

reasons.know(DEBT.because, _("Invoices are overdue."))
reasons.know(DEBT.no_more, _("The overdue invoices are settled."))
reasons.know(CAP.because, _("A cap was reached."))
reasons.know(CAP.no_more, _("The cap was lifted."))
reasons.know(CREDIT.because, _("Credit does not cover what it uses."))
reasons.know(CREDIT.no_more, _("Credit covers what it uses again."))

UNANSWERED = """EXISTS (SELECT FROM lifecycle_provisioningrequest q
    WHERE q.resource_id = r.id AND q.expects_answer AND q.state = ANY(%(open)s))"""

FOLLOWS = """, events AS (
    INSERT INTO lifecycle_resourceevent (resource_id, customer_id, kind, from_state, to_state, at, actor_kind, actor, reason)
    SELECT id, customer_id, %(kind)s, %(from_state)s, %(to_state)s, %(at)s, %(actor_kind)s, %(actor)s, %(reason)s FROM moved
), requests AS (
    INSERT INTO lifecycle_provisioningrequest
        (id, resource_id, product_id, verb, configuration, expects_answer, state, requested_at, attempts, next_attempt_at, reason)
    SELECT gen_random_uuid(), id, product_id, %(verb)s, configuration, FALSE, 'pending', %(at)s, 0, %(at)s, '' FROM moved
)
SELECT count(*) FROM moved
"""

STOP = f"""
WITH due AS (
    SELECT r.id, r.state, w.cap FROM ({{wanted}}) w JOIN lifecycle_resource r ON r.id = w.id
    WHERE NOT {{marked}} AND (r.state = 'active' OR {{other}}) AND NOT {UNANSWERED}
    ORDER BY r.id FOR NO KEY UPDATE OF r
), marked AS (
    UPDATE lifecycle_resource r SET state = 'stop', {{mark}},
        changed_at = CASE due.state WHEN 'active' THEN %(at)s ELSE r.changed_at END
    FROM due, catalog_product p WHERE r.id = due.id AND p.id = r.product_id AND r.state = due.state
    RETURNING r.id, r.customer_id, r.product_id, r.configuration, due.state AS before,
              p.stopped_time_is_free AND r.billing_mode = 'postpaid' AS ends
), moved AS (
    SELECT * FROM marked WHERE before = 'active'
), periods AS (
    UPDATE lifecycle_serviceperiod s SET ends_at = greatest(date_trunc('minute', %(at)s::timestamptz), s.starts_at)
    FROM moved m WHERE m.ends AND s.resource_id = m.id AND s.ends_at IS NULL
){FOLLOWS}"""

STARTS = "%(starts)s AND NOT r.starts_by_hand AND NOT {other}"
START = f"""
WITH due AS (
    SELECT r.id FROM lifecycle_resource r WHERE {{held}} AND {{marked}} AND NOT {UNANSWERED} ORDER BY r.id FOR NO KEY UPDATE
), unmarked AS (
    UPDATE lifecycle_resource r SET {{unmark}},
        starts_by_hand = {{other}} AND (r.starts_by_hand OR NOT %(starts)s),
        state = CASE WHEN {STARTS} THEN 'active' ELSE r.state END,
        changed_at = CASE WHEN {STARTS} THEN %(at)s ELSE r.changed_at END
    FROM due WHERE r.id = due.id AND {{marked}}
    RETURNING r.id, r.customer_id, r.product_id, r.configuration, r.billing_mode, r.state AS now
), moved AS (
    SELECT * FROM unmarked WHERE now = 'active'
), periods AS (
    INSERT INTO lifecycle_serviceperiod (resource_id, customer_id, billing_mode, configuration, starts_at)
    SELECT id, customer_id, billing_mode, configuration, date_trunc('minute', %(at)s::timestamptz) FROM moved m
    WHERE billing_mode = 'postpaid'
        AND NOT EXISTS (SELECT FROM lifecycle_serviceperiod s WHERE s.resource_id = m.id AND s.ends_at IS NULL)
){FOLLOWS}"""
"""Whether stopped time was free is what the stop has said: who is in no service comes into it, whatever the product says by now."""


def stop_for_debt(customer_ids: Collection[UUID], *, unpaid: Collection[UUID] = (), actor: Actor, at: datetime) -> int:
    """
    All that runs postpaid of these customers, whom the caller holds; returns how many were stopped.

    :param unpaid: what is prepaid and stops as well: the time in which it runs is owed
    """
    named: SqlArguments = {"customers": list(customer_ids), "unpaid": list(unpaid)}
    return _stop(DEBT, named, actor=actor, at=at)


def start_after_debt(
    customer_ids: Collection[UUID], *, but: Collection[UUID] | None = None, actor: Actor, at: datetime
) -> int:
    """
    What was stopped for debt of these customers, whom the caller holds; returns how many were started.

    :param but: the debts stand, and only what is prepaid starts, without these, whose time is owed
    """
    named: SqlArguments = {"customers": list(customer_ids), "unpaid": list(but or ()), "all": but is None}
    return _start(DEBT, named, starts=True, actor=actor, at=at)


def stop_for_caps(caps: Mapping[UUID, UUID], *, actor: Actor, at: datetime) -> int:
    """
    What runs of these resources, whose customers the caller holds; returns how many were stopped.

    :param caps: resource -> the cap that stops it
    """
    named: SqlArguments = {"resources": list(caps), "caps": list(caps.values())}
    return _stop(CAP, named, actor=actor, at=at)


def let_go_of_caps(resource_ids: Collection[UUID], *, starts: bool, actor: Actor, at: datetime) -> int:
    """
    What caps had stopped of these resources is free again; returns how many were started.

    :param starts: otherwise they stay stopped, until their customer starts them
    """
    return _start(CAP, {"resources": list(resource_ids)}, starts=starts, actor=actor, at=at)


def stop_for_credit(resource_ids: Collection[UUID], *, actor: Actor, at: datetime) -> int:
    """
    What runs of these resources, whose customers the caller holds, and whose day has come (`warnings`); returns how many were stopped.
    """
    return _stop(CREDIT, {"resources": list(resource_ids)}, actor=actor, at=at) if resource_ids else 0


def start_after_credit(resource_ids: Collection[UUID], *, actor: Actor, at: datetime) -> int:
    """What was stopped for lack of credit of these resources; returns how many were started."""
    if not resource_ids:
        return 0
    return _start(CREDIT, {"resources": list(resource_ids)}, starts=True, actor=actor, at=at)


def _stop(halt: Halt, arguments: SqlArguments, *, actor: Actor, at: datetime) -> int:
    words = {"kind": "stopped", "verb": "stop", "reason": halt.because, "from_state": "active", "to_state": "stop"}
    statement = STOP.format(wanted=halt.wanted, marked=halt.marked, mark=halt.mark, other=_other(halt))
    return _move(statement, {**arguments, **words}, actor=actor, at=at)


def _start(halt: Halt, arguments: SqlArguments, *, starts: bool, actor: Actor, at: datetime) -> int:
    words = {"kind": "started", "verb": "start", "reason": halt.no_more, "from_state": "stop", "to_state": "active"}
    statement = START.format(held=halt.held, marked=halt.marked, unmark=halt.unmark, other=_other(halt))
    return _move(statement, {**arguments, **words, "starts": starts}, actor=actor, at=at)


def _other(halt: Halt) -> str:
    """Whether another reason stops it as well."""
    return "(" + " OR ".join(one.marked for one in HALTS if one is not halt) + ")"


@transaction.atomic
def _move(statement: str, arguments: SqlArguments, *, actor: Actor, at: datetime) -> int:
    named = {
        **arguments,
        "open": [state.value for state in ProvisioningRequest.OPEN],
        "actor_kind": actor.kind.value,
        "actor": actor.name,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, named)
        return int(cursor.fetchone()[0])
