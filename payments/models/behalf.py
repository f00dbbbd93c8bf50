"""What customers ask somebody else to pay for them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self
from uuid import UUID

import pgtrigger
from django.db import models
from django.db.models import CharField, CheckConstraint, F, Q, Value
from django.db.models.functions import Cast, Concat, Upper
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from accounts.models import Customer
from accounts.models.closed import OF_CLOSED, opens_nothing_when_closed
from kernel import display
from kernel.ids import new_id
from kernel.money import MAXIMUM
from payments.models.payables import PaidFor, payable_of
from store.carried import unique_with
from store.machine import StateMachine
from store.personal import Because, blanked
from store.triggers import edges_only, frozen, never_deleted

VALID_FOR = timedelta(days=3)


class RequestState(models.TextChoices):
    OPEN = "open", _("waiting for the payment")
    PAID = "paid", _("paid")
    WITHDRAWN = "withdrawn", _("withdrawn")
    EXPIRED = "expired", _("expired")


REQUEST_EDGES = frozenset(
    {
        *(("open", end) for end in ("paid", "withdrawn", "expired")),
        *((end, "paid") for end in ("withdrawn", "expired")),
    }
)


def names_its_request(name: str) -> CheckConstraint:
    """What is paid on behalf names the request as what it pays, and nothing else does."""
    own = Q(
        request__isnull=False, payable=Concat(Value(payable_of(PaidFor.BEHALF, "")), Cast("request_id", CharField()))
    )
    return CheckConstraint(
        name=name, condition=own | Q(request__isnull=True) & ~Q(payable__startswith=payable_of(PaidFor.BEHALF, ""))
    )


def as_asked(ends: str, *, among: str = "TRUE") -> pgtrigger.Trigger:
    """
    Paying on behalf begins while the request is open, and over no more than was asked for.

    :param ends: of NEW, the instant that lies within the request's time
    :param among: SQL condition over NEW: what is begun by the payer. A bank's transfer comes when it comes
    """
    return pgtrigger.Trigger(
        name="is_begun_as_it_was_asked",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__request__isnull=False),
        func=f"""
        IF ({among}) AND NOT EXISTS (
            SELECT FROM payments_paymentrequest r WHERE r.id = NEW.request_id AND r.state = 'open'
                AND NEW.created_at < r.expires_at AND NEW.{ends} <= r.expires_at AND NEW.amount <= r.amount
        ) THEN
            RAISE EXCEPTION 'nobody is asked to pay this (any more): request %', NEW.request_id
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


class PaymentRequestQuerySet(models.QuerySet["PaymentRequest"]):
    def lock(self, pk: UUID) -> PaymentRequest:
        return self.select_for_update(of=("self",), no_key=True).select_related("customer").get(pk=pk)

    def open(self) -> Self:
        return self.filter(state=RequestState.OPEN)

    def due_for_expiry(self, at: datetime) -> Self:
        return self.open().filter(expires_at__lte=at)


