"""Accounts at gateways that customers let us charge, what they agreed to, and what is charged without their being there."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from accounts.models import Customer
from accounts.models.closed import opens_nothing_when_closed
from kernel import display
from kernel.ids import new_id
from kernel.money import MAXIMUM
from store.machine import StateMachine
from store.personal import Because, blanked, kept
from store.triggers import append_only, edges_only, frozen, never_deleted


class LinkState(models.TextChoices):
    PENDING = "pending", _("waiting for your confirmation")
    ACTIVE = "active", _("linked")
    REFUSED = "refused", _("not confirmed")
    EXPIRED = "expired", _("expired")
    REVOKED = "revoked", _("ended at the gateway")
    UNLINKED = "unlinked", _("unlinked")


LINK_EDGES = frozenset(
    {
        *(("pending", end) for end in ("active", "refused", "expired", "unlinked")),
        *(("active", end) for end in ("expired", "revoked", "unlinked")),
    }
)


class LinkedAccountQuerySet(models.QuerySet["LinkedAccount"]):
    def lock(self, pk: UUID) -> LinkedAccount:
        return self.select_for_update(of=("self",), no_key=True).select_related("customer").get(pk=pk)

    def usable(self, at: datetime) -> Self:
        """Can be charged now, as far as we know."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at), state=LinkState.ACTIVE)


