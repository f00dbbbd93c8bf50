"""
Where money is: double-entry accounts, append-only.

A transaction's entries are written in one statement and sum to zero; the database refuses anything else. Positive amounts
are what we owe (a customer's credit, an order's escrow, earned sales), negative ones what we hold against it (money at
gateways and in the bank). Balances of customers are kept by a trigger and never fall below zero; house accounts are
summed, never locked. What is held of a wallet is the sum of its open holds, kept in the same way.
"""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from kernel.money import MAXIMUM
from store.kept import KeepsColumns
from store.triggers import append_only, frozen, kept, never_deleted


class Account(KeepsColumns):
    """A place where money can be: a bucket of a customer's wallet or a house account."""

    class Kind(models.TextChoices):
        CREDIT = "credit", _("credit")
        PROMOTIONAL = "promotional", _("promotional credit")
        GATEWAY = "gateway", _("money at payment gateways")
        BANK = "bank", _("money in the bank")
        SUSPENSE = "suspense", _("money that arrived and is nobody's yet")
        ESCROW = "escrow", _("money of open orders")
        SALES = "sales", _("settled invoices")
        PROMOTIONS = "promotions", _("granted promotional credit")
        ADJUSTMENTS = "adjustments", _("staff adjustments")
        DEBTS = "debts", _("debts of customers")
        REFUNDS = "refunds", _("refunds under way")

    WALLET: ClassVar = (Kind.CREDIT, Kind.PROMOTIONAL)

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
                condition=Q(customer__isnull=False, kind__in=["credit", "promotional"], balance__isnull=False)
                | Q(customer__isnull=True, balance__isnull=True) & ~Q(kind__in=["credit", "promotional"]),
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


