"""
Whom a provider means. By issuer and subject alone: a mail address finds nobody, it only says who may be asked for more.

Whoever is there already shows by their own means that it is they, before a provider may speak for them; whoever is new becomes
what the customer chose. So a provider lets in whom its customer answers for, and nobody else's people.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts import audit as accounts_audit
from accounts.models import AuditEntry, Customer, Identity, Provider, User
from accounts.models.providers import domain_of, plain_domain
from accounts.services import record_audit
from accounts.services.team import add_member, owners_of
from door.audit import Did
from door.models import Agreement
from door.openid import GOOGLE, Claims, Flaw, Untrusted, host_of
from door.services.passwords import find_user
from door.services.sessions import end_sessions
from kernel.actors import Actor
from kernel.errors import DomainError
from notifications.models import Letter
from notifications.services import write_letter


class ProviderIsOff(DomainError):
    code = "provider-off"
    message = _("Your company's sign-in is switched off. Sign in with your password.")


class NotOfTheCompany(DomainError):
    code = "not-of-the-company"
    status = 403
    message = _("You do not belong to the team of %(customer)s. Ask an owner to invite you.")


class NotByProvider(DomainError):
    code = "not-by-provider"
    status = 403
    message = _("Nobody signs in with this address by a company's sign-in.")


def refuse_foreign(provider: Provider, claims: Claims) -> None:
    """
    :raises Untrusted: the address is of no domain that the customer has confirmed, or of another company at the same issuer
    """
    if claims.issuer != provider.issuer:
        raise Untrusted(Flaw.ISSUER)
    domains = provider.speaks_for
    if domain_of(claims.email) not in domains:
        raise Untrusted(Flaw.FOREIGN)
    if claims.issuer == GOOGLE and plain_domain(claims.hosted) not in domains:
        raise Untrusted(Flaw.FOREIGN)


@transaction.atomic
def come_in(provider_id: UUID, claims: Claims, *, at: datetime) -> Identity | None:
    """
    Who it is that the provider sends; nothing where it has sent them for the first time.

    :raises ProviderIsOff, Untrusted:
    :raises NotOfTheCompany: they were, once
    """
    provider = held_provider(provider_id)
    refuse_foreign(provider, claims)
    found = (
        Identity.objects.select_related("user")
        .filter(provider=provider, issuer=claims.issuer, subject=claims.subject)
        .first()
    )
    if found is None:
        return None
    user = found.user
    if user.is_staff or not user.is_active or not is_member(provider, user):
        raise NotOfTheCompany(customer=provider.customer.name)
    found.used_at = at
    found.save(update_fields=["used_at"])
    found.provider = provider
    return found


def first_time(provider: Provider, claims: Claims) -> User | None:
    """
    Who has to show by a password that it is they; nobody: somebody new, who may join.

    :raises NotByProvider: of us, or somebody who may not sign in
    :raises NotOfTheCompany: the customer wants to invite who is to join, or they belonged to it once
    """
    user = find_user(claims.email)
    if user is not None and (user.is_staff or not user.is_active):
        raise NotByProvider
    if not (user and is_member(provider, user)) and (
        not provider.joins_as or has_belonged(provider.customer, user, claims.email)
    ):
        raise NotOfTheCompany(customer=provider.customer.name)
    return user


@transaction.atomic
def bind_first(provider_id: UUID, user: User, claims: Claims, *, at: datetime) -> Provider:
    """
    `user` has shown by their own means who they are: the provider may send them from now on.

    :raises ProviderIsOff, Untrusted, NotByProvider, NotOfTheCompany:
    """
    provider = held_provider(provider_id)
    refuse_foreign(provider, claims)
    if first_time(provider, claims) != user:
        raise NotByProvider
    if not is_member(provider, user):
        _join(provider, user, at=at)
    bind(provider, user, claims, at=at)
    return provider


@transaction.atomic
def join(provider_id: UUID, claims: Claims, versions: Mapping[str, str], *, at: datetime) -> Identity:
    """
    Somebody new, who agrees to the documents in `versions`. They have no password: the provider lets them in.

    :raises ProviderIsOff, Untrusted, NotOfTheCompany:
    :raises NotByProvider: somebody signs in with that address meanwhile
    """
    provider = held_provider(provider_id)
    refuse_foreign(provider, claims)
    if first_time(provider, claims) is not None:
        raise NotByProvider
    user = User.objects.create_user(claims.email, None, date_joined=at)
    _join(provider, user, at=at)
    language = provider.customer.language
    Agreement.objects.bulk_create(
        Agreement(user=user, customer=provider.customer, document=document, version=version, language=language, at=at)
        for document, version in versions.items()
    )
    return bind(provider, user, claims, at=at)


def bind(provider: Provider, user: User, claims: Claims, *, at: datetime) -> Identity:
    """
    The one subject by which the provider means `user`; a former one means nobody any more. In the caller's transaction, who holds
    the provider.

    :raises NotByProvider: it means somebody else already
    """
    same = Identity.objects.filter(provider=provider, issuer=claims.issuer, subject=claims.subject).first()
    if same is not None and same.user_id != user.pk:
        raise NotByProvider
    if same is not None:
        return same
    Identity.objects.filter(provider=provider, user=user).delete()
    bound = Identity.objects.create(
        provider=provider, user=user, issuer=claims.issuer, subject=claims.subject, email=claims.email,
        bound_at=at, used_at=at,
    )  # fmt: skip
    customer = provider.customer
    record_audit(
        Did.BIND_IDENTITY, user.email, actor=user.actor, at=at, reason="", customer=customer,
        issuer=claims.issuer, known_as=claims.subject,
    )  # fmt: skip
    write_letter(
        Letter.Kind.IDENTITY_BOUND, user.email, customer.language, at=at, user=user, about=customer.pk,
        customer=customer.name[:60], host=host_of(claims.issuer),
    )  # fmt: skip
    return bound


@transaction.atomic
def forget_identity(identity: Identity, *, actor: Actor, at: datetime) -> None:
    """
    The provider means nobody by that subject any more: whoever it sends shows by their password again who they are. Where it let
    them in, they are signed out.
    """
    customer = Customer.objects.lock(identity.provider.customer_id)
    forgotten, _by_model = Identity.objects.filter(pk=identity.pk).delete()
    if forgotten:
        end_sessions(identity.user, by=str(customer.pk))
        record_audit(
            Did.FORGET_IDENTITY, identity.user.email, actor=actor, at=at, reason="", customer=customer,
            issuer=identity.issuer, known_as=identity.subject,
        )  # fmt: skip


def is_member(provider: Provider, user: User) -> bool:
    return user.memberships.filter(customer=provider.customer_id).exists()


def held_provider(provider_id: UUID) -> Provider:
    """
    Held after its customer, and switched on.

    :raises ProviderIsOff:
    """
    customer_id = Provider.objects.values_list("customer", flat=True).get(pk=provider_id)
    Customer.objects.lock(customer_id)
    provider = Provider.objects.lock(provider_id)
    if not provider.is_on:
        raise ProviderIsOff
    return provider


def has_belonged(customer: Customer, user: User | None, address: str) -> bool:
    """Whether who comes was removed, or has left: by whom they are, or by an address of theirs then. An invitation alone leads back."""
    ended = Q(subject__iexact=address)
    if user is not None:
        ended |= Q(subject__iexact=user.email) | Q(facts__member=str(user.pk))
    is_bound = user is not None and Identity.objects.filter(provider__customer=customer, user=user).exists()
    return (
        is_bound
        or AuditEntry.objects.filter(ended, customer=customer, verb=accounts_audit.Did.REMOVE_MEMBER.value).exists()
    )


def _join(provider: Provider, user: User, *, at: datetime) -> None:
    customer = provider.customer
    add_member(customer, user, provider.joins_as, actor=user.actor, at=at)
    for owner in owners_of(customer):
        write_letter(
            Letter.Kind.JOINED_BY_PROVIDER, owner.email, customer.language, at=at, user=owner, about=customer.pk,
            customer=customer.name[:60], member=user.email, role=provider.joins_as, host=host_of(provider.issuer),
        )  # fmt: skip
