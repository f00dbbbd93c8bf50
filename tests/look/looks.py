"""Pages of the process of the tests, looked at one after the other: at 390 and 1440 px, light and dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connections
from django.http import HttpResponse
from django.test import Client
from playwright.sync_api import Browser, BrowserContext

from accounts.models import User
from tests.browser.conftest import browser, open_context
from tests.browser.everything import MOST_LOOKS, READY_FOR_SHIFTS, WIDTHS, Examiner, as_wide_as, shift_of
from tests.look.served import Served, served
from tests.proof import proven

__all__ = ["browser"]
looked_at = pytest.mark.skipif(not MOST_LOOKS, reason="where pages are opened only: others open the same ones")


def browser_of(user: User | None = None, language: str = "vi") -> Client:
    client = Client(headers={"accept-language": language}, SERVER_NAME="localhost", raise_request_exception=False)
    if user:
        client.force_login(user)
        proven(client)
    return client


class Looks:
    """Looks at one page after the other; `faults` has what is wrong with which."""

    def __init__(self, context: BrowserContext, pages: Served, complaints: list[str]) -> None:
        context.add_init_script(READY_FOR_SHIFTS)
        self.served, self._page, self.examiner = pages, context.new_page(), Examiner()
        self._complaints = complaints
        self.faults: dict[str, list[str]] = {}
        self.loads_at, self.count = WIDTHS[0], 0

    def at(self, name: str, answer: HttpResponse) -> None:
        as_wide_as(self._page, self.loads_at)
        self._page.goto(self.served.put(f"/{name}", answer))
        self._page.evaluate("new Promise(requestAnimationFrame)")
        self.count += 1
        said = [complaint for complaint in self._complaints if "Failed to load resource" not in complaint]
        found = [*said, *filter(None, [shift_of(self._page)])]
        as_wide_as(self._page, WIDTHS[0])
        found += self.examiner.faults_of(self._page)
        self._complaints.clear()
        if found:
            self.faults[name] = found


@pytest.fixture(scope="module", autouse=True)
def own_connections(browser: Browser) -> Iterator[None]:
    """While its driver's loop runs, Django has others than outside."""
    yield
    connections.close_all()


@pytest.fixture
def looks(browser: Browser) -> Iterator[Looks]:
    complaints: list[str] = []
    context = open_context(browser, complaints, width=WIDTHS[0])
    with served() as pages:
        yield Looks(context, pages, complaints)
    context.close()


def is_page(answer: HttpResponse) -> bool:
    is_html = answer["Content-Type"].startswith("text/html") if "Content-Type" in answer else False
    return is_html and not answer.streaming and "<main" in answer.content.decode()
