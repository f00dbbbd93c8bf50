"""What customers do with their linked accounts: limits, the default one, and taking an account back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.money import MAXIMUM
from notifications.models import Notice
from notifications.services import tell
from payments.audit import Did
from payments.models import LinkedAccount
from payments.services.links import State, hold_link
from payments.services.standing import stop_charging


class LinkEnded(DomainError):
    code = "link-ended"
    message = _("This account is not linked any more.")


class NotLinked(DomainError):
    code = "not-linked"
    message = _("This account is not linked yet: confirm it at the gateway first.")


class NotStuck(DomainError):
    code = "not-stuck"
    message = _("The gateway has ended this link, or is being asked to.")


@transaction.atomic
def unlink(link_id: UUID, *, actor: Actor, at: datetime) -> LinkedAccount:
    """
    The customer takes the account back: nothing is charged from now on. The gateway is told by a job, however long it hangs.

    :raises LinkEnded: it was unlinked or ended before
    """
    link = hold_link(link_id)
    if not link.is_open:
        raise LinkEnded
    was_linked = link.state == State.ACTIVE
    link.unlink(at=at)
    link.redirect_url, link.ask_at, link.asks = "", at, 0
    link.save()
    stop_charging(link)
    record_audit(Did.UNLINK, link.pk, actor=actor, at=at, reason="", customer=link.customer, gateway=link.gateway)
    if was_linked:
        tell(link.customer, Notice.Kind.ACCOUNT_UNLINKED, link.pk, at=at, account=link.known_as)
    return link


@transaction.atomic
def set_limits(link_id: UUID, *, at_once: int, in_a_month: int, actor: Actor, at: datetime) -> LinkedAccount:
    """
    How much is charged at most, at once and in a calendar month.

    :raises LinkEnded: it is not linked any more
    """
    link = hold_link(link_id)
    if not link.is_open:
        raise LinkEnded
    for field, amount in (("charge_limit", at_once), ("month_limit", in_a_month)):
        if not 0 < amount <= MAXIMUM:
            raise InvalidInput(_("Enter an amount above zero."), field=field)
    if at_once > in_a_month:
        raise InvalidInput(_("The limit of a month is at least that of one charge."), field="month_limit")
    if (link.charge_limit, link.month_limit) != (at_once, in_a_month):
        link.charge_limit, link.month_limit = at_once, in_a_month
        link.save()
        record_audit(
            Did.SET_LIMITS, link.pk, actor=actor, at=at, reason="", customer=link.customer,
            at_once=at_once, in_a_month=in_a_month,
        )  # fmt: skip
    return link


@transaction.atomic
def make_default(link_id: UUID, *, actor: Actor, at: datetime) -> LinkedAccount:
    """
    The account that is proposed where one can be chosen.

    :raises NotLinked: it is not confirmed, or has ended
    """
    link = hold_link(link_id)
    if link.state != State.ACTIVE:
        raise LinkEnded if link.ended_at else NotLinked
    if not link.is_default:
        LinkedAccount.objects.filter(customer=link.customer_id, is_default=True).update(is_default=False)
        link.is_default = True
        link.save()
        record_audit(Did.SET_DEFAULT, link.pk, actor=actor, at=at, reason="", customer=link.customer)
    return link


@transaction.atomic
def ask_to_end_again(link_id: UUID, *, reason: str, actor: Actor, at: datetime) -> LinkedAccount:
    """
    Staff have the gateway asked once more to end what has ended here.

    :raises NotStuck:
    """
    link = _hold_stuck(link_id)
    link.stuck_at, link.ask_at, link.asks = None, at, 0
    link.save()
    record_audit(
        Did.ASK_TO_END, link.pk, actor=actor, at=at, reason=reason, customer=link.customer, gateway=link.gateway
    )
    return link


@transaction.atomic
def is_ended_there(link_id: UUID, *, reason: str, actor: Actor, at: datetime) -> LinkedAccount:
    """
    Staff have seen to it at the gateway.

    :raises NotStuck:
    """
    link = _hold_stuck(link_id)
    link.stuck_at = None
    link.save()
    record_audit(
        Did.NOTE_ENDED, link.pk, actor=actor, at=at, reason=reason, customer=link.customer, gateway=link.gateway
    )
    return link


def _hold_stuck(link_id: UUID) -> LinkedAccount:
    link = hold_link(link_id)
    if link.stuck_at is None:
        raise NotStuck
    return link
