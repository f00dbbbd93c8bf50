"""Reading the text of a PDF as typst writes it: no object streams, strings of two-byte glyphs, a table to Unicode per font."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

OBJECT = re.compile(rb"(\d+) 0 obj(.*?)endobj", re.DOTALL)
STREAM = re.compile(rb"stream\r?\n(.*?)\nendstream", re.DOTALL)  # what stands before the end may be data
FONTS = re.compile(rb"/Font<<(.*?)>>", re.DOTALL)
CONTENTS = re.compile(rb"/Contents (\d+) 0 R")
RUN = re.compile(rb"BT.*?ET", re.DOTALL)
FONT = re.compile(rb"/(f\d+) [\d.]+ Tf")
ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(.))", re.DOTALL)
PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def text_of(document: bytes) -> str:
    """All words of the document in the order in which they are drawn, with single spaces between them."""
    objects = {int(number): body for number, body in OBJECT.findall(document)}
    everywhere = _fonts(objects, *objects.values())
    pages = {
        int(page[1]): _fonts(objects, *_with_resources(objects, body))
        for body in objects.values()
        if (page := CONTENTS.search(body))
    }
    words = []
    for number, body in objects.items():
        fonts = everywhere | pages.get(number, {})  # each page has names of its own for them
        for run in RUN.findall(_stream(body)):
            font = FONT.search(run)
            if font:
                glyphs = b"".join(_unescaped(string) for string in _strings(run))
                table = fonts[font[1]]
                words.append("".join(table.get(glyphs[at : at + 2], "?") for at in range(0, len(glyphs), 2)))
    return re.sub(r"\s+", " ", " ".join(words))


def _with_resources(objects: dict[int, bytes], page: bytes) -> list[bytes]:
    """A page, and its resources where they are an object of their own."""
    found = re.search(rb"/Resources (\d+) 0 R", page)
    return [page, objects[int(found[1])]] if found else [page]


def _fonts(objects: dict[int, bytes], *bodies: bytes) -> dict[bytes, dict[bytes, str]]:
    """Name -> glyphs -> characters, of the fonts that these list."""
    listed = b" ".join(names for body in bodies for names in FONTS.findall(body))
    return {name: _table(objects, objects[int(number)]) for name, number in re.findall(rb"/(f\d+) (\d+) 0 R", listed)}


def _table(objects: dict[int, bytes], font: bytes) -> dict[bytes, str]:
    """Glyph -> characters."""
    number = re.search(rb"/ToUnicode (\d+) 0 R", font)
    assert number is not None
    pairs = re.findall(rb"<(\w{4})> <(\w+)>", _stream(objects[int(number[1])]))
    return {bytes.fromhex(glyph.decode()): bytes.fromhex(to.decode()).decode("utf-16-be") for glyph, to in pairs}


def _stream(body: bytes) -> bytes:
    found = STREAM.search(body)
    if not found:
        return b""
    if b"/FlateDecode" not in body[: found.start()]:
        return found[1]
    return zlib.decompressobj().decompress(found[1])


def _strings(run: bytes) -> Iterator[bytes]:
    """What stands in parentheses; a pair of them may stand within, as it is."""
    at = 0
    while (start := run.find(b"(", at)) >= 0:
        at, depth = start + 1, 1
        while depth:
            step = run[at : at + 1]
            depth += (step == b"(") - (step == b")")
            at += 2 if step == b"\\" else 1
        yield run[start + 1 : at - 1]


def _unescaped(string: bytes) -> bytes:
    def plain(escape: re.Match[bytes]) -> bytes:
        octal, other = escape.groups()
        return bytes([int(octal, 8)]) if octal else PLAIN.get(other, other)

    return ESCAPE.sub(plain, string)
