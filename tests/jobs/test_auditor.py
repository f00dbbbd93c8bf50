"""The auditor: each of its claims finds what is planted against it, as a bad restore or a migration would write it."""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.four_eyes import ask
from accounts.models import Customer, User
from billing_portal.auditor import CLAIMS, NIGHTLY, QUICK, audit_the_touched, contradictions, violations
from billing_portal.auditor.touched import touched_customers
from billing_portal.models import Finding
from catalog.commitments import shortfall_item
from catalog.models import Commitment
from invoices.models import Hold, Invoice
from invoices.services.month_end import run_month_end
from kernel.actors import Actor
from kernel.periods import CalendarMonth
from orders.services.delete import delete_resource
from payments.acts import GrantCredit, GrantPocCredit
from payments.gateways.base import Succeeded
from payments.models import ExpectedTransfer, Payment
from payments.services.invoices import pay_invoices_from_wallet
from payments.services.outcomes import record_outcome
from payments.services.reversals import take_back
from payments.services.transfers import record_bank_transfer
from tests.actions.test_usage_intake import take, use
from tests.cast import (
    DAY,
    JOB,
    MONTH,
    NOON,
    STAFF,
    create,
    fund,
    make_colleague,
    make_coupon,
    make_customer,
    make_item,
    make_metered,
    make_product,
    owner_of,
    switch_mode,
)
from tests.owner import around_all_guards
from tests.table.attack import run

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]
MONTH_ENDED = CalendarMonth.of(NOON).period.ends_at
LATER = NOON + 40 * DAY


def plant(*statements: str) -> None:
    connection.check_constraints()
    with around_all_guards():
        for sql in statements:
            run(sql)


def finance() -> Actor:
    """Within the limit of one person."""
    person = make_colleague("finance@portal.example")
    User.objects.filter(email=person.name).update(is_superuser=True)
    return person


@pytest.fixture(scope="module")
def world(standing: None) -> None:
    """Something of everything that claims are about, and all of it in order."""
    alice, bob = make_customer("Alice", credit=10_000_000), make_customer("Bob", mode="postpaid")
    small = make_item(make_product("vserver"), "small", 181_000)
    make_coupon("TET", 20_000)
    ask(
        GrantCredit,
        customer=alice,
        amount=1_000,
        facts={"expires_at": (NOON + MONTH).isoformat()},
        reason="x",
        actor=finance(),
        at=NOON,
    )
    pilot = make_item(make_product("vpilot"), "pilot", 100_000)
    dates = {"starts_at": NOON.isoformat(), "expires_at": (NOON + 60 * DAY).isoformat()}
    asked = {"products": [str(pilot.product_id)], **dates}
    ask(GrantPocCredit, customer=alice, amount=500_000, facts=asked, reason="x", actor=finance(), at=NOON)
    [tried] = create(alice, pilot)
    delete_resource(tried.pk, actor=owner_of(alice), at=NOON + DAY)
    create(alice, pilot)
    [cut_short, _running] = [create(alice, small, coupon="TET")[0], create(alice, small)[0]]
    delete_resource(cut_short.pk, actor=owner_of(alice), at=NOON + DAY)
    make_metered(small.product, "traffic", 500)
    Commitment.objects.create(
        customer=bob,
        amount=200_000,
        share="0.1",
        starts_on=date(2026, 3, 1),
        ends_on=date(2026, 4, 1),
        agreed_at=NOON,
        agreed_by="x",
    )
    shortfall_item()
    [server] = create(bob, small)
    assert take(server, use(server, "a", 3)) == ["accepted"]
    run_month_end(CalendarMonth.of(NOON), actor=JOB, at=MONTH_ENDED)
    fund(bob, 1_000_000)
    bills = Invoice.objects.filter(kind="usage").values_list("pk", flat=True)
    pay_invoices_from_wallet(bob.pk, list(bills), actor=owner_of(bob), at=MONTH_ENDED)
    through_gateway = Payment.objects.create(
        customer=alice, kind="top_up", means="gateway", gateway="g", reference="r", payable="top_up:1", amount=100_000, actor="x",
        created_at=NOON,
    )  # fmt: skip
    record_outcome(through_gateway.pk, Succeeded("G-1", 100_000, NOON), actor=JOB, at=NOON)
    take_back(through_gateway.pk, 40_000, reference="CB-1", reason="chargeback", actor=STAFF, at=NOON + DAY)
    ExpectedTransfer.objects.create(
        customer=alice,
        kind="top_up",
        payable=f"top_up:{alice.pk}",
        amount=1,
        actor="x",
        created_at=NOON,
        expires_at=NOON + DAY,
    )
    record_bank_transfer(alice.pk, 50_000, [], reference="FT1", reason="statement", actor=STAFF, at=NOON)
    carol = make_customer("Carol")
    switch_mode(carol, "postpaid", at=NOON)
    assert violations() == []
    connection.check_constraints()


