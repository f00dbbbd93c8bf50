"""The table of rights: what each role is, how a need is met, and what the refusal says."""

from __future__ import annotations

import re

import pytest
from django.test import RequestFactory
from django.utils.translation import override

from accounts.access import portal_page
from accounts.may import FOR_KEYS, MEMBERS, NOBODY, ROLES, May, Role, all_of, allows, also, lacking, one_of
from tests.cast import make_user
from tests.portal.seen import signed_in
from tests.structure.layers import ROOT


def test_there_are_twelve_rights_and_what_each_role_has_of_them():
    assert {role: sorted(rights) for role, rights in ROLES.items()} == {
        Role.OWNER: sorted(May),
        Role.BILLING: [
            "export", "manage-methods", "manage-profile", "manage-wallet", "pay", "see-activity", "view-billing",
        ],
        Role.TECHNICAL: ["export", "manage-keys", "manage-resources", "manage-webhooks", "order"],
        Role.VIEWER: ["export", "view-billing"],
    }  # fmt: skip
    assert len(May) == 12


def test_a_key_lets_nobody_else_in():
    assert frozenset(May) - FOR_KEYS == {May.MANAGE_TEAM, May.MANAGE_KEYS}


def test_one_of_several_is_enough_and_all_of_several_is_all():
    assert allows(one_of(May.PAY, May.ORDER), {May.ORDER})
    assert not allows(all_of(May.PAY, May.ORDER), {May.ORDER})
    assert allows(also(May.EXPORT, one_of(May.PAY, May.ORDER)), {May.ORDER, May.EXPORT})
    assert not allows(also(May.EXPORT, one_of(May.PAY, May.ORDER)), {May.EXPORT})
    assert not allows(NOBODY, set(May))
    assert not allows(MEMBERS, set())


def test_what_is_missing_is_the_least_that_would_help():
    assert lacking(all_of(May.VIEW_BILLING, May.EXPORT), {May.VIEW_BILLING}) == [May.EXPORT]
    assert lacking(one_of(May.ORDER, May.PAY), set()) == [May.PAY]


def test_a_page_that_declares_nothing_cannot_be_written():
    with pytest.raises(AssertionError, match="says what it needs"):
        portal_page()


@pytest.mark.django_db
def test_what_declares_nothing_for_a_method_is_nobodys(alice):
    request = RequestFactory().post("/")
    request.user = make_user(alice)

    answer = portal_page(May.VIEW_BILLING)(lambda request: pytest.fail("it was let through"))(request)

    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


@pytest.mark.django_db
def test_the_refusal_says_which_right_and_who_can_give_it(alice):
    owner = make_user(alice)
    viewer = signed_in(alice, Role.VIEWER)

    answer = viewer.post("/wallet/top-up/")

    with override("en"):
        assert f"the right “pay and top up”. {owner.email} can give it to you." in answer.content.decode()


def test_the_documentation_tells_the_same_table():
    told = re.findall(r"^\| `([a-z-]+)` \| (.*?) \|$", (ROOT / "docs/api.md").read_text(), re.MULTILINE)
    rights = {name: [cell.strip() == "yes" for cell in cells.split("|")] for name, cells in told if name in May.values}

    assert rights == {right.value: [right in ROLES[role] for role in Role] for right in May}
