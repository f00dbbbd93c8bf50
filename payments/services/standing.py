"""What customers let us charge by itself: switched on with a consent, off by one switch, and when it is tried next."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from invoices.models import Invoice
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from ledger.services import wallet_of
from notifications.models import Notice
from notifications.services import tell
from payments.audit import Did
from payments.failures import DISPUTED, LEFT_UNSPENT
from payments.models import AutomaticCharge, LinkedAccount, Payment
from payments.services.consents import Agreement, record_consent
from payments.services.limits import refuse_amount

Purpose = AutomaticCharge.Purpose
NOT_RETRIED = frozenset({"needs_customer", "over_limit"})
"""Reasons that time does not mend."""


class AccountNeeded(DomainError):
    code = "account-needed"
    status = 404
    message = _("Choose one of your linked accounts.")


@transaction.atomic
def switch_on(
    customer: Customer,
    purpose: str,
    *,
    linked_id: UUID,
    agreement: Agreement,
    below: int | None = None,
    amount: int | None = None,
    actor: Actor,
    at: datetime,
) -> AutomaticCharge:
    """
    From now on the account is charged by itself: for top-ups of `amount` when less than `below` is available, or for invoices.

    :raises AccountNeeded: it is not this customer's, or not linked
    :raises ConsentNeeded: the customer did not agree to it
    """
    held = Customer.objects.lock_open(customer.pk)
    linked = LinkedAccount.objects.usable(at).filter(pk=linked_id, customer=held).first()
    if linked is None:
        raise AccountNeeded
    linked.customer = held
    if purpose == Purpose.TOP_UP:
        _refuse_amounts(linked, below, amount)
    else:
        below = amount = None
    consent = record_consent(linked, purpose, agreement, below=below, amount=amount, actor=actor, at=at)
    charge, _is_new = AutomaticCharge.objects.update_or_create(
        customer=held,
        purpose=purpose,
        defaults={
            "linked": linked,
            "consent": consent,
            "is_on": True,
            "below": below,
            "amount": amount,
            "tries": 0,
            "failure": "",
            "next_at": at if purpose == Purpose.INVOICES else None,
        },
    )
    record_audit(
        Did.SWITCH_ON, linked.pk, actor=actor, at=at, reason="", customer=held, purpose=purpose, below=below, amount=amount
    )  # fmt: skip
    return charge


def _refuse_amounts(linked: LinkedAccount, below: int | None, amount: int | None) -> None:
    if below is None or below <= 0:
        raise InvalidInput(_("Enter an amount above zero."), field="below")
    refuse_amount(amount, settings.TOP_UP_MINIMUM, min(settings.TOP_UP_MAXIMUM, linked.most))


@transaction.atomic
def switch_off(customer: Customer, purposes: Collection[str] = Purpose.values, *, actor: Actor, at: datetime) -> None:
    """Nothing of this is charged by itself from now on; of all purposes, unless some are named. Off already is well."""
    held = Customer.objects.lock(customer.pk)
    on = AutomaticCharge.objects.on().filter(customer=held, purpose__in=purposes)
    stopped = sorted(on.values_list("purpose", flat=True))
    if stopped:
        on.update(is_on=False, next_at=None)
        record_audit(Did.SWITCH_OFF, held.pk, actor=actor, at=at, reason="", customer=held, purposes=stopped)


def stop_charging(linked: LinkedAccount) -> None:
    """The account has ended. The caller holds its customer."""
    AutomaticCharge.objects.on().filter(linked=linked).update(is_on=False, next_at=None)


def stop_filling_up(customer: Customer, *marks: object, at: datetime) -> None:
    """
    Money has left the wallet without paying for anything: it went back, was taken back, or staff corrected the credit.

    Where less than the threshold is left by that, the automatic top-up would take the same money again, so it is switched off, and
    the customer decides anew. Part of the transaction of a caller who holds the customer; `marks` name what has happened.
    """
    on = AutomaticCharge.objects.on().filter(customer=customer, purpose=Purpose.TOP_UP)
    for charge in on.filter(below__gt=wallet_of(customer.pk).available).select_related("linked"):
        _end_because(LEFT_UNSPENT, charge, customer, *marks, at=at)


def stop_charging_disputed(linked: LinkedAccount, customer: Customer, *marks: object, at: datetime) -> None:
    """
    A bank took back what this account had paid. Its holder may have said there that they had not agreed, so nothing is charged to
    it by itself until the customer agrees anew. As `stop_filling_up` otherwise.
    """
    on = AutomaticCharge.objects.on().filter(linked=linked)
    for charge in on.select_related("linked").order_by("purpose"):
        _end_because(DISPUTED, charge, customer, *marks, charge.purpose, at=at)


def _end_because(why: str, charge: AutomaticCharge, customer: Customer, *marks: object, at: datetime) -> None:
    charge.is_on, charge.next_at, charge.tries, charge.failure = False, None, 0, why
    charge.save()
    _tell_off(charge, customer, *marks, at=at)


def try_for_invoices(customer: Customer, *, at: datetime) -> None:
    """There may be open invoices that the wallet did not cover: the account is charged at once, unless a retry waits for its time."""
    on = AutomaticCharge.objects.on().filter(customer=customer, purpose=Purpose.INVOICES, next_at=None)
    on.update(next_at=at)


def try_for_all_invoices(*, at: datetime) -> int:
    """As `try_for_invoices`, daily, for all who owe something."""
    owed = Exists(Invoice.objects.open().filter(customer=OuterRef("customer")))
    return AutomaticCharge.objects.on().filter(owed, purpose=Purpose.INVOICES, next_at=None).update(next_at=at)


def after_success(payment: Payment) -> None:
    """A charge that was made by itself has come in."""
    AutomaticCharge.objects.filter(consent=payment.consent_id).exclude(tries=0, failure="", next_at=None).update(
        tries=0, failure="", next_at=None
    )


def after_decline(payment: Payment, code: str, *, at: datetime) -> datetime | None:
    """
    A charge that was made by itself was declined: when it is tried again, by the schedule; nothing when it is not.

    The caller holds the customer. What is declined too often, or for what time does not mend, is switched off.
    """
    charge = (
        AutomaticCharge.objects.on().select_related("customer", "linked").filter(consent=payment.consent_id).first()
    )
    if charge is None:
        return None
    hours = settings.AUTOMATIC_RETRY_HOURS[charge.purpose]
    charge.tries += 1
    charge.failure = code
    if charge.tries > len(hours) or code in NOT_RETRIED:
        charge.is_on, charge.next_at = False, None
        _tell_off(charge, charge.customer, payment.pk, at=at)
    else:
        charge.next_at = at + timedelta(hours=hours[charge.tries - 1])
    charge.save()
    return charge.next_at


def _tell_off(charge: AutomaticCharge, customer: Customer, *marks: object, at: datetime) -> None:
    tell(
        customer,
        Notice.Kind.AUTOMATIC_CHARGE_OFF,
        charge.linked_id,
        *marks,
        at=at,
        account=charge.linked.known_as,
        purpose=charge.purpose,
        tries=charge.tries,
        failure=charge.failure,
    )
