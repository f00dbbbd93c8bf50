"""What staff do with the clock of the whole house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.audit import Verb


class Did(Verb):
    MOVE_CLOCK = "move clock", _("moved the clock")
    RECOUNT = "recount total", _("had a kept total counted anew")
