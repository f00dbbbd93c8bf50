"""
The sweep of debts: every open invoice climbs the ladder of its customer, all customers at once, some statements a day.

A debt is what is due of an invoice, less what is questioned of it, whose customer is not on hold. The due date counts as day 0. Mails
are about invoices; calls, blocked orders and stopped resources are about customers, once however many invoices there are. What does harm
is announced first; what is announced is done by `carry_out`, customer by customer held, so that no payment comes between.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from accounts.models import Customer
from invoices.models import Act, DunningStep, Rung
from invoices.models.dunning import HARMFUL
from invoices.models.holds import stops_dunning_sql
from kernel.actors import Actor
from kernel.periods import billing_zone, local_day
from kernel.shapes import SqlArguments
from lifecycle.services.halts import start_after_debt, stop_for_debt
from notifications.models import Notice
from notifications.services import telling_sql

ACTOR = Actor.job("dunning")
CHUNK = 1000
USUAL = (
    *((Act.REMIND, days, 0) for days in (-3, 0, 1, 7, 14)),
    (Act.CALL, 10, 0),
    (Act.BLOCK, 21, 3),
    (Act.STOP, 30, 5),
)
"""The ladder of a new installation: what is done, days after the due date, announced so many days before."""

OWED = """(i.due - coalesce((SELECT sum(q.amount) FROM invoices_question q WHERE q.invoice_id = i.id AND q.state = 'open'), 0))"""

DEBT = f"""
WITH rung AS (
    SELECT * FROM invoices_rung WHERE valid_from <= %(at)s AND (valid_until IS NULL OR valid_until > %(at)s)
), own AS (
    SELECT DISTINCT group_id FROM rung WHERE group_id IS NOT NULL
), debt AS (
    SELECT i.id, i.customer_id, i.number, i.resource_name, i.due_at, {OWED} AS owed,
           (SELECT own.group_id FROM own WHERE own.group_id = c.group_id) AS group_id,
           (%(today)s)::date - (i.due_at AT TIME ZONE %(zone)s)::date AS days
    FROM invoices_invoice i JOIN accounts_customer c ON c.id = i.customer_id
    WHERE i.due > 0 AND {OWED} > 0 AND NOT {stops_dunning_sql("i.customer_id")}
      AND (%(customers)s::uuid[] IS NULL OR i.customer_id = ANY(%(customers)s::uuid[]))
), worst AS (
    SELECT customer_id, group_id, max(days) AS days FROM debt GROUP BY customer_id, group_id
)"""
UNPAID = f"""(x.stopped_for_debt AND x.paid_until <= %(at)s OR EXISTS (
    SELECT FROM invoices_invoice i WHERE i.resource_id = x.id AND i.kind = 'prepaid' AND i.due > 0 AND {OWED} > 0
        AND i.period_start <= %(at)s AND i.covered_until > %(at)s))"""
"""
Of a prepaid resource `x`: the time in which it runs was paid once, and the money was taken back; or it was stopped for debt, and there is
no time that is paid: what it may run on beyond that is not for who owes.
"""
OWES = f"(x.billing_mode = 'postpaid' OR {UNPAID})"
"""What stops with its customer's debts."""
ON_ITS_LADDER = "JOIN rung r ON r.group_id IS NOT DISTINCT FROM {}.group_id"

# The latest rung that is reached: a late job still tells, but once.
REMIND = f"""{DEBT}, reached AS (
    SELECT DISTINCT ON (d.id) d.*, r.id AS rung_id, r.days AS milestone FROM debt d {ON_ITS_LADDER.format("d")}
    WHERE r.act = 'remind' AND r.days <= d.days ORDER BY d.id, r.days DESC
), step AS (
    INSERT INTO invoices_dunningstep (id, customer_id, invoice_id, rung_id, act, at, done_at)
    SELECT gen_random_uuid(), customer_id, id, rung_id, 'remind', %(at)s, %(at)s FROM reached
    ON CONFLICT DO NOTHING RETURNING invoice_id
), told AS (SELECT * FROM reached WHERE id IN (SELECT invoice_id FROM step)
), coming AS (SELECT * FROM told WHERE days <= 0), late AS (SELECT * FROM told WHERE days > 0
), before AS ({{before}} RETURNING 1), after AS ({{after}} RETURNING 1)
SELECT (SELECT count(*) FROM before) + (SELECT count(*) FROM after)
"""
ABOUT_INVOICE = """jsonb_build_object('number', m.number, 'resource', m.resource_name, 'due', m.owed, 'days', abs(m.days),
    'due_date', to_char(m.due_at AT TIME ZONE %(zone)s, 'YYYY-MM-DD'))"""
