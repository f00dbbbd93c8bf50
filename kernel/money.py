"""Whole đồng: the one function that rounds and the one that splits."""

from __future__ import annotations

from collections.abc import Sequence

CURRENCY = "VND"
MAXIMUM = 10**12
"""No single amount may exceed this many đồng; the database says so too."""


def round_half_up(numerator: int, denominator: int = 1) -> int:
    """
    The whole đồng nearest to `numerator / denominator` (denominator > 0); a half goes away from zero.

    Takes the exact ratio of two integers, so nothing is lost before the one place where something is rounded.
    """
    whole = (2 * abs(numerator) + denominator) // (2 * denominator)
    return whole if numerator >= 0 else -whole


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """
    Divide `amount` (>= 0) in proportion to `weights` (>= 0) so that the parts add up exactly.

    Largest remainder: every part gets its floor, the đồng left over go to the largest fractions, the earlier
    one first among equals. Without any weight everything goes to the first part.
    """
    if not weights:
        return []
    total = sum(weights)
    if total == 0:
        return [amount, *([0] * (len(weights) - 1))]
    shares = [divmod(amount * weight, total) for weight in weights]
    parts = [floor for floor, _ in shares]
    by_fraction = sorted(range(len(weights)), key=lambda index: -shares[index][1])
    for index in by_fraction[: amount - sum(parts)]:
        parts[index] += 1
    return parts
