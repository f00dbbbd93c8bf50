"""The guards that stand in code, and who is to notice: line by line, so that a list and its code cannot drift apart."""

from __future__ import annotations

from tests.sabotage.ways import Guard, code, edited, words

ACTIONS, TABLE = "tests/actions/test_", "tests/table/test_"
HELD, MEANWHILE, INSTANT = f"{ACTIONS}what_is_held.py", f"{ACTIONS}meanwhile.py", f"{ACTIONS}at_the_last_instant.py"
COUPONS, ORDERS, NOTICES = f"{ACTIONS}coupon_rules.py", f"{ACTIONS}quotes_and_orders.py", f"{ACTIONS}gateway_notices.py"
GATEWAY, CREATE, WALLET = f"{ACTIONS}gateway_money.py", f"{ACTIONS}create.py", f"{ACTIONS}wallet.py"
CHARGES, MONTH_END, RENEWAL = f"{ACTIONS}automatic_charges.py", f"{ACTIONS}month_end.py", f"{ACTIONS}auto_renew.py"
IDEMPOTENCY, KEYS, TWO = "tests/api/test_idempotency.py", "tests/api/test_keys.py", "tests/admin/test_four_eyes.py"
LEDGER = f"{TABLE}ledger.py"

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
        "orders.services.checkout:place_order", "if Order.objects.filter(quote=quote).exists():", "if False:",
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
        "payments.services.gateway:open_attempt", "if Payment.objects.open().filter(customer=customer, payable=payable).exists():",
        "if False:", f"{CHARGES}::while_one_is_open", "tests/races/test_starting_payments.py",
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
        "payments.services.automatic:_top_up", "if _times_today(charge, at) >= settings.AUTOMATIC_TOP_UPS_A_DAY:", "if False:",
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
)  # fmt: skip
TIME = (
    words(
        "lifecycle.services.sweeps:TIME_IN_THE_TRASH_IS_OVER", "purge_at <= %(at)s", "purge_at <= %(at)s + interval '1 minute'",
        f"{INSTANT}::nothing_is_deleted", name="nothing is purged a minute early",
    ),
    words(
        "lifecycle.services.sweeps:TIME_IN_THE_TRASH_IS_OVER", "purge_at <= %(at)s", "purge_at < %(at)s",
        f"{INSTANT}::nothing_is_deleted", name="what is over is purged at its instant",
    ),
    words(
        "lifecycle.services.sweeps:PAID_TIME_IS_OVER", "suspend_at <= %(at)s", "suspend_at <= %(at)s + interval '1 minute'",
        f"{INSTANT}::to_its_last_second", name="paid time is served to its end",
    ),
    words(
        "lifecycle.services.sweeps:EXPIRE", "days_in_trash_after_expiry", "days_in_trash_after_deletion",
        f"{INSTANT}::to_its_last_second", name="what expired is kept as expired resources are",
    ),
    edited(
        "lifecycle.services.trash:remove_resource", "days_in_trash_after_deletion", "days_in_trash_after_expiry",
        f"{INSTANT}::kept_as_long", name="what was deleted is kept as deleted resources are",
    ),
    edited(
        "lifecycle.models.resource:Resource.is_recoverable", "at < self.purge_at", "at <= self.purge_at",
        f"{INSTANT}::too_late", f"{ACTIONS}over_and_late.py::quoted_in_time", name="nothing comes back at the instant of its purge",
    ),
    edited(
        "orders.services.stories.recover:Recover.refusal", "return None if resource.is_recoverable(at) else NotRecoverable", "return None",
        f"{INSTANT}::too_late", name="a recovery that is paid too late gives the money back",
    ),
    edited(
        "orders.services.stories.renew:Renew.refusal", "if resource.paid_until != part.period.starts_at:", "if False:",
        f"{MEANWHILE}::the_end_has_moved", name="a renewal begins where the paid time ends",
    ),
    edited(
        "orders.services.stories.resize:Resize.refusal", "if resource.paid_until != part.period.ends_at:", "if False:",
        f"{ACTIONS}auto_renew_terms.py::on_the_last_morning", name="a resize ends where the paid time ends",
    ),
    edited(
        "orders.services.stories.resize:Resize.refusal", "return ChargeCorrected if", "return None if",
        f"{MEANWHILE}::was_corrected", name="a resize gives back what is charged by then",
    ),
    edited(
        "orders.services.checkout:place_order", "    refuse_stale(quote, at=at)\n", "", f"{ORDERS}::good_for_fifteen_minutes",
        name="a quote is good for fifteen minutes",
    ),
    edited(
        "invoices.services.month_end:plan_run", "if at < month.period.ends_at:", "if False:", f"{MONTH_END}::only_when_it_is_over",
        name="a month is billed when it is over",
    ),
    edited(
        "catalog.services:find_coupon", "at >= coupon.valid_until", "at > coupon.valid_until", f"{COUPONS}::first_instant",
        name="a coupon ends at its instant",
    ),
    edited(
        "catalog.services:find_coupon", "at < coupon.valid_from", "False", f"{COUPONS}::first_instant",
        name="a coupon begins at its instant",
    ),
)  # fmt: skip
ORDER_OF_THINGS = (
    edited(
        "catalog.services:refuse_used_up", "_uses_of(coupon, customer) >= coupon.maximum_uses_per_customer or", "False or",
        f"{COUPONS}::as_often", name="a coupon is used so often by a customer",
    ),
    edited(
        "catalog.services:reserve_coupon", "    refuse_used_up(Coupon.objects.lock(coupon.pk), customer)\n", "",
        f"{COUPONS}::last_use_is_taken", name="a coupon's last use is looked up when it is taken",
    ),
    edited(
        "catalog.services:refuse_used_up", "coupon.uses >= coupon.maximum_uses", "False", f"{COUPONS}::whoever_used_it",
        name="a coupon is used so often in all",
    ),
    edited(
        "catalog.services:return_coupon", ".exclude(state=Redemption.State.RETURNED)", ".none()", f"{COUPONS}::holds_its_use",
        name="an order that ended gives its coupon back",
    ),
    edited(
        "catalog.services:find_coupon", "if allowed and not", "if False and not", f"{COUPONS}::its_products",
        name="a coupon is for its products",
    ),
    edited(
        "catalog.services:find_coupon", "if subtotal < coupon.minimum_order:", "if False:", f"{COUPONS}::its_products",
        name="a coupon has its minimum order",
    ),
    edited(
        "orders.services.checkout:refuse_open_orders", "if item:", "if False:", f"{ORDERS}::only_one_order",
        name="one order at a time for a resource",
    ),
    edited(
        "orders.services.delete:delete_resource", "    refuse_open_orders([resource])\n", "", f"{MEANWHILE}::while_an_order",
        name="nothing is deleted while an order for it waits",
    ),
    edited(
        "orders.services.delete:delete_resource", "    refuse_while_pending(resource)\n", "", f"{MEANWHILE}::while_a_change",
        name="nothing is deleted while a change is carried out",
    ),
    edited(
        "orders.services.checkout:_hold_resources", "        refuse_while_pending(resource)\n", "", f"{MEANWHILE}::while_a_change",
        name="nothing is ordered while a change is carried out",
    ),
    edited(
        "orders.services.delete:purge_resource", "    refuse_open_orders([resource])\n", "", f"{ACTIONS}over_and_late.py::for_good",
        name="nothing is deleted for good while an order would bring it back",
    ),
    edited(
        "orders.services.offers:compute_offer", "    refuse_blocked(customer.pk, action)\n", "",
        f"{ACTIONS}dunning.py::when_orders_are_blocked", name="who owes too long orders nothing",
    ),
    edited(
        "orders.services.checkout:place_order", "if quote.total > 0 and means not in", "if False and means not in",
        f"{ORDERS}::not_given_away", name="what costs something has a means of payment",
    ),
    edited(
        "orders.services.renewal:due_of", "due.hindrance = ChangePending.code", "pass", f"{RENEWAL}::being_changed",
        name="what is being changed is not renewed by itself",
    ),
    edited(
        "invoices.services.release:release", "if parked.state != ParkedBilling.State.PARKED:", "if False:", f"{MEANWHILE}::released_once",
        name="a bill that was held back is released once",
    ),
    edited(
        "invoices.services.release:release", "if parked.resource_id and", "if False and", f"{ACTIONS}held_back.py::of_one_resource",
        name="of one resource nothing is released while all is held",
    ),
)  # fmt: skip
PEOPLE_AND_RIGHTS = (
    edited(
        "orders.services.checkout:place_order", "pk=quote_id, customer=customer", "pk=quote_id", f"{ORDERS}::the_quote_of_a_stranger",
        name="a quote is its customer's",
    ),
    edited(
        "orders.services.stories.base:own_resources", "customer=customer, ", "", f"{ORDERS}::the_resource_of_a_stranger",
        name="a resource is its customer's",
    ),
    edited(
        "accounts.models.keys:ApiKey.working", "filter(revoked_at=None)", "all()", f"{KEYS}::revoked", name="a revoked key opens nothing",
    ),
    edited(
        "accounts.may:allows", "return any(", "return True or any(", "tests/rights/test_every_address.py::test_each_role",
        name="a right that is missing is missed",
    ),
    edited(
        "accounts.access:portal_page", "if not need:", "if False:", "tests/rights/test_roles.py::test_what_declares_nothing",
        name="what a page does not declare is nobody's",
    ),
    edited(
        "accounts.admin.tasks:task_page", "if not task.may_do(signed_in(request), subject):", "if False:", "tests/admin/test_rights.py",
        name="a task of staff asks for its right",
    ),
    edited(
        "accounts.four_eyes:_decide", "if is_own and state in", "if False and state in", f"{TWO}::another_person_carries_it_out",
        name="nobody approves what they asked for",
    ),
    edited(
        "accounts.four_eyes:is_own_act", "return ", "return False and ", f"{TWO}::under_another_address",
        name="nobody becomes another person by another address",
    ),
    edited(
        "accounts.four_eyes:_is_within_limit", "return done + abs(amount) <= limit", "return True", f"{TWO}::parts_of_a_day",
        name="parts of a day add up to the limit of one person",
    ),
    edited(
        "accounts.four_eyes:_is_within_limit", "return done + abs(amount) <= limit", "return True", f"{TWO}::parts_of_a_day",
        name="above the limit somebody else approves",
    ),
    edited(
        "orders.services.switch:switch_billing_mode", "if what := _differences(", "if what := None and _differences(",
        f"{ACTIONS}switch.py::what_changed_before", name="a switch is carried out as it was rehearsed",
    ),
    edited(
        "orders.services.switch:_refuse", "if open_items:", "if False:", f"{ACTIONS}switch.py::while_orders_are_open",
        name="no switch while orders are open",
    ),
)  # fmt: skip
LOCK = ".select_for_update(no_key=True)"
LOCKS = (
    edited("accounts.models.people:CustomerQuerySet.lock", LOCK, "", f"{HELD}", name="the customer is held"),
    edited("catalog.models.coupons:CouponQuerySet.lock", LOCK, "", f"{HELD}::an_order", name="the coupon is held"),
    edited(
        "lifecycle.models.resource:ResourceQuerySet.lock", '.select_for_update(of=("self",), no_key=True)', "", f"{HELD}::stopping",
        name="the resource is held",
    ),
    edited(
        "lifecycle.models.resource:ResourceQuerySet.lock_all", 'self.select_for_update(of=("self",), no_key=True)', "self",
        f"{HELD}::an_order", name="the resources of an order are held",
    ),
    edited(
        "lifecycle.models.provisioning:ProvisioningRequestQuerySet.lock", '.select_for_update(of=("self",), no_key=True)', "",
        f"{HELD}::an_answer", name="the request to a team is held",
    ),
    edited(
        "orders.models.orders:OrderQuerySet.lock", '.select_for_update(of=("self",), no_key=True)', "", f"{HELD}::a_cancellation",
        name="the order is held",
    ),
    edited(
        "payments.models.attempts:PaymentQuerySet.lock", '.select_for_update(of=("self",), no_key=True)', "", f"{HELD}::news",
        name="the payment is held",
    ),
    edited(
        "invoices.models.documents:InvoiceQuerySet.lock_all", '.select_for_update(of=("self",), no_key=True)', "",
        f"{HELD}::paying_invoices", name="the invoices are held",
    ),
    edited(
        "invoices.services.release:release", '.select_for_update(of=("self",))', "", f"{HELD}::a_release",
        name="a bill that is released is held",
    ),
    edited(
        "invoices.services.month_end:work_on_next_chunk", "BillingChunk.objects.select_for_update(skip_locked=True, no_key=True)",
        "BillingChunk.objects", f"{HELD}::a_month_end", name="a chunk of the month end is claimed",
    ),
    edited(
        "invoices.services.month_end:work_on_next_chunk", "Customer.objects.select_for_update(no_key=True)", "Customer.objects",
        f"{HELD}::a_month_end", name="the customers of a chunk are held",
    ),
    edited(
        "invoices.services.month_end:_plan", "BillingRun.objects.select_for_update()", "BillingRun.objects", f"{HELD}::a_month_end",
        name="a month end is planned once",
    ),
    edited(
        "accounts.four_eyes:_held", LOCK, "", f"{HELD}::a_second_person", name="an act for two is decided once",
    ),
)  # fmt: skip
AUDIT = (
    code(
        "billing_portal.auditor:_park", lambda *_, **__: None, "tests/jobs/test_looks.py::parks_the_customer",
        name="what the auditor finds parks its customer",
    ),
    edited(
        "billing_portal.auditor:_write_down", "Finding.note(", "str(", "tests/jobs/test_looks.py::parks_the_customer",
        name="what the auditor finds is shown to staff",
    ),
    code(
        "billing_portal.auditor:close_the_books", lambda **_: None, "tests/jobs/test_seals.py", name="every night is closed",
    ),
)  # fmt: skip
RULES: tuple[Guard, ...] = (
    *KEYS_LOOKED_UP,
    *OUTSIDE,
    *MONEY_RULES,
    *TIME,
    *ORDER_OF_THINGS,
    *PEOPLE_AND_RIGHTS,
    *LOCKS,
    *AUDIT,
)
