"""The benchmark: its data fit into the tables of today, and its record holds figures of one size."""

import argparse

import pytest

from bench.__main__ import is_standard
from bench.data import BUILDERS, fill
from tests.owner import as_owner


@pytest.mark.parametrize(
    ("resources", "times", "kept"), [(100_000, 3, True), (300, 3, False), (100_000, 1, False), (20_000, 1, False)]
)
def test_only_the_standard_size_takes_its_place_in_the_record(resources: int, times: int, kept: bool) -> None:
    assert is_standard(argparse.Namespace(resources=resources, times=times)) is kept


@pytest.mark.breaks_the_books
@pytest.mark.django_db
@pytest.mark.parametrize("kind", BUILDERS)
def test_its_data_can_be_built(kind: str) -> None:
    """They are written past the models, so a new column is not noticed otherwise."""
    with as_owner():
        fill(kind, 120)
