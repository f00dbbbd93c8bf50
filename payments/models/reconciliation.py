"""What gateways and banks say that they moved, day by day, and where that differs from our books."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kernel import display
from kernel.money import MAXIMUM
from payments.gateways.base import Movement as Moved
from payments.models.attempts import Payment
from payments.models.refunds import Refund
from payments.models.reversals import Reversal
from payments.models.transfers import BankTransfer, SentBack
from store.triggers import append_only, frozen, never_deleted

ITS_LINES = """SELECT FROM payments_statementline l WHERE l.source = p.gateway AND l.reference = p.reference
        AND l.movement <> 'payment' AND upper(l.transaction) IN (upper(b.reference), upper(b.told_as))"""
"""What a gateway tells of a reversal `b` of a payment `p`, either way."""
AT_A_BANK = "nullif(upper(regexp_replace(normalize({}, NFKC), '[^[:alnum:]]', '', 'g')), '')"
"""As `kernel.keys.transfer_key` writes it; a line without a number is nothing's that has none."""
BOTH_AGREE = f"""
    c.kind IN ('late', 'missing_here') AND EXISTS (
        SELECT FROM payments_statementline l JOIN payments_payment p ON p.gateway = l.source
            AND p.gateway_txn_id = l.transaction AND p.captured = l.amount
        WHERE l.id = c.line_id AND l.movement = 'payment')
    OR c.kind = 'missing_here' AND EXISTS (
        SELECT FROM payments_statementline l JOIN payments_reversal b ON b.payment_id = c.payment_id
            AND upper(l.transaction) IN (upper(b.reference), upper(b.told_as))
            AND l.amount = CASE l.movement WHEN 'taken_back' THEN b.amount WHEN 'given_back' THEN b.given_back END
        WHERE l.id = c.line_id)
    OR c.kind = 'missing_here' AND EXISTS (
        SELECT FROM payments_statementline l JOIN payments_payment p ON p.id = c.payment_id AND starts_with(p.failure, 'reversed: ')
        WHERE l.id = c.line_id AND l.movement = 'taken_back')
    OR c.kind = 'missing_there' AND EXISTS (
        SELECT FROM payments_payment p JOIN payments_statementline l ON l.source = p.gateway
            AND l.transaction = p.gateway_txn_id AND l.movement = 'payment'
        WHERE p.id = c.payment_id)
    OR c.kind IN ('late', 'missing_here') AND EXISTS (
        SELECT FROM payments_statementline l JOIN payments_refund r ON r.id = c.refund_id AND r.amount = l.amount
        WHERE l.id = c.line_id AND (l.movement = 'refund' AND r.gateway_txn_id IS NOT NULL OR r.state = 'failed' AND EXISTS (
            SELECT FROM payments_statementline e
            WHERE e.source = l.source AND e.reference = l.reference AND e.movement = 'came_back')
            OR l.movement = 'refund' AND EXISTS (SELECT FROM payments_reversal b WHERE b.payment_id = r.payment_id
                AND b.reference = r.reference AND b.amount = l.amount)))
    OR c.kind = 'missing_there' AND EXISTS (
        SELECT FROM payments_refund r JOIN payments_statementline l ON l.source = r.gateway
            AND l.reference = r.reference AND l.movement = c.movement AND l.movement <> 'payment'
        WHERE r.id = c.refund_id)
    OR c.kind = 'missing_there' AND EXISTS (
        SELECT FROM payments_reversal b JOIN payments_payment p ON p.id = b.payment_id
        WHERE b.id = c.reversal_id
            AND (EXISTS ({ITS_LINES} AND l.movement = c.movement) OR b.given_back = b.amount AND NOT EXISTS ({ITS_LINES})))
    OR c.kind = 'missing_here' AND EXISTS (
        SELECT FROM payments_statementline l JOIN payments_banktransfer t ON 'bank:' || t.account = l.source
            AND t.key = l.transaction AND t.amount = l.amount
        WHERE l.id = c.line_id AND l.movement = 'payment')
    OR c.kind = 'missing_there' AND EXISTS (
        SELECT FROM payments_banktransfer t JOIN payments_statementline l ON l.source = c.source AND l.transaction = t.key
            AND l.movement = 'payment'
        WHERE t.id = c.transfer_id)
    OR c.kind = 'missing_there' AND EXISTS (
        SELECT FROM payments_sentback r JOIN payments_statementline l ON l.source = c.source AND l.transaction = r.key
            AND l.movement = 'sent'
        WHERE r.id = c.sent_back_id)
    OR c.kind = 'missing_there' AND starts_with(c.source, 'bank:') AND EXISTS (
        SELECT FROM payments_reversal b JOIN payments_statementline l ON l.source = c.source AND l.movement = 'sent'
            AND l.transaction IN ({AT_A_BANK.format("b.reference")}, {AT_A_BANK.format("b.told_as")})
        WHERE b.id = c.reversal_id)
    OR c.kind = 'unknown' AND EXISTS (
        SELECT FROM payments_statementline l JOIN payments_sentback r ON 'bank:' || r.account = l.source
            AND r.key = l.transaction AND r.key <> '' AND r.amount = l.amount
        WHERE l.id = c.line_id AND l.movement = 'sent')
    OR c.kind = 'unknown' AND EXISTS (
        SELECT FROM payments_statementline l JOIN payments_banktransfer t ON 'bank:' || t.account = l.source
            JOIN payments_payment p ON p.transfer_id = t.id JOIN payments_reversal b ON b.payment_id = p.id AND b.amount = l.amount
            AND l.transaction IN ({AT_A_BANK.format("b.reference")}, {AT_A_BANK.format("b.told_as")})
        WHERE l.id = c.line_id AND l.movement = 'sent')
"""
"""SQL over a case `c`: what its statement says and what our books say are the same by now."""


