"""The first start for real customers: an administrator, the groups, and what is still to be decided."""

from __future__ import annotations

import json
import re
import stat
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client

from accounts.may import Role
from accounts.models import User
from demo.people import ADMIN
from stack import env as env_file
from stack import prepare

pytestmark = pytest.mark.django_db


def set_up(email: str) -> str:
    out = StringIO()
    call_command("set_up", email, stdout=out, stderr=out)
    return out.getvalue()


def test_the_first_administrator_signs_in_with_the_password_that_was_shown_once(client: Client) -> None:
    said = set_up("an@portal.vn")
    (password,) = re.findall(r"with the password (\S+) - change", said)
    assert client.login(username="an@portal.vn", password=password)
    assert client.get("/admin/").status_code == 200
    assert {group.name for group in Group.objects.all()} == {"support", "finance", "catalogue", "auditor"}

    again = set_up("an@portal.vn")
    assert "with the password" not in again
    assert User.objects.filter(is_superuser=True).count() == 1


def test_somebody_elses_address_makes_no_administrator(alice) -> None:
    owner = User.objects.create_user(email="lan@hoasen.vn", customer=alice, role=Role.OWNER)
    assert "nothing was changed" in set_up("lan@hoasen.vn")
    owner.refresh_from_db()
    assert not owner.is_superuser


def test_what_is_still_to_be_decided_is_said(settings) -> None:
    settings.SANDBOX_URL = ""
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    said = set_up("an@portal.vn")
    for words in ("SELLER_NAME", "gateway list", "Nothing is sold yet", "EMAIL_URL names no server"):
        assert words in said
    assert "There is no administrator" not in said


def test_what_is_decided_is_not_said(settings, small) -> None:
    settings.SELLER_IS_NAMED = True
    settings.ZALOPAY_APP_ID, settings.ZALOPAY_KEY1, settings.ZALOPAY_KEY2 = "2553", "one", "two"
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "mail.portal.vn"
    assert set_up("an@portal.vn").count("\n") == 1


def test_keys_and_passwords_are_made_once_and_for_us_alone(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text(
        "# first\nSECRET_KEY=\nPOSTGRES_PASSWORD=\nPOSTGRES_APP_PASSWORD=\nREDIS_PASSWORD=\nSANDBOX_KEY1=\nSANDBOX_KEY2=\nPORT=9000\n"
    )
    env_file.main(tmp_path)
    made = (tmp_path / ".env").read_text()
    assert len(set(re.findall(r"^\w+=(\S{40,})$", made, re.M))) == 6
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    env_file.main(tmp_path)
    assert (tmp_path / ".env").read_text() == made

    (tmp_path / ".env").write_text("SECRET_KEY=mine\nREDIS_PASSWORD=\n")
    env_file.main(tmp_path)
    kept = (tmp_path / ".env").read_text()
    assert kept.startswith("SECRET_KEY=mine\nREDIS_PASSWORD=")
    assert len(re.findall(r"^(\w+)=\S{40,}$", kept, re.M)) == 5


def test_health_names_beat_and_the_worker(client: Client) -> None:
    from billing_portal.health import forget_signs, note_life

    forget_signs()
    note_life("worker")
    found = client.get("/healthz", headers={"host": "localhost"})
    parts = json.loads(found.content)["parts"]
    assert (found.status_code, parts["worker"], parts["beat"]) == (503, "up", "down")
    note_life("beat")
    assert json.loads(client.get("/healthz", headers={"host": "localhost"}).content)["parts"]["beat"] == "up"


def test_a_demos_database_is_not_taken_for_real_customers(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEMO = False
    for quiet in ("compile_translations", "collect_static", "migrate"):
        monkeypatch.setattr(prepare, quiet, lambda: None)
    User.objects.create_superuser(email=ADMIN, password="demo-portal")
    with pytest.raises(SystemExit, match="This database holds the demo"):
        prepare.main(build=False)


def test_the_start_of_a_demo_names_its_product_pages_and_sign_ins(settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.PUBLIC_URL, settings.SANDBOX_PUBLIC_URL = "http://localhost:8000", "http://localhost:8001"
    prepare.say_sign_ins()
    said = capsys.readouterr().out
    assert "http://localhost:8001/shop/vserver/" in said
    assert re.search(r"lan@hoasen\.example +demo-portal", said)
    assert "Mails are" in said
