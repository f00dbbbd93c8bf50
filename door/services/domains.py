"""
For whose mail addresses a company's sign-in speaks: a page at each domain says so, and goes on saying it.

Domains lapse and are sold. So the page of each that is confirmed is looked at every month; where it does not say so any more, owners
read that, it is looked at each day, and after two weeks the company's sign-in speaks for the domain no more.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.four_eyes import leave_for_review
from accounts.models import Customer, Provider, ProviderDomain
from accounts.models.providers import plain_domain, stamp_of
from accounts.services import record_audit
from accounts.services.team import owners_of
from door.audit import Did
from door.openid import ProviderAway, Untrusted, read_page
from door.services.providers import held, switch, tell_owners
from door.services.sessions import end_sessions_by
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.periods import local_day
from notifications.models import Letter
from notifications.services import write_letter
from store.due import first_after
from store.tally import Tally, for_each

MOST_DOMAINS = 20
DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")
PAGE = "/.well-known/billing-portal-sign-in.txt"
"""Where whoever has a domain says that its people may come in by a customer's provider."""
LOOKED_AT_EVERY, LOOKED_AT_AGAIN = timedelta(days=30), timedelta(days=1)
MISSING_AT_MOST = timedelta(days=14)
LAST_WORD = timedelta(days=3)
"""So long before it ends it is said once more."""


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


@transaction.atomic
def add_domain(provider: Provider, name: str, *, actor: Actor, at: datetime) -> ProviderDomain:
    """
    Of whose mail addresses the provider is to speak, once a page there says so.

    :raises InvalidInput: it is no domain
    :raises TooManyDomains:
    """
    found = held(provider)
    domain = plain_domain(name.rpartition("@")[2])
    if not DOMAIN.fullmatch(domain):
        raise InvalidInput(_("Type a domain of mail addresses, such as example.vn."), field="name")
    if found.domains.count() >= MOST_DOMAINS:
        raise TooManyDomains(most=MOST_DOMAINS)
    added, made = ProviderDomain.objects.get_or_create(provider=found, name=domain, defaults={"asked_at": at})
    if made:
        record_audit(Did.ADD_DOMAIN, domain, actor=actor, at=at, reason="", customer=found.customer)
    return added


def page_of(domain: ProviderDomain) -> str:
    return f"https://{domain.name}{PAGE}"


def token_of(domain: ProviderDomain) -> str:
    """What the page says: nobody else's domain, and no other customer's, has the same."""
    return salted_hmac("door.domain", f"{domain.provider_id}:{domain.name}", algorithm="sha256").hexdigest()[:40]


def confirm_domain(domain: ProviderDomain, *, actor: Actor, at: datetime) -> None:
    """
    Look at the page of the domain, and believe it. Where it is confirmed for another customer and says nothing of them, they read
    that, and have two weeks.

    :raises DomainNotConfirmed: it says something else, or there is none
    :raises DomainTaken: it is confirmed for another customer
    :raises ProviderAway: nobody answers there
    """
    lines = _lines_of(domain)
    if not _says(lines, domain):
        raise DomainNotConfirmed(page=page_of(domain))
    confirmed = ProviderDomain.objects.filter(name=domain.name, confirmed_at__isnull=False)
    if other := confirmed.exclude(provider=domain.provider).first():
        note_look(other, is_there=_says(lines, other), at=at)
        raise DomainTaken
    with transaction.atomic():
        found = held(domain.provider)
        if confirmed.exclude(provider=found).exists():
            raise DomainTaken
        changed = found.domains.filter(pk=domain.pk, confirmed_at=None).update(
            confirmed_at=at, looks_at=at + LOOKED_AT_EVERY
        )
        if changed:
            record_audit(Did.CONFIRM_DOMAIN, domain.name, actor=actor, at=at, reason="", customer=found.customer)
            tell_owners(found, "domain-confirmed", actor=actor, at=at, domain=domain.name)
        else:
            note_look(domain, is_there=True, at=at)


@transaction.atomic
def remove_domain(domain: ProviderDomain, *, actor: Actor, at: datetime) -> None:
    """
    The provider speaks for its people no more; whoever came in by it is signed out.

    :raises LastDomain:
    """
    found = held(domain.provider)
    if _is_last(found, domain):
        raise LastDomain
    if _remove(found, domain, actor=actor, at=at):
        tell_owners(found, "domain-removed", actor=actor, at=at, domain=domain.name)


@transaction.atomic
def take_domain(domain: ProviderDomain, *, reason: str, actor: Actor, at: datetime) -> None:
    """
    Staff take a domain back that is somebody else's by now, so that they may have it. Where it was the last one, nobody comes in
    by the provider any more. The customer is told, and it is reviewed.
    """
    found = held(domain.provider)
    way_in = "off" if _is_last(found, domain) else "domain-removed"
    _give_up(found, domain, actor=actor, at=at)
    tell_owners(found, way_in, actor=actor, at=at, domain=domain.name)
    leave_for_review("take-domain", customer=found.customer, subject=domain.name, reason=reason, actor=actor, at=at)


