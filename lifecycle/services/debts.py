"""
Postpaid resources of customers who owe: stopped, and started again when the debt is no more.

Who has to stop is decided by whoever keeps the invoices, and asked for here. What is prepaid runs on, for it is paid; what its customer
had stopped stays stopped, for only what was stopped here is marked. A resource that is being changed is left to the next time.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from kernel import reasons
from kernel.actors import Actor
from kernel.shapes import SqlArguments
from lifecycle.models import EDGES, ProvisioningRequest, State

BECAUSE, NO_MORE = "stopped-for-overdue-invoices", "overdue-invoices-paid"
reasons.know(BECAUSE, _("Invoices are overdue."))
reasons.know(NO_MORE, _("The overdue invoices are settled."))
assert {(State.ACTIVE.value, State.STOP.value), (State.STOP.value, State.ACTIVE.value)} <= EDGES

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
    SELECT id FROM lifecycle_resource r
    WHERE customer_id = ANY(%(customers)s) AND billing_mode = 'postpaid' AND state = 'active' AND NOT {UNANSWERED}
    ORDER BY id FOR NO KEY UPDATE
), moved AS (
    UPDATE lifecycle_resource r SET state = 'stop', stopped_for_debt = TRUE, changed_at = %(at)s
    FROM due, catalog_product p WHERE r.id = due.id AND p.id = r.product_id AND r.state = 'active'
    RETURNING r.id, r.customer_id, r.product_id, r.configuration, p.stopped_time_is_free
), periods AS (
    UPDATE lifecycle_serviceperiod s SET ends_at = greatest(date_trunc('minute', %(at)s::timestamptz), s.starts_at)
    FROM moved m WHERE m.stopped_time_is_free AND s.resource_id = m.id AND s.ends_at IS NULL
){FOLLOWS}"""

START = f"""
WITH due AS (
    SELECT id FROM lifecycle_resource r WHERE customer_id = ANY(%(customers)s) AND stopped_for_debt AND NOT {UNANSWERED}
    ORDER BY id FOR NO KEY UPDATE
), moved AS (
    UPDATE lifecycle_resource r SET state = 'active', stopped_for_debt = FALSE, changed_at = %(at)s
    FROM due, catalog_product p WHERE r.id = due.id AND p.id = r.product_id AND r.stopped_for_debt
    RETURNING r.id, r.customer_id, r.product_id, r.configuration, r.billing_mode,
              p.stopped_time_is_free AND r.billing_mode = 'postpaid' AS begins
), periods AS (
    INSERT INTO lifecycle_serviceperiod (resource_id, customer_id, billing_mode, configuration, starts_at)
    SELECT id, customer_id, billing_mode, configuration, date_trunc('minute', %(at)s::timestamptz) FROM moved WHERE begins
){FOLLOWS}"""


def stop_for_debt(customer_ids: Collection[UUID], *, actor: Actor, at: datetime) -> int:
    """All that runs postpaid of these customers, whom the caller holds; returns how many were stopped."""
    words = {"kind": "stopped", "verb": "stop", "reason": BECAUSE, "from_state": "active", "to_state": "stop"}
    return _move(STOP, customer_ids, words, actor=actor, at=at)


def start_after_debt(customer_ids: Collection[UUID], *, actor: Actor, at: datetime) -> int:
    """What was stopped for debt of these customers, whom the caller holds; returns how many were started."""
    words = {"kind": "started", "verb": "start", "reason": NO_MORE, "from_state": "stop", "to_state": "active"}
    return _move(START, customer_ids, words, actor=actor, at=at)


@transaction.atomic
def _move(statement: str, customer_ids: Collection[UUID], words: dict[str, str], *, actor: Actor, at: datetime) -> int:
    arguments: SqlArguments = {
        **words,
        "customers": list(customer_ids),
        "open": [state.value for state in ProvisioningRequest.OPEN],
        "actor_kind": actor.kind.value,
        "actor": actor.name,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return int(cursor.fetchone()[0])
