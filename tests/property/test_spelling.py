"""Amounts in words, as they stand below the total of a document."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import MAXIMUM
from kernel.spelling import spelt_out


@pytest.mark.parametrize(
    ("amount", "vietnamese", "english"),
    [
        (0, "Không đồng", "Zero Vietnamese dong"),
        (5, "Năm đồng", "Five Vietnamese dong"),
        (10, "Mười đồng", "Ten Vietnamese dong"),
        (15, "Mười lăm đồng", "Fifteen Vietnamese dong"),
        (21, "Hai mươi mốt đồng", "Twenty-one Vietnamese dong"),
        (24, "Hai mươi tư đồng", "Twenty-four Vietnamese dong"),
        (105, "Một trăm lẻ năm đồng", "One hundred five Vietnamese dong"),
        (115, "Một trăm mười lăm đồng", "One hundred fifteen Vietnamese dong"),
        (181_000, "Một trăm tám mươi mốt nghìn đồng", "One hundred eighty-one thousand Vietnamese dong"),
        (
            1_005_000,
            "Một triệu không trăm lẻ năm nghìn đồng",
            "One million five thousand Vietnamese dong",
        ),
        (
            48_393_664,
            "Bốn mươi tám triệu ba trăm chín mươi ba nghìn sáu trăm sáu mươi tư đồng",
            "Forty-eight million three hundred ninety-three thousand six hundred sixty-four Vietnamese dong",
        ),
        (2_000_000_001, "Hai tỷ không trăm lẻ một đồng", "Two billion one Vietnamese dong"),
        (1_200_000_000_000, "Một nghìn hai trăm tỷ đồng", "One trillion two hundred billion Vietnamese dong"),
        (-20_000, "Âm hai mươi nghìn đồng", "Minus twenty thousand Vietnamese dong"),
    ],
)
def test_amounts_are_spelt_out(amount, vietnamese, english):
    assert spelt_out(amount, "vi") == vietnamese
    assert spelt_out(amount, "en") == english


@given(st.integers(0, MAXIMUM), st.integers(0, MAXIMUM))
def test_different_amounts_are_spelt_differently(one, other):
    for language in ("vi", "en"):
        assert (spelt_out(one, language) == spelt_out(other, language)) == (one == other)