class PaymentRequest(StateMachine):
    """
    A customer asks somebody, by mail, to pay an order or invoices for them.

    ::

        open ─► paid
          └─► withdrawn | expired (what was on its way by then may still come) ─► paid

    Who holds the link may look and pay, and nothing else. Its token is written nowhere: `digest` tells whether one is right,
    see `payer_links`. `amount` is what was due when they asked; what is due by now may be less.
    """

    AT_CLOSING: ClassVar = blanked("email", "shown_name", because=Because.BOOKS)

    State = RequestState

    class Kind(models.TextChoices):
        ORDER = "order", _("order")
        INVOICE = "invoice", _("invoices")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="payment_requests", verbose_name=_("customer")
    )
    kind = models.CharField(_("what it is for"), max_length=8, choices=Kind.choices)
    order_id = models.UUIDField(_("order"), null=True, blank=True)
    invoice_ids = models.JSONField(_("invoices to pay"), default=list, blank=True)
    amount = models.BigIntegerField(_("amount"))
    email = models.EmailField(_("who is asked"))
    shown_name = models.CharField(_("name that they see"), max_length=60)
    language = models.CharField(_("language"), max_length=5, choices=[("vi", "Tiếng Việt"), ("en", "English")])
    digest = models.CharField(_("digest of the link"), max_length=64)
    state = FSMField(_("state"), default=RequestState.OPEN, choices=RequestState.choices, protected=True)
    actor = models.CharField(_("by"), max_length=200)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("valid until"))
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = PaymentRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment request")
        verbose_name_plural = _("payment requests")
        constraints: ClassVar = [
            unique_with(name="a_payment_request_is_one_customers"),
            models.UniqueConstraint(name="a_link_to_pay_leads_to_one_request", fields=["digest"]),
            models.CheckConstraint(name="an_amount_asked_for_is_sane", condition=Q(amount__gt=0, amount__lte=MAXIMUM)),
            models.CheckConstraint(
                name="a_request_is_valid_for_three_days",
                condition=Q(expires_at__gt=F("created_at"), expires_at__lte=F("created_at") + VALID_FOR),
            ),
            models.CheckConstraint(
                name="a_request_names_an_order_or_invoices",
                condition=Q(kind="order", order_id__isnull=False, invoice_ids=[])
                | Q(kind="invoice", order_id__isnull=True) & ~Q(invoice_ids=[]),
            ),
            models.CheckConstraint(
                name="a_request_that_ended_says_when",
                condition=Q(state="open", ended_at__isnull=True) | Q(~Q(state="open"), ended_at__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="payment_requests_of_a_customer", fields=["customer", "-created_at", "-id"]),
            models.Index(Upper("email"), F("created_at").desc(), name="payment_requests_to_one_person"),
            models.Index(name="payment_requests_to_end", fields=["expires_at"], condition=Q(state="open")),
            models.Index(name="payment_requests_of_orders", fields=["order_id"], condition=Q(order_id__isnull=False)),
        ]
        triggers: ClassVar = [
            opens_nothing_when_closed(),
            never_deleted(),
            edges_only(
                field="state",
                initial="open",
                edges=REQUEST_EDGES,
                also="""
                IF NEW.state = 'expired' AND NEW.ended_at < NEW.expires_at THEN
                    RAISE EXCEPTION 'payment request % is still valid', NEW.id USING ERRCODE = 'check_violation';
                END IF;
                """,
            ),
            frozen(
                "is_what_was_asked_for",
                columns=[
                    *("customer_id", "kind", "order_id", "invoice_ids", "amount", "language"),
                    *("digest", "actor", "created_at", "expires_at"),
                ],
            ),
            frozen(
                "asks_whom_it_was_to_ask",
                columns=["email", "shown_name"],
                unless=f"NEW.email = '' AND NEW.shown_name = '' AND {OF_CLOSED}",
            ),
            frozen("was_first_opened_once", columns=["opened_at"], unless="OLD.opened_at IS NULL"),
        ]

    def __str__(self) -> str:
        return f"{self.email} {display.day(self.created_at)}"

    @property
    def payable(self) -> str:
        return payable_of(PaidFor.BEHALF, self.pk)

    @property
    def pays(self) -> str:
        """What the money is for, as payables name it."""
        if self.order_id:
            return payable_of(PaidFor.ORDER, self.order_id)
        return payable_of(PaidFor.INVOICES, self.customer_id)

    def is_open(self, at: datetime) -> bool:
        return self.state == RequestState.OPEN and at < self.expires_at

    @transition(
        field=state, source=[RequestState.OPEN, RequestState.WITHDRAWN, RequestState.EXPIRED], target=RequestState.PAID
    )
    def pay(self, *, at: datetime) -> None:
        self.ended_at = at

    @transition(field=state, source=RequestState.OPEN, target=RequestState.WITHDRAWN)
    def withdraw(self, *, at: datetime) -> None:
        self.ended_at = at

    @transition(field=state, source=RequestState.OPEN, target=RequestState.EXPIRED)
    def expire(self, *, at: datetime) -> None:
        self.ended_at = at
