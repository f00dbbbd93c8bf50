"""What is charged to linked accounts without their customers' being there, and what binds every charge of one."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.models.closed import opens_nothing_when_closed
from kernel.money import MAXIMUM
from payments.models.links import Consent, LinkedAccount
from store.personal import Because, kept
from store.triggers import frozen, never_deleted


class AutomaticChargeQuerySet(models.QuerySet["AutomaticCharge"]):
    def lock(self, pk: int) -> AutomaticCharge:
        return self.select_for_update(of=("self",), no_key=True).select_related("linked", "consent").get(pk=pk)

    def on(self) -> Self:
        return self.filter(is_on=True)


class AutomaticCharge(models.Model):
    """
    What a customer lets us charge to a linked account without being there; one row for each purpose, off until switched on.

    :ivar below: of a top-up: when less than this is available
    :ivar amount: of a top-up
    :ivar next_at: when it is tried next; nothing: as soon as there is a reason to
    :ivar tries: declined in a row, the last for `failure` (a code of `failures.WORDS`)
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    class Purpose(models.TextChoices):
        TOP_UP = "top_up", _("automatic top-up")
        INVOICES = "invoices", _("automatic invoice payment")

    next_try: datetime | None = None
    """When it is tried next, as far as that is known: see `payments.ways.automatic_charges_of`."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_index=False, related_name="automatic_charges", verbose_name=_("customer")
    )
    purpose = models.CharField(_("purpose"), max_length=8, choices=Purpose.choices)
    linked = models.ForeignKey(
        LinkedAccount, on_delete=models.PROTECT, related_name="automatic_charges", verbose_name=_("linked account")
    )
    consent = models.ForeignKey(
        Consent, on_delete=models.PROTECT, related_name="automatic_charges", verbose_name=_("consent")
    )
    is_on = models.BooleanField(_("switched on"))
    below = models.BigIntegerField(_("when less is available than"), null=True, blank=True)
    amount = models.BigIntegerField(_("amount"), null=True, blank=True)
    tries = models.PositiveSmallIntegerField(_("declined in a row"), default=0)
    next_at = models.DateTimeField(_("next try"), null=True, blank=True)
    failure = models.CharField(_("last reason"), max_length=200, blank=True)

    objects = AutomaticChargeQuerySet.as_manager()

    class Meta:
        verbose_name = _("automatic charge")
        verbose_name_plural = _("automatic charges")
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_automatic_charge_per_purpose", fields=["customer", "purpose"]),
            models.CheckConstraint(
                name="only_a_top_up_has_an_amount",
                condition=Q(purpose="top_up", below__isnull=False, amount__isnull=False)
                & Q(below__gt=0, below__lte=MAXIMUM, amount__gt=0, amount__lte=MAXIMUM)
                | Q(purpose="invoices", below__isnull=True, amount__isnull=True),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="charges_to_try", fields=["purpose", "next_at"], condition=Q(is_on=True))
        ]
        triggers: ClassVar = [
            opens_nothing_when_closed(when=pgtrigger.Q(new__is_on=True), on="is_on"),
            never_deleted(),
            frozen("is_of_one_customer_and_purpose", columns=["customer_id", "purpose"]),
            frozen(
                "takes_what_was_agreed_to",
                columns=["below", "amount"],
                unless="NEW.consent_id <> OLD.consent_id",
            ),
            pgtrigger.Trigger(
                name="is_what_was_agreed_to",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("linked_id", "consent_id", "is_on"),
                func="""
                IF NEW.is_on AND NOT EXISTS (
                    SELECT FROM payments_consent c JOIN payments_linkedaccount a ON a.id = c.linked_id
                    WHERE c.id = NEW.consent_id AND c.scope = NEW.purpose AND c.linked_id = NEW.linked_id
                        AND c.customer_id = NEW.customer_id AND a.state = 'active'
                ) THEN
                    RAISE EXCEPTION 'nobody agreed to this automatic charge of customer %', NEW.customer_id
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.customer_id}"


