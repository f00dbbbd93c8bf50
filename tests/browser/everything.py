"""Looking at every page that a person can reach: what an accessibility checker says, what scrolls sideways, what jumps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Page

from tests.browser.conftest import Portal, open_context
from tests.browser.test_purchase import sign_in

WIDTHS = (1440, 390)
MOST_SHIFT = 0.02
NOT_PAGES = re.compile(
    r"/(export|pdf|jsi18n|autocomplete)/|/(csv|xlsx)/|\.(csv|xlsx|pdf|zip)$|^/(static|api|i18n|look)/|/logout/|/password/$|/leave/$"
)
IDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b\d+\b")

READY_FOR_SHIFTS = """
window.jumped = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.jumped += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""
TOO_WIDE = """() => {
  const over = document.documentElement.scrollWidth - window.innerWidth;
  if (over <= 0) return "";
  const wide = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > window.innerWidth + 1);
  return `${over}px: ${wide.slice(-3).map((e) => e.outerHTML.slice(0, 90)).join(" | ")}`;
}"""
CUT = """() => [...document.querySelectorAll(".results, .table-wrap, .inline-group")]
  .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => `cut on the right by ${e.scrollWidth - e.clientWidth}px`)"""
CHECKED = """(options) => axe.run(document, {resultTypes: ["violations"], ...options}).then(({violations}) => violations.map(
  (one) => `${one.id} (${one.impact}): ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`))"""
COLOURS = ("color-contrast", "link-in-text-block")
ALL: dict[str, Any] = {}
COLOURS_ALONE = {"runOnly": list(COLOURS)}
ALL_BUT_COLOURS = {"rules": {rule: {"enabled": False} for rule in COLOURS}}
"""Colours come from the look that pages share, and asking for them takes more than half of the time."""


@cache
def _axe() -> str:
    return (Path(__file__).parent / "axe" / "axe.min.js").read_text()


def pages_from(page: Page, start: str) -> Iterator[str]:
    """
    Open one page of every kind that links below `start` lead to, and give its path; ids and queries make no kind.

    On the way each has to answer, and to say that it is not to be kept.
    """
    root = urlsplit(start)
    waiting, known = [start], {_kind(start)}
    while waiting:
        address = waiting.pop(0)
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, f"{address} answers {answer.status}"
        assert "no-store" in answer.headers["cache-control"], address
        for link in _links_of(page):
            found = urlsplit(link)
            inside = found.netloc == root.netloc and found.path.startswith(root.path)
            if inside and not NOT_PAGES.search(found.path) and _kind(link) not in known:
                known.add(_kind(link))
                waiting.append(link.partition("#")[0])
        yield urlsplit(address).path


def _links_of(page: Page) -> list[str]:
    """A page that waits for something may lead on by itself meanwhile; then the links are those of the next one."""
    while True:
        try:
            return list(
                page.evaluate("[...document.querySelectorAll('a[href]:not([download])')].map((link) => link.href)")
            )
        except Error as led_on:
            if "context was destroyed" not in str(led_on):
                raise
            page.wait_for_load_state()


def _kind(address: str) -> str:
    return IDS.sub("#", urlsplit(address).path)


def look_of(page: Page) -> str:
    """
    Which look the page shares with others: what its body says, its app and model apart. A page of the portal shares it with
    those of its kind, another customer's for instance.
    """
    shared = re.sub(r"\b(app|model)-\S+", "", page.locator("body").get_attribute("class") or "").strip()
    return shared or _kind(page.url)


def faults_of(page: Page, *, wholly: bool = True) -> list[str]:
    """
    What is wrong with the page that is open, at both widths and in both themes.

    Not `wholly`: another page of its look was examined so; here it is what its own content can break.
    """
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="light")
        if wide := page.evaluate(TOO_WIDE):
            found.append(f"{width}: scrolls sideways, {wide}")
        if width == WIDTHS[0]:
            found += page.evaluate(CUT)
        if not wholly and width != WIDTHS[0]:
            continue
        found += [f"{width}: {fault}" for fault in _checked(page, ALL if wholly else ALL_BUT_COLOURS)]
        if not wholly:
            continue
        page.emulate_media(color_scheme="dark")
        found += [f"{width} dark: {fault}" for fault in _checked(page, COLOURS_ALONE)]
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.emulate_media(color_scheme="light")
    return found


def _checked(page: Page, options: dict[str, Any]) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    found: Any = page.evaluate(CHECKED, options)
    return [str(fault) for fault in found]


def shift_of(page: Page) -> str:
    jumped = page.evaluate("window.jumped")
    return f"jumps by {jumped:.3f} while loading" if jumped > MOST_SHIFT else ""


def examine(browser: Browser, portal: Portal, who: Mapping[str, str]) -> tuple[dict[str, list[str]], int]:
    """
    Walk through all that each of `who` (mail address -> where to begin) can reach; answers the faults by page, and how
    many pages there were. What the browser complains of counts up to the moment at which the checker begins: it brings
    styles of its own along, which the pages' policy refuses.
    """
    faults: dict[str, list[str]] = {}
    looks: set[str] = set()
    seen = 0
    for email, start in who.items():
        complaints: list[str] = []
        context = open_context(browser, complaints, width=WIDTHS[0])
        context.add_init_script(READY_FOR_SHIFTS)
        page = context.new_page()
        page.goto(f"{portal.url}/login/")
        sign_in(page, email)
        for path in pages_from(page, f"{portal.url}{start}"):
            seen += 1
            page.evaluate("new Promise(requestAnimationFrame)")  # what it complains of has been said by then
            found = [*complaints, *filter(None, [shift_of(page)])]
            look = look_of(page)
            found += faults_of(page, wholly=look not in looks)
            looks.add(look)
            complaints.clear()
            if found:
                faults[f"{email} {path}"] = found
        context.close()
    return faults, seen
