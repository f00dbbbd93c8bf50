"""API keys: what a customer's own programs show, what they may, and how much a day they spend."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any, ClassVar, Self

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from accounts.may import FOR_KEYS, ROLES, May, Rights, Role
from accounts.models.closed import opens_nothing_when_closed
from accounts.models.people import Customer, Membership, User
from kernel.actors import Actor, ActorKind
from kernel.ids import new_id
from kernel.money import MAXIMUM
from store.carried import CarriedKey, unique_with
from store.personal import Because, kept
from store.triggers import frozen, never_deleted

NOTED_EVERY = timedelta(minutes=1)
"""How exact `last_used_at` is: a key in constant use costs one update a minute."""


class ApiKey(models.Model):
    """A secret of a REST client: shown once when it is made, kept as a digest."""

    PREFIX: ClassVar[str]

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(_("begins with"), max_length=12, editable=False)
    created_at = models.DateTimeField(_("created"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}...)"

    @classmethod
    def issue(cls, *, at: datetime, secret: str | None = None, **fields: object) -> tuple[Self, str]:
        """A new saved key and its secret, which nobody can read again."""
        secret = secret or f"{cls.PREFIX}{secrets.token_urlsafe(32)}"
        key = cls._default_manager.create(digest=digest_of(secret), hint=secret[:12], created_at=at, **fields)
        return key, secret

    @classmethod
    def working(cls, at: datetime) -> models.QuerySet[Self]:
        """The keys that open something at `at`."""
        del at
        return cls._default_manager.filter(revoked_at=None)

    def note_use(self, *, at: datetime) -> None:
        """That it was used, now and then: not with each request."""
        stale = Q(last_used_at=None) | Q(last_used_at__lte=at - NOTED_EVERY)
        if self.last_used_at is None or self.last_used_at <= at - NOTED_EVERY:
            type(self)._default_manager.filter(stale, pk=self.pk).update(last_used_at=at)

    @property
    def actor(self) -> Actor:
        raise NotImplementedError


def digest_of(secret: str) -> str:
    """How a key is kept: secrets are long and random, so one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def all_for_keys() -> list[str]:
    """Everything that a key may carry: those that staff make, and those of before keys carried rights."""
    return sorted(FOR_KEYS)


KEEPERS = [role for role, rights in ROLES.items() if May.MANAGE_KEYS in rights]


class CustomerKeyQuerySet(models.QuerySet["CustomerKey"]):
    def with_keeper(self) -> Self:
        """Annotate `keeper_role`: what the keeper is there today; nothing for who has left or may not sign in."""
        today = Membership.objects.filter(user=OuterRef("keeper"), customer=OuterRef("customer"), user__is_active=True)
        return self.annotate(keeper_role=Subquery(today.values("role")))