ENTRY = "INSERT INTO ledger_transaction (kind, source, customer_id, reference, at) SELECT {kind}, {source}, id, '', now() FROM accounts_customer WHERE name = 'Alice'"


HIT_OF_LAST_YEAR = """
WITH budget AS (
    INSERT INTO budgets_budget (id, customer_id, scope, monthly_limit, raised, readers, refuses_orders, stops, chosen,
        starts_again, created_at)
    SELECT gen_random_uuid(), id, 'everything', 5, 0, '{}', TRUE, '', '{}', TRUE, '2025-03-01' FROM accounts_customer WHERE name = 'Alice'
    RETURNING id, customer_id
)
INSERT INTO budgets_hit (budget_id, customer_id, month, monthly_limit, spent, stopped, at, because)
SELECT id, customer_id, '2025-03', 5, 6, 0, '2025-03-02', '' FROM budget
"""


def posted(kind: str, source: str = "'nothing'") -> str:
    """A transaction about a row that is not there."""
    return ENTRY.format(kind=f"'{kind}'", source=source)


REFUND = """
INSERT INTO payments_refund (id, payment_id, customer_id, act_id, gateway, reference, amount, state, approved_at, sent_at, settled_at,
    gateway_txn_id, failure, checks)
SELECT gen_random_uuid(), p.id, p.customer_id, 77, p.gateway, 'r-1', 5, '{state}', now(), {rest}, 0
FROM payments_payment p WHERE p.means = 'gateway' LIMIT 1
"""
"""One that nobody decided and that moved nothing."""


BOB = "(SELECT id FROM accounts_customer WHERE name = 'Bob')"
ANOTHER_USE = """
WITH meant AS (UPDATE catalog_coupon SET maximum_uses_per_customer = 1 RETURNING id)
INSERT INTO catalog_redemption (coupon_id, customer_id, order_id, amount, state, at)
SELECT r.coupon_id, r.customer_id, o.id, r.amount, r.state, r.at FROM catalog_redemption r
JOIN orders_order o ON o.customer_id = r.customer_id AND o.id <> r.order_id LIMIT 1
"""
"""By another order of the same customer."""


HOLD = """
WITH held AS (
    INSERT INTO ledger_credithold (account_id, customer_id, source, amount, at, ended_as, ended_at)
    SELECT a.id, c.id, 'use:1', 5, '2026-03-10', {ended} FROM ledger_account a JOIN accounts_customer c ON c.id = a.customer_id
    WHERE a.kind = 'credit' AND c.name = 'Bob' RETURNING id, customer_id
)
INSERT INTO payments_usagehold (hold_id, customer_id, resource_id, month, so_far, ahead)
SELECT h.id, h.customer_id, r.id, '2026-03', 5, 0 FROM held h JOIN lifecycle_resource r ON r.customer_id = h.customer_id LIMIT {reasons}
"""
USE_BILLED = "UPDATE invoices_invoice SET is_late = TRUE, period_key = '2026-03/use/1' WHERE kind = 'usage' AND resource_id IS NOT NULL"

HELD_BACK = """
INSERT INTO invoices_hold (customer_id, kind, reason, actor, at, until, ended_at)
SELECT id, 'no_dunning', 'x', 'x', '2026-03-11', now() + interval '9 years', {ended} FROM accounts_customer WHERE name = 'Carol'
"""
QUESTIONED = """
INSERT INTO invoices_question (id, customer_id, invoice_id, line_id, amount, text, state, answer, actor, at, answered_by, answered_at)
SELECT gen_random_uuid(), customer_id, invoice_id, id, 1, 'x', 'explained', 'x', 'x', now(), 'x', '2026-03-11' FROM invoices_invoiceline
LIMIT 1
"""
ENDED_DIFFERENCE = """
INSERT INTO payments_reconciliationcase (kind, source, day, transfer_id, movement, ours, found_at, resolution, reason, resolved_by, resolved_at)
SELECT 'missing_there', 'bank:main', '2026-03-10', id, 'payment', amount, now(), 'explained', 'x', 'x', '2026-03-11' FROM payments_banktransfer
"""

