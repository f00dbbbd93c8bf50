"""
The guards that are taken away beside those that are found, and who is to notice.

Of the database here stand only what acts where others refuse, what refuses where no attack on the tables comes by, and rights.
"""

from __future__ import annotations

from tests.sabotage.rules import RULES
from tests.sabotage.ways import Guard, constraint, refused_right, trigger

TABLE = "tests/table/test_"
LEDGER, GRANTS, STONE = f"{TABLE}ledger.py", f"{TABLE}grants.py", f"{TABLE}written_in_stone.py"
CLOSINGS, USES, RIGHTS = f"{TABLE}closings.py", f"{TABLE}uses.py", f"{TABLE}rights.py"
SEALS, TOTALS = "tests/jobs/test_seals.py", "tests/portal/test_monthly_totals.py"

ACTS = (
    trigger("ledger_credithold", "frees_what_has_ended", f"{LEDGER}::ends_once"),
    trigger("ledger_grant", "starts_whole", f"{GRANTS}::starts_whole"),
    trigger("ledger_grantuse", "moves_the_rest", f"{GRANTS}::from_what_is_left"),
    trigger("payments_allocation", "pays_its_invoice", f"{STONE}::nobody_pays_more"),
    trigger("payments_payment", "is_given_of_its_transfer", f"{TABLE}transfers.py::what_arrived_and"),
    trigger("invoices_invoice", "totals_gain_what_is_issued", f"{TOTALS}::moves_the_totals"),
    trigger("invoices_invoice", "totals_follow_what_moves", f"{TOTALS}::moves_the_totals"),
    trigger("invoices_creditnote", "credits_its_invoice", f"{TOTALS}::moves_the_totals"),
    trigger("invoices_invoiceline", "has_the_tags_of_its_resource", f"{TABLE}tags.py::says_the_tags"),
    trigger("catalog_taxrate", "says_whether_it_reaches_back", f"{TABLE}rates.py::behind_what_is_taxed"),
    trigger("usage_record", "takes_its_key_for_good", f"{USES}::taken_once"),
    trigger("catalog_redemption", "gives_its_use_back", f"{TABLE}coupons_and_orders.py"),
    trigger("notifications_notice", "is_copied_to_its_recipients", f"{TABLE}recipients.py::copied"),
    trigger("notifications_notice", "nobody_is_told_without_an_address", f"{CLOSINGS}::notices_are_kept"),
    trigger("team_closing", "tells_its_customer", f"{CLOSINGS}::only_its_closing"),
    trigger("accounts_auditentry", "is_sealed", f"{SEALS}::links_of_one_chain"),
    trigger("billing_portal_close", "is_sealed", f"{SEALS}::links_of_one_chain"),
    trigger("billing_portal_recount", "counts_anew", "tests/jobs/test_recount.py::mended"),
)
ELSEWHERE = (
    trigger("accounts_keyspending", "stays_within_the_limit", "tests/actions/test_key_limits.py::database"),
    # the parts of a table refuse by names of their own
    constraint("usage_record", "a_use_is_corrected_once", f"{USES}::corrected_once"),
)
RIGHTS_REFUSED = (
    refused_right("ledger_account", "DELETE", RIGHTS),
    refused_right("ledger_entry", "UPDATE", RIGHTS),
    refused_right("invoices_invoice", "TRUNCATE", RIGHTS),
)
GUARDS: tuple[Guard, ...] = (*ACTS, *ELSEWHERE, *RIGHTS_REFUSED, *RULES)
