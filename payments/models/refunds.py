"""Money of a top-up that goes back to where it came from: the only way in which credit leaves."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from accounts.models import Customer, StaffAct
from kernel.ids import new_id
from kernel.money import MAXIMUM
from payments.models.attempts import Payment
from store.carried import CarriedKey
from store.machine import StateMachine
from store.personal import Because, kept
from store.triggers import edges_only, frozen, never_deleted


class RefundState(models.TextChoices):
    APPROVED = "approved", _("approved")
    UNDER_WAY = "under_way", _("under way")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


UNDECIDED = (RefundState.APPROVED, RefundState.UNDER_WAY)
EDGES = frozenset(
    {
        ("approved", "under_way"),
        ("approved", "failed"),
        ("under_way", "done"),
        ("under_way", "failed"),
        ("done", "failed"),
    }
)


TO_RETURN = Q(check_at__isnull=False)
"""To be sent, or to be asked about."""


class RefundQuerySet(models.QuerySet["Refund"]):
    def lock(self, pk: UUID) -> Refund:
        return self.select_for_update(of=("self",), no_key=True).select_related("payment").get(pk=pk)

    def undecided(self) -> Self:
        return self.filter(state__in=UNDECIDED)

    def stuck(self) -> Self:
        """The gateway never said what became of it: staff find out."""
        return self.undecided().filter(check_at=None)


class Refund(StateMachine):
    """
    `amount` of a top-up goes back to its source, as two people have decided by `act`, which also says why.

    The row is begun with the money: it leaves the wallet for a house account and waits there until the gateway says what
    became of it. `reference` is committed before the gateway hears of it, and is the only one that it ever hears:

        APPROVED -> UNDER_WAY -> DONE | FAILED (it is credit again)
        DONE -> FAILED (it came back, at gateways where that happens)

    Until it has failed it counts in the payment's `to_source`, which the triggers here keep.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    State = RefundState

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, db_constraint=False, related_name="refunds", verbose_name=_("payment")
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_constraint=False, related_name="refunds", verbose_name=_("customer")
    )
    act = models.OneToOneField(StaffAct, on_delete=models.PROTECT, related_name="refund", verbose_name=_("act for two"))
    gateway = models.CharField(_("gateway"), max_length=20)
    reference = models.CharField(_("reference at the gateway"), max_length=60)
    amount = models.BigIntegerField(_("amount"))
    state = FSMField(_("state"), default=RefundState.APPROVED, choices=RefundState.choices, protected=True)
    approved_at = models.DateTimeField(_("approved"))
    sent_at = models.DateTimeField(_("sent to the gateway"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    came_back_at = models.DateTimeField(_("came back"), null=True, blank=True)
    gateway_txn_id = models.CharField(_("gateway's transaction"), max_length=60, null=True, blank=True)
    failure = models.CharField(_("reason of failure"), max_length=200, blank=True)
    check_at = models.DateTimeField(_("ask the gateway at"), null=True, blank=True)
    checks = models.PositiveSmallIntegerField(_("times asked"), default=0)

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund to the source")
        verbose_name_plural = _("refunds to the source")
        constraints: ClassVar = [
            CarriedKey("payment", name="a_refund_is_its_payments_customers"),
            models.CheckConstraint(name="a_refund_returns_an_amount", condition=Q(amount__gt=0, amount__lte=MAXIMUM)),
            models.UniqueConstraint(
                name="a_refund_is_asked_for_under_its_own_reference", fields=["gateway", "reference"]
            ),
            models.UniqueConstraint(
                name="one_refund_of_a_payment_at_a_time",
                fields=["payment"],
                condition=Q(state__in=[state.value for state in UNDECIDED]),
            ),
            models.UniqueConstraint(name="one_refund_per_gateway_transaction", fields=["gateway", "gateway_txn_id"]),
            models.CheckConstraint(
                name="a_refund_says_how_it_stands",
                condition=Q(state="approved", sent_at=None, settled_at=None, gateway_txn_id=None, came_back_at=None)
                | Q(state="under_way", sent_at__isnull=False, settled_at=None, gateway_txn_id=None, came_back_at=None)
                | Q(state="done", sent_at__isnull=False, settled_at__isnull=False, check_at=None, came_back_at=None)
                & Q(gateway_txn_id__isnull=False, gateway_txn_id__gt="")
                | Q(state="failed", settled_at__isnull=False, check_at=None)
                & ~Q(failure="")
                & Q(
                    Q(gateway_txn_id=None, came_back_at=None)
                    | Q(gateway_txn_id__isnull=False, gateway_txn_id__gt="", came_back_at__isnull=False)
                ),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="refunds_to_ask_about", fields=["check_at"], condition=TO_RETURN),
            models.Index(name="refunds_that_are_undecided", fields=["approved_at"], condition=Q(state__in=["approved", "under_way"])),
            models.Index(name="refunds_done_by_a_gateway", fields=["gateway", "settled_at"], condition=Q(gateway_txn_id__isnull=False)),
        ]  # fmt: skip
        triggers: ClassVar = [
            never_deleted(),
            edges_only(field="state", initial="approved", edges=EDGES),
            frozen(
                "is_what_was_decided",
                columns=["payment_id", "customer_id", "act_id", "gateway", "reference", "amount", "approved_at"],
            ),
            frozen("is_sent_once", columns=["sent_at"], unless="OLD.sent_at IS NULL"),
            frozen("ends_once", columns=["settled_at", "gateway_txn_id"], unless="OLD.settled_at IS NULL"),
            frozen("comes_back_once", columns=["came_back_at"], unless="OLD.came_back_at IS NULL"),
            pgtrigger.Trigger(
                name="is_of_a_top_up_at_its_gateway",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                IF NOT EXISTS (SELECT FROM payments_payment p WHERE p.id = NEW.payment_id AND p.gateway = NEW.gateway
                               AND p.kind = 'top_up' AND p.means = 'gateway' AND p.state IN ('succeeded', 'refunded')) THEN
                    RAISE EXCEPTION 'only a top-up that has succeeded goes back, by the gateway that brought it'
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="is_decided_by_two",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,  # an act is tried before it waits for somebody else
                func="""
                IF NOT EXISTS (SELECT FROM accounts_staffact a WHERE a.id = NEW.act_id AND a.act = 'refund-top-up'
                               AND a.customer_id = NEW.customer_id AND a.amount = NEW.amount AND a.state = 'approved'
                               AND a.facts ->> 'payment' = NEW.payment_id::text) THEN
                    RAISE EXCEPTION 'refund % was not decided by two people', NEW.reference USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="counts_in_its_payment",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
                func="""
                IF TG_OP = 'INSERT' THEN
                    UPDATE payments_payment SET to_source = to_source + NEW.amount
                    WHERE id = NEW.payment_id AND to_source + taken_back + NEW.amount <= coalesce(captured, amount);
                    IF NOT FOUND THEN
                        RAISE EXCEPTION 'refund % returns more than is left of its payment', NEW.reference
                            USING ERRCODE = 'check_violation';
                    END IF;
                ELSIF NEW.state = 'failed' AND OLD.state <> 'failed' THEN
                    UPDATE payments_payment SET to_source = to_source - NEW.amount WHERE id = NEW.payment_id;
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_undecided(self) -> bool:
        return self.state in UNDECIDED

    @transition(field=state, source=RefundState.APPROVED, target=RefundState.UNDER_WAY)
    def send(self, *, at: datetime) -> None:
        """The gateway is about to hear of it, or has heard."""
        self.sent_at = at

    @transition(field=state, source=RefundState.UNDER_WAY, target=RefundState.DONE)
    def arrive(self, *, gateway_txn_id: str, at: datetime) -> None:
        self.settled_at, self.gateway_txn_id = at, gateway_txn_id
        self.failure, self.check_at = "", None

    @transition(field=state, source=list(UNDECIDED), target=RefundState.FAILED)
    def fail(self, *, reason: str, at: datetime) -> None:
        """The gateway will not move it: the money is credit again."""
        self.settled_at, self.failure, self.check_at = at, reason[:200], None

    @transition(field=state, source=RefundState.DONE, target=RefundState.FAILED)
    def come_back(self, *, reason: str, at: datetime) -> None:
        """It had arrived as far as the gateway knew, and is credit again."""
        self.came_back_at, self.failure = at, reason[:200]
