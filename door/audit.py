"""What people do at the front door that is kept: by what they sign in."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.audit import Verb


class Did(Verb):
    CHANGE_ADDRESS = "change own address", _("changed the address by which they sign in")
