"""Reading a VietQR code: fields of two digits for the tag, two for the length, the value; the last one is a checksum."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.shapes import Json


@dataclass(frozen=True)
class Code:
    account: str
    amount: int | None
    note: str


class NoCode(ValueError):
    """This is no VietQR code, or it was changed on the way."""


def read(text: str) -> Code:
    """:raises NoCode:"""
    text = text.strip()
    if not text.isascii() or text[-8:-4] != "6304" or f"{checksum(text[:-4].encode()):04X}" != text[-4:].upper():
        raise NoCode
    fields = _fields(text)
    merchant = _fields(fields.get("38", ""))
    receiver = _fields(merchant.get("01", ""))
    amount = fields.get("54", "")
    if merchant.get("02") != "QRIBFTTA" or fields.get("53") != "704" or not receiver.get("01"):
        raise NoCode
    if amount and not amount.isdecimal():
        raise NoCode
    note = _fields(fields.get("62", "")).get("08", "")
    return Code(receiver["01"], int(amount) if amount else None, note)


def checksum(data: bytes) -> int:
    """CRC-16/CCITT-FALSE, by bits."""
    value = 0xFFFF
    for bit in (byte >> place & 1 for byte in data for place in range(7, -1, -1)):
        top = value >> 15
        value = (value << 1) & 0xFFFF
        if top ^ bit:
            value ^= 0x1021
    return value


def _fields(text: str) -> Json:
    found: Json = {}
    while text:
        tag, length = text[:2], text[2:4]
        if not length.isdecimal() or len(text) < 4 + int(length):
            raise NoCode
        found[tag], text = text[4 : 4 + int(length)], text[4 + int(length) :]
    return found
