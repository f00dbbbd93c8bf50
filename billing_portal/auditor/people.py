"""
Claims about what people did: each leaves an entry in the audit trail, at the instant that the row says.

Rows know when something was done to them, and entries are sealed; so what was written around the services is found by the entry
that lacks. What lies back longer was found in its time.
"""

from __future__ import annotations

from accounts.audit import Verb
from billing_portal.audit import Did as DidHere
from billing_portal.auditor.claim import Claim
from invoices.audit import Did as DidInvoice
from payments.audit import Did as DidPay

DAYS = 60
ANY = "TRUE"
"""Whatever was done at that instant: the act says it by its own verb."""


def _verbs(*verbs: Verb) -> str:
    names = ", ".join(f"'{verb.value}'" for verb in verbs)
    return f"a.verb IN ({names})"


def _told(label: str, at: str, table: str, verbs: str, *, where: str = "TRUE", customer: str = "t.customer_id") -> str:
    """The rows of which no entry tells; of a customer, or of nobody's."""
    of, same = (
        (f":of({customer})", f":of(a.customer_id) AND a.customer_id = {customer}") if customer else ("TRUE", "TRUE")
    )
    return f"""
        SELECT {label}, {customer or "NULL::uuid"} FROM {table} t
        WHERE {of} AND {at} > %(at)s - interval '{DAYS} days' AND {where}
            AND NOT EXISTS (SELECT FROM accounts_auditentry a WHERE {same} AND a.at = {at} AND {verbs})
    """


ASKED = "t.state NOT IN ('to_review', 'reviewed')"
"""What a page does and leaves to review has its entry a moment before."""
ACTS = "t.act || ' ' || t.id"
REVERSAL = "'taken back ' || t.reference"

PEOPLE = (
    Claim(
        "what people did for a customer is in the audit trail",
        " UNION ALL ".join(
            (
                _told(ACTS, "t.asked_at", "accounts_staffact", ANY, where=f"t.customer_id IS NOT NULL AND {ASKED}"),
                _told(REVERSAL, "t.at", "payments_reversal", _verbs(DidPay.TAKE_BACK)),
                _told(
                    REVERSAL,
                    "t.closed_at",
                    "payments_reversal",
                    _verbs(DidPay.CLOSE_CASE, DidPay.GIVE_BACK, DidPay.TAKE_BACK),
                ),
                _told("t.kind", "t.at", "invoices_hold", _verbs(DidInvoice.PLACE_HOLD)),
                _told("t.kind", "t.ended_at", "invoices_hold", _verbs(DidInvoice.END_HOLD, DidInvoice.PLACE_HOLD)),
                _told(
                    "'question ' || t.id",
                    "t.answered_at",
                    "invoices_question",
                    _verbs(DidInvoice.EXPLAIN_LINE, DidPay.CORRECT_INVOICE),
                ),
                _told(
                    "'claimed transfer ' || t.id",
                    "t.answered_at",
                    "payments_transferclaim",
                    _verbs(DidPay.FIND_CLAIM, DidPay.REFUSE_CLAIM),
                ),
            )
        ),
    ),
    Claim(
        "what people did to what is no customer's is in the audit trail",
        " UNION ALL ".join(
            (
                _told(
                    ACTS,
                    "t.asked_at",
                    "accounts_staffact",
                    ANY,
                    where=f"t.customer_id IS NULL AND {ASKED}",
                    customer="",
                ),
                _told(
                    "'sent back ' || t.id",
                    "t.at",
                    "payments_sentback",
                    _verbs(DidPay.SEND_BACK),
                    customer="",
                ),
                _told(
                    "'difference ' || t.id",
                    "t.resolved_at",
                    "payments_reconciliationcase",
                    _verbs(DidPay.EXPLAIN_DIFFERENCE, DidPay.TAKE_INTO_SUSPENSE),
                    where="t.resolution IN ('explained', 'suspense')",
                    customer="",
                ),
                _told("'recount ' || t.id", "t.at", "billing_portal_recount", _verbs(DidHere.RECOUNT), customer=""),
            )
        ),
    ),
)
