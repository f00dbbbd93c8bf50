"""A staff area with something on every list, and people of every group to look at it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from accounts.staff import ensure_staff_groups
from kernel import clock
from tests.cast import NOON
from tests.proof import proven


@pytest.fixture(autouse=True)
def at() -> Any:
    """It is noon of 10 March 2026 in Hà Nội; `at(later)` moves the clock."""
    present = [NOON]
    with clock.replaced(lambda: present[0]):
        yield lambda instant: present.__setitem__(0, instant)


@pytest.fixture
def staff(db: None) -> Callable[[str], Client]:
    """A signed-in browser of a member of the group; "superuser" is one."""
    ensure_staff_groups()

    def sign_in(group: str, email: str = "") -> Client:
        user = User.objects.create_user(
            email or f"{group}{User.objects.count()}@portal.example", "secret", is_staff=True,
            is_superuser=group == "superuser",
        )  # fmt: skip
        if group != "superuser":
            user.groups.add(Group.objects.get(name=group))
        client = Client(headers={"accept-language": "en"})
        client.force_login(user)
        return proven(client)

    return sign_in


@pytest.fixture
def superuser(staff: Callable[[str], Client]) -> Client:
    return staff("superuser")


def days_after(days: float) -> datetime:
    return NOON + timedelta(days=days)