def look_at_due(*, at: datetime) -> Tally:
    """Look at the pages whose time has come, each on its own."""
    due = ProviderDomain.objects.filter(Q(looks_at=None) | Q(looks_at__lte=at), confirmed_at__isnull=False)
    domains = due.select_related("provider__customer").order_by("looks_at", "pk")
    return for_each(list(domains), lambda domain: look_at(domain, at=at), what="domain")


def next_look(after: datetime) -> datetime | None:
    return first_after(after, ProviderDomain.objects.filter(confirmed_at__isnull=False), "looks_at")


def look_at(domain: ProviderDomain, *, at: datetime) -> None:
    """:raises ProviderBusy: nobody has looked; it is due still"""
    try:
        is_there = _says(_lines_of(domain), domain)
    except (DomainNotConfirmed, ProviderAway):
        is_there = False
    note_look(domain, is_there=is_there, at=at)


@transaction.atomic
def note_look(domain: ProviderDomain, *, is_there: bool, at: datetime) -> None:
    """
    What somebody saw who looked at the page of a domain that is confirmed. The owners read of it once it was missing twice: a
    server may be down for an hour.
    """
    provider = held(domain.provider)
    found = provider.domains.filter(pk=domain.pk, confirmed_at__isnull=False).first()
    if found is None:
        return
    was_missing = found.missing_since
    found.missing_since = None if is_there else was_missing or at
    found.looks_at = at + (LOOKED_AT_EVERY if is_there else LOOKED_AT_AGAIN)
    found.save(update_fields=["missing_since", "looks_at"])
    if is_there or was_missing is None:
        return
    ends_at = was_missing + MISSING_AT_MOST
    if at >= ends_at:
        last = {"last": found.name} if _is_last(provider, found) else {}
        _give_up(provider, found, actor=Actor.job("check-domains"), at=at)
        _write(Letter.Kind.DOMAIN_ENDED, provider, found, at=at, **last)
    else:
        word = "last" if at >= ends_at - LAST_WORD else "first"
        until = local_day(ends_at).isoformat()
        _write(Letter.Kind.DOMAIN_MISSING, provider, found, word, at=at, page=page_of(found), on=until)


def domain_by(pk: UUID, customer: Customer) -> ProviderDomain | None:
    return (
        ProviderDomain.objects.select_related("provider__customer").filter(pk=pk, provider__customer=customer).first()
    )


def _lines_of(domain: ProviderDomain) -> list[str]:
    """:raises DomainNotConfirmed, ProviderAway, ProviderBusy:"""
    try:
        return read_page(page_of(domain)).splitlines()
    except Untrusted as error:
        raise DomainNotConfirmed(page=page_of(domain)) from error


def _says(lines: list[str], domain: ProviderDomain) -> bool:
    return any(constant_time_compare(line.strip(), token_of(domain)) for line in lines)


def _is_last(provider: Provider, domain: ProviderDomain) -> bool:
    """Whether somebody comes in by it, and by no other."""
    return provider.is_on and provider.speaks_for == [domain.name]


def _give_up(provider: Provider, domain: ProviderDomain, *, actor: Actor, at: datetime) -> None:
    if _is_last(provider, domain):
        switch(provider, is_on=False, actor=actor, at=at)
    _remove(provider, domain, actor=actor, at=at)


def _remove(provider: Provider, domain: ProviderDomain, *, actor: Actor, at: datetime) -> bool:
    """
    What the provider opened ends, also what is just being opened: it is on anew. Returns whether it spoke for the domain.
    """
    found = provider.domains.filter(pk=domain.pk).first()
    if found is None:
        return False
    found.delete()
    record_audit(Did.REMOVE_DOMAIN, domain.name, actor=actor, at=at, reason="", customer=provider.customer)
    if found.confirmed_at is None:
        return False
    if provider.on_since is not None:
        provider.on_since = at
        provider.save(update_fields=["on_since"])
    end_sessions_by(provider.customer)
    return True


def _write(
    kind: Letter.Kind, provider: Provider, domain: ProviderDomain, *marks: str, at: datetime, **facts: str
) -> None:
    """To each owner, and once of each time that the page was missed."""
    customer, pk = provider.customer, domain.id
    event = ":".join((str(pk), stamp_of(domain.missing_since), *marks)) if domain.missing_since else None
    for owner in owners_of(customer):
        write_letter(
            kind, owner.email, customer.language, at=at, user=owner, about=customer.pk, event=event,
            customer=customer.name[:60], domain=domain.name, **facts,
        )  # fmt: skip
