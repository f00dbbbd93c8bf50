"""What the demo adds to pages: the sign-in page lists who may sign in."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from demo.logins import LOGINS

SIGN_INS = [{"email": login.email, "password": login.password, "label": _(login.label)} for login in LOGINS]


def sign_ins(request: HttpRequest) -> dict[str, object]:
    del request
    return {"demo_sign_ins": SIGN_INS}
