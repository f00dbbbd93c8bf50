"""Who may sign in to the demo stands on its sign-in page, and on no other portal's."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from demo.logins import LOGINS

pytestmark = pytest.mark.django_db


def sign_in_page() -> str:
    return Client().get(reverse("account_login")).content.decode()


def test_a_portal_without_the_demo_lists_nobody() -> None:
    assert "demo-portal" not in sign_in_page()


def test_the_demo_lists_its_sign_ins_in_the_readers_language(settings: Any) -> None:
    settings.TEMPLATES = deepcopy(settings.TEMPLATES)
    settings.TEMPLATES[0]["OPTIONS"]["context_processors"].append("demo.context.sign_ins")
    page = sign_in_page()
    assert page.count("demo-portal") >= len(LOGINS)
    assert "Doanh nghiệp trả trước: chủ tài khoản" in page
