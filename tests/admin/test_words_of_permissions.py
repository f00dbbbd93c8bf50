"""Where staff choose permissions, everything is said in Vietnamese: what Django's scripts say, and what can be chosen."""

from __future__ import annotations

import json
from pathlib import Path

import django
import polib
import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from tests.markup import markup

ENGLISH = Path(django.__path__[0]) / "contrib/admin/locale/en/LC_MESSAGES/djangojs.po"


@pytest.mark.django_db
def test_every_sentence_of_a_script_has_its_words_in_vietnamese(superuser: Client) -> None:
    said = superuser.get(reverse("admin:jsi18n"), headers={"accept-language": "vi"}).content.decode()
    known = json.loads(said.partition("const newcatalog = ")[2].partition(";\n")[0])
    wanted = {
        f"{entry.msgctxt}\x04{entry.msgid}" if entry.msgctxt else entry.msgid for entry in polib.pofile(str(ENGLISH))
    }
    assert wanted - known.keys() == set()
    assert known["Chosen %s"] == "Đã chọn: %s"


@pytest.mark.django_db
def test_permissions_are_those_of_pages_that_there_are(superuser: Client) -> None:
    group = Group.objects.get(name="support")
    page = superuser.get(reverse("admin:auth_group_change", args=[group.pk]), headers={"accept-language": "vi"})
    shown = markup(page)
    assert "Email addresses" not in shown
    assert "Quyền:" in shown
    assert "Yêu cầu về dữ liệu cá nhân: xem" in shown
