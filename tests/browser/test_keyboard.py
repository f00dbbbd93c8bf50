"""Whatever costs money can be done without a mouse: the focus is seen wherever it goes, and gets everywhere."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Portal
from tests.browser.test_purchase import read_english, sign_in, wallet_of

pytestmark = pytest.mark.browser

MOST_STEPS = 150
FOCUS = """e => {
  if (e !== document.activeElement) return "";
  const box = e.getBoundingClientRect(), look = getComputedStyle(e), around = getComputedStyle(e.closest("label") || e);
  const seen = look.outlineStyle !== "none" || around.outlineStyle !== "none";
  return box.width && seen ? "seen" : `not seen: ${e.outerHTML.slice(0, 120)}`;
}"""


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the focus is on `target`, and see it there."""
    for _step in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if found := target.evaluate(FOCUS):
            assert found == "seen", page.url
            return
    pytest.fail(f"{target} is not reached on {page.url}")


def press(page: Page, target: Locator, key: str = "Enter") -> None:
    tab_to(page, target)
    page.keyboard.press(key)


def signed_in(page: Page, portal: Portal, email: str, path: str) -> None:
    page.goto(f"{portal.url}/login/")
    sign_in(page, email)
    page.goto(portal.url + path)
    read_english(page)


def confirm_from_the_wallet(page: Page) -> None:
    """From the offer to the order: the wallet is proposed, and its button is the last of the form."""
    page.wait_for_url("**/quotes/**")
    expect(page.locator("input[name=means][value=wallet]")).to_be_checked()
    press(page, page.locator("form:has(input[name=means]) button").last)
    page.wait_for_url("**/orders/**")


def test_a_server_is_ordered(page: Page, portal: Portal) -> None:
    signed_in(page, portal, "lan@hoasen.example", "/resources/new/vserver/")
    tab_to(page, page.locator("input[name=name]"))
    page.keyboard.press("Control+a")
    page.keyboard.type("by-keys")
    press(page, page.locator("button[name=step][value=continue]:visible").first)
    confirm_from_the_wallet(page)
    expect(page.locator("main")).to_contain_text("by-keys")


def test_two_resources_are_renewed_to_one_end(page: Page, portal: Portal) -> None:
    signed_in(page, portal, "lan@hoasen.example", "/resources/?q=web-0")
    for place in (0, 1):
        press(page, page.locator("tbody .pick input:enabled").nth(place), "Space")
    press(page, page.get_by_role("button", name="Renew to one end"))
    page.wait_for_url("**/resources/renew/**")
    expect(page.locator("h1")).to_contain_text("Renew 2 resources")
    press(page, page.locator("button[name=step][value=continue]:visible").first)
    confirm_from_the_wallet(page)


def test_what_is_in_the_trash_is_recovered(page: Page, portal: Portal) -> None:
    signed_in(page, portal, "lan@hoasen.example", "/trash/")
    way = page.locator("tbody").get_by_role("link", name="Recover").first
    name = way.locator("xpath=ancestor::tr").locator("th a").inner_text()
    press(page, way)
    page.wait_for_url("**/recover/**")
    press(page, page.locator("button[name=step][value=continue]:visible").first)
    confirm_from_the_wallet(page)
    expect(page.locator("main")).to_contain_text(name)


def test_invoices_are_paid_in_part(page: Page, portal: Portal) -> None:
    """Tab stops at the chosen means alone, and arrows choose another, as in every group of radio buttons. The customer pays by hand."""
    signed_in(page, portal, "phuong@phuongnam.example", "/wallet/")
    before = wallet_of(page, portal)
    assert before > 100_000
    page.goto(f"{portal.url}/billing/")
    press(page, page.get_by_role("link", name="Pay what is open"))
    page.wait_for_url("**/invoices/pay/**")
    wallet = page.locator("input[name=means][value=wallet]")
    tab_to(page, page.locator("input[name=means]:checked"))
    for _way in range(page.locator("input[name=means]:enabled").count()):
        if not wallet.is_checked():
            page.keyboard.press("ArrowDown")
    expect(wallet).to_be_focused()
    expect(wallet).to_be_checked()
    tab_to(page, page.locator("input[name=amount]"))
    page.keyboard.press("Control+a")
    page.keyboard.type("100.000")
    press(page, page.locator("form:has(input[name=means]) button").last)
    page.wait_for_url(re.compile("/payments/[0-9a-f-]+/"))
    expect(page.locator("main")).to_contain_text("100,000")
    assert wallet_of(page, portal) == before - 100_000
