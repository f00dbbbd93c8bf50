"""
Payment on behalf: a customer asks somebody, by mail, to pay an order or invoices for them.

What is bought, the invoices and whatever comes back are the customer's, as if they had paid themselves. The payer's attempts are
apart from the customer's own, so that neither holds the other up; whoever comes second has paid credit into the customer's wallet.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.ids import new_id
from kernel.text import names_a_place, validate_printable
from notifications.events import Subject, event_key
from notifications.models import Letter, Notice
from notifications.services import tell, write_letter
from payments.audit import Did
from payments.failures import KEPT
from payments.models import ExpectedTransfer, Payment, PaymentRequest
from payments.models.behalf import VALID_FOR
from payments.payer_links import token_of
from payments.services.shareable import due_on_behalf, shareable
from store.links import digest_of

LONGEST_NAME = 60
MOST_OPEN = 20
MOST_A_DAY = 20
"""Each is a mail to whomever the customer names."""
MOST_TO_ONE = 5
"""A day, whoever asks: nobody's mail box is filled by us."""


class TooManyRequests(DomainError):
    code = "too-many-requests-to-pay"
    status = 429
    message = _("At most %(most)s people can be asked to pay in a day. Withdraw a request, or try again tomorrow.")


class TooManyToOne(DomainError):
    code = "too-many-requests-to-one"
    status = 429
    message = _(
        "This address has been asked to pay %(most)s times within a day. Try again tomorrow, or ask somebody else."
    )


class NotAskedAnyMore(DomainError):
    code = "not-asked-any-more"
    message = _("This is not to be paid by this link any more.")


@dataclass(frozen=True, slots=True)
class Asking:
    """
    Who is asked, in which language, and the name by which they know who asks.

    :raises InvalidInput: no mail address, or a name that mails should not carry
    """

    email: str
    shown_name: str
    language: str

    def __post_init__(self) -> None:
        _refuse_what(self.email, "email", validate_email)
        _refuse_what(self.shown_name, "name", validate_printable, MaxLengthValidator(LONGEST_NAME))
        if names_a_place(self.shown_name):  # a mail of ours is not to lead elsewhere
            raise InvalidInput(_("Write a name without an address in it, and a space behind each dot."), field="name")


def _refuse_what(value: str, field: str, *validators: Callable[[str], None]) -> None:
    """:raises InvalidInput: one of the validators refuses it"""
    try:
        for validate in validators:
            validate(value)
    except ValidationError as error:
        raise InvalidInput(error.messages[0], field=field) from error


@transaction.atomic
def ask_to_pay(
    customer: Customer, kind: str, pks: Collection[UUID], asking: Asking, *, actor: Actor, at: datetime
) -> PaymentRequest:
    """
    Mail somebody a link by which they can pay an order (`pks` has one) or invoices for the customer, for three days, or as long as
    the order waits.

    :raises TooManyRequests: of this customer
    :raises TooManyToOne: of all customers to this address
    :raises DomainError: not the customer's, or nothing is to pay, see `Shareable.hold`
    """
    held = Customer.objects.lock_open(customer.pk)
    earlier = PaymentRequest.objects.filter(customer=held)
    today = earlier.filter(created_at__gt=at - timedelta(days=1)).count()
    if today >= MOST_A_DAY or earlier.open().filter(expires_at__gt=at).count() >= MOST_OPEN:
        raise TooManyRequests(most=MOST_A_DAY)
    if (
        PaymentRequest.objects.filter(email__iexact=asking.email, created_at__gt=at - timedelta(days=1)).count()
        >= MOST_TO_ONE
    ):
        raise TooManyToOne(most=MOST_TO_ONE)
    amount, until = shareable(kind).hold(held, pks, until=at + VALID_FOR, at=at)
    pk = new_id()
    request = PaymentRequest.objects.create(
        pk=pk,
        customer=held,
        kind=kind,
        order_id=next(iter(pks)) if kind == PaymentRequest.Kind.ORDER else None,
        invoice_ids=sorted(str(one) for one in pks) if kind == PaymentRequest.Kind.INVOICE else [],
        amount=amount,
        email=asking.email,
        shown_name=asking.shown_name,
        language=asking.language,
        digest=digest_of(token_of(pk)),
        actor=actor.name,
        created_at=at,
        expires_at=until,
    )
    record_audit(Did.ASK_TO_PAY, pk, actor=actor, at=at, reason="", customer=held, email=asking.email, amount=amount)
    tell_payer(request, Letter.Kind.PAYER_ASKED, at=at, amount=amount, until=until)
    tell(held, Notice.Kind.PAYMENT_REQUESTED, pk, at=at, amount=amount, payer=asking.email, until=until)
    return request


