"""The list of guards and what it names belong together: `make sabotage` takes hours, this a moment."""

from __future__ import annotations

from pathlib import Path

import pgtrigger
import pytest

from tests.sabotage.guards import GUARDS
from tests.sabotage.rules import RULES
from tests.sabotage.ways import Guard, trigger

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("guard", RULES, ids=lambda guard: guard.name)
def test_a_guard_in_code_stands_where_the_list_says(guard: Guard) -> None:
    """Whoever takes one away asserts that it is there, and reads as the list says."""
    with guard.taken():
        pass


def test_each_guard_is_listed_once_with_tests_that_exist() -> None:
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)
    for guard in GUARDS:
        assert guard.tests
        for test in guard.tests:
            assert (ROOT / test.partition("::")[0]).exists(), f"{guard.name}: {test}"


def test_a_trigger_that_acts_and_never_refuses_is_listed() -> None:
    """Nobody finds it by what it refused."""
    listed = {guard.name for guard in GUARDS}
    acting = {
        trigger(model._meta.db_table, declared.name).name
        for model, declared in pgtrigger.registered()
        if "RAISE" not in str(declared.func)
    }
    assert acting
    assert acting <= listed
