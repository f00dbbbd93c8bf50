"""
What a customer does, in a real browser, against real processes: product page, checkout, gateway, resource, documents.

The demo's vServer with a GPU is 14,900,000 and SSD 2,000 a GB per 30 days. 90 days with 40 GB: 44,700,000 + 240,000 =
44,940,000; less 10 % by coupon: 40,446,000.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Portal, open_context

pytestmark = pytest.mark.browser

PASSWORD = "demo-portal"
PROVISIONED_MS = 40_000


def sign_in(page: Page, email: str) -> None:
    page.fill("input[name=username]", email)
    page.fill("input[name=password]", PASSWORD)
    page.locator("form:has(input[name=password]) button").first.click()
    page.wait_for_url(lambda url: "/login" not in url)


def read_english(page: Page) -> None:
    """The language switch of the page header."""
    button = page.locator("button[value=en]:visible").first
    if button.get_attribute("aria-pressed") != "true" and page.locator("html").get_attribute("lang") != "en":
        with page.expect_navigation():
            button.click()


def start_at_product_page(page: Page, portal: Portal, *, flavour: str, name: str) -> None:
    page.goto(f"{portal.sandbox}/shop/vserver/?lang=en")
    page.check(f"input[name=choice][value={flavour}]")
    page.fill("input[name=name]", name)
    page.get_by_role("button", name="Continue to checkout").click()


def check_out(page: Page, *, months: int, coupon: str = "", auto_renew: bool = False) -> None:
    page.wait_for_url("**/checkout/**")
    page.check(f"input[name=months][value='{months}']")
    if auto_renew:
        page.check("input[name=auto_renew]")
    if coupon:
        page.fill("input[name=coupon]", coupon)
    page.locator("button[name=step][value=continue]:visible").first.click()
    page.wait_for_url("**/quotes/**")


def pay(page: Page, means: str) -> None:
    page.locator(f"input[name=means][value^={means}]:enabled").first.check()
    page.locator("form:has(input[name=means]) button").last.click()


def back_to_the_order(page: Page, portal: Portal) -> None:
    """The gateway sends the customer to the payment's page, which goes on to the order by itself."""
    page.wait_for_url(f"{portal.url}/orders/**")


def go_back_now(page: Page, portal: Portal, action: str) -> None:
    """From an order that is done to the product's page, without waiting to be led there."""
    page.get_by_role("link", name=re.compile("Go back now|Quay lại ngay")).click(timeout=PROVISIONED_MS)
    page.wait_for_url(f"{portal.sandbox}/shop/vserver/?did={action}*")


def let_provisioning(page: Page, portal: Portal, outcome: str) -> None:
    page.goto(f"{portal.sandbox}/shop/vserver/?lang=en")
    page.check(f"input[name=behaviour][value={outcome}]")
    with page.expect_navigation():  # else the next address may break it off
        page.get_by_role("button", name="Save").click()


def amounts(text: str) -> list[int]:
    """The amounts of đồng in a text, in either language."""
    return [int(re.sub(r"[.,]", "", found)) for found in re.findall(r"(\d[\d.,]*)\s*₫", text.replace("\xa0", " "))]


def wallet_of(page: Page, portal: Portal) -> int:
    page.goto(f"{portal.url}/wallet/")
    return amounts(page.locator("main").inner_text())[0]


