"""A customer's own sign-in: set up, tried, switched. Owners are told of what changes who gets in, and how. Its domains: `domains`."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.four_eyes import leave_for_review
from accounts.models import Customer, Membership, Provider, User
from accounts.models.providers import must_come_by
from accounts.services import record_audit
from accounts.services.team import owners_of
from accounts.services.way_back import NoWayBack, gets_in_without, has_way_back
from door.audit import Did
from door.openid import Claims, Flaw, Untrusted, host_of
from door.services.identities import bind, refuse_foreign
from door.services.sessions import end_sessions_by, end_sessions_by_own_means
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from notifications.models import Letter
from notifications.services import write_letter
from store.sealed import Unreadable, seal, unseal


class NotTried(DomainError):
    code = "provider-not-tried"
    message = _("Confirm a domain and try the sign-in before you switch it on.")


class SettingsChanged(DomainError):
    code = "provider-settings-changed"
    message = _("The settings of the company sign-in have changed meanwhile. Try it again.")


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
    :raises AccountClosed:
    """
    owner = Customer.objects.lock_open(customer.pk)
    provider = Provider.objects.filter(customer=owner).first()
    if provider is None:
        provider = Provider(customer=owner, client_secret="")
    secret = wanted.client_secret or (secret_of(provider) if provider.client_secret else "")
    if not secret:
        raise InvalidInput(_("Type the secret that the provider gave you."), field="client_secret")
    is_another = (
        provider._state.adding
        or (provider.issuer, provider.client_id) != (wanted.issuer, wanted.client_id)
        or bool(wanted.client_secret)
    )
    if provider.trusts_factor and not wanted.trusts_factor:
        end_sessions_by(owner)  # what they have shown there counts no more
    provider.joins_as, provider.trusts_factor, provider.set_at = wanted.joins_as, wanted.trusts_factor, at
    if is_another:
        provider.issuer, provider.client_id, provider.client_secret = wanted.issuer, wanted.client_id, seal(secret)
        provider.tried_at, provider.on_since, provider.is_required = None, None, False
        end_sessions_by(owner)
    provider.save()
    record_audit(
        Did.SET_PROVIDER, host_of(provider.issuer), actor=actor, at=at, reason="", customer=owner,
        issuer=provider.issuer, client_id=provider.client_id, joins_as=provider.joins_as,
        trusts_factor=provider.trusts_factor, is_another=is_another,
    )  # fmt: skip
    tell_owners(provider, "set", actor=actor, at=at)
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
def note_tried(tried: Provider, user: User, claims: Claims, *, actor: Actor, at: datetime) -> None:
    """
    An owner who is signed in came through it as the same person: it works with these settings, and knows this owner.

    :param tried: as it was read before the provider was asked
    :raises Untrusted: as somebody else, or from a domain that is not confirmed
    :raises SettingsChanged: what was tried are not the settings of now
    """
    provider = held(tried)
    if _settings_of(provider) != _settings_of(tried):
        raise SettingsChanged
    refuse_foreign(provider, claims)
    if claims.email.casefold() != user.email.casefold():
        raise Untrusted(Flaw.SOMEBODY_ELSE)
    bind(provider, user, claims, at=at)
    provider.tried_at = at
    provider.save(update_fields=["tried_at"])
    record_audit(Did.TRY_PROVIDER, host_of(provider.issuer), actor=actor, at=at, reason="", customer=provider.customer)


@transaction.atomic
def switch_provider(
    provider: Provider, *, is_on: bool, is_required: bool = False, actor: Actor, at: datetime
) -> Provider:
    """
    Whether people may come in by it, or must. Switched off, the sessions that it opened end; required, those that it did not.

    :raises NotTried:
    :raises NoWayBack: it is to be required, and no owner would get in without it
    """
    found = held(provider)
    if switch(found, is_on=is_on, is_required=is_required, actor=actor, at=at):
        way_in = "required" if found.is_required else "on" if found.is_on else "off"
        tell_owners(found, way_in, actor=actor, at=at)
    return found


def switch(found: Provider, *, is_on: bool, is_required: bool = False, actor: Actor, at: datetime) -> bool:
    """
    The same for who holds it, and tells the owners themselves; returns whether anything has changed.

    :raises NotTried, NoWayBack:
    """
    if is_on and (found.tried_at is None or not found.speaks_for):
        raise NotTried
    if is_on and is_required and not has_way_back(found.customer_id):
        raise NoWayBack
    before = (found.is_on, found.is_required)
    found.on_since = (found.on_since or at) if is_on else None
    found.is_required = is_on and is_required
    if before == (found.is_on, found.is_required):
        return False
    found.save(update_fields=["on_since", "is_required"])
    if not found.is_on:
        end_sessions_by(found.customer)
    if found.is_required:
        end_sessions_by_own_means(_who_must_come_by(found))
    record_audit(
        Did.SWITCH_PROVIDER, host_of(found.issuer), actor=actor, at=at, reason="", customer=found.customer,
        is_on=found.is_on, is_required=found.is_required,
    )  # fmt: skip
    return True


@transaction.atomic
def open_passwords(customer: Customer, *, reason: str, actor: Actor, at: datetime) -> None:
    """Staff let a customer's people in by their own means again, who cannot reach their provider; the customer is told, and it is reviewed."""
    opened = require_no_longer(customer, actor=actor, at=at)
    leave_for_review(
        "open-passwords", customer=opened.customer, subject=host_of(opened.issuer), reason=reason, actor=actor, at=at
    )


@transaction.atomic
def require_no_longer(customer: Customer, *, actor: Actor, at: datetime) -> Provider:
    """It stays switched on, or off, as it is."""
    found = held(Provider.objects.get(customer=customer))
    return switch_provider(found, is_on=found.is_on, actor=actor, at=at)


def held(provider: Provider) -> Provider:
    """As it is now, held after its customer."""
    Customer.objects.lock(provider.customer_id)
    return Provider.objects.lock(provider.pk)


def tell_owners(provider: Provider, way_in: str, *, actor: Actor, at: datetime, **facts: str) -> None:
    customer = provider.customer
    for owner in owners_of(customer):
        write_letter(
            Letter.Kind.PROVIDER_CHANGED, owner.email, customer.language, at=at, user=owner, about=customer.pk,
            customer=customer.name[:60], by=actor.name, way_in=way_in, host=host_of(provider.issuer), **facts,
        )  # fmt: skip


def _settings_of(provider: Provider) -> tuple[str, str, str]:
    """A secret that was typed again is sealed anew, and differs."""
    return provider.issuer, provider.client_id, provider.client_secret


def _who_must_come_by(provider: Provider) -> list[int]:
    """But owners who get in without it, whatever becomes of it."""
    members = Membership.objects.filter(customer=provider.customer_id).exclude(gets_in_without())
    return [pk for pk, email in members.values_list("user", "user__email") if must_come_by(provider, email)]