class StatementDay(models.Model):
    """
    One day of one source: a gateway by its code, or "bank:" and an account of ours. It is asked for until it was read.

    A day may be read again (a file that was corrected): lines that are new are added to it.
    """

    source = models.CharField(_("gateway or bank"), max_length=60)
    day = models.DateField(_("day"))
    tries = models.PositiveSmallIntegerField(_("times asked"), default=0)
    ask_at = models.DateTimeField(_("ask again at"))
    failure = models.CharField(_("reason of failure"), max_length=200, blank=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)

    class Meta:
        verbose_name = _("statement of a day")
        verbose_name_plural = _("statements of days")
        constraints: ClassVar = [
            models.UniqueConstraint(name="a_source_has_one_statement_a_day", fields=["source", "day"]),
        ]
        indexes: ClassVar = [
            models.Index(name="statements_to_ask_for", fields=["source", "day"], condition=Q(read_at=None)),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("is_of_its_day", columns=["source", "day"]),
            frozen("is_read_once", columns=["read_at"], unless="OLD.read_at IS NULL"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {display.day(self.day)}"


class StatementLine(models.Model):
    """
    A movement, as the statement says it. `nth` tells lines apart that say the very same.

    `reference` is ours, of the payment or the refund; `transaction` is the gateway's or bank's own.
    """

    class Movement(models.TextChoices):
        PAYMENT = Moved.PAYMENT.value, _("payment")
        REFUND = Moved.REFUND.value, _("refund")
        TAKEN_BACK = Moved.TAKEN_BACK.value, _("taken back")
        GIVEN_BACK = Moved.GIVEN_BACK.value, _("given back")
        CAME_BACK = Moved.CAME_BACK.value, _("refund that came back")
        SENT = Moved.SENT.value, _("sent from our account")

    statement = models.ForeignKey(
        StatementDay,
        on_delete=models.PROTECT,
        db_index=False,
        related_name="lines",
        verbose_name=_("statement of a day"),
    )
    source = models.CharField(_("gateway or bank"), max_length=60)
    movement = models.CharField(_("movement"), max_length=10, choices=Movement.choices)
    reference = models.CharField(_("transaction id"), max_length=60)
    transaction = models.CharField(_("gateway's transaction"), max_length=60)
    amount = models.BigIntegerField(_("amount"))
    nth = models.PositiveIntegerField(_("of the same"), default=1)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("line of a statement")
        verbose_name_plural = _("lines of statements")
        constraints: ClassVar = [
            models.CheckConstraint(name="a_line_moves_an_amount", condition=Q(amount__gt=0, amount__lte=MAXIMUM)),
            models.UniqueConstraint(
                name="a_line_is_kept_once",
                fields=["statement", "movement", "transaction", "reference", "amount", "nth"],
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="lines_of_a_transaction", fields=["source", "transaction"]),
            models.Index(
                name="lines_that_are_no_payments", fields=["source", "reference"], condition=~Q(movement="payment")
            ),
        ]
        triggers: ClassVar = [append_only()]

    def __str__(self) -> str:
        return f"{self.source} {self.transaction}"


class ReconciliationCase(models.Model):
    """
    One fact on which a statement and our books differ: a line, or something of ours that no line tells, which is then a `movement` of
    a payment, a transfer, a refund, a reversal or what was sent back.

    It is open until both agree, which is noticed by itself and asked of the rows by the database (`BOTH_AGREE`), or until staff have said
    why they do not.
    """

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", _("not booked with us")
        MISSING_THERE = "missing_there", _("not in the statement")
        AMOUNT = "amount", _("another amount")
        TWICE = "twice", _("twice in the statement")
        UNKNOWN = "unknown", _("nobody's")
        LATE = "late", _("paid after it had ended with us")

    class Resolution(models.TextChoices):
        AGREES = "agrees", _("both agree by now")
        SUSPENSE = "suspense", _("taken into suspense")
        EXPLAINED = "explained", _("explained")

    kind = models.CharField(_("difference"), max_length=13, choices=Kind.choices)
    source = models.CharField(_("gateway or bank"), max_length=60)
    day = models.DateField(_("day"))
    line = models.ForeignKey(
        StatementLine,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("line of a statement"),
    )
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("payment")
    )
    transfer = models.ForeignKey(
        BankTransfer, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("bank transfer")
    )
    refund = models.ForeignKey(
        Refund,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("refund to the source"),
    )
    reversal = models.ForeignKey(
        Reversal,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("payment taken back"),
    )
    sent_back = models.ForeignKey(
        SentBack,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("transfer that was sent back"),
    )
    movement = models.CharField(
        _("movement that no line tells"),
        max_length=10,
        choices=StatementLine.Movement.choices,
        blank=True,
        db_default="",
    )
    theirs = models.BigIntegerField(_("amount in the statement"), null=True, blank=True)
    ours = models.BigIntegerField(_("amount with us"), null=True, blank=True)
    found_at = models.DateTimeField(_("found"))
    resolution = models.CharField(_("how it ended"), max_length=9, choices=Resolution.choices, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    resolved_by = models.CharField(_("by"), max_length=200, blank=True)
    resolved_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        constraints: ClassVar = [
            models.UniqueConstraint(name="a_line_differs_once", fields=["line"], condition=Q(line__isnull=False)),
            models.UniqueConstraint(
                name="a_payment_is_missing_once", fields=["payment"], condition=Q(line=None, payment__isnull=False)
            ),
            models.UniqueConstraint(
                name="a_transfer_is_missing_once", fields=["transfer"], condition=Q(line=None, transfer__isnull=False)
            ),
            models.UniqueConstraint(
                name="a_refund_is_missing_once_each_way",
                fields=["refund", "movement"],
                condition=Q(line=None, refund__isnull=False),
            ),
            models.UniqueConstraint(
                name="a_reversal_is_missing_once_each_way",
                fields=["reversal", "movement"],
                condition=Q(line=None, reversal__isnull=False),
            ),
            models.UniqueConstraint(
                name="what_was_sent_back_is_missing_once",
                fields=["sent_back"],
                condition=Q(line=None, sent_back__isnull=False),
            ),
            models.CheckConstraint(
                name="a_difference_has_its_sides",
                condition=Q(kind="missing_there", line=None, theirs=None, ours__isnull=False, ours__gt=0)
                & (
                    Q(
                        payment__isnull=False,
                        transfer=None,
                        refund=None,
                        reversal=None,
                        sent_back=None,
                        movement="payment",
                    )
                    | Q(
                        payment=None,
                        transfer__isnull=False,
                        refund=None,
                        reversal=None,
                        sent_back=None,
                        movement="payment",
                    )
                    | Q(payment=None, transfer=None, refund__isnull=False, reversal=None, sent_back=None)
                    & Q(movement__in=["refund", "came_back"])
                    | Q(payment=None, transfer=None, refund=None, reversal__isnull=False, sent_back=None)
                    & Q(movement__in=["taken_back", "given_back"])
                    | Q(
                        payment=None,
                        transfer=None,
                        refund=None,
                        reversal=None,
                        sent_back__isnull=False,
                        movement="sent",
                    )
                )
                | ~Q(kind="missing_there") & Q(line__isnull=False, theirs__isnull=False, theirs__gt=0, movement=""),
            ),
            models.CheckConstraint(
                name="two_amounts_differ",
                condition=~Q(kind="amount") | Q(ours__isnull=False, theirs__isnull=False) & ~Q(ours=F("theirs")),
            ),
            models.CheckConstraint(
                name="a_difference_is_open_or_says_how_it_ended",
                condition=Q(resolution="", resolved_at=None, resolved_by="", reason="")
                | Q(~Q(resolution=""), ~Q(resolved_by=""), resolved_at__isnull=False),
            ),
            models.CheckConstraint(
                name="staff_say_why_a_difference_is_none",
                condition=~Q(resolution__in=["explained", "suspense"]) | ~Q(reason=""),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="differences_that_are_open", fields=["source", "day"], condition=Q(resolved_at=None)),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen(
                "is_what_was_found",
                columns=[
                    "kind",
                    "source",
                    "day",
                    "line_id",
                    "payment_id",
                    "transfer_id",
                    "refund_id",
                    "reversal_id",
                    "sent_back_id",
                    "movement",
                    "theirs",
                    "ours",
                    "found_at",
                ],
            ),
            frozen(
                "ends_once",
                columns=["resolution", "reason", "resolved_by", "resolved_at"],
                unless="OLD.resolved_at IS NULL",
            ),
            pgtrigger.Trigger(
                name="ends_as_the_facts_are",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("resolution"),
                condition=pgtrigger.Q(new__resolution__in=["agrees", "suspense"]),
                func=f"""
                IF TG_OP = 'UPDATE' AND NEW.resolution = OLD.resolution THEN
                    RETURN NEW;
                END IF;
                IF NEW.resolution = 'agrees' AND NOT EXISTS (SELECT FROM (SELECT NEW.*) c WHERE {BOTH_AGREE}) THEN
                    RAISE EXCEPTION 'the two sides of difference % do not agree', NEW.id USING ERRCODE = 'check_violation';
                END IF;
                IF NEW.resolution = 'suspense' AND NOT EXISTS (
                    SELECT FROM payments_statementline l JOIN payments_banktransfer t ON t.account = l.source AND t.channel = 'gate'
                        AND t.amount = l.amount
                        AND t.reference = left(l.transaction || CASE WHEN l.nth > 1 THEN ' ' || l.nth ELSE '' END, 60)
                    WHERE l.id = NEW.line_id AND l.movement = 'payment'
                ) THEN
                    RAISE EXCEPTION 'nothing of difference % is in suspense', NEW.id USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.source}, {display.day(self.day)})"

    @property
    def moved(self) -> str:
        """Which movement the two sides differ on."""
        return self.line.movement if self.line else self.movement

    @property
    def about(self) -> Refund | Reversal | Payment | SentBack | BankTransfer | None:
        """What of ours it is about, the narrowest."""
        return self.refund or self.reversal or self.payment or self.sent_back or self.transfer
