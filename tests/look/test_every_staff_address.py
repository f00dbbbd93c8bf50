"""
Every address of the staff area, asked with one of each thing there, loaded once on a telephone's width and then looked at at 390 and 1440 px,
light and dark. That each answers: tests/admin/test_every_address.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from accounts.staff import ensure_staff_groups
from tests.admin.addresses import places
from tests.admin.conftest import at
from tests.admin.world import populate
from tests.browser.conftest import browser
from tests.browser.everything import Examiner
from tests.look.looks import Looks, browser_of, looked_at, looks, own_connections

__all__ = ["at", "browser", "looks", "own_connections"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db, looked_at]


def test_every_address_for_staff_can_be_used_by_everybody(settings: Any, looks: Looks) -> None:
    populate(1)
    ensure_staff_groups()
    settings.CLOCK_MOVABLE = True
    looks.loads_at, looks.examiner = 390, Examiner(knows_parts=True)
    boss = browser_of(User.objects.create_superuser("boss@portal.example", "secret"))
    words: Any = boss.get(reverse("admin:jsi18n"))
    looks.served.keep(reverse("admin:jsi18n"), words)
    for place in places():
        answer: Any = boss.get(place.path)
        if answer.status_code != 403:  # nobody adds or deletes it
            assert answer.status_code == 200, place
            looks.at(place.path.strip("/").replace("?", ""), answer)
    assert looks.faults == {}
    assert looks.count > 200
