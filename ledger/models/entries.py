"""What moved: facts about money and their legs, written once."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from kernel import display
from kernel.money import MAXIMUM
from ledger.models.accounts import Account
from store.personal import Because, kept
from store.triggers import append_only

POC_CREDIT_STAYS_POC_CREDIT = pgtrigger.Trigger(
    name="poc_credit_stays_poc_credit",
    level=pgtrigger.Row,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    timing=pgtrigger.Deferred,
    condition=pgtrigger.Q(new__kind__in=["grant", "grant_expiry", "poc_payment", "poc_return"]),
    declare=[("legs", "text[]"), ("given", "text")],
    func="""
    SELECT array_agg(a.kind || CASE WHEN e.amount > 0 THEN '+' ELSE '-' END ORDER BY a.kind) INTO legs
    FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id WHERE e.transaction_id = NEW.id;
    SELECT kind INTO given FROM ledger_grant
    WHERE id::text = split_part(NEW.source, ':', 1) AND customer_id = NEW.customer_id;
    IF legs IS DISTINCT FROM (CASE NEW.kind
        WHEN 'grant' THEN ARRAY[given || '+', 'promotions-'] WHEN 'grant_expiry' THEN ARRAY[given || '-', 'promotions+']
        WHEN 'poc_payment' THEN ARRAY[given || '-', 'poc_used+'] ELSE ARRAY[given || '+', 'poc_used-'] END)
    THEN
        RAISE EXCEPTION 'the % % moves other money than that of its grant', NEW.kind, NEW.source USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
    """,
)
"""What was granted goes between its customer's account of that kind and the house's two, and nowhere else."""

OF_ITS_GRANT = """
    IF bucket = 'poc' AND fact.kind NOT IN ('grant', 'grant_expiry', 'poc_payment', 'poc_return') THEN
        RAISE EXCEPTION 'POC credit takes no part in the % %', fact.kind, fact.source USING ERRCODE = 'check_violation';
    ELSIF bucket = 'poc' AND fact.kind = 'poc_return' THEN
        INSERT INTO ledger_grantuse (grant_id, transaction_id, origin_id, amount)
        SELECT g.id, NEW.transaction_id, paid.id, -NEW.amount FROM ledger_grant g JOIN ledger_transaction paid ON paid.kind = 'poc_payment'
            AND paid.source = g.id || ':' || split_part(fact.source, ':', 2)
        WHERE g.id::text = split_part(fact.source, ':', 1) AND g.customer_id = NEW.customer_id AND NEW.amount
            <= (SELECT sum(u.amount) FROM ledger_grantuse u WHERE u.grant_id = g.id AND paid.id IN (u.transaction_id, u.origin_id));
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the % % returns more than had been paid', fact.kind, fact.source USING ERRCODE = 'check_violation';
        END IF;
    ELSIF NEW.amount < 0 THEN
        wanted := -NEW.amount;
        FOR source_of IN
            SELECT id, rest FROM ledger_grant
            WHERE customer_id = NEW.customer_id AND kind = bucket AND rest > 0
                AND (bucket = 'promotional' AND fact.kind <> 'grant_expiry' OR id::text = split_part(fact.source, ':', 1))
                AND (fact.kind <> 'poc_payment' OR fact.at >= starts_at AND fact.at < expires_at AND stopped_at IS NULL)
            ORDER BY expires_at <= fact.at, expires_at, id
        LOOP
            EXIT WHEN wanted = 0;
            INSERT INTO ledger_grantuse (grant_id, transaction_id, amount)
            VALUES (source_of.id, NEW.transaction_id, least(wanted, source_of.rest));
            wanted := wanted - least(wanted, source_of.rest);
        END LOOP;
        IF wanted > 0 THEN
            RAISE EXCEPTION '% of % credit come from no grant', wanted, bucket USING ERRCODE = 'check_violation';
        END IF;
    END IF;
"""
"""
An entry of promotional or POC credit, in PL/pgSQL: which grants it takes from is written down.

Promotional credit is taken from what ends first; POC credit from the grant that the transaction names, within its dates and until
it is stopped, and it goes back there, no more than that payment had taken.
"""


class Transaction(models.Model):
    """
    One business fact about money. `source` names the fact: the same kind and source are posted once.

    What arrives at the bank, or goes back from there, concerns no customer: nobody knows yet whose it is.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

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
        POC_PAYMENT = "poc_payment", _("paid with POC credit")
        POC_RETURN = "poc_return", _("POC credit returned")
        ADJUSTMENT = "adjustment", _("adjustment")
        REVERSAL = "reversal", _("taken back by bank or gateway")
        GIVEN_BACK = "given_back", _("given back by bank or gateway")
        DEBT = "debt", _("debt collected")
        REFUND = "refund", _("returned to its source")
        REFUND_DONE = "refund_done", _("refund arrived at its source")
        REFUND_FAILED = "refund_failed", _("refund that did not arrive")

    NOBODYS: ClassVar = (Kind.BANK_ARRIVAL, Kind.BANK_RETURN)
    OF_GRANTS: ClassVar = (Kind.GRANT, Kind.GRANT_EXPIRY, Kind.POC_PAYMENT, Kind.POC_RETURN)
    """Their source begins with the number of a grant."""

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
            POC_CREDIT_STAYS_POC_CREDIT,
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.source}"


class Entry(models.Model):
    """One leg of a transaction. `balance_after` is the customer's bucket after it; house accounts have none."""

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

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
            models.Index(
                name="what_came_to_a_customer",
                fields=["customer", "id"],
                condition=Q(customer__isnull=False, amount__gt=0),
            ),
        ]
        triggers: ClassVar = [
            append_only(),
            pgtrigger.Trigger(
                name="moves_the_balance",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("bucket", "text"), ("fact", "record"), ("source_of", "record"), ("wanted", "bigint")],
                func=f"""
                IF EXISTS (SELECT FROM ledger_entry WHERE id = NEW.id) THEN  -- ON CONFLICT would leave it out, and its money moved
                    RAISE EXCEPTION 'entry % is there already', NEW.id USING ERRCODE = 'unique_violation';
                END IF;
                NEW.customer_id := NULL;
                NEW.balance_after := NULL;
                UPDATE ledger_account SET balance = balance + NEW.amount
                WHERE id = NEW.account_id AND customer_id IS NOT NULL
                RETURNING customer_id, balance, kind INTO NEW.customer_id, NEW.balance_after, bucket;
                IF bucket = 'poc' OR bucket = 'promotional' AND NEW.amount < 0 THEN
                    SELECT kind, source, at INTO fact FROM ledger_transaction WHERE id = NEW.transaction_id;
                    {OF_ITS_GRANT.strip()}
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
        return display.money(self.amount)
