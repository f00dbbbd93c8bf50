"""Keys that are looked up first, what comes from outside, and the rules of money."""

from __future__ import annotations

from tests.sabotage.rules.where import (
    ACTIONS,
    CHARGES,
    CREATE,
    GATEWAY,
    IDEMPOTENCY,
    LEDGER,
    MEANWHILE,
    MONTH_END,
    NOTICES,
    ORDERS,
    RENEWAL,
    WALLET,
)
from tests.sabotage.ways import edited, words

GIVEN_ONCE, AGAIN = "reference=reference):\n        return", "reference=reference):\n        pass"

KEYS_LOOKED_UP = (
    edited(
        "accounts.idempotency:answer_once", "if record.fingerprint != asked:", "if False:", f"{IDEMPOTENCY}::another_body",
        name="a key is for one request",
    ),
    edited(
        "accounts.idempotency:answer_once", "if record.status is not None:", "if False:", f"{IDEMPOTENCY}::the_same_key",
        name="the same request gets the same answer",
    ),
    edited(
        "accounts.idempotency:answer_once", "if not ours:", "if False:", f"{IDEMPOTENCY}::while_the_first",
        name="a request that still runs is not begun again",
    ),
    edited(
        "orders.services.checkout:place_order", "if earlier:", "if False:", f"{ORDERS}::double_submit",
        name="the same key is the same order",
    ),
    edited(
        "orders.services.checkout:place_order", "if earlier.quote_id != quote_id:", "if False:", f"{ORDERS}::a_key_belongs",
        name="a key of an order is for one quote",
    ),
    edited(
        "orders.services.checkout:place_order", "if ordered := Order.objects.filter(quote=quote).first():", "if ordered := None:",
        f"{ORDERS}::a_key_belongs", name="a quote is ordered once",
    ),
    edited(
        "ledger.services:spend", "if earlier := _posted(kind, source, customer_id):", "if earlier := None:",
        f"{LEDGER}::gets_its_first_answer", name="a spend's key is looked up before the funds",
    ),
    edited(
        "ledger.services:_posted", "if found and found.customer_id != customer_id:", "if False:",
        f"{LEDGER}::whoever", name="a fact is one fact, whoever it is posted for",
    ),
    edited(
        "payments.services.gateway:start_gateway_payment", "if earlier:", "if False:", "tests/portal/test_links.py::sent_twice_charges_once",
        name="the same top-up is begun once",
    ),
    edited(
        "payments.services.gateway:open_attempt", "if under_way:", "if False:", f"{CHARGES}::while_one_is_open",
        "tests/races/test_starting_payments.py",
        name="the open attempt is looked up before another is made",
    ),
    edited(
        "lifecycle.services.provisioning:close_request", "if request.state == state:", "if False:", f"{CREATE}::the_same_answer",
        name="the same answer of a team changes nothing",
    ),
    edited(
        "lifecycle.services.provisioning:close_request", "if not request.is_open:", "if False:", f"{CREATE}::a_different_answer",
        f"{CREATE}::the_same_answer", name="a team's first answer counts",
    ),
    edited(
        "lifecycle.services.provisioning:close_request", "if not request.expects_answer:", "if False:", f"{CREATE}::take_no_answer",
        name="what expects no answer takes none",
    ),
    edited(
        "payments.services.settle:refund_order_item", GIVEN_ONCE, AGAIN, f"{MEANWHILE}::comes_back_once",
        name="an item's money comes back once",
    ),
    edited(
        "payments.services.settle:refund_credit_note", GIVEN_ONCE, AGAIN, f"{MEANWHILE}::comes_once",
        name="a credit note's money comes back once",
    ),
    edited(
        "orders.services.renewal:due_of", "return [due for due in found if due.event not in tried]", "return found",
        f"{RENEWAL}::each_milestone", name="a milestone of a renewal is tried once",
    ),
)  # fmt: skip
OUTSIDE = (
    edited(
        "payments.gateways.wire:is_same", "return hmac.compare_digest(", "return True or hmac.compare_digest(", "tests/gateways/test_zalopay.py", "tests/gateways/test_front_door.py::tampered",
        name="a signature is compared",
    ),
    edited(
        "payments.services.outcomes:_doubt", "if same.exclude(pk=payment.pk).exists():", "if False:", f"{NOTICES}::paid_something_else",
        name="a transaction of a gateway pays once",
    ),
    edited(
        "payments.services.outcomes:_doubt", "return Payment.Held.IMPLAUSIBLE", "return None", f"{NOTICES}::wrong_amount",
        name="an amount that nobody can pay is held",
    ),
    edited(
        "payments.services.outcomes:_come_in", "payment.state in SETTLED or ", "", f"{NOTICES}::booked_once",
        name="a success is booked once",
    ),
    edited(
        "payments.services.outcomes:judge", "case _ if not payment.is_open:", "case _ if False:", f"{NOTICES}::changes_no_success",
        name="a late failure changes no success",
    ),
    edited(
        "payments.services.outcomes:_is_reversed", "return ", "return False and ", f"{NOTICES}::before_we_heard",
        name="what was taken back before it came is no money",
    ),
    edited(
        "payments.services.outcomes:_taken_back", "    if booked:", "    if False:", f"{NOTICES}::booked_once_under",
        name="what was taken back is booked once",
    ),
    edited(
        "payments.services.reversals:take_back", "if amount > takeable(payment):", "if False:",
        f"{ACTIONS}taken_back.py::no_more_is_taken_back", name="no more is taken back than came",
    ),
    edited(
        "payments.services.notices:_hear", "    _keep(code, body, digest=digest, payment=payment, at=at)\n", "",
        f"{NOTICES}::on_record", name="a notice is kept before it is applied",
    ),
    edited(
        "payments.services.notices:handle_notice", "if _is_kept_unsigned(sender):", "if False:",
        "tests/gateways/test_anybody_may_call.py", name="a notice with a bad signature is kept",
    ),
    edited(
        "payments.services.notices:_is_kept_unsigned", "return is_within(", "return True or is_within(",
        "tests/gateways/test_anybody_may_call.py", name="of notices with bad signatures only so many are kept",
    ),
    edited(
        "payments.services.asking:ask_gateway", "caps.order_ttl < age < caps.query_horizon", "age < caps.query_horizon",
        f"{GATEWAY}", name="what a gateway does not find yet has not failed",
    ),
    edited(
        "payments.services.asking:ask_gateway", "caps.order_ttl < age < caps.query_horizon", "caps.order_ttl < age",
        f"{GATEWAY}::may_have_forgotten", name="what a gateway may have forgotten has not failed",
    ),
    edited(
        "payments.services.gateway:start_gateway_payment", "    return send(payment", "        return send(payment",
        f"{IDEMPOTENCY}::while_the_gateway_is_called", name="an attempt is committed before the gateway hears of it",
    ),
    edited(
        "payments.services.settle:move_gateway_money_to_order", "bought_only=True", "bought_only=False",
        f"{MEANWHILE}::no_promotional_credit", name="what a gateway paid for takes its own money",
    ),
    edited(
        "payments.services.limits:refuse_amount", "or not least <= amount <= most", "",
        "tests/portal/test_wallet.py", "tests/api/test_refusals.py", name="a top-up lies within its limits",
    ),
    edited(
        "payments.services.ways:refuse_charge", "if amount > allowed:", "if False:", f"{CHARGES}::a_limit_of_the_account",
        f"{ACTIONS}linked_accounts.py::limits_are", name="a linked account has its limits",
    ),
    edited(
        "payments.services.ways:way_named", "pk=pk, customer=customer", "pk=pk", f"{ACTIONS}linked_accounts.py::a_strangers_account",
        name="nobody charges another customer's account",
    ),
    edited(
        "payments.services.automatic:_top_up", "if _times_today(charge, at) >= min(settings.AUTOMATIC_TOP_UPS_A_DAY, charge.consent.times_a_day):",
        "if False:",
        f"{CHARGES}::so_often_a_day", name="a wallet is topped up by itself so often a day",
    ),
    edited(
        "payments.services.automatic:charge_automatically", " or not may_be_charged_automatically(held, at=at)", "",
        f"{CHARGES}::staff_hold_after", name="nothing is charged by itself while that is held",
    ),
)  # fmt: skip
MONEY_RULES = (
    words(
        "ledger.services:SPEND", "balance - held AS free", "balance AS free", f"{LEDGER}::spent_by_nothing_else",
        name="held money is not spent",
    ),
    edited(
        "ledger.services:Wallet.available", " - self.held", "", f"{LEDGER}::spent_by_nothing_else",
        name="held money is not available",
    ),
    edited(
        "invoices.services.credit:open_invoices_oldest_first", "key=attrgetter(*ORDER_OF_PAYMENT)",
        "key=attrgetter(*ORDER_OF_PAYMENT), reverse=True", f"{WALLET}::the_older", name="the oldest invoice is paid first",
    ),
    edited(
        "payments.services.invoices:hold_open", "if own != wanted:", "if False:", "tests/api/test_strangers.py::writes_reach_nothing",
        name="nobody pays another customer's invoices unawares",
    ),
    edited(
        "payments.services.invoices:pay_invoices_from_wallet", "if amount > due:", "if False:", f"{WALLET}::nothing_or_more",
        name="nobody pays more than is due",
    ),
    edited(
        "payments.services.allowed:pays_by_itself", "return ", "return True or ", f"{ACTIONS}holds.py::nothing_is_paid",
        f"{ACTIONS}automatic_charges.py::switched_automatic", name="who holds automatic payment pays nothing by itself",
    ),
    edited(
        "orders.services.renewal:take", "if due.charge.total > wallet.available:", "if False:", f"{RENEWAL}::the_earliest_end",
        name="a renewal takes no more than there is",
    ),
    edited(
        "orders.services.renewal:due_of", '"customer", "paid_until"', '"customer", "-paid_until"', f"{RENEWAL}::the_earliest_end",
        name="the earliest end is renewed first",
    ),
    edited(
        "kernel.money:round_half_up", "(2 * abs(numerator) + denominator) // (2 * denominator)", "abs(numerator) // denominator",
        "tests/property/test_money.py", name="a half đồng is rounded up",
    ),
    edited(
        "kernel.money:split", "parts[index] += 1", "pass", "tests/property/test_money.py", name="parts add up to the whole",
    ),
    edited(
        "catalog.pricing:unused_part", "min(minutes_left, minutes_charged)", "minutes_left", "tests/property/test_pricing.py::unused",
        name="no more comes back than was charged",
    ),
    edited(
        "catalog.pricing:reduction", "return min(taken, subtotal)", "return taken", "tests/property/test_pricing.py::a_coupon",
        name="a coupon takes off no more than there is",
    ),
    edited(
        "orders.services.paid:_carry_on", "if order.state != Order.State.AWAITING_PAYMENT:", "if False:", f"{WALLET}::after_the_order_was",
        name="money for an order that ended is credit",
    ),
    edited(
        "orders.services.paid:_falls_short", "return payment.received < payment.amount and", "return False and",
        f"{GATEWAY}::less_than_an_order_costs", name="less than an order costs does not pay it",
    ),
    edited(
        "invoices.services.held:Bound.is_passed_by", "return bool(", "return False and bool(", f"{MONTH_END}::far_above",
        name="a bill far above the usual waits for staff",
    ),
    edited(
        "payments.services.gateway:open_attempt", "beside + (amount if way.linked else 0)", "amount if way.linked else 0",
        f"{ACTIONS}key_limits.py::beside_a_top_up", name="what the wallet gives beside a top-up is spent by the key",
    ),
    edited(
        "payments.services.outcomes:judge", "replace(actor, key=None)", "actor", f"{ACTIONS}key_limits.py::count_once",
        name="what a key began counts once",
    ),
    edited(
        "payments.services.settle:refund_credit_note", "    collect_debts(note.customer_id, at=at)\n", "",
        f"{ACTIONS}taken_back.py::of_a_deleted_server", name="what comes back pays what is owed first",
    ),
    edited(
        "payments.services.statements:_may_be_known", "if transfer.account != ACCOUNT:", "if False:",
        f"{ACTIONS}transfers_by_reference.py::nobody_was_asked", name="money on another account waits for a person",
    ),
    edited(
        "invoices.services.questions:question_line", "if Question.objects.filter(line=line).exists():", "if False:",
        f"{ACTIONS}questions.py::is_not_questioned_again", name="a line is questioned once",
    ),
)  # fmt: skip
