"""
Makes the tabular figures. Be Vietnam Pro has none: its "1" is little more than half as wide as its "4", so that
columns of amounts do not line up. This keeps the ten digits only, each centred on one common width, as a font of
its own (the licence allows it; the original declares no reserved name). Run again only when the font is updated:

    pip install fonttools brotli && python figures.py
"""

from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

HERE = Path(__file__).parent
WIDTH = 650
DIGITS = [ord(digit) for digit in "0123456789"]


def make(weight: int) -> None:
    font = TTFont(HERE / f"be-vietnam-pro-latin-{weight}-normal.woff2")
    subsetter = subset.Subsetter(subset.Options(layout_features=[], notdef_outline=True))
    subsetter.populate(unicodes=DIGITS)
    subsetter.subset(font)
    for code in DIGITS:
        name = font.getBestCmap()[code]
        advance, bearing = font["hmtx"][name]
        shift = (WIDTH - advance) // 2
        font["glyf"][name].coordinates.translate((shift, 0))
        font["glyf"][name].recalcBounds(font["glyf"])
        font["hmtx"][name] = (WIDTH, bearing + shift)
    for record in font["name"].names:
        record.string = (
            record.toUnicode().replace("Be Vietnam Pro", "Portal Figures").replace("BeVietnamPro", "PortalFigures")
        )
    font.flavor = "woff2"
    font.save(HERE / f"figures-{weight}.woff2")


for one in (400, 500, 600):
    make(one)
