"""Every address of the staff area answers: one of each thing there, and each task. How they look: tests/look/test_every_staff_address.py."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.admin.addresses import NO_PAGES, names, places
from tests.admin.test_pages import LOOK_ONLY
from tests.admin.world import populate


def test_every_address_of_the_staff_area_answers(superuser: Client, settings: Any) -> None:
    populate(1)
    settings.CLOCK_MOVABLE = True
    asked, refused = set(), set()
    for place in places():
        asked.add(place.name)
        status = superuser.get(place.path).status_code
        if status == 403 and place.may_be_refused:
            refused.add(place.name)
        else:
            assert status == 200, place
    assert names() - asked == NO_PAGES.keys()
    assert {name for name in refused if name.endswith("_add")} == {
        f"{model._meta.app_label}_{model._meta.model_name}_add" for model in LOOK_ONLY
    }
