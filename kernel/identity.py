"""The numbers by which the tax office knows a buyer: a company's tax code, a person's identity number."""

from __future__ import annotations

import re

from stdnum.exceptions import ValidationError as WrongNumber
from stdnum.util import clean
from stdnum.vn import mst

SEPARATORS = " .-\u00a0"
PERSONAL_ID = re.compile(r"(0[0-9]{2})[0-9]{9}", re.ASCII)
"""
12 digits, of which the first three are the province of birth, 001 to 096 (circular 59/2021/TT-BCA); since July 2025 it is its
holder's tax code as well. It has no check digit.
"""


def tax_code_of(text: str) -> str:
    """
    A tax code as it is kept and printed, 0101243150 or 0101243150-001, from what somebody typed; empty when it is none.

    10 digits, the last of them checks the others; 3 more after a hyphen name a branch.
    """
    digits = clean(text, SEPARATORS).strip()
    try:
        return str(mst.format(mst.validate(digits)))
    except WrongNumber:
        return ""


def personal_id_of(text: str) -> str:
    """An identity number of 12 digits from what somebody typed; empty when it is none."""
    digits = clean(text, SEPARATORS).strip()
    found = PERSONAL_ID.fullmatch(digits)
    return digits if found and 1 <= int(found[1]) <= 96 else ""
