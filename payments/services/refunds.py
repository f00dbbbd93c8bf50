"""
Returning what is left of a top-up to its source: the only way in which credit leaves.

Two people decide it (`payments.acts.RefundTopUp`). The money leaves the wallet with the row, and waits in a house account. What
the gateway says of it (`returns`) goes through `record_refund`, a fold in which an end stands.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, StaffAct
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.periods import local_day
from ledger.services import Fact, Kind, post, spend, wallet_of
from notifications.models import Notice
from notifications.services import tell
from payments import gateways
from payments.audit import Did
from payments.failures import NOT_SENT, TAKEN_MEANWHILE
from payments.gateways import GATEWAYS
from payments.gateways.base import (
    REFUND_DAYS,
    Failed,
    Gateway,
    Outcome,
    Pending,
    Succeeded,
    Unknown,
    Verdict,
)
from payments.models import Payment, Refund
from payments.origins import unspent_of
from payments.services.asking import GatewayGone
from payments.services.debts import collect_debts
from payments.services.reversals import left_of
from payments.services.standing import stop_filling_up

logger = logging.getLogger(__name__)
State = Refund.State


class NotReturnable(DomainError):
    code = "not-returnable"
    message = _("Only what is left of a top-up through a gateway goes back to its source: %(left)s ₫ of this payment.")


class RefundOpen(DomainError):
    code = "refund-open"
    message = _("A refund of this payment is under way. The next one can begin when it has ended.")


class RefundEnded(DomainError):
    code = "refund-ended"
    message = _("This refund has ended already.")


class RefundAskedAbout(DomainError):
    code = "refund-asked-about"
    message = _("The gateway is still asked what became of this refund. Its answer comes first.")


def returnable(payment: Payment) -> int:
    """How much of a payment can go back to its source: what it brought, has not been spent, and is still in the wallet."""
    if payment.kind != Payment.Kind.TOP_UP or payment.means != Payment.Means.GATEWAY:
        return 0
    wallet = wallet_of(payment.customer_id)
    return max(min(left_of(payment), unspent_of(payment), wallet.credit - wallet.held), 0)


@transaction.atomic
def begin_refund(payment_id: UUID, amount: int, *, act: StaffAct, actor: Actor, at: datetime) -> Refund:
    """
    Take `amount` of a top-up out of the wallet and leave it to be sent back, as two people have decided.

    :raises NotReturnable: no top-up through a gateway, or less is left of it
    :raises RefundOpen: an earlier one is under way
    :raises GatewayGone: its gateway is not set up here any more
    """
    customer = Customer.objects.lock(Payment.objects.values_list("customer", flat=True).get(pk=payment_id))
    payment = Payment.objects.lock(payment_id)
    if amount <= 0:
        raise InvalidInput(_("Enter an amount above zero."), field="amount")
    if payment.refunds.undecided().exists():
        raise RefundOpen
    left = returnable(payment)
    if amount > left:
        raise NotReturnable(left=left)
    refund = Refund.objects.create(
        payment=payment,
        customer=customer,
        act=act,
        gateway=payment.gateway,
        reference=gateway_of(payment.gateway).new_refund_reference(at),
        amount=amount,
        approved_at=at,
        check_at=at,
    )
    spend(
        customer.pk,
        amount,
        into=Kind.REFUNDS,
        kind=Fact.REFUND,
        source=refund.pk,
        at=at,
        reference=payment.reference,
        bought_only=True,
    )
    stop_filling_up(customer, refund.pk, at=at)
    record_audit(
        Did.REFUND, payment.reference, actor=actor, at=at, reason=act.reason, customer=customer, amount=amount, refund=refund.reference
    )  # fmt: skip
    _tell(refund, Notice.Kind.REFUND_BEGUN, at=at, arrives_by=arrives_by(refund).isoformat())
    return refund


def arrives_by(refund: Refund) -> date:
    """The day until which the customer sees the money, as the gateways say it."""
    began = refund.settled_at if refund.state == State.DONE else refund.approved_at
    assert began
    days = GATEWAYS[refund.gateway].caps.refund_days if refund.gateway in GATEWAYS else REFUND_DAYS
    return local_day(began + timedelta(days=days))


def may_come_back(refund: Refund) -> bool:
    """Whether it was made by a gateway at which what was returned may fail afterwards."""
    if refund.state != State.DONE:
        return False
    try:
        return gateway_of(refund.gateway).caps.refunds_come_back
    except GatewayGone:
        return False


def is_of_another(refund: Refund, outcome: Outcome) -> bool:
    """A gateway that tells of a payment's latest movement alone may tell of an earlier refund of the same amount."""
    if not isinstance(outcome, Succeeded):
        return False
    same = Refund.objects.filter(gateway=refund.gateway, gateway_txn_id=outcome.gateway_txn_id)
    return same.exclude(pk=refund.pk).exists()


def judge_refund(payment_id: UUID, reference: str, outcome: Outcome, *, at: datetime) -> Verdict:
    """What a gateway tells by itself of a refund of this payment, which it names as we do."""
    refund = Refund.objects.filter(payment=payment_id, reference=reference).first()
    if refund is None:
        return Verdict.UNKNOWN_REFERENCE
    before = refund.state
    return Verdict.DUPLICATE if record_refund(refund.pk, outcome, at=at).state == before else Verdict.ACCEPTED


