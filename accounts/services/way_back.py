"""Where a company's sign-in is required, an owner gets in without it, whatever becomes of the provider: as long as it is required."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.may import Role
from accounts.models import Customer, Membership, Provider, User
from kernel.errors import DomainError

FACTORS = ("totp", "webauthn")
"""Recovery codes stand in for one of these; alone they are none."""


class NoWayBack(DomainError):
    code = "no-way-back"
    message = _(
        "Where the company sign-in is required, an owner with a second factor gets in whatever becomes of the provider. There would be "
        "none: set up a second factor for an owner first."
    )


def gets_in_without() -> Q:
    """Of memberships: whose password and second factor count, whatever the customer requires."""
    return Q(
        role=Role.OWNER, user__is_active=True, user__in=Authenticator.objects.filter(type__in=FACTORS).values("user")
    )


def has_way_back(customer_id: UUID, *, but: Collection[int] = ()) -> bool:
    """:param but: not counting these users"""
    return Membership.objects.filter(gets_in_without(), customer=customer_id).exclude(user__in=but).exists()


def is_last_way_back(member: Membership) -> bool:
    """Whether it is required there, and nobody else gets in without it."""
    if not (
        member.role == Role.OWNER and Provider.objects.filter(customer=member.customer_id, is_required=True).exists()
    ):
        return False
    return has_way_back(member.customer_id) and not has_way_back(member.customer_id, but=[member.user_id])


def locked_out_without(user: User) -> list[Customer]:
    """
    Those who require it and where nobody gets in without it, now that `user` has given a factor up; held, in the caller's
    transaction.
    """
    owned = user.memberships.filter(role=Role.OWNER, customer__provider__is_required=True)
    held = [Customer.objects.lock(pk) for pk in sorted(owned.values_list("customer", flat=True))]
    return [one for one in held if not has_way_back(one.pk)]
