"""pytest plugin: real PostgreSQL and Valkey, started before Django reads its settings.

The first process starts them, xdist's workers find them in their environment: each has a database of its own (from
pytest-django) and a Redis number of its own. DATABASE_URL and REDIS_URL, if set, name others.
"""

import os
import shutil
from pathlib import Path

import pytest

from stack.translations import compile_translations

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_engines = None

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the browser tests' driver runs an event loop in our thread
if "DATABASE_URL" not in os.environ or "REDIS_URL" not in os.environ:
    from stack.scratch import ScratchEngines

    _engines = ScratchEngines()
    _engines.start()
if "PYTEST_XDIST_WORKER" in os.environ:
    _number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw")) + 1
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{_number}"
else:
    compile_translations()  # before anything asks for a word: what is loaded once is not loaded again


def pytest_configure() -> None:
    """The portals that tests start are real ones: they have the real settings, for ours are read by now."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the browser tests, and say so, where there is no browser."""
    if CHROMIUM:
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="no Chromium on this machine (apt-get install chromium)"))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Stop what we started."""
    if _engines:
        _engines.stop()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program, for `playwright.chromium.launch(executable_path=chromium)`."""
    assert CHROMIUM, "mark the test with @pytest.mark.browser"
    return str(Path(CHROMIUM))
