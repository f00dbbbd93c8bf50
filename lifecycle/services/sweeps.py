"""
What time does to resources, many at once: one statement per batch moves the rows and writes events, requests and notices.

Each batch is a transaction that first takes rows nobody else holds (`SKIP LOCKED`) and then looks at them, so any number of
workers may sweep at the same time, twice or late, and none plans from what was so before it held the rows. What somebody
holds is left to the next sweep, a minute later; who needs to know that nothing is left asks for `end_paid_time`, which
waits. The states that may move are read from the machine's declaration.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from kernel.actors import Actor
from kernel.periods import MINUTE, billing_zone, local_day, start_of_day
from kernel.shapes import SqlArguments
from lifecycle.models import EDGES, State
from lifecycle.models.terms import DAY, MILESTONES, MORNING, RUNS_ON_PAID_TIME_SQL
from notifications.events import STAMP_SQL
from notifications.models import Notice
from notifications.services import telling_sql

BATCH = 5000


def sources_of(target: State) -> list[str]:
    """The states from which a resource can move to `target`."""
    return sorted(source for source, end in EDGES if end == target)


def _record(kind: str, *, from_state: str, to_state: str) -> str:
    return f"""
    INSERT INTO lifecycle_resourceevent (resource_id, customer_id, kind, from_state, to_state, at, actor_kind, actor, reason)
    SELECT id, customer_id, '{kind}', {from_state}, {to_state}, %(at)s, %(actor_kind)s, %(actor)s, '' FROM moved"""


def _request(verb: str) -> str:
    return f"""
    INSERT INTO lifecycle_provisioningrequest
        (id, resource_id, product_id, verb, configuration, expects_answer, state, requested_at, attempts, next_attempt_at, reason)
    SELECT gen_random_uuid(), id, product_id, '{verb}', configuration, FALSE, 'pending', %(at)s, 0, %(at)s, '' FROM moved"""


PAID_TIME_IS_OVER = """
    billing_mode = 'prepaid' AND state = ANY(%(sources)s) AND suspend_at <= %(at)s
    AND (%(customer)s::uuid IS NULL OR customer_id = %(customer)s::uuid)
