"""Who belongs to a customer, and as what. Invitations and what members do with one another: the app `team`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.audit import Did
from accounts.may import Role
from accounts.models import Customer, Identity, Membership, User
from accounts.services import record_audit
from accounts.services.way_back import NoWayBack, is_last_way_back
from kernel.actors import Actor
from kernel.errors import DomainError

NAMED = 2
"""Of those who can give a right, so many are named."""
Removed = Callable[[User], object]
_when_removed: list[Removed] = []


class LastOwner(DomainError):
    code = "last-owner"
    message = _("Somebody has to stay owner: make another member owner first.")


class MemberAlready(DomainError):
    code = "member-already"
    message = _("This person belongs to the team already.")


class StaffAreNoMembers(DomainError):
    code = "staff-are-no-members"
    message = _("This person works for us and belongs to no customer. Use another address.")


def when_removed(then: Removed) -> None:
    """An app tells what ends for somebody whom others take out of a team."""
    _when_removed.append(then)


def who_can_give(customer: Customer) -> str:
    """Who changes roles there, for a sentence."""
    owners = customer.memberships.filter(user__is_active=True, role=Role.OWNER).order_by("joined_at", "pk")
    return ", ".join(owners.values_list("user__email", flat=True)[:NAMED]) or gettext("Our support")


def owners_of(customer: Customer, *, but: User | None = None) -> Iterable[User]:
    """Who may sign in and owns there."""
    owners = User.objects.filter(memberships__customer=customer, memberships__role=Role.OWNER, is_active=True)
    return owners.exclude(pk__in=[but.pk] if but else []).order_by("pk")


@transaction.atomic
def add_member(customer: Customer, user: User, role: str, *, actor: Actor, at: datetime) -> Membership:
    """
    :raises StaffAreNoMembers:
    :raises MemberAlready:
    """
    if user.is_staff:
        raise StaffAreNoMembers
    held = Customer.objects.lock_open(customer.pk)
    if held.memberships.filter(user=user).exists():
        raise MemberAlready
    member = Membership.objects.create(user=user, customer=held, role=role, joined_at=at)
    record_audit(Did.ADD_MEMBER, user.email, actor=actor, at=at, reason="", customer=held, role=role)
    return member


@transaction.atomic
def change_role(member: Membership, role: str, *, actor: Actor, at: datetime) -> Membership:
    """
    What they are from now on; the same again changes nothing.

    :raises LastOwner: nobody else is owner there who may sign in
    :raises NoWayBack: nobody else gets in without the company's sign-in, which is required
    """
    held = _held(member)
    if held.role == role:
        return held
    _refuse_last(held)
    before, held.role = held.role, role
    held.save(update_fields=["role"])
    record_audit(
        Did.CHANGE_ROLE,
        held.user.email,
        actor=actor,
        at=at,
        reason="",
        customer=held.customer,
        role=role,
        former_role=before,
    )
    return held


@transaction.atomic
def remove_member(member: Membership, *, actor: Actor, at: datetime) -> None:
    """
    By somebody else, owner or staff: as `leave_team`, and wherever they are signed in they are so no more.

    :raises LastOwner:
    :raises NoWayBack:
    """
    leave_team(member, actor=actor, at=at)
    for then in _when_removed:
        then(member.user)


@transaction.atomic
def leave_team(member: Membership, *, actor: Actor, at: datetime) -> None:
    """
    They belong there no more; their keys stop, see `CustomerKey.working`, and the company's sign-in knows them no more.

    :raises LastOwner: nobody else is owner there who may sign in
    :raises NoWayBack: nobody else gets in without the company's sign-in, which is required
    """
    held = _held(member)
    _refuse_last(held)
    record_audit(
        Did.REMOVE_MEMBER, held.user.email, actor=actor, at=at, reason="", customer=held.customer, role=held.role,
        member=str(held.user_id),
    )  # fmt: skip
    Identity.objects.filter(provider__customer=held.customer, user=held.user).delete()
    held.delete()


def is_last_owner(member: Membership) -> bool:
    """Whether nobody else owns there who may sign in."""
    others = member.customer.memberships.filter(role=Role.OWNER, user__is_active=True).exclude(pk=member.pk)
    return member.role == Role.OWNER and not others.exists()


def _held(member: Membership) -> Membership:
    """As it is now, held after its customer, so that two owners do not leave at once."""
    Customer.objects.lock(member.customer_id)
    return Membership.objects.select_for_update(of=("self",)).select_related("customer", "user").get(pk=member.pk)


def _refuse_last(member: Membership) -> None:
    if is_last_owner(member):
        raise LastOwner
    if is_last_way_back(member):
        raise NoWayBack