SO_OFTEN_A_DAY = pgtrigger.Trigger(
    name="a_day_has_so_many_automatic_top_ups",  # by its name before the account is held, as the application does
    level=pgtrigger.Row,
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    condition=pgtrigger.Q(new__consent__isnull=False),
    declare=[("most", "integer"), ("began", "timestamptz")],
    func="""
    SELECT times_a_day INTO most FROM payments_consent WHERE id = NEW.consent_id AND scope = 'top_up';
    IF NOT FOUND THEN
        RETURN NEW;
    END IF;
    -- Held first, so that two top-ups at once see each other, by whichever account.
    PERFORM FROM payments_automaticcharge WHERE customer_id = NEW.customer_id AND purpose = 'top_up' FOR NO KEY UPDATE;
    began := date_trunc('day', NEW.created_at AT TIME ZONE public.billing_zone()) AT TIME ZONE public.billing_zone();
    IF most <= (
        SELECT count(*) FROM payments_payment p JOIN payments_consent c ON c.id = p.consent_id AND c.scope = 'top_up'
        WHERE p.customer_id = NEW.customer_id AND p.created_at >= began AND p.created_at < began + interval '1 day'
    ) THEN
        RAISE EXCEPTION 'payment % is one top-up more than was agreed to for a day', NEW.reference USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
    """,
)
"""On payments: a wallet is filled by itself as often on a day as was agreed to, declined or not, whoever writes it."""

CHARGED_AS_AGREED = pgtrigger.Trigger(
    name="a_linked_account_is_charged_as_agreed",
    level=pgtrigger.Row,
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    condition=pgtrigger.Q(new__linked__isnull=False),
    declare=[
        ("account", "payments_linkedaccount%ROWTYPE"),
        ("agreed", "payments_consent%ROWTYPE"),
        ("spent", "numeric"),
    ],
    func="""
    -- Held first, so that two charges at once see each other.
    SELECT * INTO account FROM payments_linkedaccount WHERE id = NEW.linked_id FOR NO KEY UPDATE;
    IF account.customer_id <> NEW.customer_id OR account.gateway <> NEW.gateway THEN
        RAISE EXCEPTION 'payment % charges an account of somebody else', NEW.reference USING ERRCODE = 'check_violation';
    END IF;
    IF account.state <> 'active' OR account.expires_at <= NEW.created_at THEN
        RAISE EXCEPTION 'payment % charges an account that is not linked', NEW.reference USING ERRCODE = 'check_violation';
    END IF;
    SELECT * INTO agreed FROM payments_consent WHERE id = NEW.consent_id AND linked_id = NEW.linked_id AND at <= NEW.created_at;
    IF NOT FOUND OR (agreed.scope <> 'charges' AND NOT EXISTS (
        SELECT FROM payments_automaticcharge c WHERE c.consent_id = agreed.id AND c.is_on
            AND NEW.kind = CASE c.purpose WHEN 'top_up' THEN 'top_up' ELSE 'invoice' END AND NEW.amount = coalesce(c.amount, NEW.amount)
    )) THEN
        RAISE EXCEPTION 'payment % charges without a consent', NEW.reference USING ERRCODE = 'check_violation';
    END IF;
    -- What its customer has given up may be made all the same, until the gateway says that it took nothing.
    SELECT coalesce(sum(amount), 0) INTO spent FROM payments_payment
    WHERE linked_id = NEW.linked_id AND state <> 'failed' AND NOT (state = 'cancelled' AND failure <> '')
        AND date_trunc('month', created_at AT TIME ZONE public.billing_zone())
            = date_trunc('month', NEW.created_at AT TIME ZONE public.billing_zone());
    IF NEW.amount > account.charge_limit OR NEW.amount > account.gateway_limit OR spent + NEW.amount > account.month_limit THEN
        RAISE EXCEPTION 'payment % exceeds the limits of its account', NEW.reference USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
    """,
)
"""On payments: what was agreed to, and up to how much, binds every charge of a linked account, whoever writes it."""
