"""Looking at every page that a person can reach: what an accessibility checker says, what scrolls sideways, what jumps."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Page, ViewportSize

from tests.browser.conftest import Portal, open_context
from tests.browser.test_purchase import sign_in

WIDTHS = (1440, 390)
MOST_SHIFT = 0.02
NOT_PAGES = re.compile(
    r"/(export|pdf|jsi18n|autocomplete)/|/(csv|xlsx)/|\.(csv|xlsx|pdf|zip|mt940|parquet)$|^/(static|api|look)/|/logout/|/leave/$|/oracle$"
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
KEPT = [
    *("class", "role", "type", "scope", "hidden", "disabled", "checked", "open", "colspan"),
    *(f"aria-{name}" for name in ("hidden", "current", "sort", "invalid", "expanded", "pressed")),
]
"""Attributes that decide on the looks."""
ALIKE = r"""(kept) => {
  const shape = (e) => e.outerHTML
    .replace(/>\s*[^<\s][^<]*</g, ">x<")
    .replace(/ ([\w-]+)="([^"]*)"/g, (all, name, value) => (kept.includes(name) ? all : ` ${name}=${value ? "x" : ""}`));
  for (const list of document.querySelectorAll("tbody, ul, ol, select")) {
    const seen = new Set();
    for (const one of [...list.children]) {
      const it = shape(one);
      if (seen.has(it)) one.remove(); else seen.add(it);
    }
  }
  return shape(document.querySelector("main") || document.body);
}"""
"""Takes rows out that differ from another of their list in nothing but words, and gives what is left of the page, without words."""
NEW_PARTS = r"""([kept, known]) => {
  const parts = "tbody > tr, li, option, dl > div, .form-row, .module:not(#content), .panel, figure";
  const shape = (e) => e.outerHTML
    .replace(/>\s*[^<\s][^<]*</g, ">x<")
    .replace(/ ([\w-]+)="([^"]*)"/g, (all, name, value) => (kept.includes(name) ? all : ` ${name}=${value ? "x" : ""}`));
  const sum = (text) => { let h = 0; for (let i = 0; i < text.length; i++) h = (Math.imul(h, 31) + text.charCodeAt(i)) | 0; return h; };
  const seen = new Set(known), found = [];
  for (const one of document.querySelectorAll(parts)) {
    if (!one.isConnected || one.contains(document.querySelector("main"))) continue;
    const it = sum(one.parentElement.className + shape(one));
    if (seen.has(it)) one.remove(); else { seen.add(it); found.push(it); }
  }
  return found;
}"""
"""Takes parts out that were there before, on whichever page, and differ in nothing but words; answers the new ones."""
CHECKED = """([where, options]) => axe.run(where === "main" ? "main" : document, {resultTypes: ["violations"], ...options}).then(
  ({violations}) => violations.map((one) =>
    `${one.id} (${one.impact}): ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`))"""
ALL: dict[str, Any] = {}
STRUCTURE: dict[str, Any] = {"rules": {"color-contrast": {"enabled": False}}}
"""All that colours have no part in."""
COLOURS: dict[str, Any] = {"runOnly": ["color-contrast", "link-in-text-block"]}
"""What a theme can break."""
FOR_MAILS: dict[str, Any] = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
"""Mail programs strip landmarks, so none is asked for."""


@cache
def _axe() -> str:
    return (Path(__file__).parent / "axe" / "axe.min.js").read_text()


def pages_from(page: Page, *starts: str) -> Iterator[str]:
    """
    Open one page of every kind that links below the first of `starts` lead to, and give its path; ids and queries make no kind.

    On the way each has to answer, and to say that it is not to be kept.
    """
    root = urlsplit(starts[0])
    waiting, known = list(starts), {_kind(start) for start in starts}
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


class Look(NamedTuple):
    width: int
    theme: Literal["light", "dark"]
    asks: Mapping[str, Any]


MOST_LOOKS = int(os.environ.get("LOOKS") or 4)
"""`LOOKS=0` opens pages only, where time is short; `LOOKS=1` looks at them in the first way."""
FOUR = (Look(390, "light", ALL), Look(390, "dark", COLOURS), Look(1440, "dark", COLOURS), Look(1440, "light", ALL))
EVERY_LOOK = FOUR[:MOST_LOOKS]
TWO_LOOKS = (FOUR[0], FOUR[2])[:MOST_LOOKS]
"""For whom content alone is new: each width and each theme once."""


class Examiner:
    """
    Says what is wrong with the page that is open, which is loaded once for all `looks`.

    What surrounds the content is examined with the first page of its kind, and what differs in nothing but words only once: tables
    have hundreds of rows, and the staff area a hundred pages of one form. One that `knows_parts` looks at a whole page for its structure, and then
    at those parts alone (rows, fields, panels) that no page before had.
    """

    def __init__(self, looks: Sequence[Look] = EVERY_LOOK, *, knows_parts: bool = False) -> None:
        self._looks, self._knows_parts = looks, knows_parts
        self._frames: set[str] = set()
        self._shapes: set[int] = set()
        self._parts: set[int] = set()

    def faults_of(self, page: Page) -> list[str]:
        found = []
        if wide := page.evaluate(TOO_WIDE):
            found.append(f"1440: scrolls sideways, {wide}")
        found += page.evaluate(CUT)
        as_wide_as(page, 390)
        if wide := page.evaluate(TOO_WIDE):
            found.append(f"390: scrolls sideways, {wide}")
        if self._looks:
            found += self._in_each_look(page)
        as_wide_as(page, WIDTHS[0])
        return found

    def _in_each_look(self, page: Page) -> list[str]:
        found: list[str] = []
        frame = _frame_of(page)
        shape = hash((frame, page.evaluate(ALIKE, KEPT)))
        if shape in self._shapes:
            return found
        page.evaluate(_axe())
        where = "main" if frame in self._frames else "document"
        if self._knows_parts:
            found += _checked(page, "390 light", where, STRUCTURE)
            self._parts.update(page.evaluate(NEW_PARTS, [KEPT, list(self._parts)]))
        theme = "light"
        for look in self._looks:
            as_wide_as(page, look.width)
            if look.theme != theme:
                theme = look.theme
                page.emulate_media(color_scheme=theme)
            asked = COLOURS if self._knows_parts and look.width == WIDTHS[1] else look.asks
            found += _checked(page, f"{look.width} {look.theme}", where, asked)
        if theme != "light":
            page.emulate_media(color_scheme="light")
        self._frames.add(frame)
        self._shapes.add(shape)
        return found


def faults_of_mail(page: Page) -> list[str]:
    """Of a mail that is open, as wide as a telephone."""
    wide = page.evaluate(TOO_WIDE)
    found = [f"scrolls sideways, {wide}"] if wide else []
    page.evaluate(_axe())
    found += _checked(page, "light", "document", FOR_MAILS)
    page.emulate_media(color_scheme="dark")
    found += _checked(page, "dark", "document", COLOURS)
    page.emulate_media(color_scheme="light")
    return found


def as_wide_as(page: Page, width: int) -> None:
    """Where it is so already the browser is not asked: it would lay the page out anew."""
    size: ViewportSize = {"width": width, "height": 900}
    if page.viewport_size != size:
        page.set_viewport_size(size)


def _frame_of(page: Page) -> str:
    """What surrounds the content, as pages share it: what the body says, its app and model apart, and which menus there are."""
    named = re.sub(r"\b(app|model)-\S+", "", page.locator("body").get_attribute("class") or "").strip()
    return f"{named} {page.locator('nav').count()} {page.locator('main').count()}"


def _checked(page: Page, look: str, where: str, options: Mapping[str, Any]) -> list[str]:
    found: Any = page.evaluate(CHECKED, [where, options])
    return [f"{look}: {fault}" for fault in found]


def shift_of(page: Page) -> str:
    jumped = page.evaluate("window.jumped")
    return f"jumps by {jumped:.3f} while loading" if jumped > MOST_SHIFT else ""


class Walk(NamedTuple):
    """Who walks (nobody signs in: ""), and where the walk begins: on the portal, or on what `at` answers."""

    who: str
    starts: tuple[str, ...]
    at: str = ""


def examine(browser: Browser, portal: Portal, *walks: Walk) -> tuple[dict[str, list[str]], set[str]]:
    """
    Go each of `walks` to its end; answers the faults by page, and the paths of the pages of the portal. What a page is made of is looked
    at in every look elsewhere (tests/look/test_every_address.py), what the demo puts on it here. What the browser complains of
    counts up to the moment at which the checker begins: it brings styles of its own along, which the pages' policy refuses.
    """
    faults: dict[str, list[str]] = {}
    examiner = Examiner(TWO_LOOKS)
    seen: set[str] = set()
    for walk in walks:
        complaints: list[str] = []
        context = open_context(browser, complaints, width=WIDTHS[0])
        context.add_init_script(READY_FOR_SHIFTS)
        page = context.new_page()
        if walk.who:
            page.goto(f"{portal.url}/login/")
            sign_in(page, walk.who)
        at = walk.at or portal.url
        for path in pages_from(page, *(f"{at}{start}" for start in walk.starts)):
            page.evaluate("new Promise(requestAnimationFrame)")  # what it complains of has been said by then
            found = [*complaints, *filter(None, [shift_of(page)])]
            found += examiner.faults_of(page)
            complaints.clear()
            if found:
                faults[f"{walk.who} {path}"] = found
            if at == portal.url:
                seen.add(urlsplit(page.url).path)
        context.close()
    return faults, seen
