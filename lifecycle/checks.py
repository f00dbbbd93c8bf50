"""What settings have to be for the database to take what is made of them."""

from __future__ import annotations

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from catalog.models.products import LONGEST_STAGE


@register
def the_renewal_window_is_a_stage(**_options: object) -> list[CheckMessage]:
    """After a switch to prepaid the window stands in the place of the grace, and is bounded as that is."""
    if 0 <= settings.RENEWAL_WINDOW_DAYS <= LONGEST_STAGE:
        return []
    hint = "So long resources run on after their customer was switched to prepaid, until a paid period is bought."
    return [Error(f"RENEWAL_WINDOW_DAYS must be 0 to {LONGEST_STAGE}.", hint=hint, id="lifecycle.E001")]
