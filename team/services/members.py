"""What members do with one another: another role, an end, leaving, passing the ownership on."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.may import Role
from accounts.models import Membership
from accounts.services import record_audit
from accounts.services.team import change_role, leave_team, owners_of, remove_member
from kernel.actors import Actor
from kernel.errors import DomainError
from notifications.models import Letter
from team.audit import Did
from team.services import tell


class NotAnOwner(DomainError):
    code = "not-an-owner"
    message = _("Only an owner passes the ownership on, and to somebody else.")


@transaction.atomic
def set_role(member: Membership, role: str, *, actor: Actor, at: datetime) -> Membership:
    """
    What they may changes at once, also of keys that they keep; they are told.

    :raises LastOwner:
    """
    changed = change_role(member, role, actor=actor, at=at)
    if changed.role != member.role:
        tell(Letter.Kind.ROLE_CHANGED, [changed.user], changed.customer, at=at, role=role, by=actor.name)
    return changed


@transaction.atomic
def end_membership(member: Membership, *, actor: Actor, at: datetime) -> None:
    """
    They belong here no more: signed out everywhere, their keys stop, and they are told.

    :raises LastOwner:
    """
    remove_member(member, actor=actor, at=at)
    tell(Letter.Kind.MEMBER_REMOVED, [member.user], member.customer, at=at, by=actor.name)


@transaction.atomic
def leave(member: Membership, *, actor: Actor, at: datetime) -> None:
    """
    By themselves; the owners are told.

    :raises LastOwner: the last one makes another member owner first
    """
    leave_team(member, actor=actor, at=at)
    tell(Letter.Kind.MEMBER_LEFT, owners_of(member.customer), member.customer, at=at, member=member.user.email)


@transaction.atomic
def pass_ownership(member: Membership, to: Membership, *, keeps: str, actor: Actor, at: datetime) -> None:
    """
    `to` is owner from now on, and who was it `keeps` another role. Both are told.

    :raises NotAnOwner:
    """
    if member.role != Role.OWNER or to.pk == member.pk or to.customer_id != member.customer_id or keeps == Role.OWNER:
        raise NotAnOwner
    change_role(to, Role.OWNER, actor=actor, at=at)
    change_role(member, keeps, actor=actor, at=at)
    record_audit(
        Did.PASS_OWNERSHIP,
        to.user.email,
        actor=actor,
        at=at,
        reason="",
        customer=member.customer,
        former=member.user.email,
    )
    tell(
        Letter.Kind.OWNERSHIP_PASSED, [member.user, to.user], member.customer, at=at,
        former=member.user.email, owner=to.user.email,
    )  # fmt: skip
