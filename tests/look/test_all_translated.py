"""Whatever pages, mails and refusals say in English has its words in Vietnamese."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import django
import polib
from babel.messages.extract import extract
from django.utils.translation import gettext, ngettext, override
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
WITH_CONTEXT = ((1, "c"), 2)
KEYWORDS = {
    **dict.fromkeys(("_", "text", "gettext", "gettext_lazy")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), WITH_CONTEXT),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), (*WITH_CONTEXT, 3)),
}
Said = tuple[str, str]
"""The context, and the sentence; of those with a plural the singular."""


def _sources() -> Iterator[tuple[Path, str]]:
    """Of the project, templates as if they were Python."""
    for app in (*(path.parent for path in ROOT.glob("*/apps.py")), ROOT / "kernel", ROOT / "store"):
        for path in app.rglob("*.py"):
            if "migrations" not in path.parts:
                yield path, path.read_text()
    for path in (ROOT / "templates").rglob("*.*"):
        yield path, "\n".join(line.strip() for line in templatize(path.read_text()).splitlines())


def _said() -> Iterator[tuple[Path, Said]]:
    for path, source in _sources():
        if "gettext" in source:
            for _line, found, _comments, context in extract("python", BytesIO(source.encode()), keywords=KEYWORDS):
                yield path, (context or "", found[0] if isinstance(found, tuple) else found)


def test_every_sentence_has_its_words_in_vietnamese() -> None:
    """Three seconds: it reads all there is. What Django says in templates of its own that we changed, it translates itself."""
    catalogue = polib.pofile(str(ROOT / "locale/vi/LC_MESSAGES/django.po"))
    known = {(entry.msgctxt or "", entry.msgid) for entry in catalogue if entry.translated()}
    said = {(str(path.relative_to(ROOT)), *one) for path, one in _said() if one[1] and one not in known}
    with override("vi"):
        missing = {one for one in said if gettext(one[2]) == one[2] == ngettext(one[2], one[2], 2)}
    assert missing == set()
    assert len(known) > 4_000


def test_nothing_is_translated_that_nobody_says() -> None:
    """What is said is read in code and templates, words that are passed on as data are constants there, and some are Django's own."""
    said = {one for _path, one in _said()} | {("", word) for word in _constants()}
    for path in Path(django.__path__[0]).rglob("locale/en/LC_MESSAGES/*.po"):
        said |= {(entry.msgctxt or "", entry.msgid) for entry in polib.pofile(str(path))}
    catalogue = polib.pofile(str(ROOT / "locale/vi/LC_MESSAGES/django.po"))
    assert [entry.msgid for entry in catalogue if (entry.msgctxt or "", entry.msgid) not in said] == []


def _constants() -> Iterator[str]:
    for path, source in _sources():
        if path.suffix == ".py":
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value