PLANTED: dict[str, list[str]] = {
    "what a cap has stopped is let go within an hour after it is lifted": [
        "UPDATE lifecycle_resource SET state = 'stop', stopped_for_cap = gen_random_uuid() WHERE state = 'active' AND billing_mode = 'prepaid'"
    ],
    "a cap stands within its month, and as long as it is there": [
        HIT_OF_LAST_YEAR,
        HIT_OF_LAST_YEAR.replace("'2025-03', 5", "'2026-04', 5") + "; UPDATE budgets_budget SET removed_at = '2026-04-01'",
        HIT_OF_LAST_YEAR.replace("'2025-03', 5", "'2026-04', 5") + "; UPDATE budgets_budget SET refuses_orders = FALSE",
    ],
    # kept totals
    "a wallet's balance is the sum of its entries": ["UPDATE ledger_account SET balance = balance + 1 WHERE balance > 0"],
    "what is held of a wallet is the sum of its open holds": ["UPDATE ledger_account SET held = 1 WHERE kind = 'credit' AND balance > 0"],
    "what is held of a touched wallet is the sum of its open holds": ["UPDATE ledger_account SET held = 1 WHERE kind = 'credit' AND balance > 0"],
    "what is left of a grant is what its uses left": ["UPDATE ledger_grant SET rest = 5"],
    "what was given of a bank transfer is the sum of its payments": ["UPDATE payments_banktransfer SET assigned = 1"],
    "what was taken back of a payment is the sum of its reversals, less what was given back": ["UPDATE payments_payment SET taken_back = 1 WHERE means = 'gateway'"],
    "what went back of a payment is the sum of its refunds": ["UPDATE payments_payment SET to_source = 1 WHERE means = 'gateway'"],
    "a payment's allocated part is the sum of its allocations": ["UPDATE payments_payment SET allocated = 1 WHERE kind = 'order'"],
    "what was reopened is taken from invoices": ["UPDATE payments_reversal SET reopened = 7, from_credit = from_credit - 7"],
    "an invoice's paid part is the sum of its allocations": ["UPDATE invoices_invoice SET paid = paid - 1"],
    "an invoice's credited part is the sum of its credit notes": ["UPDATE invoices_invoice SET credited = 1, refunded = 1 WHERE kind = 'usage'"],
    "monthly totals are the sums of their invoices": ["UPDATE invoices_monthlytotal SET charged = charged + 1"],
    "numbers have no gaps": ["UPDATE invoices_numberseries SET last = last + 1"],
    "a coupon's uses are its redemptions": ["UPDATE catalog_coupon SET uses = 2"],
    # money
    "what is held for use says of which resource and month": [HOLD.format(ended="'', NULL::timestamptz", reasons=0)],
    "what was captured was held for a bill that was written": [HOLD.format(ended="'captured', now()", reasons=1)],
    "nothing stays held for use whose bill was written before": [
        USE_BILLED + "; " + HOLD.format(ended="'', NULL::timestamptz", reasons=1)
    ],
    "every transaction sums to zero": ["UPDATE ledger_entry SET amount = amount + 1 WHERE id = (SELECT min(id) FROM ledger_entry)"],
    "every transaction moves something": [posted("adjustment", "'opening:empty'")],
    "a touched wallet's balance is the sum of its entries": ["UPDATE ledger_account SET balance = balance + 1 WHERE balance > 0"],
    "the balance after the latest entry is the balance": ["UPDATE ledger_entry SET balance_after = balance_after + 1 WHERE balance_after IS NOT NULL"],
    "promotional and POC credit are what is left of their grants": ["UPDATE ledger_account SET balance = balance + 1 WHERE kind = 'promotional'"],
    "what is left of each kind of credit adds up to the credit": ["UPDATE payments_reversal SET amount = amount + 1, from_credit = from_credit + 1"],
    "grants are used by transactions of their own customer": [
        "UPDATE ledger_transaction SET customer_id = (SELECT id FROM accounts_customer WHERE name = 'Bob')"
        " WHERE id IN (SELECT transaction_id FROM ledger_grantuse)"
    ],
    "escrow holds exactly the money of open orders": ["UPDATE orders_orderitem SET state = 'provisioning', due = 5"],
    "used up POC credit is what it paid for, and what is being provided for it": ["UPDATE payments_poctime SET amount = amount + 1"],
    "sales are what invoices were paid, less what was given back": ["UPDATE invoices_invoice SET paid = paid - 1 WHERE kind = 'usage'"],
    "money at gateways is what payments brought and what is nobody's yet": ["UPDATE payments_payment SET captured = captured + 1"],
    "money in the bank is what arrived there and was neither sent nor taken back": ["UPDATE payments_banktransfer SET amount = amount + 1"],
    "suspense holds what arrived at the bank and is nobody's yet": ["UPDATE payments_banktransfer SET assigned = assigned - 1"],
    "debts are what was taken back and is neither credit nor on an invoice": ["UPDATE payments_reversal SET debt = debt + 1, from_credit = from_credit - 1"],
    "what goes back to its source is between wallet and gateway": [REFUND.format(state="under_way", rest="now(), NULL, NULL, ''")],
    "an expected transfer is met when as much has come": ["UPDATE payments_expectedtransfer SET met_at = now()"],
    "what invoices are given comes from payments that succeeded": ["UPDATE payments_payment SET state = 'failed' WHERE allocated > 0"],
    "what a payment left in the wallet was not needed, or its order gave it back": [
        "UPDATE orders_orderitem SET state = 'refunded'",
        "UPDATE payments_payment SET amount = amount + 1 WHERE kind = 'invoice'",
    ],
    "an undecided payment is asked about": ["UPDATE payments_payment SET state = 'unknown', captured = NULL, gateway_txn_id = NULL WHERE means = 'gateway'"],
    "every payment is decided within four days": ["UPDATE payments_payment SET state = 'unknown', captured = NULL, gateway_txn_id = NULL, check_at = now() WHERE means = 'gateway'"],
    "money from gateways and banks came by payments that succeeded": [
        posted("top_up"),
        posted("bank_transfer"),
        "UPDATE payments_payment SET transfer_id = NULL WHERE means = 'bank_transfer'",
    ],
    "no more of a bank transfer is given to customers than arrived": [
        "UPDATE payments_payment SET amount = amount + 1 WHERE means = 'bank_transfer'",
    ],
    "what came into a wallet is as much as its payment, order item or credit note says": [
        "UPDATE payments_payment SET captured = captured - 1 WHERE means = 'gateway'",
        "UPDATE payments_payment SET amount = amount + 1 WHERE means = 'bank_transfer'",
        "UPDATE invoices_creditnote SET refunded = refunded - 1 WHERE refunded > 0",
    ],
    "what orders and invoices were paid was paid by payments": [posted("invoice_payment")],
    "what was paid for orders was ordered": [posted("order_payment")],
    "what orders gave back was ordered and not provided": [posted("order_refund", "(SELECT i.id::text FROM orders_orderitem i LIMIT 1)")],
    "what became sales is on invoices": [posted("order_settlement"), posted("renewal")],
    "what was refunded is on credit notes": [posted("credit_note_refund")],
    "POC credit was spent on what was ordered with it, of its own products": [
        posted("poc_payment"),
        "UPDATE ledger_grant SET products = ARRAY[gen_random_uuid()] WHERE kind = 'poc'",
    ],
    "POC credit came back from what was not provided, or was cut short": [posted("poc_return", "'1:nothing:x'")],
    "what POC credit pays has left it": ["DELETE FROM ledger_transaction WHERE kind = 'poc_payment'"],
    "promotional and POC credit was granted": [posted("grant"), posted("grant_expiry", "'12345:1'")],
    "what was taken back is on record": [posted("reversal")],
    "what was given back had been taken back": [posted("given_back")],
    "what went back to its source is on record": [posted("refund"), posted("refund_done"), posted("refund_failed")],
    "adjustments were decided by people, as they were asked for": [posted("adjustment", "'77'"), posted("adjustment")],
    "nothing is opened with a balance once the books have been closed": [
        "INSERT INTO billing_portal_close (claims, found, figures, at) VALUES (1, 0, '{\"entry\": 1}', now())"
    ],
    "promotional and POC credit of late was decided by people, as it was asked for": [
        "UPDATE accounts_staffact SET amount = amount + 1 WHERE act = 'grant-credit'",
        "UPDATE accounts_staffact SET amount = amount + 1 WHERE act = 'grant-poc'",
    ],
    "payments through gateways are in the ledger": ["DELETE FROM ledger_transaction WHERE kind = 'top_up'"],
    "what was given back is in the ledger": ["UPDATE payments_reversal SET given_back_at = now(), given_back = amount, closed_at = now(), collected = debt"],
    "refunds to the source are in the ledger": [REFUND.format(state="failed", rest="NULL, now(), NULL, 'x'")],
    "payments by bank are in the ledger": ["DELETE FROM ledger_transaction WHERE kind = 'bank_transfer'"],
    "invoices paid from the wallet are in the ledger": ["DELETE FROM ledger_transaction WHERE kind = 'invoice_payment'"],
    "orders paid from the wallet are in the ledger": ["DELETE FROM ledger_transaction WHERE kind = 'order_payment'"],
    "renewals paid from the wallet are in the ledger": [
        "UPDATE payments_payment SET kind = 'renewal', payable = 'invoice:1' WHERE kind = 'order'"
    ],
    "grants are in the ledger": ["DELETE FROM ledger_transaction WHERE kind = 'grant'"],
    # bills
    "invoices have lines that add up to them": [
        "DELETE FROM invoices_invoiceline",
        "UPDATE invoices_invoice SET subtotal = subtotal + 1, total = total + 1",
        "UPDATE invoices_invoice SET tax = tax + 1",
    ],
    "lines of an invoice are tagged alike": ["UPDATE invoices_invoiceline SET tags = jsonb_build_object('Team', position::text)"],
    "a touched invoice's paid part is the sum of its allocations": ["UPDATE invoices_invoice SET paid = paid - 1"],
    "a touched payment's allocated part is the sum of its allocations": ["UPDATE payments_payment SET allocated = allocated - 1 WHERE allocated > 0"],
    "what a credit note gave back arrived": ["UPDATE invoices_creditnote SET refunded = refunded - 1"],
    "a line is at a list price or at one of its customer": [
        "UPDATE catalog_price SET customer_id = (SELECT id FROM accounts_customer WHERE name = 'Carol')",
        "UPDATE invoices_invoiceline l SET item_id = (SELECT i.id FROM catalog_item i WHERE i.id <> l.item_id LIMIT 1)",
    ],
    "each line is taxed at the rate that its category had at its tax point, by what was known of it": [
        "UPDATE catalog_taxrate SET rate = 0.08",
        "UPDATE invoices_invoiceline SET taxed_at = taxed_at - interval '40 years'",
    ],
    "what is paid ahead is taxed when its money was collected, use in its last minute": [
        "UPDATE invoices_invoiceline SET taxed_at = taxed_at - interval '1 minute'"
    ],
    "use that crosses a change of its rate of VAT is cut there, but by the setting": [
        "INSERT INTO catalog_taxrate (category_id, since, rate, source) VALUES ('standard', '2026-03-20', 0.08, 'x')"
    ],
    "a credit note is of the rates of VAT that its invoice has, and of none takes back more than all notes may": [
        "UPDATE invoices_creditedpart SET net = net + 1",
        "UPDATE invoices_creditedpart SET vat_rate = 0.05",
    ],
    "no item of an invoice is billed twice for the same time": [
        "INSERT INTO invoices_invoiceline (invoice_id, customer_id, position, item_id, price_id, name, unit, starts_at, ends_at, minutes,"
        " quantity, unit_price, per_minutes, discount, includes_vat, vat_rate, taxed_at, amount, tax, total, tags)"
        " SELECT invoice_id, customer_id, 99 + position, item_id, price_id, name, unit, starts_at, ends_at, minutes, quantity, unit_price, per_minutes,"
        " discount, includes_vat, vat_rate, taxed_at, amount, tax, total, tags FROM invoices_invoiceline"
    ],
    "what is credited as unused is not covered any more": ["UPDATE invoices_invoice SET covered_until = period_end"],
    "whoever leaves a term early gets what the time that was used leaves at the price without it": ["UPDATE invoices_invoice SET saved = 192000 WHERE credited > 0"],
    "whoever resizes to what costs less gets no more for a term than by leaving it": [
        "UPDATE invoices_creditnote SET reason = 'resized'; UPDATE invoices_invoice SET saved = 192000 WHERE credited > 0"
    ],
    "what is not covered any more is credited, where it was worth anything": [
        "UPDATE invoices_invoice SET covered_until = covered_until - interval '1 day' WHERE credited = 0 AND kind = 'prepaid'"
    ],
    "what POC credit has paid is of its products, in its dates, and not billed as well": [
        "UPDATE ledger_grant SET products = ARRAY[gen_random_uuid()] WHERE kind = 'poc'",
        "UPDATE ledger_grant SET starts_at = starts_at + interval '1 hour' WHERE kind = 'poc'",
        "UPDATE ledger_grant SET expires_at = starts_at + interval '1 hour' WHERE kind = 'poc'",
        "UPDATE invoices_invoice SET resource_id = (SELECT resource_id FROM payments_poctime LIMIT 1)"
        " WHERE id = (SELECT id FROM invoices_invoice WHERE kind = 'prepaid' AND covered_until > period_start LIMIT 1)",
    ],
    "what was counted of a month and what is billed of it reach what was committed": [
        "UPDATE invoices_committedmonth SET counted = 0, shortfall = amount",
        "UPDATE invoices_committedmonth SET counted = counted + 1, shortfall = shortfall - 1",
    ],
    "what is counted of a committed month is what its invoices came to when it was decided": [
        "UPDATE invoices_committedmonth SET counted = counted + 1, shortfall = shortfall - 1"
    ],
    "each month of a commitment that is billed is decided": ["DELETE FROM invoices_committedmonth"],
    "use has the discount of the commitment that is in force, and no other": [
        "UPDATE invoices_invoiceline SET committed = 0 WHERE committed > 0",
        "UPDATE catalog_commitment SET share = 0.2",
    ],
    "prepaid service is covered by invoices and POC credit, minute for minute": [
        "UPDATE lifecycle_serviceperiod SET ends_at = ends_at + interval '1 minute' WHERE billing_mode = 'prepaid'",  # not paid
        "UPDATE lifecycle_serviceperiod SET ends_at = ends_at - interval '1 minute' WHERE billing_mode = 'prepaid'",  # not served
        "DELETE FROM lifecycle_serviceperiod WHERE billing_mode = 'prepaid'",
        "DELETE FROM invoices_invoice WHERE kind = 'prepaid'",
    ],
    "usage is billed where it was used: each line lies in postpaid service": [
        "UPDATE lifecycle_serviceperiod SET starts_at = starts_at + interval '1 minute' WHERE billing_mode = 'postpaid'"
    ],
    "each postpaid minute of a month that is closed is billed exactly once": [
        "UPDATE lifecycle_serviceperiod SET starts_at = starts_at - interval '1 minute' WHERE billing_mode = 'postpaid'",
        "INSERT INTO invoices_billingrun (month, state, started_at, finished_at) VALUES ('2026-04', 'done', now(), now())",  # never billed
    ],
    "each use of a month that is closed is billed exactly once": [
        "UPDATE usage_record SET quantity = quantity + 1",  # not all of it is billed
        "UPDATE usage_record SET quantity = quantity - 1",  # more is billed than there was
        "UPDATE lifecycle_serviceperiod SET ends_at = starts_at WHERE billing_mode = 'postpaid'",
    ],
    "use costs what its price says, in whatever parts it was billed": [
        "UPDATE catalog_price SET unit_price = unit_price + 1 WHERE per_minutes = 0"
    ],
    "what stands of a month's use costs what its price says of all of it": [
        "INSERT INTO invoices_usetakenback (line_id, quantity, at) SELECT id, 1, now() FROM invoices_invoiceline WHERE per_minutes = 0",  # not credited
        "UPDATE catalog_price SET included = 2 WHERE per_minutes = 0;"  # 3 GB, as if 2 had been billed before: the second tier
        " UPDATE invoices_invoiceline SET quantity_before = 2, amount_before = 0 WHERE per_minutes = 0",
    ],
    # lives
    "a resource's state is where its history ends": ["UPDATE lifecycle_resource SET state = 'stop' WHERE state = 'active'"],
    "deleted resources and those in the trash are not in service": [
        "UPDATE lifecycle_serviceperiod SET ends_at = ends_at + interval '9 days'"
    ],
    "what runs on usage is in use": ["UPDATE lifecycle_serviceperiod SET ends_at = starts_at WHERE ends_at IS NULL"],
    "paid time ends where invoices, POC credit or what happened last say so": ["UPDATE lifecycle_resource SET paid_until = '2099-01-01', suspend_at = '2099-01-01' WHERE paid_until IS NOT NULL AND state = 'active'"],
    "what is over is in the trash a day later": ["UPDATE lifecycle_resource SET paid_until = '2026-01-01', suspend_at = '2026-01-01' WHERE paid_until IS NOT NULL AND state = 'active'"],
    "what is stopped for lack of credit lacks it, or is let go within an hour": [
        "UPDATE lifecycle_resource SET state = 'stop', stopped_for_credit = TRUE WHERE state = 'active' AND billing_mode = 'prepaid'"
    ],
    "who is warned of a stop lacks credit for that product, and who lacks it is warned": [
        "INSERT INTO lifecycle_creditwarning (resource_id, customer_id, told_at) SELECT id, customer_id, now() FROM lifecycle_resource LIMIT 1",
        "INSERT INTO payments_shortage (id, customer_id, product_id, missing, missing_now, at)"
        " SELECT gen_random_uuid(), customer_id, product_id, 1, 1, now() FROM lifecycle_resource LIMIT 1",
    ],
    "the history of a resource runs forward": ["UPDATE lifecycle_resourceevent SET at = '2020-01-01' WHERE from_state <> ''"],
    "nothing is deleted by itself before its time in the trash is over": [
        "UPDATE lifecycle_resource SET state = 'deleted' WHERE state = 'suspense'; "
        "INSERT INTO lifecycle_resourceevent (resource_id, customer_id, kind, from_state, to_state, at, actor_kind, actor, reason)"
        " SELECT id, customer_id, 'purged', 'suspense', 'deleted', purge_at - interval '1 second', 'system', 'job:purge', ''"
        " FROM lifecycle_resource WHERE state = 'deleted'"
    ],
    "what came back from the trash was not dated back": [
        "INSERT INTO lifecycle_resourceevent (resource_id, customer_id, kind, from_state, to_state, at, actor_kind, actor, reason)"
        " SELECT id, customer_id, 'recovered', 'suspense', 'active', suspended_at - interval '9 days', 'customer', 'x', '' FROM lifecycle_resource WHERE state = 'suspense'"
    ],
    "an ended order has no open items, an open one has": [
        "UPDATE orders_order SET state = 'provisioning'",
        "UPDATE orders_orderitem SET state = 'provisioning'",
    ],
    "what is carried out was paid for by a payment that succeeded": [
        "UPDATE orders_order SET payment_id = NULL",
        "UPDATE payments_payment SET state = 'failed' WHERE kind = 'order'",
        "UPDATE payments_payment SET order_id = NULL WHERE kind = 'order'",
    ],
    "every order has its items, and they add up to it": [
        "UPDATE orders_order SET total = total + 1",
        "DELETE FROM orders_orderitem",
    ],
    "what was paid for is provided or given back within a week": ["UPDATE orders_order SET state = 'provisioning'"],
    "a coupon is used by orders that stand, as often as each customer may": [
        "UPDATE catalog_redemption SET state = 'returned'",
        "UPDATE orders_order SET state = 'refunded'",
        f"UPDATE catalog_redemption SET customer_id = {BOB}",
        ANOTHER_USE,
    ],
    "a customer's mode is that of the last switch": ["UPDATE accounts_customer SET billing_mode = 'prepaid' WHERE name = 'Carol'"],
    # leavers
    "of an account that has closed nothing personal is left that need not be kept": ["UPDATE accounts_customer SET closed_at = now() WHERE name = 'Carol'"],
    "of people who are forgotten nothing is left that need not be kept": ["UPDATE accounts_user SET forgotten_at = now(), is_active = false, is_staff = false"],
    "nothing goes on in an account that has closed": ["UPDATE accounts_customer SET closed_at = now() WHERE name = 'Alice'"],
    "nothing begins in an account that has closed": ["UPDATE accounts_customer SET closed_at = '2020-01-02' WHERE name = 'Alice'"],
    "no company sign-in of an account that has closed speaks for a domain, or knows anybody": [
        "UPDATE accounts_customer SET closed_at = now() WHERE name = 'Carol'; "
        "INSERT INTO accounts_provider (id, customer_id, issuer, client_id, client_secret, joins_as, trusts_factor, set_at, is_required)"
        " SELECT gen_random_uuid(), id, '', '', '', 'viewer', false, now(), false FROM accounts_customer WHERE name = 'Carol'; "
        "INSERT INTO accounts_providerdomain (id, provider_id, name, asked_at) SELECT gen_random_uuid(), id, 'a.example', now() FROM accounts_provider",
    ],
    "an account has closed by its closing": ["UPDATE accounts_customer SET closed_at = now() WHERE name = 'Carol'"],
    "credit of an account that has closed was given up, or came later": [
        "UPDATE accounts_customer SET closed_at = now() WHERE name = 'Alice'; "
        "INSERT INTO team_closing (id, customer_id, request_id, state, reason, asked_by, asked_at, closes_at, ended_by, ended_at)"
        " SELECT gen_random_uuid(), id, gen_random_uuid(), 'closed', '', 'x', '2026-03-01', '2026-03-04', 'x', closed_at"
        " FROM accounts_customer WHERE name = 'Alice'"
    ],
    # people
    "what people did for a customer is in the audit trail": [
        "UPDATE accounts_staffact SET asked_at = asked_at - interval '1 second' WHERE customer_id IS NOT NULL AND state = 'alone'",
        "UPDATE payments_reversal SET at = at - interval '1 second'",
        "UPDATE payments_reversal SET closed_at = at + interval '1 day'",
        HELD_BACK.format(ended="NULL"),
        HELD_BACK.format(ended="now()"),
        QUESTIONED,
        "INSERT INTO payments_transferclaim (customer_id, amount, day, note, state, answer, actor, at, answered_at)"
        " SELECT id, 5, '2026-03-10', '', 'refused', 'x', 'x', now(), '2026-03-11' FROM accounts_customer WHERE name = 'Carol'",
    ],
    "what people did to what is no customer's is in the audit trail": [
        "INSERT INTO accounts_staffact (act, state, subject, facts, reason, asked_by, asked_at, decided_by, decided_at, decided_because)"
        " VALUES ('bank-return', 'alone', '', '{}', 'x', 'a', '2026-03-11', 'a', '2026-03-11', '')",
        "INSERT INTO payments_sentback (transfer_id, account, amount, number, key, at)"
        " SELECT id, account, 5, '', '', '2026-03-11' FROM payments_banktransfer",
        ENDED_DIFFERENCE,
        "INSERT INTO billing_portal_recount (total, key, kept, counted, actor, at) VALUES ('held', '{}', '{}', '{}', 'x', '2026-03-11')",
    ],
    # history
    "the audit trail and the closes of the books are as they were written": ["UPDATE accounts_auditentry SET reason = 'another'"],
    "what was closed adds up to what it was closed with": [
        "INSERT INTO billing_portal_close (claims, found, figures, at) VALUES (1, 0, '{\"entry\": 1000000, \"moved\": 5}', now())"
    ],
    "a switch of the mode is in the audit trail": ["DELETE FROM accounts_auditentry"],
    "what a second person decided is in the audit trail": [
        "INSERT INTO accounts_staffact (act, state, customer_id, subject, facts, reason, asked_by, asked_at, decided_by, decided_at, decided_because)"
        " SELECT 'adjust', 'refused', id, '', '{}', 'x', 'a', now(), 'b', now(), '' FROM accounts_customer WHERE name = 'Carol'"
    ],
}  # fmt: skip


