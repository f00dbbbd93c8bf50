"""What staff do with what is told."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.audit import Verb


class Did(Verb):
    RETRY = "retry notice", _("sent a notice again")
    RETRY_LETTER = "retry letter", _("sent a letter again")
