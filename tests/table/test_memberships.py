"""A customer that had an owner keeps one, whatever is written past the application."""

from __future__ import annotations

import pytest

from accounts.may import Role
from accounts.models import Customer, User
from accounts.services.team import LastOwner, StaffAreNoMembers, add_member, remove_member
from tests.cast import NOON, STAFF, make_colleague, make_user
from tests.table.attack import MARKS, refuse, refused, run

pytestmark = MARKS


@pytest.mark.parametrize(
    "attack",
    [
        "DELETE FROM accounts_membership WHERE customer_id = %s",
        "UPDATE accounts_membership SET role = 'billing' WHERE customer_id = %s",
        "DELETE FROM accounts_membership WHERE role = 'owner' AND customer_id = %s",
    ],
)
def test_the_last_owner_neither_goes_nor_becomes_less(alice: Customer, attack: str) -> None:
    make_user(alice), make_user(alice), make_user(alice, role=Role.VIEWER)
    refuse(attack, alice.pk, match="would have no owner")


def test_one_of_two_owners_may_go(alice: Customer, bob: Customer) -> None:
    first, second = make_user(alice), make_user(alice)
    make_user(bob)
    assert run("DELETE FROM accounts_membership WHERE user_id = %s", first.pk) == 1
    refuse("DELETE FROM accounts_membership WHERE user_id = %s", second.pk, match="would have no owner")


def test_an_owner_who_may_not_sign_in_is_none_who_stays(alice: Customer) -> None:
    first, second = make_user(alice), make_user(alice)
    run("UPDATE accounts_user SET is_active = false WHERE id = %s", second.pk)
    refuse("DELETE FROM accounts_membership WHERE user_id = %s", first.pk, match="would have no owner")
    with pytest.raises(LastOwner):
        remove_member(first.memberships.get(), actor=STAFF, at=NOON)


def test_a_membership_is_not_handed_to_somebody_else(alice: Customer, bob: Customer) -> None:
    user, other = make_user(alice), make_user(bob)
    refuse("UPDATE accounts_membership SET user_id = %s WHERE user_id = %s", other.pk, user.pk, match="frozen")
    refuse("UPDATE accounts_membership SET customer_id = %s WHERE user_id = %s", bob.pk, user.pk, match="frozen")


def test_a_role_is_one_of_four_and_nobody_is_there_twice(alice: Customer) -> None:
    user = make_user(alice)
    refuse("UPDATE accounts_membership SET role = 'king' WHERE user_id = %s", user.pk, match="a_members_role_is_known")
    refuse(
        "INSERT INTO accounts_membership (user_id, customer_id, role, joined_at)"
        " SELECT user_id, customer_id, 'viewer', now() FROM accounts_membership WHERE user_id = %s",
        user.pk,
        match="one_membership_per_user_and_customer",
    )


def test_staff_are_no_members_and_members_no_staff(alice: Customer) -> None:
    make_colleague()
    boss = User.objects.get(email=STAFF.name)
    refuse(
        "INSERT INTO accounts_membership (user_id, customer_id, role, joined_at) VALUES (%s, %s, 'owner', now())",
        boss.pk, alice.pk, match="is staff and would be a member",
    )  # fmt: skip
    with pytest.raises(StaffAreNoMembers):
        add_member(alice, boss, Role.OWNER, actor=STAFF, at=NOON)
    member = make_user(alice)
    with refused("is a member and would be staff"):
        run("UPDATE accounts_user SET is_staff = true WHERE id = %s", member.pk)
        run("SET CONSTRAINTS ALL IMMEDIATE")
