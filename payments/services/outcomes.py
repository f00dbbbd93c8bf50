"""
What became of an attempt at a gateway.

Everything that is learned about it (the answer, a notice, a query, staff who looked it up) goes through `record_outcome`: a
fold in which final beats open and success beats everything, so order and repetition do not matter. Whatever the gateway
really received lands in the wallet; what it was meant for (`purposes`) takes it from there in the same transaction.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Customer
from kernel.actors import Actor
from ledger.services import Fact, Kind, post
from notifications.models import Notice
from notifications.services import tell
from payments import gateways
from payments.failures import HELD, REVERSED, REVOKED, UNSETTLED
from payments.gateways.base import Failed, GivenBack, Outcome, Pending, Succeeded, TakenBack, Unknown, Verdict
from payments.models import SETTLED, LinkedAccount, Payment
from payments.services.given_back import book_given_back
from payments.services.links import end_revoked
from payments.services.purposes import purpose_of
from payments.services.reversals import book_reversal, book_taken_back, booked_by_letter, reversal_of, takeable
from payments.services.standing import after_decline, after_success

logger = logging.getLogger(__name__)


TOLD = "told by the gateway"
"""Why it was booked, in the audit trail."""
VERDICTS = {Payment.Held.USED_BEFORE: Verdict.DUPLICATE, Payment.Held.IMPLAUSIBLE: Verdict.WRONG_AMOUNT}
"""What a gateway hears of a success that is not believed."""


def record_outcome(
    payment_id: UUID, outcome: Outcome, *, actor: Actor, at: datetime, looked_up: bool = False
) -> Payment:
    """
    Record what is known about an attempt now and carry on what it pays for; repeating or reordering changes nothing.

    :param looked_up: staff have seen it at the gateway, so an amount that nobody would believe is believed
    """
    payment, _verdict = judge(payment_id, outcome, actor=actor, at=at, looked_up=looked_up)
    return payment


@transaction.atomic
def judge(
    payment_id: UUID, outcome: Outcome, *, actor: Actor, at: datetime, looked_up: bool = False, reason: str = TOLD
) -> tuple[Payment, Verdict]:
    """
    As `record_outcome`, and what we made of it: one judgement, under the lock, both does it and says it.

    What a key spends was counted when it began the attempt: what has moved by now is booked, whatever the key may still spend.
    """
    actor = replace(actor, key=None)
    customer = Customer.objects.lock(Payment.objects.values_list("customer", flat=True).get(pk=payment_id))
    payment = Payment.objects.lock(payment_id)
    payment.customer = customer
    match outcome:
        case Succeeded():
            return payment, _come_in(payment, outcome, looked_up=looked_up, actor=actor, at=at)
        case TakenBack():
            return payment, _taken_back(payment, outcome, reason=reason, actor=actor, at=at)
        case GivenBack():
            return payment, _given_back(payment, outcome, reason=reason, actor=actor, at=at)
        case _ if not payment.is_open:
            if isinstance(outcome, Failed) and _is_news(payment, outcome.code):
                _look_at_account(payment, outcome.code, at=at)
                _note_nothing_taken(payment, outcome)
            return payment, Verdict.DUPLICATE
        case Failed(code=code, message=message):
            _fail(payment, f"{code}: {message}", at=at)
            if code == UNSETTLED:
                payment.held = Payment.Held.UNSETTLED
        case Pending(check_after=wait):
            if payment.state != Payment.State.PROCESSING:
                payment.await_outcome()
            if wait and payment.check_at:
                payment.check_at = max(payment.check_at, at + wait)
        case Unknown(reason=reason):
            if payment.state != Payment.State.UNKNOWN:
                payment.lose_track()
            payment.failure = reason[:200]
    payment.save()
    return payment, Verdict.ACCEPTED


def _come_in(payment: Payment, outcome: Succeeded, *, looked_up: bool, actor: Actor, at: datetime) -> Verdict:
    if payment.state in SETTLED or (_is_reversed(payment, outcome.gateway_txn_id) and not looked_up):
        return Verdict.DUPLICATE
    doubt = _doubt(payment, outcome, looked_up=looked_up)
    if doubt:
        _hold_for_staff(payment, doubt, outcome, at=at)
        return VERDICTS[doubt]
    loss = _loss_of(payment) if _is_reversed(payment, outcome.gateway_txn_id) else None
    _succeed(payment, outcome, actor=actor, at=at)
    if loss:  # what came is gone all the same
        return _taken_back(_as_it_stands(payment), loss, actor=actor, at=at)
    return Verdict.ACCEPTED


def _taken_back(
    payment: Payment, outcome: TakenBack, *, is_won: bool = False, reason: str = TOLD, actor: Actor, at: datetime
) -> Verdict:
    """
    :param is_won: it is given back in the same transaction
    """
    booked = reversal_of(payment, outcome.reference)
    if booked:
        return Verdict.DUPLICATE if booked.amount == outcome.amount else _not_as_booked(payment, outcome)
    if payment.state not in SETTLED:
        if outcome.amount < payment.amount:  # the rest has to come in first
            return Verdict.RETRY_LATER
        _note_reversed(payment, outcome, at=at)
        return Verdict.ACCEPTED
    if not 0 < outcome.amount <= takeable(payment) or booked_by_letter(payment, outcome.amount).exists():
        return _not_as_booked(payment, outcome)
    book = book_reversal if is_won else book_taken_back
    book(payment, outcome.amount, reference=outcome.reference, reason=reason, actor=actor, at=at)
    return Verdict.ACCEPTED


def _given_back(payment: Payment, outcome: GivenBack, *, reason: str, actor: Actor, at: datetime) -> Verdict:
    """It says of itself that the money had come and been taken: what of that nobody had told us is booked with it."""
    reversal = reversal_of(payment, outcome.reference)
    if reversal and reversal.given_back_at:
        return Verdict.DUPLICATE if reversal.given_back == outcome.amount else _not_as_booked(payment, outcome)
    if reversal is None:
        outcome = _of_what_is_noted(payment, outcome)
        if payment.state not in SETTLED and outcome.had_gone < payment.amount:  # the rest has to come in first
            return Verdict.RETRY_LATER
        verdict = _has_come_and_gone(payment, outcome, reason=reason, actor=actor, at=at)
        reversal = reversal_of(payment, outcome.reference)
        if reversal is None:
            return verdict
    if outcome.amount > reversal.amount:
        return _not_as_booked(payment, outcome)
    book_given_back(payment, reversal, outcome.amount, reason=reason, actor=actor, at=at)
    return Verdict.ACCEPTED


def _of_what_is_noted(payment: Payment, won: GivenBack) -> GivenBack:
    """Whoever tells that a part was won need not say of how much, if the loss has been told."""
    loss = _loss_of(payment)
    return replace(won, taken=loss.amount) if loss and loss.reference == won.reference else won


def _not_as_booked(payment: Payment, outcome: TakenBack | GivenBack) -> Verdict:
    """Nothing is booked; the statement tells the same, and it stands there as a difference."""
    logger.error("payment %s cannot be booked like this: %s", payment.pk, outcome)
    return Verdict.WRONG_AMOUNT


def _has_come_and_gone(payment: Payment, outcome: GivenBack, *, reason: str, actor: Actor, at: datetime) -> Verdict:
    if payment.state not in SETTLED:
        transaction = outcome.of or outcome.reference
        if _is_reversed(payment, transaction):
            payment.failure = ""
        came = Succeeded(transaction, outcome.had_gone, outcome.at)
        verdict = _come_in(payment, came, looked_up=False, actor=actor, at=at)
        if verdict != Verdict.ACCEPTED:
            return verdict
        _as_it_stands(payment)
    gone = TakenBack(outcome.reference, outcome.had_gone, outcome.at, of=outcome.of)
    is_won = outcome.amount == outcome.had_gone
    return _taken_back(payment, gone, is_won=is_won, reason=reason, actor=actor, at=at)


def _as_it_stands(payment: Payment) -> Payment:
    """After what it pays for was carried on; its customer is held still."""
    customer = payment.customer
    payment.refresh_from_db()
    payment.customer = customer
    return payment


def _succeed(payment: Payment, outcome: Succeeded, *, actor: Actor, at: datetime) -> None:
    payment.succeed(at=at, collected_at=outcome.at, captured=outcome.amount, gateway_txn_id=outcome.gateway_txn_id)
    payment.save()
    legs = {Kind.GATEWAY: -outcome.amount, Kind.CREDIT: outcome.amount}
    post(Fact.TOP_UP, payment.pk, legs, customer_id=payment.customer_id, at=at, reference=payment.reference)
    tell(
        payment.customer,
        Notice.Kind.PAYMENT_RECEIVED,
        payment.pk,
        at=at,
        amount=outcome.amount,
        account=payment.linked.known_as if payment.linked else "",
        more=max(outcome.amount - payment.amount, 0),
        less=max(payment.amount - outcome.amount, 0),
        payment=str(payment.pk),
        order=str(payment.order_id or ""),
        payer=payment.request.email if payment.request else "",
    )
    if payment.linked:
        after_success(payment)
    purpose_of(payment.payable).carry_on(payment, actor=actor, at=at)


def _fail(payment: Payment, reason: str, *, at: datetime) -> None:
    payment.fail(reason=_kept(reason), at=at)
    if payment.request_id:  # the payer sees it on their page; the customer has done nothing
        return
    again_at = _charge_declined(payment, at=at) if payment.linked else None
    tell(
        payment.customer,
        Notice.Kind.PAYMENT_FAILED,
        payment.pk,
        at=at,
        amount=payment.amount,
        failure=payment.failure,
        account=payment.linked.known_as if payment.linked else "",
        next_try=again_at,
    )


def _charge_declined(payment: Payment, *, at: datetime) -> datetime | None:
    """When a charge of a linked account is tried again by itself, if ever."""
    code = payment.failure.partition(":")[0]
    _look_at_account(payment, code, at=at)
    return after_decline(payment, code, at=at)


def _is_news(payment: Payment, code: str) -> bool:
    """Of a charge that has ended, one way may tell more than another did, or the first word comes after its customer gave it up."""
    if not payment.linked:
        return False
    return payment.state == Payment.State.CANCELLED or (payment.state == Payment.State.FAILED and code == REVOKED)


def _note_nothing_taken(payment: Payment, outcome: Failed) -> None:
    """Of a charge that was given up: from now on it does not count in the limits of its account, see `CHARGED_AS_AGREED`."""
    if payment.state == Payment.State.CANCELLED and not payment.failure and outcome.code != UNSETTLED:
        payment.failure = _kept(f"{outcome.code}: {outcome.message}")[:200]
        payment.save()


def _look_at_account(payment: Payment, code: str, *, at: datetime) -> None:
    """What a decline says of the linked account: one that is over is over at once; any other may be, and is asked about."""
    assert payment.linked
    linked = LinkedAccount.objects.lock(payment.linked.pk)
    if linked.state != LinkedAccount.State.ACTIVE:
        return
    if code == REVOKED:
        end_revoked(linked, at=at)
    else:
        linked.ask_at, linked.asks = at, 0
    linked.save()


def _note_reversed(payment: Payment, gone: TakenBack, *, at: datetime) -> None:
    """
    It was taken back before we ever heard of it, so for us it never came; nor does a late word of its success count. What is noted is
    enough to book it with the success that staff see at the gateway.
    """
    reason = f"{REVERSED}: {gone.of or gone.reference} {gone.reference} {gone.amount}"
    if payment.is_open:
        _fail(payment, reason, at=at)
    else:
        payment.failure = reason
    payment.save()


def _is_reversed(payment: Payment, transaction: str) -> bool:
    loss = _loss_of(payment)
    return loss is not None and loss.of == transaction


def _loss_of(payment: Payment) -> TakenBack | None:
    """What was noted of it when it was taken back before it had come."""
    code, _colon, said = payment.failure.partition(": ")
    if code != REVERSED:
        return None
    transaction, reference, amount = said.split(" ")
    return TakenBack(reference, int(amount), payment.settled_at or payment.created_at, of=transaction)


def _doubt(payment: Payment, outcome: Succeeded, *, looked_up: bool) -> Payment.Held | None:
    """Why a success is not believed as it stands. Another amount than was asked for is no reason: it is what came."""
    same = Payment.objects.filter(gateway=payment.gateway, gateway_txn_id=outcome.gateway_txn_id)
    if same.exclude(pk=payment.pk).exists():
        return Payment.Held.USED_BEFORE
    if outcome.amount <= payment.amount or looked_up:
        return None
    if outcome.amount > gateways.gateway(payment.gateway).caps.max_amount:  # a defect there, not money
        return Payment.Held.IMPLAUSIBLE
    return None


def _hold_for_staff(payment: Payment, doubt: Payment.Held, outcome: Succeeded, *, at: datetime) -> None:
    """Nothing is booked; the attempt ends, so that the customer can pay otherwise, and waits for a person."""
    logger.error("payment %s of %s VND is held for staff: %s, %s", payment.pk, payment.amount, doubt, outcome)
    if payment.is_open:
        _fail(payment, f"{HELD}: {doubt}", at=at)
    payment.held, payment.held_amount, payment.held_txn_id = doubt, outcome.amount, outcome.gateway_txn_id
    payment.save()


def _kept(text: str) -> str:
    """What an outsider wrote, without what no text column holds."""
    return text.replace("\x00", "").encode(errors="replace").decode()
