"""
Pictures of the main pages: `make screenshots` writes them into docs/screens, where README and help take them from.

Each is there in both languages and themes, as a desktop and as a telephone shows it: `wallet-vi-dark.webp`,
`wallet-vi-dark-phone.webp`. PORTAL_UNDER_TEST ("<portal> <sandbox>") names a running demo; otherwise one is started.
Names of pages as arguments: these alone.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import Portal, running_portal
from tests.browser.test_purchase import PASSWORD, sign_in
from tests.engines import CHROMIUM

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screens"
PHONE = (390, 844)
LANGUAGES = ("vi", "en")
THEMES = ("light", "dark")
QUALITY = 0.78
MOST_BYTES = 6_000_000


class Screen(NamedTuple):
    """A page, and on it the link to follow: the first that this selector finds; `size` is that of a desktop."""

    name: str
    path: str
    link: str = ""
    size: tuple[int, int] = (1200, 750)


LAN, PHUONG, TRANG = "lan@hoasen.example", "phuong@phuongnam.example", "trang@saoviet.example"
STAFF = "admin@portal.example"
SCREENS: dict[str, tuple[Screen, ...]] = {
    LAN: (
        Screen("home", "/"),
        Screen("resources", "/resources/"),
        Screen("resource", "/resources/?q=web-02", "main tbody a"),
        Screen("checkout", "/resources/new/vserver/"),
        Screen("trash", "/trash/"),
        Screen("wallet", "/wallet/"),
        Screen("costs", "/costs/"),
        Screen("budgets", "/budgets/"),
        Screen("held", "/wallet/held/"),
        Screen("settings", "/settings/"),
        Screen("company", "/settings/company/set-up/"),
    ),
    PHUONG: (
        Screen("home-postpaid", "/"),
        Screen("billing", "/billing/"),
        Screen("invoice", "/billing/?status=overdue", "main tbody a[href*='/invoices/']"),
        Screen("usage", "/billing/usage/", size=(1440, 900)),
        Screen("notices", "/notices/"),
    ),
    TRANG: (Screen("tags", "/billing/tags/"),),
    STAFF: (
        Screen("staff", "/admin/", size=(1440, 900)),
        Screen("staff-invoices", "/admin/invoices/invoice/", size=(1440, 900)),
    ),
}

AS_WEBP = """async ([png, quality]) => {
  const picture = new Image();
  picture.src = "data:image/png;base64," + png;
  await picture.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.width, picture.height];
  canvas.getContext("2d").drawImage(picture, 0, 0);
  return canvas.toDataURL("image/webp", quality).split(",")[1];
}"""


def main() -> None:
    wanted = set(sys.argv[1:])
    FOLDER.mkdir(exist_ok=True)
    if not wanted:
        for old in FOLDER.glob("*.webp"):
            old.unlink()
    with running_portal() as portal, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        press = browser.new_page()  # in which no policy keeps a picture from being drawn
        for who, screens in SCREENS.items():
            if chosen := [screen for screen in screens if not wanted or screen.name in wanted]:
                _pictures_of(browser, press, portal, who, chosen)
        browser.close()
    size = sum(file.stat().st_size for file in FOLDER.glob("*.webp"))
    print(f"{len(list(FOLDER.glob('*.webp')))} pictures, {size / 1e6:.1f} MB")
    sys.exit(size > MOST_BYTES)


def _pictures_of(browser: Browser, press: Page, portal: Portal, who: str, screens: Sequence[Screen]) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{portal.url}/login/")
    sign_in(page, who)
    for language in LANGUAGES:
        context.add_cookies([{"name": "django_language", "value": language, "url": portal.url}])
        for screen in screens:
            page.set_viewport_size({"width": 1200, "height": 750})
            page.goto(portal.url + screen.path)
            if "/again/" in page.url:  # it lets somebody in for longer than a session lasts
                page.fill("main input[type=password]", PASSWORD)
                page.locator("main form:has(input[type=password]) button").first.click()
                page.wait_for_url(f"**{screen.path}")
            page.reload()  # by now its letters are there: a page does not wait for them when it is new
            if screen.link:
                page.goto(portal.url + (page.locator(screen.link).first.get_attribute("href") or ""))
            for theme in THEMES:
                page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                for suffix, (width, height) in (("", screen.size), ("-phone", PHONE)):
                    page.set_viewport_size({"width": width, "height": height})
                    page.evaluate("document.fonts.ready")
                    png = base64.b64encode(page.screenshot()).decode()
                    webp = base64.b64decode(press.evaluate(AS_WEBP, [png, QUALITY]))
                    (FOLDER / f"{screen.name}-{language}-{theme}{suffix}.webp").write_bytes(webp)
    context.close()


if __name__ == "__main__":
    main()
