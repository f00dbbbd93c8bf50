"""Attempts to pay: by wallet, through a gateway, by bank transfer."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import ClassVar, Self
from uuid import UUID

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from accounts.may import May
from accounts.models import Customer
from accounts.models.closed import opens_nothing_when_closed
from kernel.ids import new_id
from kernel.money import MAXIMUM
from payments.failures import KEPT, failure_words
from payments.models.automatic import CHARGED_AS_AGREED, SO_OFTEN_A_DAY
from payments.models.behalf import PaymentRequest, as_asked, names_its_request
from payments.models.links import Consent, LinkedAccount
from payments.models.payables import names_what_it_pays
from payments.models.transfers import BankTransfer, ExpectedTransfer
from store import personal
from store.carried import CarriedKey, unique_with
from store.kept import KeepsColumns
from store.machine import StateMachine
from store.personal import Because
from store.triggers import begins_empty, edges_only, frozen, kept, never_deleted


class PaymentState(models.TextChoices):
    CREATED = "created", _("created")
    PROCESSING = "processing", _("processing")
    UNKNOWN = "unknown", _("unknown, being checked")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")
    REFUNDED = "refunded", _("refunded")


OPEN = (PaymentState.CREATED, PaymentState.PROCESSING, PaymentState.UNKNOWN)
SETTLED = frozenset({PaymentState.SUCCEEDED, PaymentState.REFUNDED})
MAY_SUCCEED = (*OPEN, PaymentState.FAILED, PaymentState.CANCELLED)
"""Money that arrives late still counts: a failed or cancelled attempt can turn out to have succeeded."""
TO_ASK_ABOUT = Q(check_at__isnull=False)

EDGES = frozenset(
    {
        ("created", "processing"),
        ("created", "unknown"),
        ("processing", "unknown"),
        ("unknown", "processing"),
        *((source.value, "succeeded") for source in MAY_SUCCEED),
        *((source.value, "failed") for source in OPEN),
        *((source.value, "cancelled") for source in OPEN),
        ("succeeded", "refunded"),
        ("refunded", "succeeded"),
    }
)


class PaymentQuerySet(models.QuerySet["Payment"]):
    def shown_to(self, rights: Collection[May]) -> Self:
        """Who neither pays nor sees bills, but orders, sees how their orders are paid and nothing else."""
        return self if {May.VIEW_BILLING, May.PAY} & set(rights) else self.filter(order_id__isnull=False)

    def lock(self, pk: UUID) -> Payment:
        return self.select_for_update(of=("self",), no_key=True).select_related("customer").get(pk=pk)

    def open(self) -> Self:
        return self.filter(state__in=OPEN)

    def open_for_a_day(self, at: datetime) -> Self:
        """Undecided for longer than any customer takes."""
        return self.open().filter(means=Payment.Means.GATEWAY, created_at__lte=at - timedelta(days=1))


class Payment(KeepsColumns, StateMachine):
    """
    One attempt to pay. The row, with its reference, is committed before a gateway is called.

    Open states are created, processing and unknown (asked again, never blindly retried). `payable` names what is paid
    ("order:<id>", "invoices:<customer>", "top_up:<id>", "behalf:<request>"); one open attempt per payable. Of the amount, `allocated`
    went to invoices, `refunded` back to the wallet, `to_source` (of a top-up) to where it came from; `promotional` was paid with
    promotional credit. A gateway may receive more or less than `amount`: what it really received is `captured`.
    """

    AT_CLOSING: ClassVar = personal.kept(Because.BOOKS)

    State = PaymentState

    class Kind(models.TextChoices):
        ORDER = "order", _("order")
        INVOICE = "invoice", _("invoice")
        TOP_UP = "top_up", _("top-up")
        RENEWAL = "renewal", _("auto-renewal")

    class Means(models.TextChoices):
        WALLET = "wallet", _("wallet")
        GATEWAY = "gateway", _("gateway")
        BANK_TRANSFER = "bank_transfer", _("bank transfer")

    class Held(models.TextChoices):
        """Why staff have to find out what became of it; nothing is booked until they have."""

        UNSETTLED = "unsettled", _("the gateway never said what became of it")
        USED_BEFORE = "used_before", _("the gateway's transaction has paid something else")
        IMPLAUSIBLE = "implausible", _("more than the gateway can take")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_index=False, related_name="payments", verbose_name=_("customer")
    )
    kind = models.CharField(_("type"), max_length=8, choices=Kind.choices)
    means = models.CharField(_("means"), max_length=14, choices=Means.choices)
    gateway = models.CharField(_("gateway"), max_length=20, blank=True)
    reference = models.CharField(_("transaction id"), max_length=60)
    transfer = models.ForeignKey(
        BankTransfer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="payments",
        verbose_name=_("bank transfer"),
    )
    expected = models.ForeignKey(
        ExpectedTransfer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
        related_name="payments",
        verbose_name=_("expected transfer"),
    )
    linked = models.ForeignKey(
        LinkedAccount,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="payments",
        verbose_name=_("linked account"),
    )
    consent = models.ForeignKey(
        Consent,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="payments",
        verbose_name=_("consent"),
    )
    request = models.ForeignKey(
        PaymentRequest,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
        related_name="payments",
        verbose_name=_("payment request"),
    )
    payable = models.CharField(_("pays"), max_length=60)
    order_id = models.UUIDField(_("order"), null=True, blank=True)
    invoice_ids = models.JSONField(_("invoices to pay"), default=list, blank=True)
    description = models.CharField(_("details"), max_length=200)
    amount = models.BigIntegerField(_("amount"))
    captured = models.BigIntegerField(_("received by the gateway"), null=True, blank=True)
    promotional = models.BigIntegerField(_("of it promotional"), default=0)
    allocated = models.BigIntegerField(_("given to invoices"), default=0)
    refunded = models.BigIntegerField(_("returned to the wallet"), default=0)
    taken_back = models.BigIntegerField(_("taken back by bank or gateway"), default=0, db_default=0, editable=False)
    to_source = models.BigIntegerField(_("returned to its source"), default=0, db_default=0, editable=False)
    state = FSMField(_("state"), default=PaymentState.CREATED, choices=PaymentState.choices, protected=True)
    actor = models.CharField(_("by"), max_length=200)
    cancelled_by = models.CharField(_("given up by"), max_length=200, blank=True, db_default="")
    created_at = models.DateTimeField(_("created"))
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    collected_at = models.DateTimeField(
        _("collected"), null=True, blank=True, help_text=_("When the money came in, as the bank or the gateway says.")
    )
    redirect_url = models.URLField(_("payment page"), max_length=2000, blank=True)
    gateway_txn_id = models.CharField(_("gateway's transaction"), max_length=60, null=True, blank=True)
    failure = models.CharField(_("reason of failure"), max_length=200, blank=True)
    check_at = models.DateTimeField(_("ask the gateway at"), null=True, blank=True)
    checks = models.PositiveSmallIntegerField(_("times asked"), default=0)
    held = models.CharField(_("held for staff"), max_length=12, choices=Held.choices, blank=True, db_default="")
    held_amount = models.BigIntegerField(_("amount that the gateway says"), null=True, blank=True)
    held_txn_id = models.CharField(_("transaction that the gateway says"), max_length=60, blank=True, db_default="")

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints: ClassVar = [
            unique_with(name="a_payment_is_one_customers"),
            CarriedKey("expected", name="an_expected_payment_is_its_transfers_customers"),
            CarriedKey("request", name="a_payment_on_behalf_is_its_requests_customers"),
            names_its_request("a_payment_on_behalf_names_its_request"),
            models.UniqueConstraint(name="payment_reference_is_unique", fields=["reference"]),
            models.CheckConstraint(name="payment_amount_is_sane", condition=Q(amount__gt=0, amount__lte=MAXIMUM)),
            models.CheckConstraint(
                name="promotional_part_is_part_of_it", condition=Q(promotional__gte=0, promotional__lte=F("amount"))
            ),
            models.CheckConstraint(
                name="a_payment_is_spent_once",
                condition=Q(
                    allocated__gte=0,
                    refunded__gte=0,
                    allocated__lte=Coalesce(F("captured"), F("amount")) - F("refunded"),
                ),
            ),
            models.CheckConstraint(
                name="a_gateway_says_what_it_received",
                condition=Q(means="gateway", state__in=["succeeded", "refunded"], captured__gt=0, captured__lte=MAXIMUM)
                & Q(captured__isnull=False, gateway_txn_id__gt="", gateway_txn_id__isnull=False)
                | Q(~(Q(means="gateway") & Q(state__in=["succeeded", "refunded"])), captured__isnull=True)
                & Q(gateway_txn_id__isnull=True),
            ),
            models.CheckConstraint(
                name="a_top_up_pays_nothing", condition=~Q(kind="top_up") | Q(allocated=0, refunded=0, promotional=0)
            ),
            names_what_it_pays("an_attempt_names_what_it_pays", among=Q(means="gateway")),
            models.CheckConstraint(
                name="no_more_is_taken_back_than_came",
                condition=Q(taken_back__gte=0, taken_back__lte=Coalesce(F("captured"), F("amount"))),
            ),
            models.CheckConstraint(
                name="no_more_goes_back_than_came",
                condition=Q(to_source__gte=0, to_source__lte=Coalesce(F("captured"), F("amount"))),
            ),
            models.CheckConstraint(
                name="what_succeeded_is_neither_held_nor_asked_about",
                condition=~Q(state__in=["succeeded", "refunded"]) | Q(held="", check_at__isnull=True),
            ),
            models.CheckConstraint(
                name="a_gateway_payment_names_its_gateway", condition=~Q(means="gateway", gateway="")
            ),
            models.CheckConstraint(
                name="a_linked_charge_names_its_consent",
                condition=Q(linked__isnull=True, consent__isnull=True)
                | Q(linked__isnull=False, consent__isnull=False, means="gateway"),
            ),
            models.UniqueConstraint(
                name="one_open_attempt_per_payable",
                fields=["customer", "payable"],
                condition=Q(state__in=[s.value for s in OPEN]),
            ),
            models.UniqueConstraint(name="one_payment_per_gateway_transaction", fields=["gateway", "gateway_txn_id"]),
        ]
        indexes: ClassVar = [
            models.Index(name="payments_of_an_order", fields=["order_id"], condition=Q(order_id__isnull=False)),
            models.Index(name="payments_of_a_transfer", fields=["expected"], condition=Q(expected__isnull=False)),
            models.Index(name="payments_on_behalf", fields=["request"], condition=Q(request__isnull=False)),
            models.Index(
                name="payments_of_a_linked_account",
                fields=["linked", "created_at"],
                condition=Q(linked__isnull=False),
            ),
            models.Index(
                name="payments_of_a_customer",
                fields=["customer", "-created_at", "-id"],
                include=["state", "kind", "means", "amount", "captured", "refunded", "taken_back", "to_source"],
            ),  # includes what is added up above the list
            models.Index(
                name="payments_to_ask_about",
                fields=["check_at"],
                condition=TO_ASK_ABOUT,
            ),
            models.Index(
                name="payments_received_by_a_gateway",
                fields=["gateway", "settled_at"],
                condition=Q(captured__isnull=False),
            ),
            models.Index(name="payments_not_of_the_balance", fields=["customer"], condition=~Q(means="wallet")),
            models.Index(name="payments_held_for_staff", fields=["created_at"], condition=~Q(held="")),
        ]
        triggers: ClassVar = [
            opens_nothing_when_closed(when=pgtrigger.Q(new__state="created")),
            never_deleted(),
            edges_only(
                field="state",
                initial="created",
                edges=EDGES,
                born="NEW.state = 'succeeded' AND NEW.means <> 'gateway'",  # no gateway, nothing to wait for
                also="""
                IF OLD.state = 'refunded' AND NEW.to_source >= coalesce(NEW.captured, NEW.amount) - NEW.refunded THEN
                    RAISE EXCEPTION 'nothing of payment % came back', NEW.reference USING ERRCODE = 'check_violation';
                END IF;
                """,
            ),
            frozen(
                "is_what_was_attempted",
                columns=[
                    "customer_id",
                    "kind",
                    "means",
                    "gateway",
                    "reference",
                    "payable",
                    "order_id",
                    "expected_id",
                    "transfer_id",
                    "linked_id",
                    "consent_id",
                    "request_id",
                    "amount",
                    "promotional",
                    "created_at",
                ],
            ),
            frozen("what_was_received_stands", columns=["captured", "gateway_txn_id"], unless="OLD.captured IS NULL"),
            frozen("came_in_once", columns=["collected_at"], unless="OLD.collected_at IS NULL"),
            frozen("what_went_back_stays_back", columns=["refunded"], unless="NEW.refunded > OLD.refunded"),
            CHARGED_AS_AGREED,
            SO_OFTEN_A_DAY,
            as_asked("created_at", among="NEW.means = 'gateway'"),
            kept("only_allocations_give_it_away", columns=["allocated"]),
            kept("only_refunds_return_it", columns=["to_source"]),
            kept("only_reversals_take_it", columns=["taken_back"]),
            begins_empty("nothing_of_it_is_gone_at_first", columns=["to_source", "taken_back"]),
            pgtrigger.Trigger(
                name="is_given_of_its_transfer",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__transfer__isnull=False),
                func="UPDATE payments_banktransfer SET assigned = assigned + NEW.amount WHERE id = NEW.transfer_id; RETURN NULL;",
            ),
            pgtrigger.Trigger(
                name="born_given_away_means_allocated",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(new__allocated__gt=0),
                func="""
                IF NEW.allocated <> coalesce((SELECT sum(amount) FROM payments_allocation a WHERE a.payment_id = NEW.id), 0) THEN
                    RAISE EXCEPTION 'payment % says that it was given to invoices, but no allocation says so', NEW.reference
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @transition(field=state, source=[PaymentState.CREATED, PaymentState.UNKNOWN], target=PaymentState.PROCESSING)
    def await_outcome(self) -> None:
        """The gateway has it; the customer or the gateway decides."""

    @transition(field=state, source=[PaymentState.CREATED, PaymentState.PROCESSING], target=PaymentState.UNKNOWN)
    def lose_track(self) -> None:
        """No usable answer: the gateway is asked again, nothing is retried."""

    @transition(field=state, source=list(MAY_SUCCEED), target=PaymentState.SUCCEEDED)
    def succeed(self, *, at: datetime, collected_at: datetime, captured: int, gateway_txn_id: str) -> None:
        self.collected_at = min(collected_at, at)
        self.settled_at, self.captured, self.gateway_txn_id = at, captured, gateway_txn_id
        self.failure, self.check_at = "", None
        self.release()

    def release(self) -> None:
        """Staff need not look at it any more."""
        self.held, self.held_amount, self.held_txn_id = "", None, ""

    @property
    def received(self) -> int:
        """What came in, once it succeeded."""
        return self.amount if self.captured is None else self.captured

    @property
    def came_in(self) -> int:
        """Nothing, as long as nobody says that something was received."""
        return self.received if self.state == PaymentState.SUCCEEDED else 0

    @property
    def failure_words(self) -> str:
        """Why it failed, or what it could not pay, for the customer."""
        return failure_words(self.failure)

    @property
    def kept(self) -> int:
        """What came in for an order and stays credit in the wallet, because the order could not take it."""
        return self.received if self.failure in KEPT else 0

    @transition(field=state, source=list(OPEN), target=PaymentState.FAILED)
    def fail(self, *, reason: str, at: datetime) -> None:
        self.settled_at, self.failure = at, reason[:200]

    @transition(field=state, source=list(OPEN), target=PaymentState.CANCELLED)
    def cancel(self, *, at: datetime) -> None:
        self.settled_at = at

    @transition(field=state, source=PaymentState.SUCCEEDED, target=PaymentState.REFUNDED)
    def give_back(self) -> None:
        """Everything went back to the wallet or to its source."""

    @transition(field=state, source=PaymentState.REFUNDED, target=PaymentState.SUCCEEDED)
    def come_back(self) -> None:
        """Something of what went back to its source is credit again."""
