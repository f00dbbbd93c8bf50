"""What was granted until when, promotional and POC credit, and what each of its uses took."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.models.closed import opens_nothing_when_closed
from kernel import display
from kernel.ids import new_id
from kernel.money import MAXIMUM
from ledger.models.entries import Transaction
from store import personal
from store.carried import unique_with
from store.kept import KeepsColumns
from store.personal import Because
from store.triggers import append_only, frozen, kept, never_deleted


class Grant(KeepsColumns):
    """
    Credit given to a customer until an instant; what is left of it then (`rest`) is taken back.

    Promotional credit pays for anything: of several grants the one that ends first is spent first, by the trigger of the entries.
    Refunds put back what was spent. One that a refund gives anew, until a later end, has no transaction of its own: its money is
    that of the refund (`returned_by`).

    POC credit, for a proof of concept, pays for its `products` alone (their ids: the ledger knows none), from `starts_at` on, and
    is taken back before its end when it is stopped.
    """

    AT_CLOSING: ClassVar = personal.kept(Because.BOOKS)

    class Kind(models.TextChoices):
        PROMOTIONAL = "promotional", _("promotional credit")
        POC = "poc", _("POC credit")

    key = models.UUIDField(_("id for others"), default=new_id, db_default=RandomUUID(), editable=False)
    kind = models.CharField(
        _("kind"), max_length=11, choices=Kind.choices, default=Kind.PROMOTIONAL, db_default=Kind.PROMOTIONAL
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="grants", verbose_name=_("customer"))
    amount = models.BigIntegerField(_("amount"))
    rest = models.BigIntegerField(_("left of it"), default=0, editable=False)
    products = ArrayField(models.UUIDField(), verbose_name=_("products"), default=list, db_default=[], blank=True)
    starts_at = models.DateTimeField(_("can be spent from"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"))
    reason = models.CharField(_("reason"), max_length=200)
    returned_by = models.ForeignKey(
        Transaction,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="grants_anew",
        verbose_name=_("given anew by"),
    )
    at = models.DateTimeField(_("at"))
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True)
    stop_reason = models.CharField(_("why it was stopped"), max_length=200, blank=True, db_default="")

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints: ClassVar = [
            unique_with(name="a_grant_is_one_customers"),
            models.UniqueConstraint(name="a_grant_has_its_own_id", fields=["key"]),
            models.CheckConstraint(
                name="poc_credit_says_for_what_and_from_when",
                condition=Q(kind="promotional", products__len=0, starts_at__isnull=True, stopped_at__isnull=True)
                | Q(kind="poc", products__len__gt=0, starts_at__isnull=False, expires_at__gt=F("starts_at"))
                & Q(returned_by__isnull=True),
            ),
            models.CheckConstraint(
                name="a_stop_of_poc_credit_has_a_reason",
                condition=Q(stopped_at__isnull=True, stop_reason="") | Q(stopped_at__isnull=False, stop_reason__gt=""),
            ),
            models.CheckConstraint(name="a_grant_gives_something", condition=Q(amount__gt=0, amount__lte=MAXIMUM)),
            models.CheckConstraint(name="what_is_left_is_part_of_it", condition=Q(rest__gte=0, rest__lte=F("amount"))),
        ]
        indexes: ClassVar = [
            models.Index(name="grants_with_a_rest_by_end", fields=["expires_at"], condition=Q(rest__gt=0)),
            models.Index(name="grants_of_a_customer", fields=["customer", "expires_at"], condition=Q(rest__gt=0)),
        ]
        triggers: ClassVar = [
            opens_nothing_when_closed(when=pgtrigger.Q(new__returned_by__isnull=True)),
            never_deleted(),
            frozen(
                "is_what_was_given",
                columns=[
                    *("customer_id", "key", "kind", "amount", "products", "starts_at", "expires_at", "reason", "at"),
                    "returned_by_id",
                ],
            ),
            frozen("is_stopped_once", columns=["stopped_at", "stop_reason"], unless="OLD.stopped_at IS NULL"),
            kept("only_its_uses_move_the_rest", columns=["rest"]),
            pgtrigger.Trigger(
                name="starts_whole",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="NEW.rest := NEW.amount; RETURN NEW;",
            ),
            pgtrigger.Trigger(
                name="is_given_anew_from_what_came_back",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__returned_by__isnull=False),
                func="""
                PERFORM FROM ledger_transaction WHERE id = NEW.returned_by_id FOR UPDATE;
                IF NOT EXISTS (
                    SELECT FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id
                    JOIN ledger_account a ON a.id = e.account_id AND a.kind = 'promotional'
                    WHERE t.id = NEW.returned_by_id AND t.customer_id = NEW.customer_id
                        AND t.kind IN ('order_refund', 'credit_note_refund') AND e.amount >= NEW.amount
                        + (SELECT coalesce(sum(amount), 0) FROM ledger_grant WHERE returned_by_id = NEW.returned_by_id)
                ) THEN
                    RAISE EXCEPTION 'transaction % returned less promotional credit to this customer than is given anew',
                        NEW.returned_by_id USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {display.money(self.amount)}"

    def is_running(self, at: datetime) -> bool:
        """It can be spent."""
        return (self.starts_at is None or self.starts_at <= at) and not self.has_ended(at)

    @property
    def last_instant(self) -> datetime:
        """Of the time in which it can be spent: its day is the last one."""
        return self.expires_at - timedelta(microseconds=1)

    def has_ended(self, at: datetime) -> bool:
        """What goes back into it is lost."""
        return self.stopped_at is not None or self.expires_at <= at


class GrantUse(models.Model):
    """
    What a transaction took from a grant, or, below zero, put back into it.

    What is put back names the transaction that had taken it (`origin`): nothing is put back twice.
    """

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="uses", verbose_name=_("grant"))
    transaction = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, related_name="grant_uses", verbose_name=_("ledger transaction")
    )
    origin = models.ForeignKey(
        Transaction,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="put_back",
        verbose_name=_("had been taken by"),
    )
    amount = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("use of a grant")
        verbose_name_plural = _("uses of grants")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="a_use_takes_or_puts_back",
                condition=Q(amount__gt=0, origin__isnull=True) | Q(amount__lt=0, origin__isnull=False),
            )
        ]
        triggers: ClassVar = [
            append_only(),
            pgtrigger.Trigger(
                name="moves_the_rest",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func="UPDATE ledger_grant SET rest = rest - NEW.amount WHERE id = NEW.grant_id; RETURN NULL;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grant_id}: {display.money(self.amount)}"
