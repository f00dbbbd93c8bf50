"""Every character that is accepted where people type is printed on documents, in files and mails; none makes them fail."""

from __future__ import annotations

import csv
import email
import email.policy
import html
import io
import sys
import unicodedata
import zipfile
from xml.etree import ElementTree

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Customer
from invoices.pdf import render
from kernel.text import is_printable, shown, unprintable, validate_printable, validate_printable_lines
from notifications.delivery import message_of
from notifications.models import Notice
from store.tables import csv_parts, write_workbook
from tests.cast import NOON
from tests.documents.reading import text_of

SHEET_TEXT = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}t"
SINCE_THE_FONTS = {0x31EF, *range(0x2FFC, 0x3000)}
"""Signs that describe Chinese characters, added to Unicode after the fonts were made."""
ACCEPTED = [
    character for character in map(chr, range(sys.maxunicode + 1))
    if is_printable(character) and ord(character) not in SINCE_THE_FONTS
]  # fmt: skip
MARKS = [character for character in ACCEPTED if unicodedata.category(character).startswith("M")]


def document(*names: str) -> bytes:
    return render(
        {
            "title": "Invoice", "number": "U2026-0000001", "language": "en", "issued": [2026, 3, 10], "status": "paid",
            "seller": {"label": "Seller", "name": "Seller", "rows": ["Seller"]},
            "buyer": {"label": "Customer", "rows": list(names)},
            "facts": [], "columns": ["Item", "Amount"], "groups": [], "words": "", "sums": [], "notes": [], "footer": "",
        }
    )  # fmt: skip


@pytest.mark.parametrize("plane", [0, 1])
def test_every_accepted_character_has_a_glyph(plane):
    """The standard of these documents refuses a character without one."""
    characters = [character for character in ACCEPTED if ord(character) >> 16 == plane]
    for start in range(0, len(characters), 4000):
        part = characters[start : start + 4000]
        assert document(*(" ".join(part[at : at + 40]) for at in range(0, len(part), 40))).startswith(b"%PDF")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(st.one_of(st.sampled_from(ACCEPTED), st.sampled_from(MARKS)), min_size=1, max_size=90), max_size=8)
)
def test_accepted_characters_have_glyphs_whatever_they_stand_beside(names):
    assert document("x", *names).startswith(b"%PDF")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=90))
def test_any_text_at_all_can_be_set(name):
    """What came in before it was refused, or past the forms."""
    assert document("x" + name).startswith(b"%PDF")


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("🚀 web", "🚀 web"),
        ("Công ty Nguyễn Thị Ánh ưỡẫữỵ", "Công ty Nguyễn Thị Ánh ưỡẫữỵ"),
        ("한국전력", "한국전력"),
        ("東京サーバー", "東京サーバー"),
        ("Сервер Ωμέγα", "Сервер Ωμέγα"),
        ("𠮷野家 \ue000", "□野家 □"),
        ("two\nlines \x07", "two lines □"),
    ],
)
def test_names_stand_on_the_document_and_what_cannot_is_a_visible_square(name, printed):
    """The reader of the tests sees a space where another font begins."""
    assert printed.replace(" ", "") in text_of(document("x", name)).replace(" ", "")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("web", ""),
        ("🚀 web", ""),
        ("👨‍👩‍👧 1️⃣ 🇻🇳", ""),
        ("𠮷野家", "U+20BB7 𠮷"),
        ("web\u202e", "U+202E"),
        ("web\n", "U+000A"),
        ("\ue000", "U+E000"),
        ("\U0010ffff", "U+10FFFF"),
    ],
)
def test_what_cannot_be_printed_is_named(name, found):
    assert unprintable(name) == found
    if found:
        with pytest.raises(ValidationError, match=found.replace("+", r"\+")):
            validate_printable(name)


def test_a_reason_may_have_lines_and_no_hidden_characters():
    validate_printable_lines("one\r\ntwo")
    with pytest.raises(ValidationError):
        validate_printable_lines("one\u202e\ntwo")


@given(st.text())
def test_what_is_shown_can_be_printed(text):
    assert unprintable(shown(text)) == ""
    assert len(shown(text)) == len(text)


class Untold(list):
    """Rows of an export whose progress nobody watches."""

    def finish(self) -> None:
        pass


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from(ACCEPTED), min_size=1, max_size=90), min_size=1, max_size=5))
def test_exports_keep_accepted_text(names):
    """A quote before a formula is the only thing that is added."""
    lines = list(csv.reader(io.StringIO("".join(csv_parts(["name"], Untold([[name] for name in names]))))))
    assert [row[0].removeprefix("'") for row in lines[1:]] == [name.removeprefix("'") for name in names]
    file = io.BytesIO()
    write_workbook(file, ["name"], [[name] for name in names], [20])
    with zipfile.ZipFile(file) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert [cell.text for cell in sheet.iter(SHEET_TEXT)] == ["name", *names]


@settings(deadline=None)
@given(st.text(st.sampled_from(ACCEPTED), min_size=1, max_size=90))
def test_mails_keep_accepted_text(name):
    """In the subject, the text and the HTML, after a mail program has read them."""
    name = " ".join(name.split()) or "x"
    customer = Customer(name="Alice", email="alice@customer.example", language="en")
    notice = Notice(
        pk=1,
        customer=customer,
        recipient=customer.email,
        kind=Notice.Kind.RESOURCE_PURGED,
        event="",
        facts={"resource": name},
    )
    read = email.message_from_bytes(message_of(notice, at=NOON).message().as_bytes(), policy=email.policy.default)
    assert read["Subject"].strip() == f"{name} is deleted for good"
    assert name in read.get_body(["plain"]).get_content()
    assert html.escape(name) in read.get_body(["html"]).get_content()
