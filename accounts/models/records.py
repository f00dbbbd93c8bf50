"""What is written down and stays: switches of the billing mode, the audit trail of staff, answers to REST writes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.acts import StaffAct
from accounts.models.closed import opens_nothing_when_closed
from accounts.models.people import BillingMode, Customer
from accounts.models.seals import sealed
from kernel import display
from kernel.actors import ActorKind
from kernel.ids import new_id
from store.personal import Because, kept
from store.triggers import append_only


class BillingModeSwitch(models.Model):
    """
    One switch of a customer's billing mode by staff: the plan that was rehearsed and carried out.

    It is an act for two (`act`; those of the time before have none): done alone within the limit, or approved by another.
    """

    AT_CLOSING: ClassVar = kept(Because.TRAIL)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="billing_mode_switches", verbose_name=_("customer")
    )
    act = models.OneToOneField(
        StaffAct, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("act for two")
    )
    from_mode = models.CharField(_("from"), max_length=8, choices=BillingMode.choices)
    to_mode = models.CharField(_("to"), max_length=8, choices=BillingMode.choices)
    reason = models.TextField(_("reason"))
    plan = models.JSONField(_("plan"))
    actor = models.CharField(_("by"), max_length=200)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("billing mode switch")
        verbose_name_plural = _("billing mode switches")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="a_switch_changes_the_mode", condition=~models.Q(from_mode=models.F("to_mode"))
            ),
            models.CheckConstraint(name="a_switch_has_a_reason", condition=~models.Q(reason="")),
        ]
        triggers: ClassVar = [
            opens_nothing_when_closed(),
            append_only(),
            pgtrigger.Trigger(
                name="switches_its_customer",
                level=pgtrigger.Row,
                when=pgtrigger.After,  # a row that ON CONFLICT leaves out switches nothing
                operation=pgtrigger.Insert,
                func="""
                UPDATE accounts_customer SET billing_mode = NEW.to_mode
                WHERE id = NEW.customer_id AND billing_mode = NEW.from_mode AND created_at <= NEW.at;
                IF NOT FOUND THEN
                    RAISE EXCEPTION 'customer % is not %, or was not there yet', NEW.customer_id, NEW.from_mode
                        USING ERRCODE = 'check_violation';
                END IF;
                IF EXISTS (SELECT FROM accounts_billingmodeswitch WHERE customer_id = NEW.customer_id AND at > NEW.at) THEN
                    RAISE EXCEPTION 'customer % was switched later than %', NEW.customer_id, NEW.at USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="is_decided_as_it_was_asked_for",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,  # it is tried before it is decided
                func="""
                IF NOT EXISTS (
                    SELECT FROM accounts_staffact WHERE id = NEW.act_id AND act = 'switch-mode' AND state IN ('alone', 'approved')
                        AND customer_id = NEW.customer_id AND facts ->> 'to_mode' = NEW.to_mode AND decided_by = NEW.actor
                        AND decided_at = NEW.at
                ) THEN
                    RAISE EXCEPTION 'the switch of % to % was not decided by people', NEW.customer_id, NEW.to_mode
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.from_mode} -> {self.to_mode}, {display.instant(self.at)}"


AUDIT_ENTRY = ("audit", ("at",), ("at", "actor", "verb", "customer_id", "subject", "reason", "facts"))
"""What of an entry is sealed, see `seals.content`."""


class AuditEntry(models.Model):
    """
    A privileged act: who did what to which object, and why. Sealed for good.

    What the customer reads of it, see `team.activity`.
    """

    AT_CLOSING: ClassVar = kept(Because.TRAIL)

    at = models.DateTimeField(_("at"))
    actor = models.CharField(_("by"), max_length=200)
    actor_kind = models.CharField(
        _("in the role of"), max_length=12, choices=ActorKind.choices, default="", db_default=""
    )
    verb = models.CharField(_("act"), max_length=60)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer")
    )
    subject = models.CharField(_("object"), max_length=200)
    reason = models.TextField(_("reason"))
    facts = models.JSONField(_("facts"), default=dict)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        indexes: ClassVar = [models.Index(name="what_was_done_for_a_customer", fields=["customer", "-id"])]
        triggers: ClassVar = [append_only(), sealed(*AUDIT_ENTRY)]

    def __str__(self) -> str:
        return f"{display.instant(self.at)} {self.actor} {self.verb} {self.subject}"


class IdempotencyKeyQuerySet(models.QuerySet["IdempotencyKey"]):
    def older_than(self, age: timedelta, *, at: datetime) -> Self:
        return self.filter(created_at__lt=at - age)


class IdempotencyKey(models.Model):
    """
    The answer to a REST write, kept in the transaction of its effect: the same key gets the same answer.

    What commits on the way (a gateway is called between two commits) notes in `begun` what it made, in the transaction that made
    it: whoever repeats a request that died finds that.
    """

    MAY_BE_DELETED: ClassVar = True

    principal = models.CharField(max_length=80)
    key = models.CharField(max_length=100)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    begun = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_answer_per_principal_and_key", fields=["principal", "key"]),
        ]

    def __str__(self) -> str:
        return f"{self.principal} {self.key}"