def test_each_claim_has_something_planted_against_it() -> None:
    assert {claim.sentence for claim in CLAIMS} == set(PLANTED)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.sentence)
def test_what_contradicts_a_claim_is_found(world: None, claim: Any) -> None:
    assert contradictions([claim], at=NOON + timedelta(hours=1)) == []
    for statement in PLANTED[claim.sentence]:
        point = transaction.savepoint()
        plant(statement)
        assert contradictions([claim], at=LATER), statement
        transaction.savepoint_rollback(point)


@pytest.mark.parametrize("claim", QUICK, ids=lambda claim: claim.sentence)
def test_what_can_be_asked_of_some_customers_is_found_of_them_alone(world: None, claim: Any) -> None:
    plant(PLANTED[claim.sentence][0])
    concerned = {violation.customer for violation in contradictions([claim], at=LATER) if violation.customer}
    others = [pk for pk in Customer.objects.values_list("pk", flat=True) if pk not in concerned]
    assert {violation.customer for violation in contradictions([claim], customers=[*concerned], at=LATER)} == concerned
    assert contradictions([claim], customers=others, at=LATER) == []


def test_most_claims_can_be_asked_of_those_with_whom_something_has_happened() -> None:
    assert len(QUICK) >= 45
    assert len(NIGHTLY) >= 60


