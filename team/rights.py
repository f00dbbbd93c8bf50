"""What staff may see of teams."""

from __future__ import annotations

from accounts.staff import Staff, show

show("team", Staff.SUPPORT, Staff.AUDITOR)