class CustomerKey(ApiKey):
    """
    Lets a customer's own programs act for the customer, as long as its keeper manages keys there.

    The keeper is who made it or took it over, and answers for it: whoever leaves may still know the secret. Keys that staff
    made have none, and work until they are revoked.
    """

    AT_CLOSING: ClassVar = kept(Because.TRAIL)

    PREFIX = "bpc_"
    ACTS_AS = "key:"
    """Its name stands behind it in what it did."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="keys", verbose_name=_("customer"))
    keeper = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="keys", verbose_name=_("kept by")
    )
    carries = ArrayField(models.CharField(max_length=20), verbose_name=_("rights"), default=all_for_keys)
    daily_limit = models.BigIntegerField(_("limit per day"), null=True, blank=True)
    networks = ArrayField(models.CharField(max_length=43), verbose_name=_("allowed networks"), default=list, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    succeeds = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="successor",
        verbose_name=_("in place of"),
    )

    keeper_role: str | None
    objects = CustomerKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer API key")
        verbose_name_plural = _("customer API keys")
        constraints: ClassVar = [
            unique_with(name="a_key_is_one_customers"),
            CarriedKey("succeeds", name="a_key_succeeds_one_of_its_customer"),
            models.CheckConstraint(
                name="a_key_carries_rights_that_keys_may_carry",
                condition=Q(carries__contained_by=sorted(FOR_KEYS)) & ~Q(carries=[]),
                violation_error_message=_("A key carries at least one right, and none over the team or over keys."),
            ),
            models.CheckConstraint(
                name="a_keys_daily_limit_is_sane",
                condition=Q(daily_limit=None) | Q(daily_limit__gt=0, daily_limit__lte=MAXIMUM),
                violation_error_message=_("A limit per day is a positive amount."),
            ),
            models.CheckConstraint(
                name="a_key_expires_after_it_was_made",
                condition=Q(expires_at=None) | Q(expires_at__gt=F("created_at")),
                violation_error_message=_("A key expires after it was made."),
            ),
        ]
        triggers: ClassVar = [
            opens_nothing_when_closed(),
            frozen(
                "is_what_was_made",
                columns=[
                    "customer_id",
                    "name",
                    "digest",
                    "hint",
                    "created_at",
                    "carries",
                    "daily_limit",
                    "networks",
                    "succeeds_id",
                ],
            ),
            frozen(
                "expires_no_later_than_was_said",
                columns=["expires_at"],
                unless="NEW.expires_at <= coalesce(OLD.expires_at, 'infinity')",
            ),
            frozen("stays_revoked", columns=["revoked_at"], unless="OLD.revoked_at IS NULL"),
        ]

    @classmethod
    def working(cls, at: datetime) -> models.QuerySet[Self]:
        kept = Q(keeper=None) | Q(keeper_role__in=KEEPERS)
        unrevoked: Any = super().working(at)
        found: models.QuerySet[Self] = unrevoked.with_keeper().filter(kept, Q(expires_at=None) | Q(expires_at__gt=at))
        return found

    @property
    def rights(self) -> Rights:
        """What it may today: what it carries, and its keeper may."""
        carried = frozenset(May(one) for one in self.carries)
        if self.keeper_id is None:
            return carried  # our support made it
        return carried & ROLES[Role(self.keeper_role)] if self.keeper_role else frozenset()

    def is_used_from(self, address: IPv4Address | IPv6Address | None) -> bool:
        """Whether requests from there are taken. Without networks from everywhere."""
        return not self.networks or (address is not None and any(address in ip_network(one) for one in self.networks))

    @property
    def rights_in_words(self) -> list[str]:
        return [str(right.label) for right in May if right in self.carries]

    def has_expired(self, at: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= at

    @property
    def is_stopped(self) -> bool:
        """Whoever keeps it manages no keys here any more; it works again when somebody who does takes it over."""
        return self.keeper_id is not None and self.keeper_role not in KEEPERS

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.CUSTOMER, f"{self.ACTS_AS}{self.name}", key=self.pk)


class KeySpending(models.Model):
    """What a key with a limit has spent on a day of the billing zone: never more than the limit, whatever runs at the same time."""

    key = models.ForeignKey(CustomerKey, on_delete=models.PROTECT, related_name="spending", verbose_name=_("key"))
    day = models.DateField(_("day"))
    spent = models.BigIntegerField(_("spent"), default=0)

    class Meta:
        verbose_name = _("spending of a key")
        verbose_name_plural = _("spending of keys")
        constraints: ClassVar = [
            models.UniqueConstraint(name="a_key_spends_once_a_day", fields=["key", "day"]),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("is_of_one_key_and_day", columns=["key_id", "day"]),
            pgtrigger.Trigger(
                name="stays_within_the_limit",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("spent"),
                declare=[("most", "bigint")],
                func="""
                SELECT daily_limit INTO most FROM accounts_customerkey WHERE id = NEW.key_id;
                IF NEW.spent < 0 OR NEW.spent > most OR TG_OP = 'UPDATE' AND NEW.spent < OLD.spent THEN
                    RAISE EXCEPTION 'key % spends % of % a day', NEW.key_id, NEW.spent, most USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.spent}, {self.day}"