MILESTONE = "'T' || to_char(m.milestone, 'FMSG99')"
REMIND = REMIND.format(
    before=telling_sql(Notice.Kind.INVOICE_DUE, MILESTONE, facts=ABOUT_INVOICE, rows="coming"),
    after=telling_sql(Notice.Kind.INVOICE_OVERDUE, MILESTONE, facts=ABOUT_INVOICE, rows="late"),
)

CALL = f"""{DEBT}, step AS (
    INSERT INTO invoices_dunningstep (id, customer_id, rung_id, act, at)
    SELECT gen_random_uuid(), f.customer_id, f.rung_id, 'call', %(at)s FROM (
        SELECT DISTINCT ON (w.customer_id) w.customer_id, r.id AS rung_id FROM worst w {ON_ITS_LADDER.format("w")}
        WHERE r.act = 'call' AND r.days <= w.days ORDER BY w.customer_id, r.days DESC) f
    ON CONFLICT DO NOTHING RETURNING 1
)
SELECT count(*) FROM step
"""

TO_PAY = """sum(d.owed) FILTER (WHERE d.days + (u.on_day - (%(today)s)::date) >= u.rung_days)"""
WHAT_AND_HOW_MUCH = "'act', m.act, 'amount', m.amount, 'on', to_char(m.on_day, 'YYYY-MM-DD')"

ANNOUNCE = f"""{DEBT}, near AS (
    SELECT w.customer_id, r.id AS rung_id, r.act, r.days AS rung_days,
           (%(today)s)::date + greatest(r.announced_days, r.days - w.days) AS on_day
    FROM worst w {ON_ITS_LADDER.format("w")}
    WHERE r.act IN ('block', 'stop') AND w.days >= r.days - r.announced_days
      AND (r.act = 'block' OR EXISTS (SELECT FROM lifecycle_resource x
           WHERE x.customer_id = w.customer_id AND x.state = 'active' AND {OWES}))
), step AS (
    INSERT INTO invoices_dunningstep (id, customer_id, rung_id, act, at, happens_at)
    SELECT gen_random_uuid(), customer_id, rung_id, act, %(at)s, on_day::timestamp AT TIME ZONE %(zone)s FROM near
    ON CONFLICT DO NOTHING RETURNING id, customer_id, rung_id
), told AS (
    SELECT s.id, s.customer_id, u.act, u.on_day, {TO_PAY} AS amount
    FROM step s JOIN near u USING (customer_id, rung_id) JOIN debt d USING (customer_id) GROUP BY 1, 2, 3, 4
), notices AS ({
    telling_sql(Notice.Kind.DUNNING_ANNOUNCED, facts=f"jsonb_build_object({WHAT_AND_HOW_MUCH})", rows="told")
})
SELECT count(*) FROM step
"""

DO = f"""{DEBT}, step AS (
    UPDATE invoices_dunningstep SET done_at = %(at)s
    WHERE done_at IS NULL AND lifted_at IS NULL AND happens_at <= %(at)s AND customer_id = ANY(%(customers)s)
    RETURNING id, customer_id, rung_id, act
), near AS (
    SELECT s.id, s.customer_id, s.act, r.days AS rung_days, (%(today)s)::date AS on_day
    FROM step s JOIN invoices_rung r ON r.id = s.rung_id
), told AS (
    SELECT u.id, u.customer_id, u.act, u.on_day, {
    TO_PAY
} AS amount FROM near u JOIN debt d USING (customer_id) GROUP BY 1, 2, 3, 4
), notices AS ({telling_sql(Notice.Kind.DUNNING_DONE, facts=f"jsonb_build_object({WHAT_AND_HOW_MUCH})", rows="told")})
SELECT count(*) FROM step
"""

# It stays while a debt has reached its rung, or will have on the announced day.
LIFT = f"""{DEBT}, step AS (
    UPDATE invoices_dunningstep s SET lifted_at = %(at)s FROM invoices_rung r
    WHERE r.id = s.rung_id AND s.lifted_at IS NULL AND s.act <> 'remind'
      AND (%(customers)s::uuid[] IS NULL OR s.customer_id = ANY(%(customers)s::uuid[]))
      AND NOT EXISTS (SELECT FROM debt d WHERE d.customer_id = s.customer_id AND d.days
          + greatest(coalesce((s.happens_at AT TIME ZONE %(zone)s)::date - (%(today)s)::date, 0), 0) >= r.days)
    RETURNING s.id, s.customer_id, s.act, s.done_at
), freed AS (SELECT * FROM step WHERE act <> 'call' AND done_at IS NOT NULL
), notices AS ({telling_sql(Notice.Kind.DUNNING_LIFTED, facts="jsonb_build_object('act', m.act)", rows="freed")})
SELECT count(*) FROM step
"""


