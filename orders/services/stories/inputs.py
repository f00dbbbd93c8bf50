"""Reading the inputs of a quote: JSON that pages and clients have sent, checked member by member."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from catalog.terms import check_months
from kernel.errors import InvalidInput
from kernel.periods import truncate
from kernel.shapes import Cleaned
from kernel.tags import Tags, changed, checked
from kernel.text import not_printable, unprintable

MAXIMUM_QUANTITY = 100
MINIMUM_YEAR, MAXIMUM_YEAR = 2000, 2200


def check_name(text: str) -> str:
    """
    What a resource may be called.

    :raises InvalidInput:
    """
    name = text.strip()
    if not name or len(name) > 90:
        raise InvalidInput(_("Give the resource a name of at most 90 characters."), field="name")
    if found := unprintable(name):
        raise InvalidInput(not_printable(found), field="name")
    return name


def tags_of(inputs: Cleaned) -> Tags:
    """What a new resource is tagged with. :raises InvalidInput, TooManyTags:"""
    return changed({}, checked(inputs.get("tags") or {}), name=str(inputs["name"]))


def quantity_of(inputs: Cleaned) -> int:
    """How many resources. :raises InvalidInput:"""
    value = inputs.get("quantity")
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAXIMUM_QUANTITY:
        raise InvalidInput(
            _("%(name)s must be a whole number from %(least)s to %(most)s."),
            field="quantity",
            name="quantity",
            least=1,
            most=MAXIMUM_QUANTITY,
        )
    return value


def months_of(inputs: Cleaned) -> int:
    """For how long. :raises WrongPeriod:"""
    return check_months(inputs.get("months"))


def auto_renew_of(inputs: Cleaned) -> int | None:
    """Renewed automatically by so many months, or not. :raises WrongPeriod:"""
    value = inputs.get("auto_renew_months")
    return None if value is None else check_months(value, field="auto_renew_months")


def match_end_of(inputs: Cleaned) -> datetime | None:
    """The one end that all shall have, when one was chosen. :raises InvalidInput:"""
    value = inputs.get("match_end")
    if not value:
        return None
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError:
        raise InvalidInput(
            _("The end must be an instant such as 2026-12-31T17:00:00+00:00."), field="match_end"
        ) from None
    if instant.tzinfo is None:
        raise InvalidInput(_("The end must name its time zone."), field="match_end")
    if not MINIMUM_YEAR <= instant.year <= MAXIMUM_YEAR:
        raise InvalidInput(_("The end lies too far away."), field="match_end")
    return truncate(instant)
