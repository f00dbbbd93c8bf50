"""What staff may do with what was used."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from accounts.staff import Staff, declare, show

show("usage", *Staff)

IMPORT_USAGE = declare("usage.batch", "import_usage", _("Can import a file of uses"), Staff.SUPPORT)
