"""Amounts spelt out, as accountants want them below a total: "Một triệu không trăm lẻ năm nghìn đồng"."""

from __future__ import annotations

VI_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
VI_SCALES = ("", "nghìn", "triệu")
EN_BELOW_TWENTY = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
EN_TENS = ["-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
EN_SCALES = ("", "thousand", "million", "billion", "trillion", "quadrillion")


def spelt_out(amount: int, language: str) -> str:
    """Whole đồng (below 10^18) in words, "vi" or "en"; a negative amount says so."""
    words = _vietnamese(abs(amount)) if language == "vi" else _english(abs(amount))
    if amount < 0:
        words = f"{'âm' if language == 'vi' else 'minus'} {words}"
    return words[0].upper() + words[1:] + (" đồng" if language == "vi" else " Vietnamese dong")


def _groups(amount: int) -> list[int]:
    """In threes, the lowest first."""
    groups = []
    while amount:
        amount, group = divmod(amount, 1000)
        groups.append(group)
    return groups or [0]


def _vietnamese(amount: int) -> str:
    """Above a tỷ (10^9) the count of tỷ is a number of its own: "một nghìn hai trăm tỷ"."""
    billions, below = divmod(amount, 10**9)
    words = [_vietnamese_below(billions, leading=True), "tỷ"] if billions else []
    if below or not billions:
        words.append(_vietnamese_below(below, leading=not billions))
    return " ".join(words)


def _vietnamese_below(amount: int, *, leading: bool) -> str:
    groups = _groups(amount)
    words: list[str] = []
    for scale in range(len(groups) - 1, -1, -1):
        if groups[scale]:
            words += _vietnamese_group(groups[scale], leading=leading and not words)
            words.append(VI_SCALES[scale])
    return " ".join(filter(None, words)) or VI_DIGITS[0]


def _vietnamese_group(group: int, *, leading: bool) -> list[str]:
    hundreds, rest = divmod(group, 100)
    tens, ones = divmod(rest, 10)
    words = [] if leading and not hundreds else [VI_DIGITS[hundreds], "trăm"]
    if tens == 1:
        words.append("mười")
    elif tens:
        words += [VI_DIGITS[tens], "mươi"]
    elif ones and words:
        words.append("lẻ")
    if ones == 1 and tens > 1:
        words.append("mốt")
    elif ones == 4 and tens > 1:
        words.append("tư")
    elif ones == 5 and tens:
        words.append("lăm")
    elif ones:
        words.append(VI_DIGITS[ones])
    return words


def _english(amount: int) -> str:
    if not amount:
        return EN_BELOW_TWENTY[0]
    parts = [
        f"{_english_group(group)} {EN_SCALES[scale]}".strip() for scale, group in enumerate(_groups(amount)) if group
    ]
    return " ".join(reversed(parts))


def _english_group(group: int) -> str:
    hundreds, rest = divmod(group, 100)
    tens, ones = divmod(rest, 10)
    words = [f"{EN_BELOW_TWENTY[hundreds]} hundred"] if hundreds else []
    if rest and rest < 20:
        words.append(EN_BELOW_TWENTY[rest])
    elif rest:
        words.append(EN_TENS[tens] + (f"-{EN_BELOW_TWENTY[ones]}" if ones else ""))
    return " ".join(words)