class CreditHold(models.Model):
    """
    Part of a customer's bought credit that is kept for a bill to come: still theirs, and spent by nothing else meanwhile.

    `source` names what it is kept for, once. It ends once: released, or captured by the bill's transaction.
    """

    class End(models.TextChoices):
        RELEASED = "released", _("free again")
        CAPTURED = "captured", _("captured")

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="holds", verbose_name=_("ledger account")
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer"))
    source = models.CharField(_("source"), max_length=80, unique=True)
    amount = models.BigIntegerField(_("amount"))
    at = models.DateTimeField(_("at"))
    ended_as = models.CharField(_("how it ended"), max_length=8, choices=End.choices, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("credit hold")
        verbose_name_plural = _("credit holds")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="a_credit_hold_keeps_something", condition=Q(amount__gt=0, amount__lte=MAXIMUM)
            ),
            models.CheckConstraint(
                name="a_credit_hold_that_ended_says_how",
                condition=Q(ended_as="", ended_at__isnull=True)
                | Q(ended_as__in=["released", "captured"], ended_at__isnull=False, ended_at__gte=F("at")),
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("is_what_was_kept", columns=["account_id", "customer_id", "source", "amount", "at"]),
            frozen("ends_once", columns=["ended_as", "ended_at"], unless="OLD.ended_at IS NULL"),
            pgtrigger.Trigger(
                name="moves_what_is_held",
                level=pgtrigger.Row,
                when=pgtrigger.After,  # a row that ON CONFLICT leaves out holds nothing
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("ended_at"),
                func="""
                IF TG_OP = 'INSERT' AND NEW.ended_at IS NOT NULL THEN
                    RAISE EXCEPTION 'a hold begins open' USING ERRCODE = 'check_violation';
                ELSIF TG_OP = 'UPDATE' AND NEW.ended_at IS NOT DISTINCT FROM OLD.ended_at THEN
                    RETURN NULL;
                END IF;
                UPDATE ledger_account SET held = held + CASE WHEN NEW.ended_at IS NULL THEN NEW.amount ELSE -NEW.amount END
                WHERE id = NEW.account_id AND customer_id = NEW.customer_id AND kind = 'credit';
                IF NOT FOUND THEN
                    RAISE EXCEPTION 'what is held is credit of %', NEW.customer_id USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.amount}"


class Transaction(models.Model):
    """
    One business fact about money. `source` names the fact: the same kind and source are posted once.

    What arrives at the bank, or goes back from there, concerns no customer: nobody knows yet whose it is.
    """

    class Kind(models.TextChoices):
        TOP_UP = "top_up", _("top-up")
        ORDER_PAYMENT = "order_payment", _("purchase")
        ORDER_SETTLEMENT = "order_settlement", _("order settled")
        ORDER_REFUND = "order_refund", _("refund of an order")
        INVOICE_PAYMENT = "invoice_payment", _("invoice paid")
        RENEWAL = "renewal", _("auto-renewal")
        BANK_ARRIVAL = "bank_arrival", _("arrived at the bank")
        BANK_TRANSFER = "bank_transfer", _("bank transfer")
        BANK_RETURN = "bank_return", _("sent back by bank")
        CREDIT_NOTE_REFUND = "credit_note_refund", _("refund of unused time")
        GRANT = "grant", _("promotional credit granted")
        GRANT_EXPIRY = "grant_expiry", _("promotional credit expired")
        ADJUSTMENT = "adjustment", _("adjustment")
        REVERSAL = "reversal", _("taken back by bank or gateway")
        GIVEN_BACK = "given_back", _("given back by bank or gateway")
        DEBT = "debt", _("debt collected")
        REFUND = "refund", _("returned to its source")
        REFUND_DONE = "refund_done", _("refund arrived at its source")
        REFUND_FAILED = "refund_failed", _("refund that did not arrive")

    NOBODYS: ClassVar = (Kind.BANK_ARRIVAL, Kind.BANK_RETURN)

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    source = models.CharField(_("source"), max_length=80)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("customer"),
    )
    reference = models.CharField(_("reference"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("ledger transaction")
        verbose_name_plural = _("ledger transactions")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_fact_is_posted_once", fields=["kind", "source"]
            ),  # whoever it is posted for
            models.CheckConstraint(
                name="only_bank_money_is_nobodys",
                condition=Q(customer__isnull=True, kind__in=["bank_arrival", "bank_return"])
                | Q(customer__isnull=False) & ~Q(kind__in=["bank_arrival", "bank_return"]),
            ),
        ]
        triggers: ClassVar = [
            append_only(),
            pgtrigger.Trigger(
                name="has_entries",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func="""
                IF NOT EXISTS (SELECT FROM ledger_entry WHERE transaction_id = NEW.id) THEN
                    RAISE EXCEPTION 'the % % moves nothing: it has no entries', NEW.kind, NEW.source USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.source}"


class Entry(models.Model):
    """One leg of a transaction. `balance_after` is the customer's bucket after it; house accounts have none."""

    transaction = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, related_name="entries", verbose_name=_("transaction")
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, db_index=False, related_name="entries", verbose_name=_("account")
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, db_index=False, related_name="+", verbose_name=_("customer")
    )
    amount = models.BigIntegerField(_("amount"))
    balance_after = models.BigIntegerField(_("balance after"), null=True)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="entry_amount_is_sane", condition=Q(amount__gte=-MAXIMUM, amount__lte=MAXIMUM) & ~Q(amount=0)
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                name="entries_of_a_customer",
                fields=["customer", "-id"],
                include=["amount"],  # what is added up above the list
                condition=Q(customer__isnull=False),
            ),
            models.Index(name="entries_of_an_account", fields=["account", "-id"]),
        ]
        triggers: ClassVar = [
            append_only(),
            pgtrigger.Trigger(
                name="moves_the_balance",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("bucket", "text"), ("fact", "record"), ("source_of", "record"), ("wanted", "bigint")],
                func="""
                IF EXISTS (SELECT FROM ledger_entry WHERE id = NEW.id) THEN  -- ON CONFLICT would leave it out, and its money moved
                    RAISE EXCEPTION 'entry % is there already', NEW.id USING ERRCODE = 'unique_violation';
                END IF;
                NEW.customer_id := NULL;
                NEW.balance_after := NULL;
                UPDATE ledger_account SET balance = balance + NEW.amount
                WHERE id = NEW.account_id AND customer_id IS NOT NULL
                RETURNING customer_id, balance, kind INTO NEW.customer_id, NEW.balance_after, bucket;
                IF bucket = 'promotional' AND NEW.amount < 0 THEN
                    SELECT kind, source, at INTO fact FROM ledger_transaction WHERE id = NEW.transaction_id;
                    wanted := -NEW.amount;
                    FOR source_of IN
                        SELECT id, rest FROM ledger_grant
                        WHERE customer_id = NEW.customer_id AND rest > 0
                            AND (fact.kind <> 'grant_expiry' OR id::text = split_part(fact.source, ':', 1))
                        ORDER BY expires_at <= fact.at, expires_at, id
                    LOOP
                        EXIT WHEN wanted = 0;
                        INSERT INTO ledger_grantuse (grant_id, transaction_id, amount)
                        VALUES (source_of.id, NEW.transaction_id, least(wanted, source_of.rest));
                        wanted := wanted - least(wanted, source_of.rest);
                    END LOOP;
                    IF wanted > 0 THEN
                        RAISE EXCEPTION '% of promotional credit come from no grant', wanted USING ERRCODE = 'check_violation';
                    END IF;
                END IF;
                RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="transactions_sum_to_zero",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_entries"),
                declare=[("broken", "bigint")],
                func="""
                SELECT transaction_id INTO broken FROM new_entries GROUP BY transaction_id HAVING sum(amount) <> 0 LIMIT 1;
                IF broken IS NOT NULL THEN
                    RAISE EXCEPTION 'transaction % does not sum to zero', broken USING ERRCODE = 'check_violation';
                END IF;
                SELECT n.transaction_id INTO broken
                FROM (SELECT transaction_id, count(*) AS legs FROM new_entries GROUP BY transaction_id) n
                WHERE (SELECT count(*) FROM ledger_entry e WHERE e.transaction_id = n.transaction_id) <> n.legs LIMIT 1;
                IF broken IS NOT NULL THEN
                    RAISE EXCEPTION 'transaction % is posted: it cannot grow', broken USING ERRCODE = 'restrict_violation';
                END IF;
                SELECT n.transaction_id INTO broken
                FROM new_entries n JOIN ledger_transaction t ON t.id = n.transaction_id
                WHERE n.customer_id IS NOT NULL AND n.customer_id IS DISTINCT FROM t.customer_id OR NOT written_by_us(t.xmin) LIMIT 1;
                IF broken IS NOT NULL THEN
                    RAISE EXCEPTION 'transaction % is another customer''s, or was written by somebody else', broken
                        USING ERRCODE = 'restrict_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount:+d}"


class Grant(KeepsColumns):
    """
    Promotional credit given to a customer until an instant; what is left of it then (`rest`) is taken back.

    Of several the one that ends first is spent first, by the trigger of the entries. Refunds put back what was spent. One that a
    refund gives anew, until a later end, has no transaction of its own: its money is that of the refund (`returned_by`).
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="grants", verbose_name=_("customer"))
    amount = models.BigIntegerField(_("amount"))
    rest = models.BigIntegerField(_("left of it"), default=0, editable=False)
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

    class Meta:
        verbose_name = _("promotional grant")
        verbose_name_plural = _("promotional grants")
        constraints: ClassVar = [
            models.CheckConstraint(name="a_grant_gives_something", condition=Q(amount__gt=0, amount__lte=MAXIMUM)),
            models.CheckConstraint(name="what_is_left_is_part_of_it", condition=Q(rest__gte=0, rest__lte=F("amount"))),
        ]
        indexes: ClassVar = [
            models.Index(name="grants_with_a_rest_by_end", fields=["expires_at"], condition=Q(rest__gt=0)),
            models.Index(name="grants_of_a_customer", fields=["customer", "expires_at"], condition=Q(rest__gt=0)),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen(
                "is_what_was_given", columns=["customer_id", "amount", "expires_at", "reason", "at", "returned_by_id"]
            ),
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
        return f"{self.customer}: {self.amount}"


class GrantUse(models.Model):
    """
    What a transaction took from a grant, or, below zero, put back into it.

    What is put back names the transaction that had taken it (`origin`): nothing is put back twice.
    """

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="uses", verbose_name=_("promotional grant"))
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
        verbose_name = _("use of promotional credit")
        verbose_name_plural = _("uses of promotional credit")
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
        return f"{self.grant_id}: {self.amount:+d}"
