"""
VietQR: a bank transfer as a QR code that every Vietnamese bank's app reads (NAPAS, on EMVCo's merchant-presented codes).

A payload is a row of fields: two digits of tag, two of length, the value. The last field is a CRC over all before it.
"""

from __future__ import annotations

from io import BytesIO

import segno

NAPAS = "A000000727"
TO_AN_ACCOUNT = "QRIBFTTA"
DONG = "704"
MOST_NOTE = 25
"""Banks cut what is longer."""


def payload(*, bin_code: str, account: str, amount: int | None = None, note: str = "") -> str:
    """
    What the code says: pay into `account` at the bank with this BIN; with `amount`, that many đồng.

    >>> payload(bin_code="970403", account="0011012345678")[-8:]
    '63049E6F'
    """
    assert len(note) <= MOST_NOTE, "banks cut a longer note"
    receiver = _field("00", bin_code) + _field("01", account)
    fields = [
        _field("00", "01"),
        _field("01", "11" if amount is None else "12"),
        _field("38", _field("00", NAPAS) + _field("01", receiver) + _field("02", TO_AN_ACCOUNT)),
        _field("53", DONG),
        "" if amount is None else _field("54", str(amount)),
        _field("58", "VN"),
        _field("62", _field("08", note)) if note else "",
    ]
    body = "".join(fields) + "6304"
    return body + f"{crc16(body.encode()):04X}"


def svg(text: str, *, label: str) -> str:
    """The code as an SVG element that scales, black on white whatever the page's colours; `label` is read out."""
    drawn = BytesIO()
    segno.make_qr(text, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, light="#fff", border=4, title=label, nl=False
    )
    return drawn.getvalue().decode()


def png(text: str) -> bytes:
    """The code as a picture for mails, which show no drawings."""
    drawn = BytesIO()
    segno.make_qr(text, error="m").save(drawn, kind="png", scale=6, border=4)
    return drawn.getvalue()


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 1021, initial value FFFF."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _bit in range(8):
            crc = (crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1
    return crc & 0xFFFF


def _field(tag: str, value: str) -> str:
    return f"{tag}{len(value):02d}{value}"
