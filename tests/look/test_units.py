"""Units are words of the reader's language, in the number that fits."""

import pytest
from django.utils.translation import override

from catalog.units import counted, unit_words


@pytest.mark.parametrize(
    ("language", "quantity", "unit", "words"),
    [
        ("en", "1", "address", "1\u00a0address"),
        ("en", "2", "address", "2\u00a0addresses"),
        ("vi", "2", "address", "2\u00a0địa chỉ"),
        ("vi", "1", "server", "1\u00a0máy chủ"),
        ("vi", "4000", "GB", "4.000\u00a0GB"),
        ("en", "0.5", "GB-hour", "0.5\u00a0GB-hours"),
    ],
)
def test_a_quantity_is_read_with_its_unit(language, quantity, unit, words):
    with override(language):
        assert counted(quantity, unit) == words


def test_a_unit_that_staff_made_up_stands_as_it_is():
    with override("vi"):
        assert unit_words("seat", 3) == "seat"
