"""What a reader's program finds in a PDF."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import cast

from pypdf import PdfReader
from pypdf.generic import DictionaryObject

BREAK = "\u200b"
"""Where a long reference may be broken. A font says of a glyph what it stood for first, so any "f" may be told as one with a break."""


def text_of(document: bytes) -> str:
    """All words of the document in the order in which they are drawn, with single spaces between them."""
    pages = PdfReader(BytesIO(document)).pages
    return " ".join(word for page in pages for word in page.extract_text().replace(BREAK, "").split())


def fonts_of(document: bytes) -> Iterator[DictionaryObject]:
    """The description of each font with which a page is written."""
    for page in PdfReader(BytesIO(document)).pages:
        resources = cast(DictionaryObject, page["/Resources"])
        for font in cast(DictionaryObject, resources["/Font"]).values():
            for drawn in font["/DescendantFonts"]:
                yield drawn["/FontDescriptor"]
