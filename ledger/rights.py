"""Who looks at the books."""

from __future__ import annotations

from accounts.staff import Staff, show

show("ledger", Staff.SUPPORT, Staff.FINANCE, Staff.AUDITOR)
