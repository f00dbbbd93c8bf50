"""A passkey in a real browser, with a device that the browser plays: added, used to sign in, asked for after the password."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Portal
from tests.browser.test_purchase import read_english, sign_in

pytestmark = pytest.mark.browser

LOGIN = "trang@saoviet.example"


def plays_a_device(page: Page) -> None:
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    answers = {"isUserVerified": True, "automaticPresenceSimulation": True}
    line.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, **answers}})


def shows_the_password(page: Page) -> None:
    page.fill("input[name=oldpassword]", "demo-portal")
    page.press("input[name=oldpassword]", "Enter")


def test_a_passkey_is_added_signs_in_and_stands_beside_the_password(page: Page, portal: Portal) -> None:
    plays_a_device(page)
    page.goto(f"{portal.url}/login/")
    sign_in(page, LOGIN)
    read_english(page)
    page.goto(f"{portal.url}/settings/passkeys/new/")
    shows_the_password(page)
    page.fill("input[name=name]", "this browser")
    page.click("form[data-passkey] button")
    page.wait_for_url("**/second-factor/codes/")
    page.goto(f"{portal.url}/settings/second-factor/")
    expect(page.locator("main")).to_contain_text("this browser")

    page.context.clear_cookies()
    page.goto(f"{portal.url}/login/?next=/settings/")
    page.click("form[data-passkey] button")
    page.wait_for_url(f"{portal.url}/settings/")

    page.context.clear_cookies()
    page.goto(f"{portal.url}/login/?next=/settings/")
    sign_in(page, LOGIN)
    page.wait_for_url("**/sign-in/code/")
    page.click("form[data-passkey] button")
    page.wait_for_url(f"{portal.url}/settings/")

    read_english(page)
    page.goto(f"{portal.url}/settings/second-factor/")  # others who use this demo sign in as before
    page.get_by_role("link", name=re.compile("Remove")).click()
    shows_the_password(page)
    page.get_by_role("button", name="Remove it").click()
    page.wait_for_url("**/settings/second-factor/")
    expect(page.locator("main")).not_to_contain_text("this browser")
