"""Where money can be, and what of it is kept for a bill to come."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from kernel import display
from kernel.money import MAXIMUM
from store import personal
from store.carried import unique_with
from store.kept import KeepsColumns
from store.personal import Because
from store.triggers import frozen, kept, never_deleted


class Account(KeepsColumns):
    """A place where money can be: a bucket of a customer's wallet or a house account."""

    AT_CLOSING: ClassVar = personal.kept(Because.BOOKS)

    class Kind(models.TextChoices):
        CREDIT = "credit", _("credit")
        PROMOTIONAL = "promotional", _("promotional credit")
        POC = "poc", _("POC credit")
        GATEWAY = "gateway", _("money at payment gateways")
        BANK = "bank", _("money in the bank")
        SUSPENSE = "suspense", _("money that arrived and is nobody's yet")
        ESCROW = "escrow", _("money of open orders")
        SALES = "sales", _("settled invoices")
        PROMOTIONS = "promotions", _("granted promotional credit")
        ADJUSTMENTS = "adjustments", _("staff adjustments")
        DEBTS = "debts", _("debts of customers")
        REFUNDS = "refunds", _("refunds under way")
        POC_USED = "poc_used", _("used up POC credit")

    WALLET: ClassVar = (Kind.CREDIT, Kind.PROMOTIONAL)
    """What pays for anything."""
    OF_CUSTOMERS: ClassVar = (*WALLET, Kind.POC)
    """Those that keep a balance."""

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="ledger_accounts",
        verbose_name=_("customer"),
    )
    balance = models.BigIntegerField(_("balance"), null=True, editable=False)
    held = models.BigIntegerField(_("held"), default=0, editable=False)

    class Meta:
        verbose_name = _("ledger account")
        verbose_name_plural = _("ledger accounts")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_account_per_kind_and_customer", fields=["customer", "kind"], nulls_distinct=False
            ),
            models.CheckConstraint(
                name="wallets_keep_a_balance_and_house_accounts_none",
                condition=Q(customer__isnull=False, kind__in=["credit", "promotional", "poc"], balance__isnull=False)
                | Q(customer__isnull=True, balance__isnull=True) & ~Q(kind__in=["credit", "promotional", "poc"]),
            ),
            models.CheckConstraint(
                name="a_wallet_is_never_negative", condition=Q(balance__isnull=True) | Q(balance__gte=F("held"))
            ),
            models.CheckConstraint(name="held_money_is_not_negative", condition=Q(held__gte=0)),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("stays_what_it_is", columns=["kind", "customer_id"]),
            kept("only_entries_move_the_balance", columns=["balance"]),
            kept("only_holds_move_what_is_held", columns=["held"]),
            pgtrigger.Trigger(
                name="starts_empty",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="IF COALESCE(NEW.balance, 0) <> 0 OR NEW.held <> 0 THEN RAISE EXCEPTION 'an account starts empty'"
                " USING ERRCODE = 'check_violation'; END IF; RETURN NEW;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.customer or 'house'})"


def _moves_what_is_held(
    name: str, operation: pgtrigger.Operation, rows: pgtrigger.Referencing, first: str = "", *, moved: str
) -> pgtrigger.Trigger:
    """`held` follows the open holds: each account is written once by a statement, however many holds it moves."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,  # a row that ON CONFLICT leaves out holds nothing
        operation=operation,
        referencing=rows,
        declare=[("stranger", "uuid")],
        func=f"""{first}
                WITH moved AS (
                    SELECT account_id, customer_id, sum(amount) AS amount FROM ({moved}) m GROUP BY 1, 2
                ), kept AS (
                    UPDATE ledger_account SET held = held + m.amount FROM moved m
                    WHERE id = m.account_id AND ledger_account.customer_id = m.customer_id AND kind = 'credit' RETURNING id
                )
                SELECT customer_id INTO stranger FROM moved WHERE account_id NOT IN (SELECT id FROM kept) LIMIT 1;
                IF stranger IS NOT NULL THEN
                    RAISE EXCEPTION 'what is held is credit of %', stranger USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
    )


class CreditHold(models.Model):
    """
    Part of a customer's bought credit that is kept for a bill to come: still theirs, and spent by nothing else meanwhile.

    `source` names what it is kept for: there is one open hold of it at a time. It ends once: released (another amount is kept from
    then on, or nothing), or captured by the bill.
    """

    AT_CLOSING: ClassVar = personal.kept(Because.BOOKS)

    class End(models.TextChoices):
        RELEASED = "released", _("free again")
        CAPTURED = "captured", _("captured")

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="holds", verbose_name=_("ledger account")
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer"))
    source = models.CharField(_("source"), max_length=80)
    amount = models.BigIntegerField(_("amount"))
    at = models.DateTimeField(_("at"))
    ended_as = models.CharField(_("how it ended"), max_length=8, choices=End.choices, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("credit hold")
        verbose_name_plural = _("credit holds")
        constraints: ClassVar = [
            unique_with(name="a_credit_hold_is_one_customers"),
            models.UniqueConstraint(
                name="one_open_hold_of_each_source", fields=["source"], condition=Q(ended_at__isnull=True)
            ),
            models.CheckConstraint(
                name="a_credit_hold_keeps_something", condition=Q(amount__gt=0, amount__lte=MAXIMUM)
            ),
            models.CheckConstraint(
                name="a_credit_hold_that_ended_says_how",
                condition=Q(ended_as="", ended_at__isnull=True)
                | Q(ended_as__in=["released", "captured"], ended_at__isnull=False, ended_at__gte=F("at")),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="open_holds_of_a_customer", fields=["customer"], condition=Q(ended_at__isnull=True))
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("is_what_was_kept", columns=["account_id", "customer_id", "source", "amount", "at"]),
            frozen("ends_once", columns=["ended_as", "ended_at"], unless="OLD.ended_at IS NULL"),
            _moves_what_is_held(
                "holds_what_is_placed",
                pgtrigger.Insert,
                pgtrigger.Referencing(new="new_holds"),
                """
                IF EXISTS (SELECT FROM new_holds WHERE ended_at IS NOT NULL) THEN
                    RAISE EXCEPTION 'a hold begins open' USING ERRCODE = 'check_violation';
                END IF;""",
                moved="SELECT account_id, customer_id, amount FROM new_holds",
            ),
            _moves_what_is_held(
                "frees_what_has_ended",
                pgtrigger.Update,
                pgtrigger.Referencing(new="new_holds", old="old_holds"),
                moved="SELECT n.account_id, n.customer_id, -n.amount AS amount FROM new_holds n JOIN old_holds o USING (id)"
                " WHERE o.ended_at IS NULL AND n.ended_at IS NOT NULL",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {display.money(self.amount)}"
