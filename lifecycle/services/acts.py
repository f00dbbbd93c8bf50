"""
What may be done with a resource, as far as the resource itself decides.

Every service that acts on a resource asks `refuse`, and what pages and API offer is what `refusal_of` does not refuse: so
what is offered is what is taken.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from kernel.errors import DomainError
from kernel.periods import truncate
from kernel.shapes import Wording
from lifecycle.models import ProvisioningRequest, Resource, Start, State


class WrongState(DomainError):
    code = "wrong-state"
    message = _('This is not possible while the resource is "%(state)s".')


class ChangePending(DomainError):
    code = "change-pending"
    message = _("A change of this resource is still being carried out. Please wait for it to end.")


class NotRecoverable(DomainError):
    code = "not-recoverable"
    message = _("This resource cannot be recovered: it is not in the trash, or its time there is over.")


class NotResizable(DomainError):
    code = "not-resizable"
    message = _("Only running resources whose paid time has not ended can be resized.")


class EndsNow(DomainError):
    code = "ends-now"
    message = _("The paid time ends this very minute. Renew the resource first.")


class NotRenewable(DomainError):
    code = "not-renewable"
    message = _("%(name)s cannot be renewed: only running prepaid resources can.")


class RunsOn(NotRenewable):
    message = _("%(name)s need not be renewed: at the end of its paid time it continues as postpaid.")


class RenewFirst(DomainError):
    code = "renew-first"
    message = _(
        "Its paid time has ended, and what has ended is not renewed automatically. Renew it yourself, then switch"
        " auto-renew on."
    )


class StoppedForDebt(DomainError):
    code = "stopped-for-debt"
    message = _("It was stopped because invoices are overdue. Pay them, and it starts by itself.")
    then: ClassVar[dict[Start, Wording]] = {
        Start.BY_HAND: _("It was stopped because invoices are overdue. Pay them, and you can start it."),
        Start.LATER: _(
            "It was stopped because invoices are overdue. Pay them; something else keeps it stopped as well."
        ),
    }


class StoppedAtCap(DomainError):
    code = "stopped-at-cap"
    message = _(
        "It was stopped because a cap of yours was reached. Raise the cap under Budgets, or wait for the next month."
    )


class StoppedForCredit(DomainError):
    code = "stopped-for-credit"
    message = _("It was stopped because your credit does not cover what it uses. Top up, and it starts by itself.")
    then: ClassVar[dict[Start, Wording]] = {
        Start.BY_HAND: _(
            "It was stopped because your credit does not cover what it uses. Top up, and you can start it."
        ),
        Start.LATER: _(
            "It was stopped because your credit does not cover what it uses. Top up; something else keeps it stopped as well."
        ),
    }


class Act(StrEnum):
    """In the order in which they are shown."""

    RECOVER = "recover"
    START = "start"
    STOP = "stop"
    REBOOT = "reboot"
    RESIZE = "resize"
    RENEW = "renew"
    AUTO_RENEW = "auto_renew"
    DELETE = "delete"
    PURGE = "purge"


STATES = {
    Act.START: {State.STOP},
    Act.STOP: {State.ACTIVE},
    Act.REBOOT: {State.ACTIVE},
    Act.AUTO_RENEW: {State.ACTIVE, State.STOP},
    Act.DELETE: {State.ACTIVE, State.STOP},
    Act.PURGE: {State.SUSPENSE},
}
"""Acts that ask for a state, and for nothing else of their own but what stands below."""


def refusal_of(act: Act, resource: Resource, *, at: datetime) -> DomainError | None:
    """Why the state and the time of the resource do not allow `act` at `at`; None when they do."""
    match act:
        case Act.RESIZE if not resource.is_running or resource.is_expired(at):
            return NotResizable()
        case Act.RESIZE if resource.paid_until and resource.paid_until <= truncate(at):
            return EndsNow()
        case Act.RENEW if resource.is_running and resource.rolls_over:
            return RunsOn(name=resource.name)
        case Act.RENEW if not resource.is_renewable(at):
            return NotRenewable(name=resource.name)
        case Act.RECOVER if not resource.is_recoverable(at):
            return NotRecoverable()
        case Act.RESIZE | Act.RENEW | Act.RECOVER:
            return None
    if resource.state not in STATES[act] or (act == Act.AUTO_RENEW and not resource.runs_on_paid_time):
        return WrongState(state=resource.get_state_display())
    if act == Act.START and resource.stopped_for_debt:
        return StoppedForDebt(StoppedForDebt.then.get(resource.start_follows))
    if act == Act.START and resource.stopped_for_credit:
        return StoppedForCredit(StoppedForCredit.then.get(resource.start_follows))
    if act == Act.START and resource.stopped_for_cap:
        return StoppedAtCap(cap=str(resource.stopped_for_cap))
    if act == Act.AUTO_RENEW and resource.is_expired(at):
        return RenewFirst()
    return None


def refuse(act: Act, resource: Resource, *, at: datetime) -> None:
    """:raises DomainError: `refusal_of`"""
    refusal = refusal_of(act, resource, at=at)
    if refusal:
        raise refusal


def refuse_while_pending(resource: Resource) -> None:
    """:raises ChangePending: the product team still owes an answer"""
    if ProvisioningRequest.objects.unanswered().filter(resource=resource).exists():
        raise ChangePending
