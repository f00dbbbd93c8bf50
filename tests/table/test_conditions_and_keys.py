"""Conditions and keys that no story attacks by itself: what meets each of them, and what breaks it."""

from __future__ import annotations

import pytest

from tests.owner import around_all_guards
from tests.table.attack import MARKS, refused, run
from tests.table.rows import only, put

pytestmark = MARKS
CONDITIONS: dict[str, tuple[str, dict[str, str], list[dict[str, str]]]] = {
    "there_is_one_clock": ("billing_portal_clock", {"id": "1"}, [{"id": "2"}]),
    "the_clock_is_never_behind": (
        "billing_portal_clock",
        {"ahead_by": "interval '0'"},
        [{"ahead_by": "interval '-1 s'"}],
    ),
    "a_move_goes_forward": (
        "billing_portal_clockmove",
        {"from_instant": "now()", "to_instant": "now() + interval '1 s'"},
        [{"to_instant": "now()"}],
    ),
    "a_finding_was_seen_since_it_was_found": (
        "billing_portal_finding",
        {"found_at": "now()", "seen_at": "now()"},
        [{"seen_at": "now() - interval '1 s'"}],
    ),
    "a_transfer_on_behalf_names_its_request": (
        "payments_expectedtransfer",
        {"payable": "'top_up'", "request_id": "NULL"},
        [{"payable": "'behalf:1'"}, {"request_id": "gen_random_uuid()"}],
    ),
    "an_expected_amount_is_sane": (
        "payments_expectedtransfer",
        {"amount": "1"},
        [{"amount": "0"}, {"amount": "1000000000001"}],
    ),
    "a_transfer_for_an_order_names_it": (
        "payments_expectedtransfer",
        {"kind": "'order'", "order_id": "gen_random_uuid()"},
        [{"order_id": "NULL"}, {"kind": "'top_up'"}],
    ),
    "a_claimed_amount_is_sane": (
        "payments_transferclaim",
        {"amount": "1"},
        [{"amount": "0"}, {"amount": "1000000000001"}],
    ),
    "a_claim_is_open_found_or_refused": (
        "payments_transferclaim",
        {"state": "'open'", "answered_at": "NULL", "transfer_id": "NULL"},
        [{"answered_at": "now()"}, {"state": "'found'"}, {"state": "'refused'"}, {"transfer_id": "1"}],
    ),
    "payment_amount_is_sane": ("payments_payment", {"amount": "1"}, [{"amount": "0"}, {"amount": "1000000000001"}]),
    "promotional_part_is_part_of_it": (
        "payments_payment",
        {"amount": "5", "promotional": "5"},
        [{"promotional": "6"}, {"promotional": "-1"}],
    ),
    "no_more_is_taken_back_than_came": (
        "payments_payment",
        {"amount": "5", "captured": "4", "taken_back": "4"},
        [{"taken_back": "5"}, {"taken_back": "-1"}],
    ),
    "no_more_goes_back_than_came": (
        "payments_payment",
        {"amount": "5", "captured": "4", "to_source": "4"},
        [{"to_source": "5"}, {"to_source": "-1"}],
    ),
    "what_succeeded_is_neither_held_nor_asked_about": (
        "payments_payment",
        {"state": "'succeeded'", "check_at": "NULL", "held": "''"},
        [{"check_at": "now()"}, {"held": "'doubtful'"}],
    ),
    "a_gateway_payment_names_its_gateway": (
        "payments_payment",
        {"means": "'gateway'", "gateway": "'g'"},
        [{"gateway": "''"}],
    ),
    "what_is_taken_back_comes_from_somewhere": (
        "payments_reversal",
        {"amount": "6", "from_credit": "1", "reopened": "2", "debt": "3"},
        [{"amount": "7"}, {"from_credit": "-1", "debt": "5"}, {"reopened": "-1", "debt": "6"}],
    ),
    "a_refund_returns_an_amount": ("payments_refund", {"amount": "1"}, [{"amount": "0"}, {"amount": "1000000000001"}]),
    "two_amounts_differ": (
        "payments_reconciliationcase",
        {"kind": "'amount'", "ours": "1", "theirs": "2"},
        [{"theirs": "1"}, {"theirs": "NULL"}, {"ours": "NULL"}],
    ),
    "held_money_is_not_negative": ("ledger_account", {"held": "0"}, [{"held": "-1"}]),
    "what_is_left_is_part_of_it": ("ledger_grant", {"amount": "5", "rest": "5"}, [{"rest": "6"}, {"rest": "-1"}]),
    "a_use_takes_or_puts_back": (
        "ledger_grantuse",
        {"amount": "1", "origin_id": "NULL"},
        [{"amount": "0"}, {"amount": "-1"}, {"origin_id": "1"}],
    ),
    "refunds_come_from_credit_and_payments": (
        "invoices_invoice",
        {"refunded": "2", "credited": "2", "paid": "2"},
        [{"credited": "1"}, {"paid": "1"}, {"refunded": "-1"}],
    ),
    "credit_is_capped_by_the_total": (
        "invoices_invoice",
        {"total": "5", "credited": "5"},
        [{"credited": "6"}, {"credited": "-1"}],
    ),
    "line_total_is_amount_and_tax_on_top": (
        "invoices_invoiceline",
        {"includes_vat": "FALSE", "amount": "10", "tax": "1", "total": "11"},
        [{"total": "10"}, {"includes_vat": "TRUE"}],
    ),
    "who_fails_has_failed_since_and_rests": (
        "lifecycle_deliverychannel",
        {"failing_since": "now()", "failures": "1", "rests_until": "now()"},
        [
            {"failures": "0"},
            {"rests_until": "NULL"},
            {"rests_until": "now() - interval '1 s'"},
            {"failing_since": "NULL"},
        ],
    ),
    "resource_state_is_known": ("lifecycle_resource", {"state": "'stop'"}, [{"state": "'gone'"}]),
    "a_stage_of_the_end_lasts_90_days_at_most": (
        "catalog_product",
        {"grace_days": "90", "days_in_trash_after_expiry": "90", "days_in_trash_after_deletion": "90"},
        [{"grace_days": "91"}, {"days_in_trash_after_expiry": "91"}, {"days_in_trash_after_deletion": "91"}],
    ),
    "a_product_is_of_a_kind_that_focus_knows": (
        "catalog_product",
        {"service_subcategory": "'Caching'"},
        [{"service_subcategory": "'Gardening'"}],
    ),
    "what_lacks_credit_stops_a_day_after_it_was_told_or_later": (
        "catalog_product",
        {"days_without_credit": "90"},
        [{"days_without_credit": "0"}, {"days_without_credit": "91"}],
    ),
    "late_renewal_is_a_known_policy": ("catalog_product", {"late_renewal": "'grace'"}, [{"late_renewal": "'never'"}]),
    "each_customer_can_use_a_coupon": (
        "catalog_coupon",
        {"maximum_uses_per_customer": "1"},
        [{"maximum_uses_per_customer": "0"}],
    ),
    "coupon_starts_before_it_ends": (
        "catalog_coupon",
        {"valid_from": "now()", "valid_until": "now()"},
        [{"valid_until": "now() - interval '1 s'"}],
    ),
    "discount_starts_before_it_ends": (
        "catalog_discount",
        {"valid_from": "now()", "valid_until": "now()"},
        [{"valid_until": "now() - interval '1 s'"}],
    ),
    "each_tier_has_its_price": (
        "catalog_price",
        {"tier_from": "'{1,2}'", "tier_prices": "'{3,4}'"},
        [{"tier_prices": "'{3}'"}, {"tier_from": "'{1}'"}],
    ),
    "price_starts_before_it_ends": (
        "catalog_price",
        {"valid_from": "now()", "valid_until": "now()"},
        [{"valid_until": "now() - interval '1 s'"}],
    ),
    "what_is_given_up_is_something": (
        "team_closing",
        {"gives_up": "1"},
        [{"gives_up": "0"}, {"gives_up": "1000000000001"}],
    ),
    "an_invitation_is_accepted_by_somebody_or_withdrawn": (
        "team_invitation",
        {"accepted_at": "now()", "accepted_by_id": "1", "withdrawn_at": "NULL"},
        [{"accepted_by_id": "NULL"}, {"withdrawn_at": "now()"}, {"accepted_at": "NULL"}],
    ),
    "an_invitation_is_accepted_in_time": (
        "team_invitation",
        {"accepted_at": "now()", "sent_at": "now() - interval '7 days' + interval '1 s'"},
        [{"sent_at": "now() - interval '7 days'"}],
    ),
    "an_invitation_is_sent_after_it_was_asked_for": (
        "team_invitation",
        {"asked_at": "now()", "sent_at": "now()", "times": "1"},
        [{"sent_at": "now() - interval '1 s'"}, {"times": "0"}],
    ),
    "an_address_changes_when_both_have_confirmed": (
        "door_addresschange",
        {"done_at": "now()", "former_at": "now()", "new_at": "now()", "ended_at": "NULL"},
        [{"former_at": "NULL"}, {"new_at": "NULL"}, {"ended_at": "now()"}],
    ),
    "a_company_that_signs_up_has_a_tax_code": (
        "door_signup",
        {"kind": "'company'", "tax_code": "'1'"},
        [{"tax_code": "''"}],
    ),
    "an_agreement_names_a_version": ("door_agreement", {"version": "'1'"}, [{"version": "''"}]),
    "customer_billing_mode_is_known": (
        "accounts_customer",
        {"billing_mode": "'prepaid'"},
        [{"billing_mode": "'never'"}],
    ),
    "sessions_of_a_customer_last_a_while_and_end": (
        "accounts_customer",
        {"idle_minutes": "5", "session_hours": "168"},
        [{"idle_minutes": "4"}, {"idle_minutes": "1441"}, {"session_hours": "0"}, {"session_hours": "169"}],
    ),
    "a_key_carries_rights_that_keys_may_carry": (
        "accounts_customerkey",
        {"carries": "'{pay}'"},
        [{"carries": "'{pay,everything}'"}],
    ),
    "a_keys_daily_limit_is_sane": (
        "accounts_customerkey",
        {"daily_limit": "1"},
        [{"daily_limit": "0"}, {"daily_limit": "1000000000001"}],
    ),
    "a_key_expires_after_it_was_made": (
        "accounts_customerkey",
        {"created_at": "now()", "expires_at": "now() + interval '1 s'"},
        [{"expires_at": "now()"}],
    ),
    "an_order_is_taxed_when_it_is_paid_or_was_just_before": (
        "orders_order",
        {"created_at": "now() - interval '1 h'", "taxed_at": "now() - interval '1 s'", "paid_at": "now()"},
        [{"taxed_at": "now() + interval '1 s'"}, {"taxed_at": "now() - interval '2 h'"}],
    ),
}
"""Condition -> its table, what meets it, and changes each of which breaks it. Others stand with the story that they belong to."""


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_is_asked(name: str) -> None:
    table, meets, breaks = CONDITIONS[name]
    with around_all_guards():
        only(table, name)
        put(table, **meets)
        run(f"DELETE FROM {table}")
        for change in breaks:
            with refused(name):
                put(table, **(meets | change))