def climb(*, at: datetime) -> int:
    """Everything of the day; returns how many steps were taken. Again, late or beside itself nothing is done twice."""
    with transaction.atomic():
        lifted = _run(LIFT, at=at)
        taken = sum(_run(statement, at=at) for statement in (REMIND, CALL, ANNOUNCE))
    return lifted + taken + carry_out(at=at)


def carry_out(*, at: datetime) -> int:
    """What was announced and is due is done; what runs in spite of it is stopped, what is stopped for nothing started."""
    due = sorted({*_announced(at), *_ids(OUT_OF_STEP, at=at)})
    return sum(_carry_out(due[start : start + CHUNK], at=at) for start in range(0, len(due), CHUNK))


@transaction.atomic
def _carry_out(customers: Collection[UUID], *, at: datetime) -> int:
    """Whom somebody else holds waits for the next time."""
    free = Customer.objects.select_for_update(no_key=True, skip_locked=True).filter(pk__in=customers).order_by("pk")
    held = list(free.values_list("pk", flat=True))
    lifted, done = _run(LIFT, at=at, customers=held), _run(DO, at=at, customers=held)
    _put_in_step(held, at=at)
    return lifted + done


def lift_what_is_settled(customer_id: UUID, *, at: datetime) -> None:
    """
    What a debt had caused ends with it, at once. The caller holds the customer, and calls it whenever less is owed: paid, credited,
    questioned, or put on hold.
    """
    if DunningStep.objects.standing().exclude(act=Act.REMIND).filter(customer=customer_id).exists():
        _run(LIFT, at=at, customers=[customer_id])
        _put_in_step([customer_id], at=at)


OUT_OF_STEP = f"""
WITH stopping AS (SELECT customer_id FROM invoices_dunningstep WHERE act = 'stop' AND done_at IS NOT NULL AND lifted_at IS NULL)
SELECT x.customer_id FROM stopping s JOIN lifecycle_resource x USING (customer_id) WHERE x.state = 'active' AND {OWES}
UNION
SELECT x.customer_id FROM lifecycle_resource x
WHERE x.stopped_for_debt AND NOT (x.customer_id IN (SELECT customer_id FROM stopping) AND {OWES})
"""
UNPAID_OF = f"""
SELECT x.id FROM lifecycle_resource x WHERE x.customer_id = ANY(%(customers)s) AND x.billing_mode = 'prepaid' AND {UNPAID}
"""


def _put_in_step(customers: Collection[UUID], *, at: datetime) -> None:
    """Resources follow what stands: stopped where a step in force says so, else as their customer had them."""
    stopped = set(
        DunningStep.objects.in_force(Act.STOP).filter(customer__in=customers).values_list("customer", flat=True)
    )
    if stopped:
        unpaid = _ids(UNPAID_OF, at=at, customers=stopped)
        stop_for_debt(stopped, unpaid=unpaid, actor=ACTOR, at=at)
        start_after_debt(stopped, but=unpaid, actor=ACTOR, at=at)
    if free := set(customers) - stopped:
        start_after_debt(free, actor=ACTOR, at=at)


def _announced(at: datetime) -> Collection[UUID]:
    waiting = DunningStep.objects.standing().filter(act__in=HARMFUL, done_at=None, happens_at__lte=at)
    return waiting.values_list("customer", flat=True)


def _ids(query: str, *, at: datetime, customers: Collection[UUID] = ()) -> list[UUID]:
    arguments: SqlArguments = {"at": at, "customers": list(customers)}
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        return [pk for (pk,) in cursor.fetchall()]


def _run(statement: str, *, at: datetime, customers: Collection[UUID] | None = None) -> int:
    arguments: SqlArguments = {
        "at": at,
        "today": local_day(at).isoformat(),
        "zone": str(billing_zone()),
        "customers": None if customers is None else list(customers),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return int(cursor.fetchone()[0])


def ensure_ladder(*, using: str, **_: object) -> None:
    """After a migration: who has no ladder at all gets the usual one."""
    rungs = Rung.objects.using(using)
    if not rungs.exists():
        since = datetime.fromisoformat("2000-01-01T00:00Z")
        rungs.bulk_create(
            Rung(act=act, days=days, announced_days=before, valid_from=since) for act, days, before in USUAL
        )
