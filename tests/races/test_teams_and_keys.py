"""Owners who leave at once, invitations accepted at once, and a key that spends at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError

from accounts.models import KeySpending, Membership, User
from accounts.services.keys import KeyLimitReached, Terms, issue_customer_key, spend_by_key
from accounts.services.team import LastOwner, remove_member
from team.services.invitations import InvitationIsOver, accept_invitation, invite
from tests.cast import NOON, STAFF, make_customer, make_user, owner_of
from tests.races.beside import in_flight, meanwhile
from tests.races.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_ten_owners_who_leave_at_once_leave_one() -> None:
    customer = make_customer()
    members = [make_user(customer).memberships.get() for _ in range(10)]

    results = at_once([lambda one=member: remove_member(one, actor=STAFF, at=NOON) for member in members], threads=10)

    assert sum(isinstance(result, LastOwner) for result in results) == 1
    assert customer.memberships.count() == 1


def test_two_owners_who_are_deleted_past_the_services_at_once_leave_one() -> None:
    customer = make_customer()
    first, second = (make_user(customer).memberships.get() for _ in range(2))
    with in_flight(lambda: Membership.objects.filter(pk=first.pk).delete()):
        waiting = meanwhile(lambda: Membership.objects.filter(pk=second.pk).delete())
        assert not waiting.done()
    with pytest.raises(IntegrityError, match="would have no owner"):
        waiting.result(timeout=20)
    assert list(customer.memberships.values_list("pk", flat=True)) == [second.pk]


def test_an_invitation_that_is_accepted_ten_times_at_once_is_accepted_once() -> None:
    customer = make_customer()
    make_user(customer)
    made = invite(customer, "minh@example.vn", "viewer", actor=owner_of(customer), at=NOON)

    def accept() -> Any:
        return accept_invitation(made, password="Hoa-sen-2026", at=NOON)

    results = at_once([accept] * 10, threads=10)

    assert sum(isinstance(result, Membership) for result in results) == 1
    assert sum(isinstance(result, InvitationIsOver) for result in results) == 9
    assert User.objects.get(email="minh@example.vn").memberships.count() == 1


def test_a_key_that_spends_thirty_times_at_once_spends_its_limit_exactly() -> None:
    customer = make_customer()
    key = issue_customer_key(customer, "shop", Terms(daily_limit=100_000), actor=STAFF, at=NOON)[0]

    results = at_once([lambda: spend_by_key(key.actor, 9_999, at=NOON)] * 30, threads=10)

    assert sum(result is None for result in results) == 10
    assert sum(isinstance(result, KeyLimitReached) for result in results) == 20
    assert KeySpending.objects.get().spent == 99_990
