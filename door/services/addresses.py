"""By which address somebody signs in: it changes when the present one and the new one have confirmed it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.models.providers import must_come_by
from accounts.services import record_audit_of
from door.audit import Did
from door.models import AddressChange
from door.services import tell_user
from door.services.passwords import find_user
from kernel.actors import Actor
from kernel.errors import DomainError
from notifications.models import Letter
from notifications.services import write_letter

Side = AddressChange.Side


class ChangeIsOver(DomainError):
    code = "address-change-over"
    message = _("This change of address is over. Ask for it again in the settings.")


class AddressIsTaken(DomainError):
    code = "address-taken"
    message = _("This address cannot be had. Ask for another one in the settings.")


class AddressOfTheCompany(DomainError):
    code = "address-of-the-company"
    status = 403
    message = _("%(customer)s wants you to come in by its own sign-in, which knows you by this address. It stays.")


@transaction.atomic
def ask_for_address(user: User, address: str, *, at: datetime, language: str) -> AddressChange:
    """
    Both addresses are asked to confirm; what was asked before ends.

    Whether somebody else signs in with `address` already is told to whoever reads it, and to nobody else: it is found out when the letter
    leaves (`door.ways`).

    :raises AddressOfTheCompany:
    """
    _refuse_to_leave_the_company(user, address)
    AddressChange.objects.under_way().filter(user=user).update(ended_at=at)
    change = AddressChange.objects.create(user=user, former=user.email, address=address, asked_at=at)
    tell_user(user, Letter.Kind.LEAVE_ADDRESS, at=at, language=language, about=change.pk, address=address)
    tell_user(user, Letter.Kind.REACH_ADDRESS, at=at, language=language, about=change.pk, to=address)
    return change


@transaction.atomic
def confirm_address(change_id: UUID, side: Side, *, at: datetime, language: str) -> AddressChange:
    """
    One of the two has confirmed; the second one changes the address. Pressed again, it is confirmed as it was.

    :raises ChangeIsOver: it took too long, another was asked for, or the user has another address meanwhile
    :raises AddressIsTaken: somebody else has it by now
    :raises AddressOfTheCompany:
    """
    change = AddressChange.objects.lock(change_id)
    if change.confirmed_at(side) and change.ended_at is None:
        return change
    if not change.is_open(at) or change.user.email != change.former or not change.user.is_active:
        raise ChangeIsOver
    if side == Side.FORMER:
        change.former_at = at
    else:
        change.new_at = at
    if change.former_at and change.new_at:
        _carry_out(change, at=at, language=language)
    change.save()
    return change


def _carry_out(change: AddressChange, *, at: datetime, language: str) -> None:
    user = change.user
    other = find_user(change.address)
    if other is not None and other != user:
        raise AddressIsTaken
    _refuse_to_leave_the_company(user, change.address)
    actor: Actor = user.actor
    user.email = change.address
    user.save(update_fields=["email"])
    change.done_at = at
    record_audit_of(user, Did.CHANGE_ADDRESS, user.email, actor=actor, at=at, reason="", former=change.former)
    write_letter(
        Letter.Kind.ADDRESS_CHANGED,
        change.former,
        user.customer.language if user.customer else language,
        at=at,
        user=user,
        address=change.address,
    )


def _refuse_to_leave_the_company(user: User, address: str) -> None:
    """Else whoever has to come by a company's sign-in would change that by themselves, and come in after it knows them no more."""
    for member in user.memberships.select_related("customer__provider"):
        provider = getattr(member.customer, "provider", None)
        if must_come_by(provider, user.email) and not must_come_by(provider, address):
            raise AddressOfTheCompany(customer=member.customer.name)