def looked(times: int = 1) -> None:
    for _time in range(times):
        audit_the_touched(at=NOON)


def test_books_in_order_are_looked_at_without_a_word(world: None) -> None:
    looked(3)
    assert not Finding.objects.exists()
    assert not Hold.objects.exists()


def test_a_look_at_thousands_of_rows_takes_less_than_a_second(world: None) -> None:
    """Ten thousand new rows of two thousand customers; the machine of the tests is slow and shared, so the bound is wide."""
    looked(2)
    plant(
        "INSERT INTO accounts_customer (id, name, email, language, billing_mode, pays_invoices_automatically, wants_second_factor, created_at)"
        " SELECT md5('c' || n)::uuid, 'c' || n, '', 'vi', 'prepaid', TRUE, FALSE, now() FROM generate_series(1, 2000) n",
        "INSERT INTO ledger_account (kind, customer_id, balance, held) SELECT 'credit', md5('c' || n)::uuid, 500, 0"
        " FROM generate_series(1, 2000) n",
        "WITH posted AS (INSERT INTO ledger_transaction (kind, source, customer_id, reference, at)"
        " SELECT 'adjustment', 'opening:' || n || '/' || m, md5('c' || n)::uuid, '', now()"
        " FROM generate_series(1, 2000) n, generate_series(1, 5) m RETURNING id, customer_id)"
        " INSERT INTO ledger_entry (transaction_id, account_id, customer_id, amount, balance_after)"
        " SELECT p.id, a.id, a.customer_id, 100, 500 FROM posted p JOIN ledger_account a ON a.customer_id = p.customer_id"
        " UNION ALL SELECT p.id, a.id, NULL, -100, NULL FROM posted p, ledger_account a WHERE a.kind = 'adjustments'",
    )
    run("ANALYZE")
    began = time.monotonic()
    customers, since, _reached = touched_customers()
    found = contradictions(QUICK, customers=customers, since=since, at=NOON)
    assert (len(customers), found) == (2000, [])
    assert time.monotonic() - began < 5
