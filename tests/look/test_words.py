"""One word for a thing, in both languages: the catalogue of translations and the help against the glossary."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import polib
import pytest

from tests.structure.layers import LEDGER, layers

ROOT = Path(__file__).resolve().parents[2]
FACTS = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


class Word(NamedTuple):
    english: str
    vietnamese: list[str]
    never: list[str]


def _words() -> list[Word]:
    table = (ROOT / "docs/glossary.md").read_text().partition("| English | Vietnamese | never |\n|---|---|---|\n")[2]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()]
    return [Word(english, _listed(vietnamese), _listed(never)) for english, vietnamese, never in rows]


def _listed(cell: str) -> list[str]:
    return [word.strip() for word in cell.split(";") if word.strip()]


WORDS = _words()


@cache
def _said() -> list[tuple[str, str]]:
    """Every sentence in English, and what is said for it in Vietnamese: without the names of facts."""
    catalogue = polib.pofile(str(ROOT / "locale/vi/LC_MESSAGES/django.po"))
    return [
        (FACTS.sub("…", entry.msgid), FACTS.sub("…", " ".join([entry.msgstr, *entry.msgstr_plural.values()])))
        for entry in catalogue
        if not entry.obsolete
    ]


def _stands(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) is not None


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.english)
def test_a_thing_has_one_word_in_vietnamese(word: Word) -> None:
    others = [
        (english, vietnamese)
        for english, vietnamese in _said()
        if (_stands(word.english, english) or _stands(f"{word.english}s", english))
        and not any(_stands(good, vietnamese) for good in word.vietnamese)
    ]
    assert others == []


@pytest.mark.parametrize("word", [word for word in WORDS if word.never], ids=lambda word: word.english)
def test_its_other_words_are_said_nowhere(word: Word) -> None:
    texts = [text for pair in _said() for text in pair]
    texts += [path.read_text() for path in (ROOT / "docs/help").rglob("*.md")]
    assert [text for text in texts for bad in word.never if _stands(bad, text)] == []


def test_the_table_is_read() -> None:
    assert Word("recover", ["khôi phục", "recover"], ["phục hồi"]) in WORDS
    assert len(WORDS) > 25


def test_each_word_of_the_vocabulary_is_said_in_the_code_or_on_a_page() -> None:
    """Else it is nobody's word: whoever looks for it finds nothing. Written together or apart, one or several."""
    table = (ROOT / "docs/glossary.md").read_text().partition("| word | meaning |\n|---|---|\n")[2].partition("\n\n")[0]
    words = {word.strip() for row in table.splitlines() for word in re.split("[;,:]", row.split("|")[1])} - {""}
    said = " ".join(
        path.read_text().lower()
        for room in (*layers(), LEDGER, "templates")
        for path in sorted((ROOT / room).rglob("*.[ph][yt]*"))
        if path.suffix in {".py", ".html"} and "migrations" not in path.parts
    )
    assert len(words) > 120
    assert [
        word for word in sorted(words) if not re.search(r"s?[\s_-]*".join(re.split("[ -]", word.lower())), said)
    ] == []


HEADINGS = [
    re.compile(r'<(?:h[1-6]|th|dt|legend|label|summary)\b[^>]*>\s*\{% translate "([^"]+)" %\}'),
    re.compile(r'\{% block (?:title|heading|lead) %\}\{% translate "([^"]+)" %\}'),
    re.compile(r'\b(?:title|label)=(?:_|text)\("([^"]+)"\)'),
    re.compile(r'\bColumn\("\w+", _\("([^"]+)"\)'),
]
"""Where a heading begins with a sentence as it is, and no filter makes its first letter large."""


def test_what_stands_in_mid_sentence_is_no_heading_as_it_is() -> None:
    """POC, API and VAT are large in English wherever they stand; in Vietnamese another word comes first, and it is small."""
    small = {english for english, words in _said() if english[:1].isupper() and words[:1].islower()}
    assert {"POC credit", "API key", "VAT rate"} <= small
    sources = [
        *ROOT.glob("templates/**/*.html"),
        *(path for path in ROOT.glob("*/**/*.py") if "tests" not in path.parts),
    ]
    found = {
        (str(path.relative_to(ROOT)), heading)
        for path in sources
        if "migrations" not in path.parts and ".venv" not in path.parts
        for pattern in HEADINGS
        for heading in pattern.findall(path.read_text())
        if heading in small
    }
    assert found == set()