class LinkedAccount(StateMachine):
    """
    A wallet or card at a gateway that its customer lets us charge without going there each time.

    ::

        pending ─► active ─► unlinked (by the customer here) | revoked (at the gateway) | expired
           └─► refused | expired | unlinked

    `token` is the gateway's, sealed; `proof` what a notice said that `finish_link` wants, sealed. While `ask_at` is there,
    the gateway is owed a question: what the customer decided, whether it still holds, or, when it has ended here, that the
    agreement be ended there too. One that the gateway does not end in all that time is stuck, and waits for staff.
    """

    AT_CLOSING: ClassVar = blanked(
        *("display", "token", "proof", "redirect_url"),
        because=Because.BOOKS,
        until="t.ask_at IS NOT NULL OR t.stuck_at IS NOT NULL",  # the gateway has not ended it yet
    )

    State = LinkState

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="linked_accounts", verbose_name=_("customer")
    )
    gateway = models.CharField(_("gateway"), max_length=20)
    reference = models.CharField(_("reference"), max_length=60)
    state = FSMField(_("state"), default=LinkState.PENDING, choices=LinkState.choices, protected=True)
    display = models.CharField(_("account"), max_length=60, blank=True)
    token = models.TextField(_("token, sealed"), blank=True)
    proof = models.TextField(_("proof, sealed"), blank=True)
    redirect_url = models.URLField(_("page to confirm on"), max_length=2000, blank=True)
    is_default = models.BooleanField(_("default"), default=False)
    charge_limit = models.BigIntegerField(_("at most at once"))
    month_limit = models.BigIntegerField(_("at most in a month"))
    gateway_limit = models.BigIntegerField(_("the gateway's own limit at once"), null=True, blank=True)
    actor = models.CharField(_("by"), max_length=200)
    created_at = models.DateTimeField(_("created"))
    linked_at = models.DateTimeField(_("linked"), null=True, blank=True)
    expires_at = models.DateTimeField(_("usable until"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    failure = models.CharField(_("reason"), max_length=200, blank=True)
    ask_at = models.DateTimeField(_("ask the gateway at"), null=True, blank=True)
    asks = models.PositiveSmallIntegerField(_("times asked"), default=0)
    stuck_at = models.DateTimeField(_("not ended at the gateway"), null=True, blank=True)

    objects = LinkedAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("linked account")
        verbose_name_plural = _("linked accounts")
        constraints: ClassVar = [
            models.UniqueConstraint(name="a_link_is_known_once_per_gateway", fields=["gateway", "reference"]),
            models.UniqueConstraint(
                name="one_default_account_per_customer", fields=["customer"], condition=Q(is_default=True)
            ),
            models.CheckConstraint(
                name="limits_of_an_account_are_sane",
                condition=Q(charge_limit__gt=0, charge_limit__lte=MAXIMUM, month_limit__gt=0, month_limit__lte=MAXIMUM),
            ),
            models.CheckConstraint(
                name="only_what_is_linked_is_the_default", condition=Q(is_default=False) | Q(state="active")
            ),
            models.CheckConstraint(
                name="what_is_linked_has_a_token",
                condition=~Q(state="active") | Q(~Q(token=""), linked_at__isnull=False),
            ),
            models.CheckConstraint(
                name="only_what_has_ended_here_is_stuck",
                condition=Q(stuck_at__isnull=True) | Q(ended_at__isnull=False, ask_at__isnull=True),
            ),
            models.CheckConstraint(
                name="a_link_that_ended_says_when",
                condition=Q(state__in=["pending", "active"], ended_at__isnull=True)
                | Q(~Q(state__in=["pending", "active"]), ended_at__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="links_to_ask_about", fields=["ask_at"], condition=Q(ask_at__isnull=False)),
            models.Index(name="links_that_are_stuck", fields=["stuck_at"], condition=Q(stuck_at__isnull=False)),
            models.Index(name="links_with_an_end", fields=["expires_at"], condition=Q(state="active")),
        ]
        triggers: ClassVar = [
            opens_nothing_when_closed(),
            never_deleted(),
            edges_only(field="state", initial="pending", edges=LINK_EDGES),
            frozen("is_what_was_begun", columns=["customer_id", "gateway", "reference", "actor", "created_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.display or self.reference}"

    @property
    def customer_ref(self) -> str:
        """As whom the gateway knows the payer: each link is its own, so that a customer can have several."""
        return str(self.pk)

    @property
    def known_as(self) -> str:
        """As notices keep it; `queries.account_words` says it in words."""
        return f"{self.gateway}|{self.display}"

    @property
    def is_open(self) -> bool:
        return self.state in (LinkState.PENDING, LinkState.ACTIVE)

    @property
    def most(self) -> int:
        """Of one charge."""
        return min(self.charge_limit, self.gateway_limit or MAXIMUM)

    @transition(field=state, source=LinkState.PENDING, target=LinkState.ACTIVE)
    def activate(self, *, at: datetime) -> None:
        self.linked_at = at

    @transition(field=state, source=LinkState.PENDING, target=LinkState.REFUSED)
    def refuse(self, *, reason: str, at: datetime) -> None:
        self._end(reason, at)

    @transition(field=state, source=[LinkState.PENDING, LinkState.ACTIVE], target=LinkState.EXPIRED)
    def expire(self, *, at: datetime) -> None:
        self._end("", at)

    @transition(field=state, source=LinkState.ACTIVE, target=LinkState.REVOKED)
    def revoke(self, *, at: datetime) -> None:
        self._end("", at)

    @transition(field=state, source=[LinkState.PENDING, LinkState.ACTIVE], target=LinkState.UNLINKED)
    def unlink(self, *, at: datetime) -> None:
        self._end("", at)

    def _end(self, reason: str, at: datetime) -> None:
        self.ended_at, self.failure, self.is_default = at, reason[:200], False


USUAL_TIMES_A_DAY = 3


class Consent(models.Model):
    """
    What a customer agreed to about a linked account: the words that they saw, when, and who. Each charge names its own.

    :ivar times_a_day: of a top-up: so often it may happen by itself, as the words say
    """

    AT_CLOSING: ClassVar = kept(Because.PROOF)

    class Scope(models.TextChoices):
        CHARGES = "charges", _("charges that the customer asks for")
        TOP_UP = "top_up", _("automatic top-up")
        INVOICES = "invoices", _("automatic invoice payment")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_index=False, related_name="+", verbose_name=_("customer")
    )
    linked = models.ForeignKey(
        LinkedAccount, on_delete=models.PROTECT, related_name="consents", verbose_name=_("linked account")
    )
    scope = models.CharField(_("scope"), max_length=8, choices=Scope.choices)
    times_a_day = models.PositiveSmallIntegerField(
        _("automatic top-ups a day"), default=USUAL_TIMES_A_DAY, db_default=USUAL_TIMES_A_DAY
    )
    text = models.TextField(_("words that were shown"))
    version = models.CharField(_("version"), max_length=20)
    language = models.CharField(_("language"), max_length=5)
    actor = models.CharField(_("by"), max_length=200)
    address = models.GenericIPAddressField(_("from the address"), null=True, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints: ClassVar = [
            models.CheckConstraint(name="a_consent_has_its_words", condition=~Q(text="") & ~Q(version="")),
        ]
        triggers: ClassVar = [
            append_only(),
            pgtrigger.Trigger(
                name="is_of_the_accounts_customer",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                IF NOT EXISTS (
                    SELECT FROM payments_linkedaccount WHERE id = NEW.linked_id AND customer_id = NEW.customer_id
                ) THEN
                    RAISE EXCEPTION 'consent % is not of the customer of its account', NEW.id USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.linked_id} {display.day(self.at)}"
