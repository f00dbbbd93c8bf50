"""The record of the benchmark holds figures of one size."""

import argparse

import pytest

from bench.__main__ import is_standard


@pytest.mark.parametrize(
    ("resources", "times", "kept"), [(100_000, 3, True), (300, 3, False), (100_000, 1, False), (20_000, 1, False)]
)
def test_only_the_standard_size_takes_its_place_in_the_record(resources: int, times: int, kept: bool) -> None:
    assert is_standard(argparse.Namespace(resources=resources, times=times)) is kept
