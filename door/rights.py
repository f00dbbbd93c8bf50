"""What staff may see of the front door."""

from __future__ import annotations

from accounts.staff import Staff, show

show("door", Staff.SUPPORT, Staff.AUDITOR)