ONE = "'00000000-0000-4000-8000-000000000042'"
KEYS: dict[str, tuple[str, dict[str, str]]] = {
    "one_move_at_a_time": ("billing_portal_clockmove", {"state": "'running'"}),
    "a_finding_is_open_once": ("billing_portal_finding", {}),
    "one_item_per_position": ("orders_orderitem", {"order_id": ONE}),
    "one_automatic_charge_per_purpose": (
        "payments_automaticcharge",
        {"customer_id": ONE},
    ),
    "one_transfer_is_expected_per_payable": (
        "payments_expectedtransfer",
        {"customer_id": ONE},
    ),
    "a_transfer_is_known_once_per_account": ("payments_banktransfer", {}),
    "a_transfer_is_claimed_once_at_a_time": (
        "payments_transferclaim",
        {"customer_id": ONE, "state": "'open'"},
    ),
    "a_refund_is_asked_for_under_its_own_reference": ("payments_refund", {}),
    "a_payment_is_missing_once": (
        "payments_reconciliationcase",
        {"payment_id": ONE},
    ),
    "a_transfer_is_missing_once": ("payments_reconciliationcase", {"transfer_id": "1"}),
    "a_refund_is_missing_once_each_way": (
        "payments_reconciliationcase",
        {"refund_id": ONE},
    ),
    "a_grant_has_its_own_id": ("ledger_grant", {"key": ONE}),
    "one_counter_per_series_and_year": ("invoices_numberseries", {}),
    "one_line_per_position": ("invoices_invoiceline", {"invoice_id": ONE}),
    "credit_note_number_is_unique": ("invoices_creditnote", {}),
    "a_credit_note_says_a_rate_once": ("invoices_creditedpart", {"credit_note_id": ONE}),
    "one_chunk_per_run_and_range": ("invoices_billingchunk", {"first": ONE}),
    "what_is_held_of_a_month_is_held_once": (
        "invoices_parkedbilling",
        {"customer_id": ONE},
    ),
    "item_code_is_unique_in_its_product": ("catalog_item", {"product_id": ONE}),
    "an_account_closes_once": (
        "team_closing",
        {"customer_id": ONE, "state": "'waiting'"},
    ),
    "one_undecided_invitation_per_customer_and_address": (
        "team_invitation",
        {"customer_id": ONE},
    ),
    "one_change_of_address_at_a_time": ("door_addresschange", {}),
    "one_agreement_per_user_and_version": ("door_agreement", {}),
    "one_letter_per_kind_event_recipient": ("notifications_letter", {"event": "'e'"}),
    "one_user_per_mail_address_however_written": ("accounts_user", {}),
    "a_key_spends_once_a_day": ("accounts_keyspending", {"key_id": ONE}),
    "a_row_is_sealed_once": ("accounts_seal", {"number": "(random() * 1000000000)::bigint"}),
}
"""Key -> its table, and what two rows that it does not let stand beside each other have in common."""


@pytest.mark.parametrize("name", KEYS)
def test_a_key_is_asked(name: str) -> None:
    table, common = KEYS[name]
    with around_all_guards():
        only(table, name)
        run(f"DELETE FROM {table}")
        put(table, **common)
        with refused(name):
            put(table, **common)
