"""A customer's own sign-in: set up, its domains confirmed, tried, switched. Owners are told of what changes who gets in, and how."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.four_eyes import leave_for_review
from accounts.may import Role
from accounts.models import Customer, Provider, ProviderDomain, User
from accounts.models.providers import plain_domain
from accounts.services import record_audit
from accounts.services.team import owners_of
from door.audit import Did
from door.openid import Claims, Flaw, Untrusted, host_of, read_page
from door.second_factor import FACTORS
from door.services.identities import bind, refuse_foreign
from door.services.sessions import end_sessions_by
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from notifications.models import Letter
from notifications.services import write_letter
from store.sealed import Unreadable, seal, unseal

MOST_DOMAINS = 20
DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")
PAGE = "/.well-known/billing-portal-sign-in.txt"
"""Where whoever has a domain says that its people may come in by a customer's provider."""


class DomainTaken(DomainError):
    code = "domain-taken"
    message = _("Another customer's sign-in speaks for this domain. Tell us if it is yours.")


class DomainNotConfirmed(DomainError):
    code = "domain-not-confirmed"
    message = _("The page %(page)s does not say what it should yet.")


class TooManyDomains(DomainError):
    code = "too-many-domains"
    message = _("There are %(most)s domains already. Remove some that nobody uses.")


class LastDomain(DomainError):
    code = "last-domain"
    message = _("Somebody signs in by this domain: switch the company sign-in off before you remove the last one.")


class NotTried(DomainError):
    code = "provider-not-tried"
    message = _("Confirm a domain and try the sign-in before you switch it on.")


class NoWayBack(DomainError):
    code = "no-way-back"
    message = _(
        "An owner with a second factor gets in whatever becomes of the provider: set one up before you require the company sign-in."
    )


class SecretUnreadable(DomainError):
    code = "provider-secret-unreadable"
    message = _("The secret of the company sign-in cannot be read any more. Whoever manages the team types it again.")


class Settings(NamedTuple):
    """`client_secret` is empty where the present one stays; `joins_as` where nobody joins without an invitation."""

    issuer: str
    client_id: str
    client_secret: str
    joins_as: str
    trusts_factor: bool


@transaction.atomic
def set_provider(customer: Customer, wanted: Settings, *, actor: Actor, at: datetime) -> Provider:
    """
    Where the customer's people are to sign in. Another issuer, client or secret switches it off until it is tried.

    :raises InvalidInput: there is no secret
    """
    held = Customer.objects.lock(customer.pk)
    provider = Provider.objects.filter(customer=held).first()
    if provider is None:
        provider = Provider(customer=held, client_secret="")
    secret = wanted.client_secret or (secret_of(provider) if provider.client_secret else "")
    if not secret:
        raise InvalidInput(_("Type the secret that the provider gave you."), field="client_secret")
    is_another = (
        provider._state.adding
        or (provider.issuer, provider.client_id) != (wanted.issuer, wanted.client_id)
        or bool(wanted.client_secret)
    )
    if provider.trusts_factor and not wanted.trusts_factor:
        end_sessions_by(held)  # what they have shown there counts no more
    provider.joins_as, provider.trusts_factor, provider.set_at = wanted.joins_as, wanted.trusts_factor, at
    if is_another:
        provider.issuer, provider.client_id, provider.client_secret = wanted.issuer, wanted.client_id, seal(secret)
        provider.tried_at, provider.on_since, provider.is_required = None, None, False
        end_sessions_by(held)
    provider.save()
    record_audit(
        Did.SET_PROVIDER, host_of(provider.issuer), actor=actor, at=at, reason="", customer=held,
        issuer=provider.issuer, client_id=provider.client_id, joins_as=provider.joins_as,
        trusts_factor=provider.trusts_factor, is_another=is_another,
    )  # fmt: skip
    _tell_owners(provider, "set", actor=actor, at=at)
    return provider


def secret_of(provider: Provider) -> str:
    """
    For the provider itself, and nobody else.

    :raises SecretUnreadable: the key under which it was kept has changed
    """
    try:
        return unseal(provider.client_secret)
    except Unreadable as error:
        raise SecretUnreadable from error


@transaction.atomic
def add_domain(provider: Provider, name: str, *, actor: Actor, at: datetime) -> ProviderDomain:
    """
    Of whose mail addresses the provider is to speak, once a page there says so.

    :raises InvalidInput: it is no domain
    :raises TooManyDomains:
    """
    held = _held(provider)
    domain = plain_domain(name.rpartition("@")[2])
    if not DOMAIN.fullmatch(domain):
        raise InvalidInput(_("Type a domain of mail addresses, such as example.vn."), field="name")
    if held.domains.count() >= MOST_DOMAINS:
        raise TooManyDomains(most=MOST_DOMAINS)
    found, made = ProviderDomain.objects.get_or_create(provider=held, name=domain, defaults={"asked_at": at})
    if made:
        record_audit(Did.ADD_DOMAIN, domain, actor=actor, at=at, reason="", customer=held.customer)
    return found


def page_of(domain: ProviderDomain) -> str:
    return f"https://{domain.name}{PAGE}"


def token_of(domain: ProviderDomain) -> str:
    """What the page says: nobody else's domain, and no other customer's, has the same."""
    return salted_hmac("door.domain", f"{domain.provider_id}:{domain.name}", algorithm="sha256").hexdigest()[:40]