@transaction.atomic
def withdraw_request(request_id: UUID, *, actor: Actor, at: datetime) -> PaymentRequest:
    """
    The link leads to nothing any more, and what the payer has begun is given up. What they have sent by then still counts.

    :raises NotAskedAnyMore: paid, withdrawn or expired by now
    """
    request = hold_request(request_id)
    if not request.is_open(at):
        raise NotAskedAnyMore
    request.withdraw(at=at)
    request.save()
    give_up_attempts(request, actor=actor, at=at)
    ExpectedTransfer.objects.waiting().filter(request=request).update(closed_at=at)
    record_audit(Did.WITHDRAW_REQUEST, request.pk, actor=actor, at=at, reason="", customer=request.customer)
    return request


@transaction.atomic
def expire_request(request_id: UUID, *, at: datetime) -> None:
    """Its time is over. The customer hears of it, unless nothing was left to pay."""
    request = hold_request(request_id)
    if request.state != PaymentRequest.State.OPEN or at < request.expires_at:
        return
    due = due_on_behalf([request], at=at).get(request.pk, 0)
    request.expire(at=at)
    request.save()
    if due:
        expired = Notice.Kind.PAYMENT_REQUEST_EXPIRED
        tell(request.customer, expired, request.pk, at=at, amount=due, payer=request.email)


def note_opened(request: PaymentRequest, *, at: datetime) -> None:
    """The link was followed for the first time."""
    PaymentRequest.objects.filter(pk=request.pk, opened_at=None).update(opened_at=at)


def hold_request(request_id: UUID) -> PaymentRequest:
    """The request, and its customer before it."""
    customer = Customer.objects.lock(PaymentRequest.objects.values_list("customer", flat=True).get(pk=request_id))
    request = PaymentRequest.objects.lock(request_id)
    request.customer = customer
    return request


def give_up_attempts(request: PaymentRequest, *, actor: Actor, at: datetime) -> None:
    """What the payer has begun and not finished, for a caller who holds the customer."""
    for pk in Payment.objects.open().filter(request=request).values_list("pk", flat=True):
        payment = Payment.objects.lock(pk)
        payment.cancel(at=at)
        payment.cancelled_by = actor.name
        payment.save()


def tell_payer_of_refund(order_id: UUID, amount: int, *marks: object, at: datetime) -> None:
    """A part of an order could not be done: whoever paid it on behalf hears that its money is the customer's credit."""
    paid = Payment.objects.filter(order_id=order_id, request__isnull=False, state=Payment.State.SUCCEEDED)
    payment = paid.exclude(failure__in=KEPT).select_related("request__customer").order_by("settled_at").first()
    if payment and payment.request and amount > 0:
        tell_payer(payment.request, Letter.Kind.PAYER_MONEY_KEPT, *marks, at=at, amount=amount)


def tell_payer(request: PaymentRequest, kind: Letter.Kind, *marks: object, at: datetime, **facts: Any) -> None:
    """Owe the payer a letter, in their language; once."""
    write_letter(
        kind, request.email, request.language, at=at, about=request.pk, event=event_key(Subject.REQUEST, request.pk, *marks),
        shown_name=request.shown_name, **facts,
    )  # fmt: skip
