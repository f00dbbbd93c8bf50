"""How much one payment may be."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kernel.errors import InvalidInput


def refuse_amount(amount: int | None, least: int, most: int) -> None:
    """:raises InvalidInput: it lies outside the limits, which are said"""
    if amount is None or not least <= amount <= most:
        raise InvalidInput(
            _("The amount must lie between %(minimum)s ₫ and %(maximum)s ₫."),
            field="amount",
            minimum=least,
            maximum=most,
        )
