"""Whether a customer's users need a second factor, and what staff do for who has lost theirs."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.four_eyes import leave_for_review
from accounts.models import Customer, User
from accounts.services import record_audit
from accounts.services.way_back import NoWayBack, locked_out_without
from door.audit import Did
from door.models import SecondFactor
from door.services import tell_user
from door.services.providers import require_no_longer
from door.services.sessions import end_sessions
from kernel.actors import Actor
from notifications.models import Letter


@transaction.atomic
def want_second_factor(customer: Customer, is_wanted: bool, *, actor: Actor, at: datetime) -> None:
    """Whether all who sign in for `customer` need a second factor; written down, for it decides who gets in."""
    changed = Customer.objects.filter(pk=customer.pk).exclude(wants_second_factor=is_wanted)
    if changed.update(wants_second_factor=is_wanted):
        record_audit(
            Did.WANT_SECOND_FACTOR, customer.pk, actor=actor, at=at, reason="", customer=customer, is_on=is_wanted
        )


def keep_ways_back(user: User) -> None:
    """
    `user` has given a factor up, in this transaction.

    :raises NoWayBack: a company's sign-in is required where they own, and nobody gets in without it any more
    """
    if locked_out_without(user):
        raise NoWayBack


@transaction.atomic
def take_second_factor(user: User, *, reason: str, actor: Actor, at: datetime, language: str) -> None:
    """
    Staff let somebody in again whose telephone and codes are lost: with the password alone, until another one is set up.

    It opens an account: the person and the customer are told, somebody else reviews it, and whoever is signed in is signed out. Where
    nobody would get in without a company's sign-in any more, it is required no longer.

    :param language: of the letter to who has no customer
    """
    SecondFactor.objects.filter(user=user).delete()
    for customer in locked_out_without(user):
        require_no_longer(customer, actor=actor, at=at)
    end_sessions(user)
    tell_user(user, Letter.Kind.SECOND_FACTOR_OFF, at=at, language=language)
    leave_for_review(
        "take-second-factor", customer=user.customer, subject=user.email, reason=reason, actor=actor, at=at
    )
