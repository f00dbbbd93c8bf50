"""Money that a bank or gateway took back after it had arrived."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Least
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from kernel import display
from kernel.money import MAXIMUM
from payments.models.attempts import Payment
from store.carried import CarriedKey, unique_with
from store.personal import Because, kept
from store.triggers import begins_empty, frozen, never_deleted


class Reversal(models.Model):
    """
    `amount` of a payment is gone again: `from_credit` was taken out of the wallet, invoices of `reopened` are open again,
    and the rest is the customer's `debt`, of which `collected` has been taken from credit that came later.

    It is a case for staff until somebody has closed it, or all of it is `given_back` at an instant: a dispute that was won. Of one
    that was won in part the rest stays away, and what is still owed for it as well. What is away counts in the payment's `taken_back`,
    which the trigger here keeps.

    `reference` is the bank's or gateway's, or what a letter of theirs says; `told_as` is set where the statement says it otherwise.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    payment = models.ForeignKey(
        Payment,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="reversals",
        verbose_name=_("payment"),
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="reversals",
        verbose_name=_("customer"),
    )
    amount = models.BigIntegerField(_("taken back"))
    reference = models.CharField(_("reference of the bank or gateway"), max_length=60)
    told_as = models.CharField(_("as the statement names it"), max_length=60, blank=True, db_default="")
    reason = models.CharField(_("reason"), max_length=500)
    from_credit = models.BigIntegerField(_("out of the wallet"), default=0)
    reopened = models.BigIntegerField(_("on invoices that are open again"), default=0)
    debt = models.BigIntegerField(_("debt"), default=0)
    collected = models.BigIntegerField(_("of it collected"), default=0)
    given_back = models.BigIntegerField(_("of it given back"), default=0, db_default=0)
    actor = models.CharField(_("by"), max_length=200)
    at = models.DateTimeField(_("at"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    given_back_at = models.DateTimeField(_("given back"), null=True, blank=True)

    class Meta:
        verbose_name = _("payment taken back")
        verbose_name_plural = _("payments taken back")
        constraints: ClassVar = [
            unique_with(name="a_reversal_is_one_customers"),
            CarriedKey("payment", name="a_reversal_is_its_payments_customers"),
            models.UniqueConstraint(name="money_is_taken_back_once_per_reference", fields=["payment", "reference"]),
            models.UniqueConstraint(
                name="a_statement_names_one_reversal", fields=["payment", "told_as"], condition=~Q(told_as="")
            ),
            models.CheckConstraint(
                name="what_is_taken_back_comes_from_somewhere",
                condition=Q(amount__gt=0, amount__lte=MAXIMUM, from_credit__gte=0, reopened__gte=0, debt__gte=0)
                & Q(amount=F("from_credit") + F("reopened") + F("debt")),
            ),
            models.CheckConstraint(
                name="no_more_is_collected_than_the_debt", condition=Q(collected__gte=0, collected__lte=F("debt"))
            ),
            models.CheckConstraint(
                name="something_is_given_back_at_an_instant",
                condition=Q(given_back=0, given_back_at__isnull=True)
                | Q(given_back__gt=0, given_back__lte=F("amount"), given_back_at__isnull=False),
            ),
            models.CheckConstraint(
                name="what_was_given_back_is_not_owed",
                condition=Q(given_back=0) | Q(collected__gte=Least(F("debt"), F("given_back"))),
            ),
            models.CheckConstraint(
                name="nobody_looks_at_what_was_won",
                condition=~Q(given_back=F("amount")) | Q(closed_at__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="reversals_that_staff_look_at", fields=["at"], condition=Q(closed_at__isnull=True)),
            models.Index(name="open_debts_of_a_customer", fields=["customer"], condition=Q(debt__gt=F("collected"))),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen(
                "is_what_was_taken_back",
                columns=[
                    "payment_id",
                    "customer_id",
                    "amount",
                    "reference",
                    "reason",
                    "from_credit",
                    "reopened",
                    "debt",
                    "actor",
                    "at",
                ],
            ),
            frozen("is_named_once", columns=["told_as"], unless="OLD.told_as = ''"),
            frozen("is_closed_once", columns=["closed_at"], unless="OLD.closed_at IS NULL"),
            frozen("is_given_back_once", columns=["given_back", "given_back_at"], unless="OLD.given_back_at IS NULL"),
            begins_empty("nothing_of_it_is_here_again_at_first", columns=["collected", "given_back"]),
            pgtrigger.Trigger(
                name="counts_in_its_payment",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("given_back"),
                func="""
                IF TG_OP = 'INSERT' THEN
                    UPDATE payments_payment SET taken_back = taken_back + NEW.amount
                    WHERE id = NEW.payment_id AND means <> 'wallet' AND state IN ('succeeded', 'refunded');
                    IF NOT FOUND THEN
                        RAISE EXCEPTION 'only what has come from outside is taken back, and not %', NEW.reference
                            USING ERRCODE = 'check_violation';
                    END IF;
                ELSE
                    UPDATE payments_payment SET taken_back = taken_back - NEW.given_back + OLD.given_back WHERE id = NEW.payment_id;
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment}: {display.money(-self.amount)}"
