"""The hooks of a commit are the quick steps of `make test`, by the same list."""

import os
from pathlib import Path

import pytest
import yaml

from stack import branches, check

ROOT = Path(__file__).parents[2]


def test_a_commit_is_checked_by_the_steps_that_need_no_engine() -> None:
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert local["repo"] == "local"
    quick = [step.name for step in check.STEPS if not step.engines]
    assert [hook["id"] for hook in local["hooks"]] == quick
    assert [hook["entry"] for hook in local["hooks"]] == [f".venv/bin/python -m stack.check {name}" for name in quick]


def test_a_step_that_fails_fails_the_check(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [check.Step("good", ["true"]), check.Step("bad", ["false"]), check.Step("after", ["echo", "I ran"])]
    monkeypatch.setattr(check, "STEPS", steps)
    assert check.main([]) == 1
    told = capfd.readouterr().out
    assert "I ran" in told
    assert "FAILED: bad" in told


def test_named_steps_run_alone(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [check.Step("good", ["echo", "I ran"]), check.Step("bad", ["false"], engines=True)]
    monkeypatch.setattr(check, "STEPS", steps)
    assert check.main(["good"]) == 0
    assert "all 1 steps passed" in capfd.readouterr().out


def test_a_step_that_is_not_there_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "STEPS", [check.Step("good", ["true"])])
    with pytest.raises(SystemExit, match="No such step: goood"):
        check.main(["goood"])


def test_tests_count_the_branches_they_take_unless_told_not_to() -> None:
    assert check.runner({}) == "stack.branches"
    assert check.runner({"COVERAGE": "0"}) == "pytest"


def test_what_is_taken_is_said_in_figures() -> None:
    totals = {"covered_branches": 4_321, "missing_branches": 379, "covered_lines": 20_100, "missing_lines": 200}
    assert branches.in_words(totals) == (
        "The tests take 4,321 of 4,700 branches (91.9 %) and 20,100 of 20,300 lines (99.0 %)."
    )


@pytest.mark.parametrize(("floor", "code"), [(50, 0), (90, 2)])
def test_too_little_taken_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], floor: int, code: int
) -> None:
    """Of `half`, three of four lines and one of two branches: four of six."""
    (tmp_path / "half").mkdir()
    (tmp_path / "half/__init__.py").write_text("def half(it):\n    if it:\n        return 1\n    return 2\n")
    (tmp_path / "test_half.py").write_text("from half import half\n\n\ndef test_it():\n    assert half(0) == 2\n")
    (tmp_path / "pyproject.toml").write_text(
        f'[tool.slipcover]\nbranch = true\nsource = ["half"]\nomit = "test_*.py"\nfail-under = {floor}\n'
        '[tool.pytest.ini_options]\nfilterwarnings = ["ignore:Module already imported"]\n'
    )
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("SLIPCOVER_", "PYTEST_XDIST"))]:
        monkeypatch.delenv(name)

    assert branches.main(["-p", "no:cacheprovider", "-q"]) == code

    told = capfd.readouterr().out
    assert "The tests take 1 of 2 branches (50.0 %) and 3 of 4 lines (75.0 %)." in told
    assert ("less than the floor" in told) == bool(code)
