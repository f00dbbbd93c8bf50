"""Invitations: asked for, sent again, withdrawn, accepted once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, Membership, User
from accounts.services import record_audit
from accounts.services.team import MemberAlready, add_member, owners_of
from door.models import Agreement
from door.services.passwords import find_user
from kernel.actors import Actor
from kernel.errors import DomainError
from notifications.models import Letter
from notifications.services import write_letter
from team.audit import Did
from team.models import Invitation
from team.services import shown_name, tell

MOST_UNDECIDED = 50
SENT_EVERY = timedelta(minutes=10)


class TooManyInvitations(DomainError):
    code = "too-many-invitations"
    message = _("%(most)s invitations are open already. Withdraw some that nobody will accept.")


class InvitedAlready(DomainError):
    code = "invited-already"
    message = _("This address is invited already. Send the invitation again, or withdraw it first.")


class SentJustNow(DomainError):
    code = "sent-just-now"
    message = _("This invitation was sent a few minutes ago. Please wait for ten minutes before you send it again.")


class InvitationIsOver(DomainError):
    code = "invitation-over"
    status = 410
    message = _("This invitation is over: it was accepted or withdrawn, or it is older than a week.")


@transaction.atomic
def invite(customer: Customer, email: str, role: str, *, actor: Actor, at: datetime) -> Invitation:
    """
    Ask whoever reads `email` to belong to the team. One that is too old gives way.

    :raises MemberAlready, InvitedAlready, TooManyInvitations:
    """
    held = Customer.objects.lock_open(customer.pk)
    if held.users.filter(email__iexact=email).exists():
        raise MemberAlready
    undecided = Invitation.objects.undecided().filter(customer=held)
    former = undecided.filter(email__iexact=email).first()
    if former is not None and former.is_open(at):
        raise InvitedAlready
    if former is not None:
        former.withdrawn_at = at
        former.save(update_fields=["withdrawn_at"])
    if undecided.count() >= MOST_UNDECIDED:
        raise TooManyInvitations(most=MOST_UNDECIDED)
    made = Invitation.objects.create(
        customer=held, email=email, role=role, invited_by=actor.name, asked_at=at, sent_at=at
    )
    record_audit(Did.INVITE, email, actor=actor, at=at, reason="", customer=held, role=role)
    _send(made, at=at)
    return made


@transaction.atomic
def invite_again(invitation: Invitation, *, actor: Actor, at: datetime) -> Invitation:
    """
    Another mail, good for another week; the links of before are over.

    :raises InvitationIsOver: accepted or withdrawn meanwhile
    :raises SentJustNow:
    """
    held = _held(invitation)
    if at < held.sent_at + SENT_EVERY:
        raise SentJustNow
    held.sent_at, held.times = at, held.times + 1
    held.save(update_fields=["sent_at", "times"])
    record_audit(Did.INVITE_AGAIN, held.email, actor=actor, at=at, reason="", customer=held.customer)
    _send(held, at=at)
    return held


@transaction.atomic
def withdraw_invitation(invitation: Invitation, *, actor: Actor, at: datetime) -> Invitation:
    """
    Its links open nothing any more.

    :raises InvitationIsOver: accepted or withdrawn meanwhile
    """
    held = _held(invitation)
    held.withdrawn_at = at
    held.save(update_fields=["withdrawn_at"])
    record_audit(Did.WITHDRAW_INVITATION, held.email, actor=actor, at=at, reason="", customer=held.customer)
    return held


@transaction.atomic
def accept_invitation(
    invitation: Invitation, *, password: str = "", versions: Mapping[str, str] | None = None, at: datetime
) -> Membership:
    """
    Whoever reads the address becomes a member, once: as who they are already, or with `password` as somebody new, who agrees to
    the documents in `versions`.

    :raises InvitationIsOver: it was used, withdrawn, sent again, or is too old
    """
    held = _held(invitation)
    if not held.is_open(at) or held.times != invitation.times:
        raise InvitationIsOver
    user = find_user(held.email)
    if user is None:
        user = User.objects.create_user(held.email, password, date_joined=at)
        _agree(user, held, versions or {}, at=at)
    member = add_member(held.customer, user, held.role, actor=user.actor, at=at)
    held.accepted_at, held.accepted_by = at, user
    held.save(update_fields=["accepted_at", "accepted_by"])
    tell(
        Letter.Kind.MEMBER_JOINED,
        owners_of(held.customer, but=user),
        held.customer,
        at=at,
        member=user.email,
        role=held.role,
    )
    return member


def _agree(user: User, invitation: Invitation, versions: Mapping[str, str], *, at: datetime) -> None:
    language = invitation.customer.language
    Agreement.objects.bulk_create(
        Agreement(user=user, customer=invitation.customer, document=document, version=version, language=language, at=at)
        for document, version in versions.items()
    )


def _held(invitation: Invitation) -> Invitation:
    """:raises InvitationIsOver:"""
    Customer.objects.lock(invitation.customer_id)
    held = Invitation.objects.lock(invitation.pk)
    if held.accepted_at or held.withdrawn_at:
        raise InvitationIsOver
    return held


def _send(invitation: Invitation, *, at: datetime) -> None:
    customer = invitation.customer
    write_letter(
        Letter.Kind.INVITED, invitation.email, customer.language, at=at, about=invitation.pk,
        customer=shown_name(customer), inviter=invitation.invited_by, role=invitation.role, times=str(invitation.times),
    )  # fmt: skip


def undecided_of(customer: Customer) -> list[Invitation]:
    return list(Invitation.objects.undecided().filter(customer=customer).order_by("-sent_at", "-id"))


def invitation_of(pk: UUID) -> Invitation | None:
    return Invitation.objects.select_related("customer").filter(pk=pk).first()
