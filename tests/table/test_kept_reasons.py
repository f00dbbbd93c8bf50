"""
No sentence of ours is stored: every column that keeps why something happened is listed here with what stands in it, and what is
a code of ours has words in both languages. A new column of that kind has to be listed.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django.utils.translation import override

from budgets.models import Hit
from invoices.models import CreditNote, ParkedBilling
from kernel.reasons import in_words
from lifecycle.models import Failure, Resource
from lifecycle.services.halts import CAP, CREDIT, DEBT
from notifications.models import MailTrouble
from payments.failures import KEPT, WORDS, failure_words
from payments.models import Payment

ROOT = Path(__file__).resolve().parents[2]
LIKE_A_REASON = ("reason", "failure", "error", "cause", "why", "because", "held", "note")
STAFF, TECHNICAL, NUMBER = "what a member of staff writes", "what a machine says to operators", "no reason"
PAYER = "what whoever paid wrote"

KEPT_REASONS = {
    "lifecycle.ProvisioningRequest.reason": [failure.value for failure in Failure],
    "lifecycle.ResourceEvent.reason": [
        *(failure.value for failure in Failure),
        *(code for halt in (CAP, CREDIT, DEBT) for code in (halt.because, halt.no_more)),
    ],
    "lifecycle.Resource.suspense_reason": Resource.SuspenseReason,
    "orders.OrderItem.reason": [failure.value for failure in Failure],
    "invoices.ParkedBilling.cause": ParkedBilling.Cause,
    "invoices.ParkedBilling.reason": TECHNICAL,  # the code of an item, or an exception
    "invoices.CreditNote.reason": CreditNote.Reason,
    "invoices.CreditNote.note": STAFF,
    "payments.Payment.failure": [*WORDS, *KEPT],
    "payments.AutomaticCharge.failure": [*WORDS],
    "payments.Refund.failure": [*WORDS],
    "payments.LinkedAccount.failure": [*WORDS],
    "payments.Payment.held": Payment.Held,
    "payments.Payment.held_amount": NUMBER,
    "payments.Payment.held_txn_id": TECHNICAL,
    "payments.Reversal.reason": STAFF,
    "payments.ReconciliationCase.reason": STAFF,
    "payments.StatementDay.failure": TECHNICAL,
    "payments.BankTransfer.note": PAYER,
    "payments.TransferClaim.note": PAYER,
    "invoices.DunningStep.note": STAFF,
    "invoices.Hold.reason": STAFF,
    "ledger.Account.held": NUMBER,
    "catalog.Item.least_held": NUMBER,
    "ledger.Grant.reason": STAFF,
    "ledger.Grant.stop_reason": STAFF,
    "accounts.BillingModeSwitch.reason": STAFF,
    "accounts.AuditEntry.reason": STAFF,
    "accounts.StaffAct.reason": STAFF,
    "accounts.StaffAct.decided_because": STAFF,
    "team.Closing.reason": STAFF,
    "billing_portal.ClockMove.reason": STAFF,
    "billing_portal.ClockMove.error": TECHNICAL,
    "billing_portal.JobRun.error": TECHNICAL,
    "billing_portal.JobRun.failures": NUMBER,
    "lifecycle.DeliveryChannel.error": TECHNICAL,
    "lifecycle.DeliveryChannel.failures": NUMBER,
    "budgets.Hit.because": Hit.Why,
    "notifications.Notice.error": TECHNICAL,
    "notifications.Letter.error": TECHNICAL,
    "notifications.MailTrouble.why": MailTrouble.Why,
}


def columns_like_a_reason():
    return {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if Path(model._meta.app_config.path).parent == ROOT and not model._meta.proxy
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField | models.IntegerField)
        and any(word in field.name for word in LIKE_A_REASON)
    }


def test_every_column_that_keeps_a_reason_is_known():
    assert columns_like_a_reason() == set(KEPT_REASONS)


@pytest.mark.parametrize("column", [name for name, kept in KEPT_REASONS.items() if not isinstance(kept, str)])
def test_every_code_of_ours_has_words_in_both_languages(column):
    kept = KEPT_REASONS[column]
    read = failure_words if column.startswith("payments.") else in_words
    said = {}
    for language in ("en", "vi"):
        with override(language):
            said[language] = (
                [read(code) for code in kept]
                if isinstance(kept, list)
                else [str(label) for _code, label in kept.choices]
            )
    codes = kept if isinstance(kept, list) else [code for code, _label in kept.choices]
    for code, english, vietnamese in zip(codes, said["en"], said["vi"], strict=True):
        assert english != vietnamese, f"{column}: {code}"
        assert code not in (vietnamese, ""), f"{column}: {code}"
