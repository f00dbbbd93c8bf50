"""The hooks of a commit are the quick steps of `make test`, by the same list."""

from pathlib import Path

import pytest
import yaml

from stack import check

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
