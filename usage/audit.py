"""What staff do with what was used."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.audit import Verb


class Did(Verb):
    IMPORT_USAGE = "import usage", _("imported a file of uses")
