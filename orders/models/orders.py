"""What a customer has ordered: redeemed quotes on their way to being done."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import ClassVar, Self
from uuid import UUID

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from accounts.models import BuyerProfile, Customer
from accounts.models.closed import opens_nothing_when_closed
from kernel import display
from kernel.ids import new_id
from kernel.money import MAXIMUM
from kernel.reasons import in_words, reason_of
from lifecycle.models import ProvisioningRequest, Resource
from orders.deal import Part
from orders.models.offers import Action, CheckoutSession, Quote
from payments.models import Payment
from store.carried import CarriedKey, unique_with
from store.machine import StateMachine
from store.personal import Because, kept
from store.triggers import edges_only, frozen, never_deleted

STUCK_AFTER = timedelta(hours=1)


class OrderState(models.TextChoices):
    AWAITING_PAYMENT = "awaiting_payment", _("awaiting payment")
    PAID = "paid", _("paid")
    PROVISIONING = "provisioning", _("provisioning")
    COMPLETED = "completed", _("completed")
    PARTLY_REFUNDED = "partly_refunded", _("partly refunded")
    REFUNDED = "refunded", _("refunded")
    CANCELLED = "cancelled", _("cancelled")
    EXPIRED = "expired", _("expired")


ORDER_EDGES = frozenset(
    {
        ("awaiting_payment", "paid"),
        ("awaiting_payment", "cancelled"),
        ("awaiting_payment", "expired"),
        ("paid", "provisioning"),
        ("provisioning", "completed"),
        ("provisioning", "partly_refunded"),
        ("provisioning", "refunded"),
    }
)

ITEM_EDGES = frozenset(
    {("waiting", "provisioning"), ("waiting", "cancelled"), ("provisioning", "completed"), ("provisioning", "refunded")}
)


ORDERED_AS_OFFERED = pgtrigger.Trigger(
    name="an_order_has_its_quotes_customer_and_session",
    level=pgtrigger.Row,
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func="""
    IF NOT EXISTS (
        SELECT FROM orders_quote WHERE id = NEW.quote_id AND customer_id = NEW.customer_id
            AND checkout_session_id IS NOT DISTINCT FROM NEW.checkout_session_id
    ) THEN
        RAISE EXCEPTION 'order % differs from its quote', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
    """,
)


class OrderQuerySet(models.QuerySet["Order"]):
    def lock(self, pk: UUID) -> Order:
        return self.select_for_update(of=("self",), no_key=True).select_related("customer", "quote").get(pk=pk)

    @staticmethod
    def is_stuck(at: datetime) -> Q:
        """Paid for, and nothing came of it for too long."""
        return Q(state__in=[OrderState.PAID, OrderState.PROVISIONING], paid_at__lte=at - STUCK_AFTER)

    def due_for_expiry(self, at: datetime) -> Self:
        return self.filter(state=OrderState.AWAITING_PAYMENT, expires_at__lte=at)


class Order(StateMachine):
    """
    A redeemed quote on its way to being done.

    ::

        awaiting payment ─► paid ─► provisioning ─► completed | partly refunded | refunded
              └─► cancelled | expired
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    latest_payment: dict[str, object] | None
    """Of those that the API reads: as `orders.api.orders` shows it."""

    State = OrderState
    ENDED: ClassVar = frozenset(
        {
            OrderState.COMPLETED,
            OrderState.PARTLY_REFUNDED,
            OrderState.REFUNDED,
            OrderState.CANCELLED,
            OrderState.EXPIRED,
        }
    )

    class Means(models.TextChoices):
        """How the customer chose to pay."""

        WALLET = "wallet", _("wallet credit")
        TOP_UP_AND_PAY = "top_up_and_pay", _("all wallet credit, the rest by gateway")
        GATEWAY = "gateway", _("gateway")
        BANK_TRANSFER = "bank_transfer", _("bank transfer")
        ON_BEHALF = "on_behalf", _("somebody else pays")
        POC = "poc", _("POC credit")
        NONE = "none", _("nothing to pay now")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders", verbose_name=_("customer"))
    quote = models.OneToOneField(
        Quote, on_delete=models.PROTECT, db_constraint=False, related_name="order", verbose_name=_("quote")
    )
    action = models.CharField(_("action"), max_length=8, choices=Action.choices)
    state = FSMField(_("state"), default=OrderState.AWAITING_PAYMENT, choices=OrderState.choices, protected=True)
    means = models.CharField(_("means of payment"), max_length=14, choices=Means.choices)
    total = models.BigIntegerField(_("total"), help_text=_("To pay; 0 for postpaid and when money comes back."))
    coupon_code = models.CharField(_("coupon"), max_length=40, blank=True)
    checkout_session = models.ForeignKey(
        CheckoutSession,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="orders",
        verbose_name=_("checkout session"),
    )
    payment = models.OneToOneField(
        Payment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="order",
        verbose_name=_("payment"),
    )
    key = models.CharField(_("idempotency key"), max_length=100)
    actor_kind = models.CharField(max_length=12)
    actor = models.CharField(_("by"), max_length=200)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("payment expected until"))
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)
    taxed_at = models.DateTimeField(
        _("tax point"),
        null=True,
        blank=True,
        help_text=_(
            "When the money was collected: by what the bank or the gateway says of it, where we heard of it later."
        ),
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    cancelled_by = models.CharField(_("given up by"), max_length=200, blank=True, db_default="")
    buyer = models.ForeignKey(
        BuyerProfile,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("invoiced to"),
        help_text=_("The buyer profile that was chosen; else the default at the time of the invoice."),
    )
    terms_version = models.CharField(_("terms accepted"), max_length=10, blank=True, db_default="")

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints: ClassVar = [
            unique_with(name="an_order_is_one_customers"),
            CarriedKey("quote", name="an_order_is_its_quotes_customers"),
            CarriedKey("checkout_session", name="an_order_is_its_sessions_customers"),
            CarriedKey("payment", name="an_order_is_paid_by_its_customer"),
            CarriedKey("buyer", name="an_order_is_invoiced_to_its_customers_buyer"),
            models.UniqueConstraint(name="one_order_per_customer_and_key", fields=["customer", "key"]),
            models.UniqueConstraint(
                name="a_checkout_session_is_ordered_once",
                fields=["checkout_session"],
                condition=~Q(state__in=["cancelled", "expired"]),
            ),
            models.CheckConstraint(
                name="an_order_is_taxed_when_it_is_paid_or_was_just_before",
                condition=Q(taxed_at=None)
                | Q(paid_at__isnull=False, taxed_at__gte=F("created_at"), taxed_at__lte=F("paid_at")),
            ),
            models.CheckConstraint(
                name="an_order_total_is_not_negative", condition=Q(total__gte=0, total__lte=MAXIMUM)
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="orders_of_a_customer", fields=["customer", "-id"]),
            models.Index(name="orders_awaiting_payment", fields=["expires_at"], condition=Q(state="awaiting_payment")),
        ]
        triggers: ClassVar = [
            opens_nothing_when_closed(),
            never_deleted(),
            edges_only(field="state", initial="awaiting_payment", edges=ORDER_EDGES),
            frozen(
                "is_what_was_ordered",
                columns=[
                    *("customer_id", "quote_id", "action", "means", "total", "coupon_code", "checkout_session_id"),
                    *("key", "actor_kind", "actor", "created_at", "terms_version"),
                ],
            ),
            frozen("names_its_buyer_until_it_ends", columns=["buyer_id"], unless="OLD.ended_at IS NULL"),
            frozen(
                "is_paid_once", columns=["payment_id", "paid_at", "taxed_at"], unless="OLD.state = 'awaiting_payment'"
            ),
            ORDERED_AS_OFFERED,
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {display.instant(self.created_at)}"

    @property
    def has_ended(self) -> bool:
        return self.state in self.ENDED

    @cached_property
    def dues(self) -> list[int]:
        """What of the payment belongs to each item, by position."""
        return list(self.items.order_by("position").values_list("due", flat=True))

    @transition(field=state, source=OrderState.AWAITING_PAYMENT, target=OrderState.PAID)
    def pay(self, *, collected_at: datetime, at: datetime) -> None:
        self.paid_at, self.taxed_at = at, collected_at

    @transition(field=state, source=OrderState.PAID, target=OrderState.PROVISIONING)
    def provision(self) -> None:
        pass

    @transition(field=state, source=OrderState.PROVISIONING, target=OrderState.COMPLETED)
    def complete(self, *, at: datetime) -> None:
        self.ended_at = at

    @transition(field=state, source=OrderState.PROVISIONING, target=OrderState.PARTLY_REFUNDED)
    def refund_partly(self, *, at: datetime) -> None:
        self.ended_at = at

    @transition(field=state, source=OrderState.PROVISIONING, target=OrderState.REFUNDED)
    def refund(self, *, at: datetime) -> None:
        self.ended_at = at

    @transition(field=state, source=OrderState.AWAITING_PAYMENT, target=OrderState.CANCELLED)
    def cancel(self, *, at: datetime) -> None:
        self.ended_at = at

    @transition(field=state, source=OrderState.AWAITING_PAYMENT, target=OrderState.EXPIRED)
    def expire(self, *, at: datetime) -> None:
        self.ended_at = at


class OrderItemQuerySet(models.QuerySet["OrderItem"]):
    def open(self) -> Self:
        """Of orders that wait for payment or are being carried out."""
        return self.filter(state__in=OrderItem.OPEN)

    def stuck(self, at: datetime) -> Self:
        """Parts of stuck orders that are not there yet."""
        return self.filter(state=OrderItem.State.PROVISIONING, order__paid_at__lte=at - STUCK_AFTER)


LONGEST_REASON = 240
"""Of an item: a code, and what somebody wrote in 200 characters."""


class OrderItem(models.Model):
    """
    One resource's part of an order, with its share of the money.

    `content` is its part of the deal that the quote sealed. `due` is what of the order's payment belongs to this item.
    `reason` is the code of the refusal that it met, or the product team's with what it wrote, see `kernel.reasons`.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for payment")
        PROVISIONING = "provisioning", _("provisioning")
        COMPLETED = "completed", _("completed")
        REFUNDED = "refunded", _("failed, money returned")
        CANCELLED = "cancelled", _("cancelled")

    OPEN: ClassVar = [State.WAITING, State.PROVISIONING]

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, db_constraint=False, related_name="items", verbose_name=_("order")
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_constraint=False, related_name="+", verbose_name=_("customer")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    resource = models.ForeignKey(
        Resource,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="order_items",
        verbose_name=_("resource"),
    )
    request = models.OneToOneField(
        ProvisioningRequest,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="order_item",
        verbose_name=_("provisioning request"),
    )
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.WAITING)
    content = models.JSONField(_("content"))
    due = models.BigIntegerField(_("amount"))
    reason = models.CharField(_("reason of failure"), max_length=LONGEST_REASON, blank=True)

    objects = OrderItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("order item")
        verbose_name_plural = _("order items")
        constraints: ClassVar = [
            CarriedKey("order", name="an_item_is_its_orders_customers"),
            CarriedKey("resource", name="an_item_is_about_its_customers_resource"),
            CarriedKey("request", carries="resource", name="an_items_request_is_about_its_resource"),
            models.UniqueConstraint(name="one_item_per_position", fields=["order", "position"]),
            models.UniqueConstraint(
                name="one_open_order_per_resource",
                fields=["resource"],
                condition=Q(state__in=["waiting", "provisioning"]),
            ),
            models.CheckConstraint(name="an_item_is_due_nothing_or_more", condition=Q(due__gte=0, due__lte=MAXIMUM)),
        ]
        triggers: ClassVar = [
            never_deleted(),
            edges_only(field="state", initial="waiting", edges=ITEM_EDGES),
            frozen("is_what_was_agreed", columns=["order_id", "customer_id", "position", "content", "due"]),
            frozen("is_about_one_resource", columns=["resource_id"], unless="OLD.resource_id IS NULL"),
            frozen("is_asked_for_once", columns=["request_id"], unless="OLD.request_id IS NULL"),
            pgtrigger.Trigger(
                name="items_add_up_to_their_order",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_items"),
                declare=[("broken", "uuid")],
                func="""
                SELECT o.id INTO broken FROM orders_order o
                WHERE o.id IN (SELECT order_id FROM new_items)
                    AND o.total <> (SELECT sum(due) FROM orders_orderitem i WHERE i.order_id = o.id) LIMIT 1;
                IF broken IS NOT NULL THEN
                    RAISE EXCEPTION 'the items of order % do not add up to it', broken USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} #{self.position}"

    @cached_property
    def part(self) -> Part:
        """What was agreed for this resource."""
        return Part.from_json(self.content)

    @property
    def its_resource(self) -> Resource:
        assert self.resource is not None, "the item has its resource by now"
        return self.resource

    @property
    def reason_code(self) -> str:
        return reason_of(self.reason).code

    @property
    def why(self) -> str:
        """Why it failed, in the reader's language; empty otherwise."""
        return in_words(self.reason)
