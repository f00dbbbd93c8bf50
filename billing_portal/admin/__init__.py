"""The staff area itself: its front page with what needs attention, the job calendar, and the clock of a demo."""

from billing_portal.admin import findings, jobs

__all__ = ["findings", "jobs"]