def fits(page: Page) -> None:
    """Nothing scrolls sideways, there is one heading, every control has a name."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
    assert page.locator("h1").count() == 1, page.url
    nameless = page.locator(
        "button:visible:not([aria-label]), input:visible:not([type=hidden]):not([aria-label]):not([aria-labelledby])"
    ).evaluate_all(
        "all => all.filter(e => e.tagName === 'BUTTON' ? !e.textContent.trim() : !(e.labels && e.labels.length)).map(e => e.outerHTML)"
    )
    assert nameless == [], page.url


def test_from_the_product_page_to_the_payment_history(page: Page, portal: Portal) -> None:
    page.goto(f"{portal.url}/login/")
    sign_in(page, "lan@hoasen.example")
    before = wallet_of(page, portal)
    assert 0 < before < 40_446_000, "the wallet alone is not enough, so the rest is topped up"

    start_at_product_page(page, portal, flavour="g3-16x64-a30", name="gpu-walk")
    check_out(page, months=3, coupon="save10", auto_renew=True)
    read_english(page)
    quote = amounts(page.locator("main").inner_text())
    assert {44_700_000, 240_000, 4_494_000, 40_446_000} <= set(quote)

    pay(page, "top_up_and_pay")
    page.wait_for_url(f"{portal.sandbox}/pay/**")
    assert 40_446_000 - before in amounts(page.locator("main").inner_text())
    page.locator("button[name=action][value=pay]").click()

    back_to_the_order(page, portal)
    expect(page.locator("main")).to_contain_text("gpu-walk")
    expect(page.locator("main")).to_contain_text("Completed", timeout=PROVISIONED_MS)
    fits(page)
    go_back_now(page, portal, "create")
    expect(page.locator("#resources")).to_contain_text("gpu-walk")
    assert wallet_of(page, portal) < 600_000, (
        "all that was free was used; of what is held for use, some may be free again"
    )

    page.goto(f"{portal.url}/resources/?q=gpu-walk")
    page.get_by_role("link", name="gpu-walk").first.click()
    page.wait_for_url(re.compile("/resources/[0-9a-f-]{36}/"))
    expect(page.locator("main")).to_contain_text("Active")
    fits(page)

    page.locator("main a[href^='/invoices/']:visible").first.click()
    page.wait_for_url("**/invoices/**")
    invoice = page.locator("main").inner_text()
    assert {44_700_000, 240_000, 44_940_000, 4_494_000, 40_446_000} <= set(amounts(invoice))
    assert "Paid" in invoice
    fits(page)
    link = page.locator("main a[href*='/pdf/']").first.get_attribute("href")
    document = page.request.get(portal.url + str(link))
    assert document.body().startswith(b"%PDF-")

    page.goto(f"{portal.url}/payments/")
    history = page.locator("main").inner_text()
    assert {40_446_000, 40_446_000 - before} <= set(amounts(history)), "the order and the top-up"
    fits(page)

    page.goto(f"{portal.sandbox}/shop/vserver/?lang=en")
    expect(page.locator("main")).to_contain_text("gpu-walk")


def test_a_failed_provisioning_gives_the_money_back_as_credit(
    browser: Browser, portal: Portal, complaints: list[str]
) -> None:
    """On a phone, in Vietnamese. A person buys a small server for 90,000 + 80,000; the product team has no capacity."""
    context = open_context(browser, complaints, width=360)
    page = context.new_page()
    let_provisioning(page, portal, "fail")
    try:
        page.goto(f"{portal.url}/login/")
        sign_in(page, "mai@mailbox.example")
        before = wallet_of(page, portal)
        start_at_product_page(page, portal, flavour="s1-1x2", name="no-room")
        check_out(page, months=1)
        fits(page)
        assert 170_000 in amounts(page.locator("main").inner_text())
        pay(page, "gateway")
        page.wait_for_url(f"{portal.sandbox}/pay/**")
        page.locator("button[name=action][value=pay]").click()
        back_to_the_order(page, portal)
        expect(page.locator("main")).to_contain_text("Đã hoàn tiền", timeout=PROVISIONED_MS)
        fits(page)
        assert wallet_of(page, portal) == before + 170_000
        fits(page)
    finally:
        let_provisioning(page, portal, "succeed")
    context.close()
    assert complaints == []


def test_a_postpaid_customer_confirms_without_paying_and_without_scripts(
    browser: Browser, portal: Portal, complaints: list[str]
) -> None:
    context = open_context(browser, complaints, scripts=False)
    page = context.new_page()
    page.goto(f"{portal.url}/login/")
    sign_in(page, "phuong@phuongnam.example")
    start_at_product_page(page, portal, flavour="s1-1x2", name="use-first")
    page.wait_for_url("**/checkout/**")
    page.locator("button[name=step][value=continue]:visible").first.click()
    page.wait_for_url("**/quotes/**")
    read_english(page)
    assert page.locator("input[name=means]").count() == 0
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url(f"{portal.url}/orders/**")
    expect(page.locator("main")).to_contain_text("Completed", timeout=PROVISIONED_MS)
    go_back_now(page, portal, "create")
    expect(page.locator("#resources")).to_contain_text("use-first")
    page.goto(f"{portal.url}/resources/?q=use-first")
    expect(page.locator("main")).to_contain_text("Active")
    context.close()


def test_every_page_of_a_customer_fits_a_phone_and_complains_about_nothing(
    browser: Browser, portal: Portal, complaints: list[str]
) -> None:
    context = open_context(browser, complaints, width=360)
    page = context.new_page()
    page.goto(f"{portal.url}/login/")
    sign_in(page, "trang@saoviet.example")
    for path in ("/", "/resources/", "/trash/", "/orders/", "/billing/", "/billing/usage/", "/payments/", "/credit/", "/wallet/", "/linked-accounts/", "/notices/", "/settings/"):  # fmt: skip
        answer = page.goto(f"{portal.url}{path}")
        assert answer
        assert answer.status == 200, path
        fits(page)
    context.close()
    assert complaints == []
