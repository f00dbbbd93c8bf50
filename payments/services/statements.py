"""Lines of bank statements, however they reach us: each is put on record once, and its money given to whom its text names."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import InvalidInput
from payments import bank_lines
from payments.audit import Did
from payments.models import BankTransfer, ExpectedTransfer, Payment
from payments.services.bank_days import reconcile_bank
from payments.services.expected import expected_by
from payments.services.transfers import ACCOUNT, Line, TransferDiffers, arrive, give
from store.tally import Tally, for_each

logger = logging.getLogger(__name__)
BATCH = 1000


class Format(models.TextChoices):
    CSV = "csv", _("CSV: columns with the bank's titles")
    MT940 = "mt940", "MT940"


@dataclass(slots=True)
class Reading:
    """What became of the lines of a statement."""

    new: int = 0
    given: int = 0
    known: int = 0
    outgoing: int = 0
    differing: list[str] = field(default_factory=list)
    """Numbers that are on record with another amount: a person has to ask the bank."""

    @property
    def waiting(self) -> int:
        """New ones whose owner nobody knows yet."""
        return self.new - self.given


def read_lines(lines: Iterable[Line], *, channel: BankTransfer.Channel, actor: Actor, at: datetime) -> Reading:
    """
    Put each line on record, and give its money to whom its text names. Lines that are known already change nothing.

    Two transactions a line: what arrived is booked even if giving it fails, and is looked at again by `look_at_unseen`.
    """
    reading = Reading()
    for line in lines:
        try:
            transfer, is_new = arrive(line, channel=channel, actor=actor, at=at)
        except TransferDiffers as differs:
            logger.error("a line of the bank's statement is on record with another amount")
            record_audit(
                Did.TELL_ANOTHER_AMOUNT,
                line.number,
                actor=actor,
                at=at,
                reason="",
                told=line.amount,
                on_record=differs.details["amount"],
            )
            reading.differing.append(line.number)
            continue
        reading.new += is_new
        reading.known += not is_new
        if is_new:
            reading.given += match(transfer.pk, actor=actor, at=at) is not None
    return reading


def match(transfer_id: int, *, actor: Actor, at: datetime) -> Payment | None:
    """
    Give a transfer that nobody has looked at to whom its text names, once; nothing when it names nobody, or when it may be known by
    another name: it waits for staff.
    """
    expected = expected_by(BankTransfer.objects.values_list("note", flat=True).get(pk=transfer_id))
    with transaction.atomic():
        customer = Customer.objects.lock(expected.customer_id) if expected else None
        transfer = BankTransfer.objects.lock(transfer_id)
        if transfer.seen_at:
            return None
        if (
            customer is None
            or expected is None
            or transfer.assigned
            or transfer.returned
            or _may_be_known(transfer, expected)
        ):
            transfer.seen_at = at
            transfer.save(update_fields=["seen_at"])
            return None
        return give(transfer.pk, customer, transfer.rest, expected_id=expected.pk, actor=actor, at=at)


def _may_be_known(transfer: BankTransfer, expected: ExpectedTransfer) -> bool:
    """
    Whether a person has to look if its money is here already: it is on an account that nobody was asked to pay into, or the same
    amount for the same was told by another channel, which may have another number for it.
    """
    if transfer.account != ACCOUNT:
        return True
    others = BankTransfer.objects.exclude(channel=transfer.channel).filter(
        account=transfer.account, amount=transfer.amount
    )
    return others.filter(payments__expected=expected).exists()


def look_at_unseen(*, at: datetime) -> Tally:
    """Whatever was put on record and not given yet: the process had died between the two, or giving it failed."""
    actor = Actor.job("bank")
    unseen = BankTransfer.objects.unseen().filter(at__lte=at).order_by("pk").values_list("pk", flat=True)[:BATCH]
    return for_each(list(unseen), lambda pk: match(pk, actor=actor, at=at), what="bank transfer")


def read_file(data: bytes, form: str, *, day: date | None = None, actor: Actor, at: datetime) -> Reading:
    """
    A file of the bank, uploaded by staff. What came in is put on record; all of it is compared with what we know.

    :param day: of the lines that name none
    :raises InvalidInput: it cannot be read, or lines have no day at all, and nothing of it is booked
    """
    read = {Format.CSV: bank_lines.read_csv, Format.MT940: bank_lines.read_mt940}[Format(form)]
    lines = as_lines(read(data), day=day)
    if any(line.value_date is None for line in lines):
        raise InvalidInput(
            _(
                "This file does not say on which day its money moved: say it, for it is compared with what we know day by day."
            ),
            field="day",
        )
    came_in = [line for line in lines if not line.is_outgoing]
    reading = read_lines(came_in, channel=BankTransfer.Channel(form), actor=actor, at=at)
    reading.outgoing = len(lines) - len(came_in)
    reconcile_bank(lines, at=at)
    record_audit(Did.READ_STATEMENT, f"bank {form}", actor=actor, at=at, reason="", lines=len(lines), new=reading.new)
    return reading


def read_feed(data: bytes, *, at: datetime) -> Reading:
    """
    What the bank's service tells by itself.

    :raises InvalidInput: it cannot be read
    """
    lines = as_lines(bank_lines.read_feed(data))
    return read_lines(lines, channel=BankTransfer.Channel.FEED, actor=Actor.job("bank"), at=at)


def as_lines(lines: Iterable[bank_lines.StatementLine], *, day: date | None = None) -> list[Line]:
    """
    With the name under which the account is kept: the one that customers pay into is the main one.

    :param day: of those that name none
    """
    return [
        Line(
            line.number,
            line.amount,
            note=line.note,
            payer=line.payer,
            value_date=line.day or day,
            account=bank_lines.of_account(line, [settings.SELLER_BANK_ACCOUNT], ACCOUNT),
            is_outgoing=line.is_outgoing,
        )
        for line in lines
    ]
