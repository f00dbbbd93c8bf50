"""The guards that are taken away, and who is to notice."""

from __future__ import annotations

from tests.sabotage.rules import RULES
from tests.sabotage.ways import Guard, constraint, refused_right, trigger

STONE = "tests/table/test_written_in_stone.py"
LEDGER = "tests/table/test_ledger.py"
ONE = "tests/table/test_of_one_customer.py"
CAME_IN = "tests/table/test_what_came_in.py"
BILLED = "tests/table/test_billed_time.py"
USE = "tests/table/test_lines_of_use.py"
ORDERED = "tests/table/test_coupons_and_orders.py"
MACHINES = "tests/table/test_other_machines.py"
RESOURCE = "tests/table/test_resource_machine.py"
ONCE = "tests/table/test_once.py"
CREDITED = "tests/table/test_credited_parts.py"
RATES = "tests/table/test_rates.py"
CLOSING = "tests/table/test_closings.py"
SEALS = "tests/jobs/test_seals.py"
REVERSALS = "tests/table/test_reversals.py"
FOR_USE = "tests/table/test_holds_for_use.py"
POC = "tests/table/test_poc_credit.py"

MONEY = (
    trigger("ledger_entry", "append_only", f"{STONE}::append_only"),
    trigger("ledger_entry", "transactions_sum_to_zero", LEDGER),
    trigger("ledger_entry", "moves_the_balance", LEDGER),
    trigger("ledger_transaction", "append_only", f"{STONE}::append_only"),
    trigger("ledger_transaction", "has_entries", LEDGER),
    trigger("ledger_account", "never_deleted", f"{STONE}::never_vanish"),
    trigger("ledger_account", "stays_what_it_is", LEDGER),
    trigger("ledger_account", "only_entries_move_the_balance", LEDGER),
    trigger("ledger_account", "starts_empty", LEDGER),
    constraint("ledger_account", "a_wallet_is_never_negative", LEDGER),
    trigger("ledger_account", "only_holds_move_what_is_held", f"{LEDGER}::a_hold_stays"),
    trigger("ledger_credithold", "holds_what_is_placed", f"{LEDGER}::held_money"),
    trigger("ledger_credithold", "frees_what_has_ended", f"{LEDGER}::ends_once"),
    trigger("ledger_credithold", "ends_once", f"{LEDGER}::ends_once"),
    trigger("ledger_credithold", "is_what_was_kept", f"{LEDGER}::a_hold_stays"),
    constraint("ledger_credithold", "one_open_hold_of_each_source", LEDGER),
    trigger("payments_usagehold", "says_what_its_hold_is_for", FOR_USE),
    trigger("payments_usagehold", "append_only", f"{STONE}::append_only"),
    constraint("ledger_transaction", "one_fact_is_posted_once", LEDGER),
    constraint("ledger_entry", "entry_amount_is_sane", LEDGER),
    constraint("ledger_grant", "a_grant_gives_something", f"{ONCE}::grant"),
    constraint("ledger_grant", "poc_credit_says_for_what_and_from_when", f"{POC}::says_for_what"),
    trigger("ledger_grant", "is_stopped_once", f"{POC}::stopped_once"),
    trigger("ledger_transaction", "poc_credit_stays_poc_credit", POC),
    trigger("payments_poctime", "poc_time_is_paid_by_its_grant", POC),
    trigger("payments_poctime", "poc_time_is_not_billed", f"{POC}::does_not_pay"),
    trigger("payments_poctime", "poc_time_is_what_was_paid", f"{POC}::only_shrinks"),
    trigger("payments_poctime", "poc_time_only_shrinks", f"{POC}::only_shrinks"),
    trigger("invoices_invoice", "bills_no_poc_time", f"{POC}::is_not_billed"),
    constraint("payments_poctime", "no_minute_is_paid_twice_with_poc_credit", f"{POC}::paid_twice"),
    constraint("payments_poctime", "poc_time_returns_no_more_than_it_cost", f"{POC}::only_shrinks"),
    trigger("payments_payment", "is_what_was_attempted", f"{STONE}::what_was_attempted"),
    trigger("payments_payment", "what_was_received_stands", CAME_IN),
    trigger("payments_payment", "what_went_back_stays_back", CAME_IN),
    trigger("payments_payment", "came_in_once", f"{CAME_IN}::came_in_once_is"),
    trigger("payments_payment", "only_allocations_give_it_away", "tests/table/test_given_away.py"),
    trigger("payments_payment", "only_reversals_take_it", f"{REVERSALS}::adds_up"),
    trigger("payments_payment", "nothing_of_it_is_gone_at_first", "tests/table/test_refunds.py::nothing_is_gone_yet"),
    trigger("payments_payment", "moves_along_its_edges", MACHINES),
    constraint("payments_payment", "a_gateway_says_what_it_received", CAME_IN),
    constraint("payments_payment", "an_attempt_names_what_it_pays", CAME_IN),
    constraint("payments_payment", "one_open_attempt_per_payable", f"{CAME_IN}::by_a_blank"),
    constraint("payments_payment", "one_payment_per_gateway_transaction", ONCE),
    constraint("payments_payment", "payment_reference_is_unique", ONCE),
    constraint("payments_payment", "a_payment_is_spent_once", f"{CAME_IN}::went_back"),
    constraint("payments_gatewaynotice", "one_row_per_gateway_and_words", ONCE),
    trigger("payments_reversal", "counts_in_its_payment", f"{REVERSALS}::adds_up"),
    trigger("payments_reversal", "is_given_back_once", f"{REVERSALS}::closed_and_given_back_once"),
    trigger("payments_allocation", "pays_its_invoice", f"{STONE}::nobody_pays_more"),
    trigger("payments_allocation", "append_only", f"{STONE}::append_only"),
    constraint("payments_allocation", "an_allocation_has_one_source", f"{STONE}::nobody_pays_more"),
)
BILLS = (
    trigger("invoices_invoice", "is_frozen_at_issue", f"{STONE}::column_by_column"),
    trigger("invoices_invoice", "cover_only_shrinks", f"{STONE}::column_by_column"),
    trigger("invoices_invoice", "has_lines", BILLED),
    trigger("invoices_invoice", "lies_in_the_life_of_its_resource", BILLED),
    trigger("invoices_invoice", "born_paid_means_allocated", f"{STONE}::invoice_that_cannot_be"),
    trigger("invoices_invoice", "starts_without_credit", f"{STONE}::invoice_that_cannot_be"),
    trigger(
        "invoices_invoiceline", "lines_add_up_to_their_invoice", f"{BILLED}::billed_twice", f"{STONE}::lines_add_up"
    ),
    trigger("invoices_invoiceline", "taxed_at_their_tax_point", f"{RATES}::another_rate", f"{RATES}::last_minute"),
    trigger("catalog_taxrate", "says_whether_it_reaches_back", f"{RATES}::behind_what_is_taxed"),
    trigger("catalog_taxrate", "append_only", f"{RATES}::stays_as_it_was_entered"),
    trigger("invoices_invoiceline", "append_only", f"{STONE}::append_only"),
    constraint("invoices_invoiceline", "line_amount_follows_from_its_price", f"{STONE}::follow_from_its_columns"),
    constraint("invoices_invoiceline", "line_tax_follows_from_its_rate", f"{STONE}::follow_from_its_columns"),
    constraint("invoices_invoiceline", "line_is_as_long_as_it_says", f"{STONE}::follow_from_its_columns"),
    trigger("invoices_invoiceline", "use_costs_what_its_price_says", f"{USE}::use_costs_what_its_price_says"),
    trigger("invoices_invoiceline", "use_follows_what_was_billed_before", f"{USE}::use_goes_on_from"),
    constraint(
        "invoices_invoiceline", "only_use_goes_on_from_what_was_billed_before", f"{USE}::follow_from_its_columns"
    ),
    constraint("invoices_invoice", "only_use_is_reported_late", f"{USE}::only_use_is_late"),
    trigger("invoices_usetakenback", "append_only", f"{USE}::taken_back_stays"),
    trigger("invoices_creditnote", "is_about_a_line_of_its_invoice", f"{CREDITED}::line_of_another_invoice"),
    trigger("invoices_creditnote", "says_its_rates", f"{CREDITED}::says_no_rates"),
    trigger(
        "invoices_creditedpart",
        "takes_back_what_its_invoice_has",
        f"{CREDITED}::rates_that_its_invoice_has",
        f"{CREDITED}::of_no_rate_more",
    ),
    trigger("invoices_creditedpart", "append_only", f"{CREDITED}::none_is_changed"),
    constraint("invoices_creditedpart", "a_part_takes_something_back", f"{CREDITED}::rates_that_its_invoice_has"),
    trigger("invoices_usetakenback", "takes_back_what_its_line_billed", f"{USE}::taken_back_than"),
    trigger("usage_closedmonth", "only_goes_on", f"{USE}::opened_again"),
    trigger("usage_closedmonth", "is_of_its_month", f"{USE}::opened_again"),
    constraint("invoices_invoice", "usage_is_billed_after_it_happened", BILLED),
    constraint("invoices_invoice", "no_minute_of_a_resource_is_billed_twice", f"{STONE}::invoice_that_cannot_be"),
    constraint("invoices_invoice", "a_period_of_a_resource_is_billed_once", f"{STONE}::invoice_that_cannot_be"),
    constraint("invoices_invoice", "nobody_pays_more_than_is_due", f"{STONE}::nobody_pays_more"),
    constraint("invoices_creditnote", "unused_time_is_credited_by_the_minute", BILLED),
    trigger("invoices_creditnote", "gives_back_what_unused_time_is_worth", f"{BILLED}::no_more"),
    constraint("invoices_invoice", "a_term_saves_what_is_paid_ahead", f"{STONE}::invoice_that_cannot_be"),
    constraint("invoices_invoice", "an_invoice_is_its_resources_customers", f"{ONE}::an_invoice_is_its"),
    constraint("invoices_creditnote", "a_credit_note_is_its_invoices_customers", f"{ONE}::a_credit_note_is_its"),
)
LIVES = (
    trigger("lifecycle_resource", "moves_along_its_edges", RESOURCE),
    trigger("lifecycle_resource", "its_time_in_the_trash_stays", BILLED),
    trigger("lifecycle_resource", "its_time_runs_forward", f"{RESOURCE}::dated", f"{RESOURCE}::the_trash_begins"),
    trigger("lifecycle_resource", "it_goes_to_the_trash_as_its_paid_time_says", f"{RESOURCE}::when_it_goes"),
    trigger("lifecycle_resource", "paid_time_has_been_billed", BILLED),
    trigger("lifecycle_resourceevent", "append_only", f"{STONE}::append_only"),
    trigger(
        "lifecycle_serviceperiod", "only_its_end_changes", f"{STONE}::all_but_its_end", f"{STONE}::but_for_its_end"
    ),
    constraint("lifecycle_resource", "a_running_prepaid_resource_knows_its_end", f"{BILLED}::in_time"),
    constraint("lifecycle_resource", "the_trash_waits_for_ninety_days_at_most", BILLED),
    constraint("lifecycle_resource", "the_trash_keeps_for_ninety_days_at_most", BILLED),
    constraint("lifecycle_resource", "paid_time_begins_with_its_service", BILLED),
    constraint("lifecycle_serviceperiod", "service_periods_of_a_resource_never_overlap", f"{RESOURCE}::never_overlap"),
    constraint("lifecycle_provisioningrequest", "one_unanswered_request_per_resource", ONCE),
    constraint("lifecycle_provisioningrequest", "an_expected_answer_has_a_deadline", ONCE),
    trigger("orders_order", "is_what_was_ordered", ORDERED),
    trigger("orders_order", "is_paid_once", ORDERED),
    trigger("orders_orderitem", "is_what_was_agreed", ORDERED),
    trigger("orders_orderitem", "items_add_up_to_their_order", ORDERED),
    constraint("orders_order", "one_order_per_customer_and_key", ONCE),
    constraint("orders_order", "an_order_total_is_not_negative", ONCE),
    constraint("orders_order", "an_order_is_paid_by_its_customer", f"{ONE}::an_order_is_paid"),
    constraint("orders_orderitem", "one_open_order_per_resource", f"{MACHINES}::one_open_order"),
    trigger("catalog_redemption", "takes_a_use", ORDERED),
    trigger("catalog_redemption", "gives_its_use_back", ORDERED),
    trigger("catalog_redemption", "moves_along_its_edges", ORDERED),
    trigger("catalog_redemption", "takes_off_what_the_order_says", ORDERED),
    trigger("catalog_redemption", "is_used_while_the_order_stands", ORDERED),
    trigger("catalog_price", "only_its_end_changes", f"{STONE}::all_but_its_end", f"{STONE}::but_for_its_end"),
)
PEOPLE = (
    trigger("accounts_customer", "only_a_switch_changes_the_mode", ORDERED),
    trigger("accounts_billingmodeswitch", "switches_its_customer", ORDERED),
    trigger("accounts_billingmodeswitch", "is_decided_as_it_was_asked_for", ORDERED),
    trigger("accounts_staffact", "people_are_staff", f"{STONE}::second_person"),
    trigger("accounts_staffact", "is_decided_once", f"{STONE}::second_person"),
    constraint("accounts_staffact", "nobody_is_their_own_second_person", f"{STONE}::second_person"),
    trigger("accounts_auditentry", "append_only", f"{STONE}::append_only"),
    trigger("accounts_auditentry", "is_sealed", f"{SEALS}::links_of_one_chain"),
    constraint("accounts_idempotencykey", "one_answer_per_principal_and_key", ONCE),
    constraint("notifications_notice", "one_notice_per_kind_event_recipient", ONCE),
    refused_right("ledger_account", "DELETE", "tests/table/test_rights.py"),
    refused_right("ledger_entry", "UPDATE", "tests/table/test_rights.py"),
    refused_right("invoices_invoice", "TRUNCATE", "tests/table/test_rights.py"),
)
TEAM = (
    trigger("accounts_membership", "an_owner_stays", "tests/table/test_memberships.py::last_owner"),
    trigger("accounts_membership", "staff_are_no_members", "tests/table/test_memberships.py::staff"),
    trigger("accounts_user", "a_member_is_no_staff", "tests/table/test_memberships.py::staff"),
    trigger("accounts_membership", "is_of_one_person_and_customer", "tests/table/test_memberships.py::somebody_else"),
    constraint("accounts_membership", "one_membership_per_user_and_customer", "tests/table/test_memberships.py::twice"),
    trigger("accounts_customer", "only_its_closing_closes_it", f"{CLOSING}::only_its_closing"),
    trigger("accounts_customer", "stays_nameless_when_closed", f"{CLOSING}::do_not_come_back"),
    trigger("accounts_user", "stays_forgotten", f"{CLOSING}::stays_so"),
    trigger("orders_order", "a_closed_account_opens_nothing", f"{CLOSING}::nothing_opens"),
    trigger("payments_payment", "a_closed_account_opens_nothing", f"{CLOSING}::nothing_opens"),
    trigger("notifications_notice", "is_kept_until_the_account_closes", f"{CLOSING}::notices_are_kept"),
    trigger("notifications_notice", "nobody_is_told_without_an_address", f"{CLOSING}::notices_are_kept"),
    constraint("team_closing", "an_account_closes_in_its_time", f"{CLOSING}::three_days"),
    trigger("accounts_keyspending", "stays_within_the_limit", "tests/actions/test_key_limits.py::database"),
    trigger("accounts_customerkey", "is_what_was_made", "tests/actions/test_key_limits.py::database"),
    trigger("team_invitation", "stays_as_it_was_asked", "tests/portal/test_team.py::written_past_us"),
    trigger("team_invitation", "is_decided_once", "tests/portal/test_team.py::written_past_us"),
    constraint("team_invitation", "an_invitation_is_accepted_in_time", "tests/portal/test_team.py::written_past_us"),
)
BY_PROVIDER = "tests/table/test_providers.py"
DOOR = (
    trigger("accounts_identity", "is_of_a_member_and_no_staff", f"{BY_PROVIDER}::nobody_else"),
    trigger("accounts_identity", "is_bound_for_good", f"{BY_PROVIDER}::for_good"),
    constraint("accounts_identity", "a_subject_of_a_provider_is_one_user", f"{BY_PROVIDER}::for_good"),
    trigger("accounts_provider", "is_as_it_was_tried", f"{BY_PROVIDER}::what_was_tried"),
    constraint("accounts_provider", "a_provider_is_tried_before_it_is_on", f"{BY_PROVIDER}::nobody_has_tried"),
    constraint("accounts_providerdomain", "a_confirmed_domain_is_of_one_provider", f"{BY_PROVIDER}::confirmed_domain"),
    trigger("accounts_providerdomain", "is_confirmed_once", f"{BY_PROVIDER}::confirmed_domain"),
)
GUARDS: tuple[Guard, ...] = (*MONEY, *BILLS, *TEAM, *DOOR, *LIVES, *PEOPLE, *RULES)
