"""Every page of the demo that a customer's links lead to, at 390 and 1440 px, light and dark: fits, can be used by everybody, does not jump, is not kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Portal
from tests.browser.everything import Walk, examine

pytestmark = pytest.mark.browser


def test_every_page_of_the_portal_fits_and_can_be_used_by_everybody(browser: Browser, portal: Portal) -> None:
    faults, seen = examine(
        browser,
        portal,
        Walk("", ("/login/", "/help/", "/terms/", "/privacy/")),
        Walk("lan@hoasen.example", ("/",)),
        Walk("phuong@phuongnam.example", ("/",)),
        Walk("", ("/", "/admin/", "/bank/"), at=portal.sandbox),
    )
    assert faults == {}
    assert len(seen) >= 60