def confirm_domain(domain: ProviderDomain, *, actor: Actor, at: datetime) -> None:
    """
    Look at the page of the domain, and believe it.

    :raises DomainNotConfirmed: it says something else, or there is none
    :raises DomainTaken: it is confirmed for another customer
    :raises ProviderAway: nobody answers there
    """
    try:
        lines = read_page(page_of(domain)).splitlines()
    except Untrusted as error:
        raise DomainNotConfirmed(page=page_of(domain)) from error
    if not any(constant_time_compare(line.strip(), token_of(domain)) for line in lines):
        raise DomainNotConfirmed(page=page_of(domain))
    with transaction.atomic():
        held = _held(domain.provider)
        if ProviderDomain.objects.filter(name=domain.name, confirmed_at__isnull=False).exclude(provider=held).exists():
            raise DomainTaken
        confirmed = held.domains.filter(pk=domain.pk, confirmed_at=None).update(confirmed_at=at)
        if confirmed:
            record_audit(Did.CONFIRM_DOMAIN, domain.name, actor=actor, at=at, reason="", customer=held.customer)


@transaction.atomic
def remove_domain(domain: ProviderDomain, *, actor: Actor, at: datetime) -> None:
    """
    The provider speaks for its people no more; whoever came in by it is signed out.

    :raises LastDomain:
    """
    held = _held(domain.provider)
    if held.is_on and held.speaks_for == [domain.name]:
        raise LastDomain
    removed, _by_model = held.domains.filter(pk=domain.pk).delete()
    if removed:
        end_sessions_by(held.customer)
        record_audit(Did.REMOVE_DOMAIN, domain.name, actor=actor, at=at, reason="", customer=held.customer)


@transaction.atomic
def take_domain(domain: ProviderDomain, *, reason: str, actor: Actor, at: datetime) -> None:
    """
    Staff take a domain back that is somebody else's by now, so that they may have it. Where it was the last one, nobody comes in
    by the provider any more. The customer is told, and it is reviewed.
    """
    held = _held(domain.provider)
    if held.is_on and held.speaks_for == [domain.name]:
        switch_provider(held, is_on=False, actor=actor, at=at)
    remove_domain(domain, actor=actor, at=at)
    leave_for_review("take-domain", customer=held.customer, subject=domain.name, reason=reason, actor=actor, at=at)


@transaction.atomic
def note_tried(provider: Provider, user: User, claims: Claims, *, actor: Actor, at: datetime) -> None:
    """
    An owner who is signed in came through it as the same person: it works with these settings, and knows this owner.

    :raises Untrusted: as somebody else, or from a domain that is not confirmed
    """
    held = _held(provider)
    refuse_foreign(held, claims)
    if claims.email.casefold() != user.email.casefold():
        raise Untrusted(Flaw.SOMEBODY_ELSE)
    bind(held, user, claims, at=at)
    held.tried_at = at
    held.save(update_fields=["tried_at"])
    record_audit(Did.TRY_PROVIDER, host_of(held.issuer), actor=actor, at=at, reason="", customer=held.customer)


@transaction.atomic
def switch_provider(
    provider: Provider, *, is_on: bool, is_required: bool = False, actor: Actor, at: datetime
) -> Provider:
    """
    Whether people may come in by it, or must. Switched off, the sessions that it opened end.

    :raises NotTried:
    :raises NoWayBack: it is to be required, and no owner would get in without it
    """
    held = _held(provider)
    if is_on and (held.tried_at is None or not held.speaks_for):
        raise NotTried
    if is_on and is_required and not _has_way_back(held.customer):
        raise NoWayBack
    before = (held.is_on, held.is_required)
    held.on_since = (held.on_since or at) if is_on else None
    held.is_required = is_on and is_required
    if before == (held.is_on, held.is_required):
        return held
    held.save(update_fields=["on_since", "is_required"])
    if not is_on:
        end_sessions_by(held.customer)
    record_audit(
        Did.SWITCH_PROVIDER, host_of(held.issuer), actor=actor, at=at, reason="", customer=held.customer,
        is_on=held.is_on, is_required=held.is_required,
    )  # fmt: skip
    _tell_owners(held, "required" if held.is_required else "on" if held.is_on else "off", actor=actor, at=at)
    return held


@transaction.atomic
def open_passwords(provider: Provider, *, reason: str, actor: Actor, at: datetime) -> None:
    """Staff let a customer's people in by their own means again, who cannot reach their provider; the customer is told, and it is reviewed."""
    switched = switch_provider(provider, is_on=provider.is_on, is_required=False, actor=actor, at=at)
    leave_for_review(
        "open-passwords",
        customer=switched.customer,
        subject=host_of(switched.issuer),
        reason=reason,
        actor=actor,
        at=at,
    )


def _has_way_back(customer: Customer) -> bool:
    owners = User.objects.filter(memberships__customer=customer, memberships__role=Role.OWNER, is_active=True)
    return bool(Authenticator.objects.filter(user__in=owners, type__in=FACTORS).exists())


def _held(provider: Provider) -> Provider:
    """As it is now, held after its customer."""
    Customer.objects.lock(provider.customer_id)
    return Provider.objects.lock(provider.pk)


def _tell_owners(provider: Provider, way_in: str, *, actor: Actor, at: datetime) -> None:
    customer = provider.customer
    for owner in owners_of(customer):
        write_letter(
            Letter.Kind.PROVIDER_CHANGED, owner.email, customer.language, at=at, user=owner,
            customer=customer.name[:60], by=actor.name, way_in=way_in, host=host_of(provider.issuer),
        )  # fmt: skip


def domain_by(pk: UUID, customer: Customer) -> ProviderDomain | None:
    return (
        ProviderDomain.objects.select_related("provider__customer").filter(pk=pk, provider__customer=customer).first()
    )
