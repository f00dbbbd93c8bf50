"""References of bank transfers: what people mistype and banks disfigure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.references import ALPHABET, LENGTH, check_character, is_reference, new_reference, plain, references_in

BODIES = st.text(alphabet=ALPHABET, min_size=LENGTH - 1, max_size=LENGTH - 1)


@pytest.mark.parametrize(
    ("body", "check"), [("222222222", "2"), ("222222223", "4"), ("222222232", "6"), ("ABCDEFGHJ", "A")]
)
def test_the_check_character_is_always_the_same(body: str, check: str) -> None:
    assert check_character(body) == check


def test_references_have_no_characters_that_look_like_others() -> None:
    assert not set("IO01") & set(ALPHABET)
    assert len(set(ALPHABET)) == 32
    assert is_reference(new_reference())


@given(BODIES, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_one_mistyped_character_never_makes_another_reference(body: str, place: int, typed: str) -> None:
    reference = body + check_character(body)
    mistyped = reference[:place] + typed + reference[place + 1 :]
    assert is_reference(mistyped) == (mistyped == reference)


@given(BODIES, st.integers(0, LENGTH - 1), st.integers(0, LENGTH - 1))
def test_two_characters_that_changed_places_never_make_another_reference(body: str, one: int, other: int) -> None:
    letters = list(body + check_character(body))
    letters[one], letters[other] = letters[other], letters[one]
    assert is_reference("".join(letters)) == ("".join(letters) == body + check_character(body))


DISFIGURED = [
    "{}",
    "MBVCB.3278907687.{}.CT tu 0071000888888 NGUYEN VAN A",
    "thanh toán đơn hàng {} cảm ơn",
    "CK-{}-GD 123456",
    "IBFT {}",
    "QR   {}",
]


@given(BODIES, st.sampled_from(DISFIGURED))
def test_a_reference_is_found_in_whatever_a_bank_puts_around_it(body: str, template: str) -> None:
    reference = body + check_character(body)
    note = template.format(reference.lower())
    assert reference in references_in(note)
    assert reference in references_in(note.replace(".", "").replace("-", ""))
    broken = template.format(f"{reference[:4]}-{reference[4:7]} {reference[7:]}")
    assert reference in references_in(broken)


@given(BODIES)
def test_a_reference_alone_survives_the_cut_at_25_characters(body: str) -> None:
    reference = body + check_character(body)
    assert references_in(f"{reference} tra tien thang nay"[:25])[0] == reference


def test_a_note_is_compared_without_accents_and_punctuation() -> None:
    assert plain("Đặt cọc: ABC-234") == "DATCOCABC234"