"""
TIME_IN_THE_TRASH_IS_OVER = "state = ANY(%(sources)s) AND purge_at <= %(at)s"

FREE = "SELECT id FROM lifecycle_resource WHERE {due} ORDER BY {end} LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED"
HELD = "SELECT id FROM lifecycle_resource WHERE {due} ORDER BY id LIMIT %(limit)s FOR NO KEY UPDATE"

EXPIRE = f"""
WITH due AS (
    SELECT id, state FROM lifecycle_resource WHERE id = ANY(%(held)s) AND NOT rolls_over
), moved AS (
    UPDATE lifecycle_resource r
    SET state = 'suspense', changed_at = %(at)s, suspended_at = %(at)s, suspense_reason = 'expired',
        auto_renew_months = NULL, stopped_for_debt = FALSE, stopped_for_cap = NULL,
        stopped_for_credit = FALSE, starts_by_hand = FALSE,
        purge_at = %(at)s + make_interval(days => p.days_in_trash_after_expiry)
    FROM due, catalog_product p WHERE r.id = due.id AND p.id = r.product_id
    RETURNING r.id, r.customer_id, r.product_id, r.name, r.configuration, r.purge_at, due.state AS from_state
), events AS ({_record("expired", from_state="from_state", to_state="'suspense'")}
), requests AS ({_request("suspend")}
), notices AS ({
    telling_sql(
        Notice.Kind.RESOURCE_TRASHED,
        STAMP_SQL.format("m.purge_at"),
        facts=f"jsonb_build_object('resource', m.name, 'purge_at', {STAMP_SQL.format('m.purge_at')})",
    )
})
SELECT count(*) FROM moved
"""

# Usage begins where paid time ended, which may lie days behind: stops and starts since then count where stopped time is free.
ROLL_OVER = f"""
WITH due AS (
    SELECT id, state, paid_until FROM lifecycle_resource WHERE id = ANY(%(held)s) AND rolls_over
), moved AS (
    UPDATE lifecycle_resource r
    SET billing_mode = 'postpaid', paid_until = NULL, suspend_at = NULL, rolls_over = FALSE, auto_renew_months = NULL
    FROM due, catalog_product p WHERE r.id = due.id AND p.id = r.product_id
    RETURNING r.id, r.customer_id, r.name, r.configuration, r.state, due.paid_until, p.stopped_time_is_free
), states AS (
    SELECT m.id, e.id AS place, e.to_state AS state, greatest(date_trunc('minute', e.at), m.paid_until) AS since
    FROM moved m JOIN lifecycle_resourceevent e ON e.resource_id = m.id
    WHERE m.stopped_time_is_free AND e.from_state <> '' AND e.kind <> 'rebooted'
), stretches AS (
    SELECT id, state, since, lead(since) OVER (PARTITION BY id ORDER BY place) AS until FROM states
    UNION ALL
    SELECT id, state, paid_until, NULL FROM moved WHERE NOT stopped_time_is_free
), periods AS (
    INSERT INTO lifecycle_serviceperiod (resource_id, customer_id, billing_mode, configuration, starts_at, ends_at)
    SELECT id, m.customer_id, 'postpaid', m.configuration, s.since, s.until FROM moved m JOIN stretches s USING (id)
    WHERE (s.until IS NULL OR s.until > s.since) AND (s.state = 'active' OR NOT m.stopped_time_is_free)
), events AS ({_record("rolled_over", from_state="''", to_state="state")}
), notices AS ({
    telling_sql(
        Notice.Kind.RESOURCE_ROLLED_OVER,
        STAMP_SQL.format("m.paid_until"),
        facts=f"jsonb_build_object('resource', m.name, 'from', {STAMP_SQL.format('m.paid_until')})",
    )
})
SELECT count(*) FROM moved
"""

PURGE = f"""
WITH moved AS (
    UPDATE lifecycle_resource SET state = 'deleted', changed_at = %(at)s WHERE id = ANY(%(held)s)
    RETURNING id, customer_id, product_id, name, configuration
), events AS ({_record("purged", from_state="'suspense'", to_state="'deleted'")}
), requests AS ({_request("purge")}
), notices AS ({telling_sql(Notice.Kind.RESOURCE_PURGED, facts="jsonb_build_object('resource', m.name)")})
SELECT count(*) FROM moved
"""

# Days are counted to the last morning before the end, and the milestone is the smallest that the days left have reached,
# as in `lifecycle.models.terms`: a late job still tells, and tells once.
# What has auto-renew is announced with its price, and each failure is told: `orders` knows what is missing.
REMIND_EXPIRING = f"""
WITH due AS (
    SELECT id, customer_id, name, paid_until, (paid_until AT TIME ZONE %(zone)s - %(ahead)s)::date - (%(today)s)::date AS days
    FROM lifecycle_resource
    WHERE {RUNS_ON_PAID_TIME_SQL} AND auto_renew_months IS NULL
      AND paid_until > %(at)s AND paid_until < %(horizon)s
), told AS (
    SELECT *, (SELECT min(m) FROM unnest(%(milestones)s::int[]) m WHERE m >= days) AS milestone FROM due
), notices AS ({
    telling_sql(
        Notice.Kind.RESOURCE_EXPIRING,
        STAMP_SQL.format("m.paid_until"),
        "'T-' || m.milestone",
        rows="told",
        facts=f"jsonb_build_object('resource', m.name, 'paid_until', {STAMP_SQL.format('m.paid_until')}, 'days', m.days,"
        " 'auto_renew', FALSE)",
    )
} RETURNING 1)
SELECT count(*) FROM notices
"""

REMIND_IN_GRACE = f"""
WITH due AS (
    SELECT id, customer_id, name, suspend_at FROM lifecycle_resource
    WHERE {RUNS_ON_PAID_TIME_SQL} AND paid_until <= %(at)s AND suspend_at > %(at)s
), notices AS ({
    telling_sql(
        Notice.Kind.RESOURCE_IN_GRACE,
        "%(today)s",
        rows="due",
        facts=f"jsonb_build_object('resource', m.name, 'suspend_at', {STAMP_SQL.format('m.suspend_at')})",
    )
} RETURNING 1)
SELECT count(*) FROM notices
"""

REMIND_IN_TRASH = f"""
WITH due AS (
    SELECT r.id, r.customer_id, r.name, r.purge_at, r.purge_at <= %(at)s + interval '1 day' AS is_last
    FROM lifecycle_resource r JOIN catalog_product p ON p.id = r.product_id
    WHERE r.state = 'suspense' AND r.purge_at > %(at)s AND (r.purge_at <= %(at)s + interval '1 day'
        OR p.late_renewal = 'suspension' AND r.suspense_reason = 'expired')
), notices AS ({
    telling_sql(
        Notice.Kind.PURGE_COMING,
        f"CASE WHEN m.is_last THEN {STAMP_SQL.format('m.purge_at')} ELSE %(today)s END",
        rows="due",
        facts=f"jsonb_build_object('resource', m.name, 'purge_at', {STAMP_SQL.format('m.purge_at')})",
    )
} RETURNING 1)
SELECT count(*) FROM notices
"""


def expire_resources(*, actor: Actor, at: datetime, customer_id: UUID | None = None) -> int:
    """
    Running prepaid resources whose time is over go to the trash, or roll over into postpaid usage from that minute.

    What somebody else holds is skipped.

    :param customer_id: of this customer alone; None: of everybody
    """
    free = FREE.format(due=PAID_TIME_IS_OVER, end="suspend_at")
    return _in_batches(free, (EXPIRE, ROLL_OVER), _whose_time_is_over(actor, at, customer_id))


def end_paid_time(*, actor: Actor, at: datetime, customer_id: UUID | None = None) -> int:
    """
    As `expire_resources`, and nothing that is due is left: what somebody holds is waited for.

    For whoever goes on to count usage. The caller holds the customer, or nothing at all.
    """
    swept = expire_resources(actor=actor, at=at, customer_id=customer_id)
    held = HELD.format(due=PAID_TIME_IS_OVER)
    return swept + _in_batches(held, (EXPIRE, ROLL_OVER), _whose_time_is_over(actor, at, customer_id))


def _whose_time_is_over(actor: Actor, at: datetime, customer_id: UUID | None) -> dict[str, object]:
    return {
        "sources": sources_of(State.SUSPENSE),
        "actor_kind": actor.kind,
        "actor": actor.name,
        "at": at,
        "customer": customer_id,
    }


def purge_resources(*, actor: Actor, at: datetime) -> int:
    """Resources whose time in the trash is over are deleted for good."""
    sources = [State.SUSPENSE.value]
    assert set(sources) <= set(sources_of(State.DELETED))
    free = FREE.format(due=TIME_IN_THE_TRASH_IS_OVER, end="purge_at")
    return _in_batches(free, (PURGE,), {"sources": sources, "actor_kind": actor.kind, "actor": actor.name, "at": at})


def remind_about_ends(*, at: datetime) -> int:
    """
    Owe the reminders of the day: 7, 4, 1 and 0 days before the end, daily in grace, and a day before the purge; daily in the
    trash, too, while the product lets it be renewed from there.
    """
    today = local_day(at)
    arguments = {
        "at": at,
        "today": today.isoformat(),
        "zone": str(billing_zone()),
        "horizon": start_of_day(today + (max(MILESTONES) + 1) * DAY, MORNING) + MINUTE,
        "ahead": timedelta(hours=MORNING.hour, minutes=MORNING.minute) + MINUTE,
        "milestones": list(MILESTONES),
    }
    return sum(
        _in_one_statement(statement, arguments) for statement in (REMIND_EXPIRING, REMIND_IN_GRACE, REMIND_IN_TRASH)
    )


def _in_batches(take: str, acts: Sequence[str], arguments: SqlArguments) -> int:
    total = 0
    while taken := _one_batch(take, acts, arguments):
        total += taken
        if taken < BATCH:
            break
    return total


@transaction.atomic
def _one_batch(take: str, acts: Sequence[str], arguments: SqlArguments) -> int:
    """Take rows, then look at them and act, in statements of their own: these see what the holders before us did."""
    with connection.cursor() as cursor:
        cursor.execute(take, arguments | {"limit": BATCH})
        held = [pk for (pk,) in cursor.fetchall()]
        for act in acts if held else ():
            cursor.execute(act, arguments | {"held": held})
    return len(held)


@transaction.atomic
def _in_one_statement(statement: str, arguments: SqlArguments) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return int(cursor.fetchone()[0])