@transaction.atomic
def record_refund(refund_id: UUID, outcome: Outcome, *, at: datetime) -> Refund:
    """
    Record what is known about a refund. An end stands, but that one which was made may fail afterwards, at gateways where it
    can: that beats everything, so order does not matter.
    """
    customer = Customer.objects.lock(Refund.objects.values_list("customer", flat=True).get(pk=refund_id))
    refund = Refund.objects.lock(refund_id)
    refund.customer = customer
    if not refund.is_undecided:
        if isinstance(outcome, Failed) and may_come_back(refund):
            _come_back(refund, outcome, at=at)
        return refund
    match outcome:
        case Succeeded() if outcome.amount != refund.amount or is_of_another(refund, outcome):
            logger.error("refund %s is not what the gateway tells of: %s", refund.pk, outcome)
        case Succeeded():
            _arrive(refund, outcome.gateway_txn_id, at=at)
        case Failed(code=code) if code == TAKEN_MEANWHILE and refund.state != State.APPROVED:
            pass  # the money was given back, and the refund has left with another worker
        case Failed(code=code, message=message):
            _return(refund, f"{code}: {message}", at=at)
        case Pending(check_after=wait) if wait and refund.check_at:
            refund.check_at = max(refund.check_at, at + wait)
        case Unknown(reason=reason):
            refund.failure = reason[:200]
    refund.save()
    return refund


@transaction.atomic
def decide_refund(refund_id: UUID, *, gateway_txn_id: str, reason: str, actor: Actor, at: datetime) -> Refund:
    """
    Two people have seen at the gateway what became of a refund: it went back under `gateway_txn_id`, or, without one, it did not.

    :raises RefundEnded: it is known by now
    :raises RefundAskedAbout: the gateway has not forgotten it yet
    :raises InvalidInput: the transaction is that of another refund
    """
    customer = Customer.objects.lock(Refund.objects.values_list("customer", flat=True).get(pk=refund_id))
    refund = Refund.objects.lock(refund_id)
    refund.customer = customer
    if not refund.is_undecided:
        raise RefundEnded
    if refund.check_at:
        raise RefundAskedAbout
    if gateway_txn_id and is_of_another(refund, Succeeded(gateway_txn_id, refund.amount, at)):
        raise InvalidInput(_("This transaction of the gateway is that of another refund."), field="gateway_txn_id")
    if gateway_txn_id:
        if refund.state == State.APPROVED:
            refund.send(at=at)
            refund.save()
        _arrive(refund, gateway_txn_id, at=at)
    else:
        _return(refund, NOT_SENT, at=at)
    refund.save()
    record_audit(
        Did.DECIDE_REFUND, refund.reference, actor=actor, at=at, reason=reason, customer=customer, state=refund.state
    )
    return refund


def _arrive(refund: Refund, gateway_txn_id: str, *, at: datetime) -> None:
    refund.arrive(gateway_txn_id=gateway_txn_id, at=at)
    _post(refund, Fact.REFUND_DONE, Kind.GATEWAY, at=at)
    payment = refund.payment
    if payment.state == Payment.State.SUCCEEDED and payment.to_source == payment.received:
        payment.give_back()
        payment.save()
    _tell(refund, Notice.Kind.REFUND_DONE, at=at, arrives_by=arrives_by(refund).isoformat())


def _return(refund: Refund, reason: str, *, at: datetime) -> None:
    refund.fail(reason=reason.replace("\x00", ""), at=at)
    _be_credit_again(refund, Kind.REFUNDS, at=at)


def _come_back(refund: Refund, outcome: Failed, *, at: datetime) -> None:
    """It had gone, and the payer's bank sent it back to the gateway."""
    refund.come_back(reason=f"{outcome.code}: {outcome.message}".replace("\x00", ""), at=at)
    refund.save()
    payment = refund.payment
    if payment.state == Payment.State.REFUNDED:
        payment.come_back()
        payment.save()
    _be_credit_again(refund, Kind.GATEWAY, at=at)


def _be_credit_again(refund: Refund, out_of: Kind, *, at: datetime) -> None:
    _post(refund, Fact.REFUND_FAILED, Kind.CREDIT, out_of=out_of, at=at)
    _tell(refund, Notice.Kind.REFUND_FAILED, at=at, failure=refund.failure)
    collect_debts(refund.customer_id, at=at)


def _post(refund: Refund, fact: Fact, into: Kind, *, out_of: Kind = Kind.REFUNDS, at: datetime) -> None:
    legs = {out_of: -refund.amount, into: refund.amount}
    post(fact, refund.pk, legs, customer_id=refund.customer_id, at=at, reference=refund.payment.reference)


def _tell(refund: Refund, kind: Notice.Kind, *, at: datetime, **facts: object) -> None:
    payment = refund.payment
    tell(
        refund.customer,
        kind,
        payment.pk,
        refund.pk,
        at=at,
        amount=refund.amount,
        account=source_of(payment),
        number=payment.reference,
        refund_reference=refund.reference,
        **facts,
    )


def source_of(payment: Payment) -> str:
    """Where the money came from, as `queries.account_words` reads it: masked, and without a link the gateway alone."""
    return payment.linked.known_as if payment.linked else f"{payment.gateway}|"


def gateway_of(code: str) -> Gateway:
    try:
        return gateways.gateway(code)
    except gateways.UnknownGateway:
        raise GatewayGone(gateway=code) from None
