"""The pages in a real browser: narrow and wide, light and dark, both languages, without JavaScript, by keyboard."""

import itertools

import pytest

from tests.browser.everything import Examiner

from .test_protocol import create, query, today

pytestmark = pytest.mark.browser

LOOKS = list(itertools.product((360, 1280), ("light", "dark"), ("vi", "en")))


@pytest.fixture
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


def test_every_page_fits_its_window_and_breaks_no_policy(sandbox, browser):
    order = create(sandbox, amount=99_999_000, description="Order OD-2026-000123 · a description without end " * 3)
    sandbox.fault("query", "not_found_for")
    addresses = [
        order["order_url"],
        *(sandbox.url + path for path in ("/pay/x", "/admin/", "/shop/", "/shop/vserver/")),
    ]
    for width, scheme, language in LOOKS:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language)
        page = context.new_page()
        complaints = []
        page.on("console", lambda message, seen=complaints: seen.append(message.text))
        for address in addresses:
            page.goto(address)
            wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wider == 0, (address, width, scheme, language)
        assert [text for text in complaints if "404" not in text] == []
        context.close()


def test_the_pages_of_a_payment_can_be_used_by_everybody(sandbox, browser):
    page, examiner = browser.new_page(viewport={"width": 1440, "height": 900}), Examiner()
    for address in (create(sandbox)["order_url"], f"{sandbox.url}/pay/x"):
        page.goto(address)
        assert examiner.faults_of(page) == [], address


def test_a_customer_pays_by_keyboard_without_javascript(sandbox, browser):
    order_url = create(sandbox)["order_url"]
    page = browser.new_context(java_script_enabled=False, locale="en").new_page()
    page.goto(order_url)

    for _ in range(3):  # past "skip to content" and the other language
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    page.get_by_role("heading", name="Paid").wait_for()
    assert query(sandbox, f"{today()}_1")["return_code"] == 1
