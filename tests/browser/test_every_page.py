"""Every page that can be reached, at 390 and 1440 px, light and dark: fits, can be used by everybody, does not jump, is not kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Portal, open_context
from tests.browser.everything import READY_FOR_SHIFTS, faults_of, look_of, pages_from, shift_of
from tests.browser.test_purchase import sign_in

pytestmark = pytest.mark.browser

WHO = {
    "lan@hoasen.example": ("/", 18),
    "phuong@phuongnam.example": ("/", 15),
    "admin@portal.example": ("/admin/", 60),
}
"""Who looks, from where, and how many pages there are at least."""


@pytest.mark.parametrize("email", WHO)
def test_every_page_fits_and_can_be_used_by_everybody(
    browser: Browser, portal: Portal, complaints: list[str], email: str
) -> None:
    context = open_context(browser, complaints, width=1440)
    context.add_init_script(READY_FOR_SHIFTS)
    page = context.new_page()
    page.goto(f"{portal.url}/login/")
    sign_in(page, email)
    start, least = WHO[email]
    faults, seen, looks = {}, 0, set()
    for path in pages_from(page, f"{portal.url}{start}"):
        seen += 1
        look = look_of(page)
        if found := [*filter(None, [shift_of(page)]), *faults_of(page, wholly=look not in looks)]:
            faults[path] = found
        looks.add(look)
    context.close()
    assert faults == {}
    assert seen >= least
    if start == "/":  # in the staff area the browser also complains of styles while the checker is at work
        assert complaints == []
