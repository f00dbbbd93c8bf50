"""What the environment may say: each refusal is one sentence, ends the command, and repeats no secret."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from billing_portal.environment import Environment, is_at_home, mail, readable_url, usable_key, with_password

ROOT = Path(__file__).resolve().parents[2]
LONG_KEY = "kM3-x_9aQ2zT7wV5bN8rL1pC4dF6gH0j"
ODD = "p/a#s@s?w%o:r$d"
SHOWN = """
from django.conf import settings as s
print(s.DEMO, s.CLOCK_MOVABLE, "demo" in s.INSTALLED_APPS, s.DATABASES["default"]["PASSWORD"], s.REDIS_URL, ",".join(s.ALLOWED_HOSTS))
"""


def settings_with(folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """The settings in a process of their own, with nothing but `given` in its environment."""
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(folder), "SECRET_KEY": LONG_KEY} | given
    command = [sys.executable, "manage.py", "shell", "--no-imports", "--command", SHOWN]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "of_a_demo",
    [{"DEMO": "1"}, {"CLOCK_MOVABLE": "1"}, {"SANDBOX_URL": "http://s", "SANDBOX_KEY1": "a", "SANDBOX_KEY2": "b"}],
)
def test_nothing_of_a_demo_runs_where_strangers_come(tmp_path: Path, of_a_demo: dict[str, str]) -> None:
    found = settings_with(tmp_path, PUBLIC_URL="https://billing.example.com", **of_a_demo)
    assert found.returncode == 2
    assert found.stderr.startswith("https://billing.example.com can be reached by strangers, and ")
    assert next(iter(of_a_demo)) in found.stderr
    assert "DEMO_IN_PUBLIC=1" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_demo_for_the_public_is_said_twice(tmp_path: Path) -> None:
    found = settings_with(tmp_path, PUBLIC_URL="https://billing.example.com", DEMO="1", DEMO_IN_PUBLIC="1")
    assert found.stdout.startswith("True True True ")


def test_without_the_word_there_is_no_demo(tmp_path: Path) -> None:
    found = settings_with(tmp_path, PUBLIC_URL="https://billing.example.com")
    assert found.stdout.startswith("False False False ")


@pytest.mark.parametrize(
    ("url", "home"),
    [
        ("http://localhost:8000", True),
        ("https://localhost", True),
        ("http://portal.localhost", True),
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000", True),
        ("http://192.168.1.20:8000", True),
        ("http://web:8000", True),
        ("http://billing.internal", True),
        ("http://203.0.113.9", True),  # kept for documents: no stranger's
        ("http://8.8.8.8", False),
        ("https://billing.example.com", False),
        ("http://billing.example.com:8000", False),
        ("https://localhost.example.com", False),
    ],
)
def test_who_can_reach_an_address(url: str, home: bool) -> None:
    assert is_at_home(url) is home


@pytest.mark.parametrize("key", ["", "abc", "x" * 50, LONG_KEY[:31], "abcdefg" * 6])
def test_a_key_that_can_be_guessed_is_refused(key: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        usable_key(key)


def test_a_long_key_is_taken() -> None:
    assert usable_key(LONG_KEY) == LONG_KEY


def test_a_short_key_ends_a_command_with_a_sentence(tmp_path: Path) -> None:
    found = settings_with(tmp_path, SECRET_KEY="abc")
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith("SECRET_KEY is too easy to guess: it takes 32 characters or more")
    assert len(found.stderr.splitlines()) == 1


def test_passwords_apart_from_the_address_hold_any_character(tmp_path: Path) -> None:
    found = settings_with(
        tmp_path,
        DATABASE_URL="postgres://billing_portal@postgres:5432/billing_portal",
        DATABASE_PASSWORD=ODD,
        REDIS_URL="redis://redis:6379/0",
        REDIS_PASSWORD=f"${ODD}",
    )
    assert f" {ODD} redis://:%24p%2Fa%23s%40s%3Fw%25o%3Ar%24d@redis:6379/0 " in found.stdout, found.stderr


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "EMAIL_URL"])
@pytest.mark.parametrize("password", ["top/secret", "top#secret", "top?secret", "12/secret@3"])
def test_an_address_torn_by_its_password_is_refused_without_showing_it(name: str, password: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{name} cannot be read") as refused:
        readable_url(name, f"postgres://someone:{password}@host:5432/name")
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_password_takes_its_place_in_an_address() -> None:
    assert with_password("redis://someone@host:6379/0", "a@b") == "redis://someone:a%40b@host:6379/0"
    assert with_password("redis://:old@host:6379/0", "") == "redis://:old@host:6379/0"


def test_what_is_empty_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTE_LIFETIME_MINUTES", "")
    monkeypatch.setenv("ALLOWED_HOSTS", "")
    env = Environment()
    assert env.int("QUOTE_LIFETIME_MINUTES", 15) == 15
    assert env.list("ALLOWED_HOSTS", default=["here"]) == ["here"]


def test_named_hosts_do_not_shut_out_the_health_check_and_the_neighbours(tmp_path: Path) -> None:
    found = settings_with(tmp_path, ALLOWED_HOSTS="billing.example.com", PORTAL_URL="http://web:8000")
    assert found.stdout.endswith("billing.example.com,localhost,127.0.0.1,[::1],web\n")


def test_a_process_takes_what_the_running_portal_works_with(tmp_path: Path) -> None:
    (tmp_path / "stack.env").write_text("DEMO='1'\nDATABASE_PASSWORD='it''s # here'\n")
    assert settings_with(tmp_path).stdout.startswith("True True True it''s # here ")
    assert settings_with(tmp_path, DEMO="0").stdout.startswith("False "), "its own environment comes first"


def test_mails_are_files_unless_a_server_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EMAIL_URL", "")
    found = mail(Environment(), folder=tmp_path)
    assert found["EMAIL_BACKEND"] == "django.core.mail.backends.filebased.EmailBackend"
    assert (found["EMAIL_FILE_PATH"], found["EMAIL_HOST"]) == (str(tmp_path), "")


def test_a_mail_server_is_called_by_our_backend_which_has_a_deadline(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://billing%40example.com:top%2Fsecret@mail.example.com:587")
    found = mail(Environment(), folder=tmp_path)
    assert found["EMAIL_BACKEND"] == "notifications.smtp.EmailBackend"
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("mail.example.com", 587)
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("billing@example.com", "top/secret")
    assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (True, False)


def test_limits_of_staff_are_given_by_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALONE_CREDIT_NOTE", "support=100000,finance=0")
    assert Environment().limits("ALONE_CREDIT_NOTE", 5_000_000) == {"support": 100_000, "finance": 0}
    monkeypatch.setenv("ALONE_CREDIT_NOTE", "")
    assert Environment().limits("ALONE_CREDIT_NOTE", 7) == {"finance": 7, "administrator": 7}


@pytest.mark.parametrize(
    "written", ["finance", "finance=", "=5", "finance=5;administrator=6", "finance=-5", "finance=5.5"]
)
def test_limits_written_otherwise_are_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("ALONE_CREDIT_NOTE", written)
    with pytest.raises(ImproperlyConfigured, match=r"^ALONE_CREDIT_NOTE cannot be read"):
        Environment().limits("ALONE_CREDIT_NOTE", 7)


@pytest.mark.parametrize(("url", "begins"), [("https://billing.example.com", "__Host-"), ("http://localhost:8000", "")])
def test_where_https_is_spoken_cookies_are_of_this_host_alone(tmp_path: Path, url: str, begins: str) -> None:
    asked = "from django.conf import settings as s; from door.brake import DEVICE_COOKIE as d; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, d)"
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "SECRET_KEY": LONG_KEY, "PUBLIC_URL": url}
    command = [sys.executable, "manage.py", "shell", "--no-imports", "--command", asked]
    found = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert found.stdout.split() == [f"{begins}{name}" for name in ("sessionid", "csrftoken", "known_device")]
