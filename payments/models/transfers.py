"""Money that arrived on a bank account of ours, what we asked customers to transfer, and what they say they did."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.may import May
from accounts.models import Customer, StaffAct
from accounts.models.closed import opens_nothing_when_closed
from kernel import display, references
from kernel.ids import new_id
from kernel.money import MAXIMUM
from payments.models.behalf import PaymentRequest, as_asked, names_its_request
from payments.models.payables import names_what_it_pays
from payments.vietqr import MOST_NOTE
from store import personal
from store.carried import CarriedKey, unique_with
from store.kept import KeepsColumns
from store.personal import Because
from store.triggers import append_only, begins_empty, frozen, kept, never_deleted


class ExpectedTransferQuerySet(models.QuerySet["ExpectedTransfer"]):
    def shown_to(self, rights: Collection[May]) -> Self:
        """Who neither pays nor sees bills, but orders, sees how their orders are paid and nothing else."""
        return self if {May.VIEW_BILLING, May.PAY} & set(rights) else self.filter(order_id__isnull=False)

    def lock(self, pk: UUID) -> ExpectedTransfer:
        return self.select_for_update(of=("self",), no_key=True).select_related("customer").get(pk=pk)

    def waiting(self) -> Self:
        return self.filter(met_at=None, closed_at=None)

    def with_received(self) -> Self:
        """Each with `received`: what has come with its reference so far."""
        return self.annotate(received=Coalesce(models.Sum("payments__amount"), 0))


class ExpectedTransfer(models.Model):
    """
    What a customer was asked to transfer: an amount under a reference of ours, for a top-up, an order or invoices.

    It is met when as much has come, in however many transfers, and closed when it is not wanted any more. Money that comes
    with its reference is the customer's all the same, whenever that is and however much.
    """

    AT_CLOSING: ClassVar = personal.kept(Because.BOOKS)

    class For(models.TextChoices):
        ORDER = "order", _("order")
        INVOICE = "invoice", _("invoice")
        TOP_UP = "top_up", _("top-up")
        BEHALF = "behalf", _("payment on behalf")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for the transfer")
        MET = "met", _("received")
        CLOSED = "closed", _("not wanted any more")
        EXPIRED = "expired", _("the time is over")

    received: int
    """Of those read `with_received`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="expected_transfers", verbose_name=_("customer")
    )
    reference = models.CharField(_("text of the transfer"), max_length=10, default=references.new_reference)
    kind = models.CharField(_("what it is for"), max_length=8, choices=For.choices)
    request = models.ForeignKey(
        PaymentRequest,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
        related_name="transfers",
        verbose_name=_("payment request"),
    )
    payable = models.CharField(_("pays"), max_length=60)
    order_id = models.UUIDField(_("order"), null=True, blank=True)
    invoice_ids = models.JSONField(_("invoices to pay"), default=list, blank=True)
    description = models.CharField(_("details"), max_length=200)
    amount = models.BigIntegerField(_("amount"))
    actor = models.CharField(_("by"), max_length=200)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expected until"))
    met_at = models.DateTimeField(_("received"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = ExpectedTransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("expected transfer")
        verbose_name_plural = _("expected transfers")
        constraints: ClassVar = [
            unique_with(name="an_expected_transfer_is_one_customers"),
            CarriedKey("request", name="a_transfer_on_behalf_is_its_requests_customers"),
            names_its_request("a_transfer_on_behalf_names_its_request"),
            models.UniqueConstraint(name="a_transfers_reference_is_given_once", fields=["reference"]),
            models.UniqueConstraint(
                name="one_transfer_is_expected_per_payable",
                fields=["customer", "payable"],
                condition=Q(met_at=None, closed_at=None),
            ),
            models.CheckConstraint(name="an_expected_amount_is_sane", condition=Q(amount__gt=0, amount__lte=MAXIMUM)),
            names_what_it_pays("an_expected_transfer_names_what_it_pays"),
            models.CheckConstraint(
                name="a_transfer_for_an_order_names_it",
                condition=Q(kind="order", order_id__isnull=False) | Q(~Q(kind="order"), order_id__isnull=True),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="expected_transfers_of_customer", fields=["customer", "-created_at", "-id"]),
            models.Index(name="transfers_on_behalf", fields=["request"], condition=Q(request__isnull=False)),
            models.Index(name="expected_transfers_of_orders", fields=["order_id"], condition=Q(order_id__isnull=False)),
        ]
        triggers: ClassVar = [
            opens_nothing_when_closed(),
            never_deleted(),
            frozen(
                "is_what_was_asked_for",
                columns=[
                    *("customer_id", "reference", "kind", "request_id", "payable", "order_id", "invoice_ids", "amount"),
                    *("actor", "created_at", "expires_at"),
                ],
            ),
            as_asked("expires_at"),
            frozen("is_met_once", columns=["met_at"], unless="OLD.met_at IS NULL"),
            frozen("is_closed_once", columns=["closed_at"], unless="OLD.closed_at IS NULL"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def note(self) -> str:
        """The text of the transfer: our reference, and behind it the invoice's number, for one invoice and where it fits."""
        named = f"{self.reference} {self.description}"
        fits = self.kind == self.For.INVOICE and len(self.invoice_ids) == 1 and len(named) <= MOST_NOTE
        return named if fits else self.reference

    def state(self, at: datetime) -> State:
        if self.met_at:
            return self.State.MET
        if self.closed_at:
            return self.State.CLOSED
        return self.State.EXPIRED if at >= self.expires_at else self.State.WAITING


class BankTransferQuerySet(models.QuerySet["BankTransfer"]):
    def lock(self, pk: int) -> BankTransfer:
        return self.select_for_update(of=("self",), no_key=True).get(pk=pk)

    def with_rest(self) -> Self:
        """Something of them is nobody's yet."""
        return self.filter(amount__gt=F("assigned") + F("returned"))

    def unseen(self) -> Self:
        """Nobody has looked yet whose they are."""
        return self.filter(seen_at=None)


class BankTransfer(KeepsColumns):
    """
    One line of a bank statement, known by the bank's reference in the form in which such keys are compared. What a gateway
    received for nobody that we know is one, too: its `account` is the gateway.

    It is given to customers in parts, each a payment, because its text names a reference of ours, or by staff; `assigned` is their
    sum, `returned` that of what went back to where it came from (`SentBack`), and what is left waits for staff. The triggers of those
    keep both.
    """

    class Channel(models.TextChoices):
        STAFF = "staff", _("typed by staff")
        FEED = "feed", _("told by the bank")
        CSV = "csv", _("CSV file")
        MT940 = "mt940", _("MT940 file")
        GATEWAY = "gate", _("a gateway's statement")

    account = models.CharField(_("account of ours"), max_length=40)
    key = models.CharField(_("reference as compared"), max_length=60)
    reference = models.CharField(_("reference of the bank"), max_length=60)
    amount = models.BigIntegerField(_("amount"))
    channel = models.CharField(_("known from"), max_length=5, choices=Channel.choices, db_default=Channel.STAFF)
    note = models.CharField(_("text of the transfer"), max_length=500, blank=True, db_default="")
    payer = models.CharField(_("payer"), max_length=200, blank=True, db_default="")
    value_date = models.DateField(_("value date"), null=True, blank=True)
    assigned = models.BigIntegerField(_("given to customers"), default=0)
    returned = models.BigIntegerField(_("sent back"), default=0, db_default=0)
    seen_at = models.DateTimeField(_("looked at"), null=True, blank=True)
    actor = models.CharField(_("by"), max_length=200)
    at = models.DateTimeField(_("at"))

    objects = BankTransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("bank transfer")
        verbose_name_plural = _("bank transfers")
        constraints: ClassVar = [
            models.UniqueConstraint(name="a_transfer_is_known_once_per_account", fields=["account", "key"]),
            models.CheckConstraint(
                name="no_more_of_a_transfer_is_given_than_arrived",
                condition=Q(
                    amount__gt=0,
                    amount__lte=MAXIMUM,
                    assigned__gte=0,
                    returned__gte=0,
                    assigned__lte=F("amount") - F("returned"),
                ),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="transfers_with_a_rest", fields=["at"], condition=Q(amount__gt=F("assigned") + F("returned"))
            ),
            models.Index(name="transfers_nobody_looked_at", fields=["id"], condition=Q(seen_at=None)),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen(
                "is_what_arrived",
                columns=[
                    *("account", "key", "reference", "amount", "channel", "note", "payer", "value_date"),
                    *("actor", "at"),
                ],
            ),
            kept("only_payments_give_it", columns=["assigned"]),
            kept("only_what_is_sent_back_returns_it", columns=["returned"]),
            begins_empty("nothing_of_it_is_gone_at_first", columns=["assigned", "returned"]),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_at_a_gateway(self) -> bool:
        """Its money has not reached the bank."""
        return self.channel == self.Channel.GATEWAY

    @property
    def rest(self) -> int:
        """What nobody has been given yet."""
        return self.amount - self.assigned - self.returned


class SentBack(models.Model):
    """
    `amount` of a transfer went back by bank to where it came from, as people decided by `act` (those of the time before have none).

    `number` is the bank's own of what went out, `key` the form in which it is compared with lines of its statement.
    """

    transfer = models.ForeignKey(
        BankTransfer, on_delete=models.PROTECT, related_name="sent_back", verbose_name=_("bank transfer")
    )
    act = models.OneToOneField(
        StaffAct, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("act for two")
    )
    account = models.CharField(_("account of ours"), max_length=40)
    amount = models.BigIntegerField(_("amount"))
    number = models.CharField(_("reference of the bank"), max_length=60, blank=True)
    key = models.CharField(_("reference as compared"), max_length=60, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("transfer that was sent back")
        verbose_name_plural = _("transfers that were sent back")
        constraints: ClassVar = [
            models.CheckConstraint(name="what_is_sent_back_is_an_amount", condition=Q(amount__gt=0)),
            models.UniqueConstraint(
                name="what_goes_out_is_known_once_per_account", fields=["account", "key"], condition=~Q(key="")
            ),
        ]
        triggers: ClassVar = [
            append_only(),
            pgtrigger.Trigger(
                name="counts_in_its_transfer",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func="""
                UPDATE payments_banktransfer SET returned = returned + NEW.amount
                WHERE id = NEW.transfer_id AND account = NEW.account;
                IF NOT FOUND THEN
                    RAISE EXCEPTION 'what is sent back came to the account %', NEW.account USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="is_decided_as_it_was_asked_for",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,  # it is tried before it is decided
                func="""
                IF NOT EXISTS (
                    SELECT FROM accounts_staffact WHERE id = NEW.act_id AND act = 'bank-return' AND state IN ('alone', 'approved')
                        AND amount = NEW.amount AND facts ->> 'transfer' = NEW.transfer_id::text AND decided_at = NEW.at
                ) THEN
                    RAISE EXCEPTION 'that % went back was not decided by people', NEW.amount USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"{self.transfer} ({display.money(self.amount)})"


class TransferClaim(models.Model):
    """A customer says that they have transferred something that we could not tell to be theirs. Staff find it or say why not."""

    AT_CLOSING: ClassVar = personal.kept(Because.BOOKS)

    class State(models.TextChoices):
        OPEN = "open", _("being looked for")
        FOUND = "found", _("found")
        REFUSED = "refused", _("not found")

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="transfer_claims", verbose_name=_("customer")
    )
    amount = models.BigIntegerField(_("amount"))
    day = models.DateField(_("day of the transfer"))
    note = models.CharField(_("text of the transfer"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.OPEN)
    transfer = models.ForeignKey(
        BankTransfer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="claims",
        verbose_name=_("bank transfer"),
    )
    answer = models.CharField(_("answer"), max_length=500, blank=True)
    actor = models.CharField(_("by"), max_length=200)
    at = models.DateTimeField(_("at"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    class Meta:
        verbose_name = _("claimed transfer")
        verbose_name_plural = _("claimed transfers")
        constraints: ClassVar = [
            models.CheckConstraint(name="a_claimed_amount_is_sane", condition=Q(amount__gt=0, amount__lte=MAXIMUM)),
            models.CheckConstraint(
                name="a_claim_is_open_found_or_refused",
                condition=Q(state="open", transfer__isnull=True, answered_at__isnull=True)
                | Q(state="found", transfer__isnull=False, answered_at__isnull=False)
                | Q(Q(state="refused", transfer__isnull=True, answered_at__isnull=False) & ~Q(answer="")),
            ),
            models.UniqueConstraint(
                name="a_transfer_is_claimed_once_at_a_time",
                fields=["customer", "amount", "day"],
                condition=Q(state="open"),
            ),
        ]
        indexes: ClassVar = [models.Index(name="claims_that_are_open", fields=["at"], condition=Q(state="open"))]
        triggers: ClassVar = [
            never_deleted(),
            frozen("is_what_was_claimed", columns=["customer_id", "amount", "day", "note", "actor", "at"]),
            frozen(
                "is_answered_once",
                columns=["state", "transfer_id", "answer", "answered_at"],
                unless="OLD.state = 'open'",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {display.money(self.amount)}"
