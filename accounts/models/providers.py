"""A customer's own OpenID Connect provider: at which its people sign in, and for which mail addresses it speaks."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.may import Role
from accounts.models.closed import opens_nothing_when_closed
from accounts.models.people import Customer, User
from kernel.ids import new_id
from kernel.text import validate_printable
from store.personal import blanked, deleted
from store.triggers import frozen, never_deleted

JOINS = (Role.BILLING, Role.TECHNICAL, Role.VIEWER)
"""As what somebody new may begin: nobody becomes owner by what a provider says."""


class ProviderQuerySet(models.QuerySet["Provider"]):
    def lock(self, pk: UUID) -> Provider:
        """Held, for whoever holds its customer already."""
        return self.select_for_update(of=("self",), no_key=True).select_related("customer").get(pk=pk)


class Provider(models.Model):
    """
    Where a customer's people sign in, if it is switched on (`on_since`), and if it is required nowhere else.

    It was tried with these very settings before it is on: an owner came in by it. `client_secret` is sealed (`store.sealed`).
    """

    AT_CLOSING: ClassVar = blanked(
        *("issuer", "client_id", "client_secret"), tried_at="NULL", on_since="NULL", is_required="FALSE"
    )

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, related_name="provider", verbose_name=_("customer")
    )
    issuer = models.CharField(_("issuer"), max_length=400)
    client_id = models.CharField(_("client id"), max_length=200, validators=[validate_printable])
    client_secret = models.TextField(_("client secret"))
    joins_as = models.CharField(
        _("people who are new join as"),
        max_length=9,
        blank=True,
        choices=[(role.value, role.label) for role in JOINS],
        default=Role.VIEWER,
    )
    trusts_factor = models.BooleanField(_("its second factor counts"), default=False)
    set_at = models.DateTimeField(_("set up"))
    tried_at = models.DateTimeField(_("tried"), null=True, blank=True)
    on_since = models.DateTimeField(_("switched on"), null=True, blank=True)
    is_required = models.BooleanField(_("required"), default=False)

    objects = ProviderQuerySet.as_manager()

    class Meta:
        verbose_name = _("company sign-in")
        verbose_name_plural = _("company sign-ins")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="a_provider_is_tried_before_it_is_on",
                condition=Q(on_since=None) | Q(tried_at__isnull=False, on_since__gte=F("tried_at")),
                violation_error_message=_("Try it before you switch it on."),
            ),
            models.CheckConstraint(
                name="a_provider_that_is_required_is_on",
                condition=Q(is_required=False) | Q(on_since__isnull=False),
                violation_error_message=_("What is switched off is not required."),
            ),
            models.CheckConstraint(
                name="nobody_becomes_owner_by_a_provider",
                condition=Q(joins_as__in=["", *(role.value for role in JOINS)]),
                violation_error_message=_("Somebody new joins as billing, technical or viewer, or is invited."),
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            opens_nothing_when_closed(),
            frozen("is_of_one_customer", columns=["customer_id"]),
            frozen(
                "is_as_it_was_tried", columns=["issuer", "client_id", "client_secret"], unless="NEW.tried_at IS NULL"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.issuer}"

    @property
    def is_on(self) -> bool:
        return self.on_since is not None

    @property
    def speaks_for(self) -> list[str]:
        """The domains of mail addresses whose people it knows: those that were confirmed."""
        return sorted(one.name for one in self.domains.all() if one.confirmed_at)


class ProviderDomain(models.Model):
    """
    A domain of mail addresses: confirmed when a page there says so, and then of one provider alone. The page is looked at again at
    `looks_at`; `missing_since` then it does not say so.
    """

    MAY_BE_DELETED: ClassVar = True

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="domains", verbose_name=_("company sign-in")
    )
    name = models.CharField(_("domain"), max_length=253)
    asked_at = models.DateTimeField(_("asked"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    looks_at = models.DateTimeField(_("next look"), null=True, blank=True)
    missing_since = models.DateTimeField(_("page missing since"), null=True, blank=True)

    class Meta:
        verbose_name = _("domain of a company sign-in")
        verbose_name_plural = _("domains of company sign-ins")
        constraints: ClassVar = [
            models.UniqueConstraint(name="a_domain_stands_once_with_its_provider", fields=["provider", "name"]),
            models.UniqueConstraint(
                name="a_confirmed_domain_is_of_one_provider", fields=["name"], condition=Q(confirmed_at__isnull=False)
            ),
            models.CheckConstraint(
                name="the_page_of_a_confirmed_domain_may_be_missing",
                condition=Q(missing_since=None) | Q(confirmed_at__isnull=False),
                violation_error_message=_("The page of a domain can be missing once the domain is confirmed."),
            ),
            models.CheckConstraint(name="a_domain_is_written_small", condition=Q(name=Lower("name")) & ~Q(name="")),
        ]
        triggers: ClassVar = [
            frozen("stays_as_it_was_asked", columns=["provider_id", "name", "asked_at"]),
            frozen("is_confirmed_once", columns=["confirmed_at"], unless="OLD.confirmed_at IS NULL"),
        ]

    def __str__(self) -> str:
        return self.name


class Identity(models.Model):
    """
    Whom a provider means by a subject: bound once, by who showed to be that user, and found by issuer and subject alone. The mail
    address is what the provider said then; it finds nobody.
    """

    AT_CLOSING: ClassVar = deleted(of="user")
    MAY_BE_DELETED: ClassVar = True

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="identities", verbose_name=_("company sign-in")
    )
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="identities", verbose_name=_("user"))
    issuer = models.CharField(_("issuer"), max_length=400)
    subject = models.CharField(_("subject"), max_length=255)
    email = models.EmailField(_("mail address"))
    bound_at = models.DateTimeField(_("bound"))
    used_at = models.DateTimeField(_("last used"))

    class Meta:
        verbose_name = _("identity at a company sign-in")
        verbose_name_plural = _("identities at company sign-ins")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="a_subject_of_a_provider_is_one_user", fields=["provider", "issuer", "subject"]
            ),
            models.UniqueConstraint(name="a_user_is_one_subject_of_a_provider", fields=["provider", "user"]),
        ]
        triggers: ClassVar = [
            frozen("is_bound_for_good", columns=["provider_id", "user_id", "issuer", "subject", "email", "bound_at"]),
            pgtrigger.Trigger(
                name="is_of_a_member_and_no_staff",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                IF NOT EXISTS (
                    SELECT FROM accounts_provider p
                      JOIN accounts_membership m ON m.customer_id = p.customer_id AND m.user_id = NEW.user_id
                      JOIN accounts_user u ON u.id = m.user_id
                    WHERE p.id = NEW.provider_id AND p.issuer = NEW.issuer AND NOT u.is_staff
                ) THEN
                    RAISE EXCEPTION 'user % does not belong to who has the provider %', NEW.user_id, NEW.provider_id
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.user}"


def domain_of(address: str) -> str:
    """The domain of a mail address as it is compared: small, in ASCII; empty where it has none."""
    return plain_domain(address.rpartition("@")[2]) if "@" in address else ""


def plain_domain(name: str) -> str:
    """A domain in small ASCII ("công-ty.vn" is "xn--..."); empty where it is none."""
    try:
        return name.strip().rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        return ""


def provider_for(address: str) -> Provider | None:
    """The one that is switched on for the domain of `address`."""
    found = ProviderDomain.objects.filter(
        name=domain_of(address), confirmed_at__isnull=False, provider__on_since__isnull=False
    ).select_related("provider__customer")
    domain = found.first()
    return domain.provider if domain else None


def must_come_by(provider: Provider | None, address: str) -> bool:
    """Whether who signs in with `address` is to come by this provider and by nothing else."""
    return provider is not None and provider.is_required and domain_of(address) in provider.speaks_for


def is_current(provider: Provider | None, since: str) -> bool:
    """Whether a session that was opened at this provider when it was on since then is still to be."""
    return provider is not None and provider.on_since is not None and stamp_of(provider.on_since) == since


def stamp_of(at: datetime) -> str:
    return at.isoformat()
