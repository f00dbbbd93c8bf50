"""
Every story from a product's page and back, in a real browser: renew, delete, recover, resize, from the list and the trash.

The demo's Lan has running vServers and some in the trash, and credit enough for a renewal.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Portal, open_context
from tests.browser.test_purchase import PROVISIONED_MS, fits, go_back_now, sign_in

pytestmark = pytest.mark.browser


def at_the_shop(page: Page, portal: Portal, *, email: str = "lan@hoasen.example") -> None:
    """Signed in on the product page, through the portal's sign-in, and back by itself."""
    page.goto(f"{portal.sandbox}/shop/vserver/?lang=en")
    page.get_by_role("button", name="Sign in with the portal").click()
    page.wait_for_url(f"{portal.url}/login/**")
    sign_in(page, email)
    page.wait_for_url(f"{portal.sandbox}/shop/vserver/**")
    expect(page.locator("#resources")).to_contain_text(email)
    fits_here(page)


def fits_here(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url


def begin(page: Page, action: str) -> str:
    """Press the first button of an action in the list or the trash; gives the resource's name."""
    row = page.locator("#resources li").filter(has=page.locator(f"form[action$='/{action}']")).first
    name = row.locator("b").first.inner_text()
    row.locator(f"form[action$='/{action}'] button").click()
    page.wait_for_url("**/checkout/**")
    expect(page.locator("main")).to_contain_text(name)
    fits(page)
    return name


def to_the_quote(page: Page) -> None:
    page.locator("button[name=step][value=continue]:visible").first.click()
    page.wait_for_url("**/quotes/**")
    fits(page)


def back_by_itself(page: Page, portal: Portal, action: str) -> None:
    page.wait_for_url(f"{portal.sandbox}/shop/vserver/?did={action}*", timeout=PROVISIONED_MS)
    fits_here(page)


def what_it_is(page: Page, name: str) -> str:
    """ "S1 · 2 vCPU, 4 GB, 40 GB SSD volume": what the list says of a resource."""
    return page.locator("#resources li").filter(has_text=name).locator(".about > span:not(.state)").first.inner_text()


def in_trash(page: Page, name: str) -> bool:
    row = page.locator("#resources li").filter(has_text=name).filter(has=page.locator(".state.suspense"))
    return bool(row.count())


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_renewed_from_the_list_and_back(browser: Browser, portal: Portal, complaints: list[str], scripts: bool) -> None:
    context = open_context(browser, complaints, scripts=scripts)
    page = context.new_page()
    at_the_shop(page, portal)
    begin(page, "renew")
    to_the_quote(page)
    page.locator("form:has(input[name=means]) button").last.click()
    page.wait_for_url(f"{portal.url}/orders/**")
    back_by_itself(page, portal, "renew")
    context.close()
    assert complaints == []


def test_whoever_stays_is_not_led_away(page: Page, portal: Portal) -> None:
    page.clock.install()
    at_the_shop(page, portal)
    begin(page, "renew")
    to_the_quote(page)
    page.locator("form:has(input[name=means]) button").last.click()
    page.wait_for_url(f"{portal.url}/orders/**")
    page.locator("a[href='?stay']").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**?stay")
    assert page.locator("[data-way-back]").count() == 0
    page.clock.run_for(60_000)
    assert page.url.endswith("?stay")


def test_deleted_and_recovered_from_the_product_page_on_a_phone(
    browser: Browser, portal: Portal, complaints: list[str]
) -> None:
    context = open_context(browser, complaints, width=390)
    page = context.new_page()
    at_the_shop(page, portal)
    name = begin(page, "delete")
    page.fill("input[data-confirm]", name)
    page.locator("[data-confirm-button]").click()
    go_back_now(page, portal, "delete")
    fits_here(page)
    assert in_trash(page, name)
    expect(page.locator("#resources")).to_contain_text("6 d 23 h left")

    assert begin(page, "recover") == name, "the latest thrown away comes first"
    to_the_quote(page)
    page.locator("input[name=means][value^=gateway]").first.check()
    page.locator("form:has(input[name=means]) button").last.click()
    page.wait_for_url(f"{portal.sandbox}/pay/**")
    page.locator("button[name=action][value=pay]").click()
    page.wait_for_url(f"{portal.url}/orders/**")
    go_back_now(page, portal, "recover")
    fits_here(page)
    assert not in_trash(page, name)
    context.close()
    assert complaints == []


def test_resized_from_the_list_with_progress_that_goes_on_by_itself(page: Page, portal: Portal) -> None:
    at_the_shop(page, portal)
    first = page.locator("#resources li").filter(has=page.locator("form[action$='/resize']")).first
    name = first.locator("b").first.inner_text()
    before = what_it_is(page, name)
    assert begin(page, "resize") == name
    page.locator("input[name=choice]:not(:checked)").first.check()
    to_the_quote(page)
    page.locator("main form[action^='/quotes/'] button").last.click()
    page.wait_for_url(re.compile("/(orders|pay)/"))
    if "/pay/" in page.url:
        page.locator("button[name=action][value=pay]").click()
    go_back_now(page, portal, "resize")
    fits_here(page)
    assert what_it_is(page, name) != before


def test_two_customers_see_their_own_and_a_strangers_link_is_not_found(
    browser: Browser, portal: Portal, complaints: list[str]
) -> None:
    lan, other = (open_context(browser, complaints) for _ in range(2))
    page, stranger = lan.new_page(), other.new_page()
    at_the_shop(page, portal)
    name = begin(page, "renew")
    at_the_shop(stranger, portal, email="phuong@phuongnam.example")
    names = stranger.locator("#resources li b").all_inner_texts()
    assert names
    page.goto(f"{portal.sandbox}/shop/vserver/")
    assert name in page.locator("#resources li b").all_inner_texts()
    page.go_back()
    answer = stranger.goto(page.url)
    assert answer
    assert answer.status == 404
    lan.close()
    other.close()


def test_signing_out_of_the_portal_signs_out_here(page: Page, portal: Portal) -> None:
    at_the_shop(page, portal)
    page.goto(f"{portal.url}/")
    with page.expect_navigation():  # else the next address may break off the signing out
        page.evaluate("document.querySelector('form[action*=logout]').submit()")
    page.goto(f"{portal.sandbox}/shop/vserver/")
    expect(page.get_by_role("button", name="Sign in with the portal")).to_be_visible()
