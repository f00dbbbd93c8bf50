"""What of payments keeps an account open, and what of them ends with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import F, Sum
from django.utils.translation import gettext, ngettext

from accounts.models import Customer, StaffAct
from kernel import display
from kernel.actors import Actor
from ledger.models import CreditHold
from ledger.services import wallet_of
from notifications.models import Letter
from payments.models import ExpectedTransfer, LinkedAccount, Payment, PaymentRequest, Refund, Reversal, TransferClaim
from payments.services.behalf import withdraw_request
from payments.services.link_acts import unlink
from payments.services.standing import switch_off
from store.places import address_of
from team.closing import Obstacle


def payments_left(customer: Customer, at: datetime) -> Iterator[Obstacle]:
    """What is under way, what is disputed, what is owed, and credit, which goes back to its source or is given up."""
    del at
    if count := Payment.objects.open().filter(customer=customer).count():
        words = ngettext("%(count)d payment under way", "%(count)d payments under way", count)
        yield Obstacle("payments", words % {"count": count}, address_of("payment-history"))
    held = Payment.objects.filter(customer=customer).exclude(held="").count()
    if count := held + TransferClaim.objects.filter(customer=customer, state=TransferClaim.State.OPEN).count():
        words = ngettext(
            "%(count)d payment that our staff look into", "%(count)d payments that our staff look into", count
        )
        yield Obstacle("held-payments", words % {"count": count}, address_of("payment-history"))
    if count := Refund.objects.undecided().filter(customer=customer).count():
        words = ngettext("%(count)d refund under way", "%(count)d refunds under way", count)
        yield Obstacle("refunds", words % {"count": count}, address_of("credit-history"))
    if count := Reversal.objects.filter(customer=customer, closed_at=None).count():
        words = ngettext(
            "%(count)d payment that was taken back and is not settled",
            "%(count)d payments that were taken back and are not settled",
            count,
        )
        yield Obstacle("disputes", words % {"count": count}, address_of("payment-history"))
    owed = Reversal.objects.filter(customer=customer).aggregate(sum=Sum(F("debt") - F("collected")))["sum"] or 0
    if owed > 0:
        words = gettext("a debt of %(amount)s for money that was taken back") % {"amount": display.money(owed)}
        yield Obstacle("debts", words, address_of("wallet"), owed)
    yield from _of_credit(customer)


def _of_credit(customer: Customer) -> Iterator[Obstacle]:
    if CreditHold.objects.filter(customer=customer, ended_at=None).exists():
        yield Obstacle("credit-held", gettext("credit that is held for a bill to come"), address_of("wallet"))
    if count := StaffAct.objects.waiting().filter(customer=customer).count():
        words = ngettext(
            "%(count)d decision of our staff that waits for a second person",
            "%(count)d decisions of our staff that wait for a second person",
            count,
        )
        yield Obstacle("acts", words % {"count": count})
    if credit := wallet_of(customer.pk).credit:
        words = gettext("%(amount)s of credit") % {"amount": display.money(credit)}
        yield Obstacle("credit", words, address_of("wallet"), credit, can_be_given_up=True)


def end_payments(customer: Customer, *, actor: Actor, at: datetime) -> None:
    """Nothing is charged by itself, nobody is asked to pay, and gateways are told that what was linked is not any more."""
    switch_off(customer, actor=actor, at=at)
    for pk in PaymentRequest.objects.open().filter(customer=customer, expires_at__gt=at).values_list("pk", flat=True):
        withdraw_request(pk, actor=actor, at=at)
    Letter.objects.filter(about__in=PaymentRequest.objects.filter(customer=customer).values("pk")).delete()
    ExpectedTransfer.objects.waiting().filter(customer=customer).update(closed_at=at)
    open_states = [LinkedAccount.State.PENDING, LinkedAccount.State.ACTIVE]
    for pk in LinkedAccount.objects.filter(customer=customer, state__in=open_states).values_list("pk", flat=True):
        unlink(pk, actor=actor, at=at)
    Customer.objects.filter(pk=customer.pk).update(pays_invoices_automatically=False)
