"""
What people and programs may do for a customer: twelve rights, one table for pages, buttons, REST and API keys.

A page or an endpoint declares its *need*: ways, each a set of rights, and whoever has all rights of one way may. What declares
nothing is refused to everybody. (What staff may do stands in `staff.py`.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from kernel.errors import DomainError


class May(TextChoices):
    VIEW_BILLING = "view-billing", _("see invoices, payments and the wallet")
    EXPORT = "export", _("export lists and documents")
    PAY = "pay", _("pay and top up")
    MANAGE_METHODS = "manage-methods", _("manage means of payment")
    MANAGE_WALLET = "manage-wallet", _("change wallet settings")
    ORDER = "order", _("order, renew and resize")
    MANAGE_RESOURCES = "manage-resources", _("start, stop and delete resources")
    MANAGE_TEAM = "manage-team", _("manage the team")
    MANAGE_KEYS = "manage-keys", _("manage API keys")
    MANAGE_WEBHOOKS = "manage-webhooks", _("manage webhooks")
    MANAGE_PROFILE = "manage-profile", _("change the details of the account")
    SEE_ACTIVITY = "see-activity", _("see the activity log")


Rights = frozenset[May]
Need = frozenset[Rights]


def one_of(*rights: May) -> Need:
    """Any of these is enough."""
    return frozenset(frozenset({right}) for right in rights)


def all_of(*rights: May) -> Need:
    return frozenset({frozenset(rights)})


def also(right: May, need: Need) -> Need:
    """`right`, besides what is needed anyway."""
    return frozenset(way | {right} for way in need)


def need_of(declared: May | Need) -> Need:
    return one_of(declared) if isinstance(declared, May) else declared


NOBODY: Need = frozenset()
TO_EXPORT: Need = all_of(May.VIEW_BILLING, May.EXPORT)
"""To take away what is billed, as a list or in an archive."""
TO_COMMIT: Need = all_of(May.ORDER, May.PAY)
"""To bind the customer to a spend: whoever may order and pay, so of the usual roles owners."""
MEMBERS: Need = one_of(*May)
"""Whoever has any right here."""
TO_SEE_KEYS: Need = one_of(May.MANAGE_KEYS, May.SEE_ACTIVITY)
"""Which keys there are, and what they may."""
LOOK: Need = one_of(May.VIEW_BILLING, May.ORDER, May.MANAGE_RESOURCES)
"""What is rented and ordered, and what it would cost: whoever pays for it, orders it or runs it."""


class Role(TextChoices):
    """What somebody is for a customer: a set of rights with a name."""

    OWNER = "owner", _("owner")
    BILLING = "billing", _("billing")
    TECHNICAL = "technical", _("technical")
    VIEWER = "viewer", _("viewer")


ROLES: dict[Role, Rights] = {
    Role.OWNER: frozenset(May),
    Role.BILLING: frozenset(
        {
            May.VIEW_BILLING,
            May.EXPORT,
            May.PAY,
            May.MANAGE_METHODS,
            May.MANAGE_WALLET,
            May.MANAGE_PROFILE,
            May.SEE_ACTIVITY,
        }
    ),
    Role.TECHNICAL: frozenset({May.EXPORT, May.ORDER, May.MANAGE_RESOURCES, May.MANAGE_KEYS, May.MANAGE_WEBHOOKS}),
    Role.VIEWER: frozenset({May.VIEW_BILLING, May.EXPORT}),
}

LOOKING: Rights = frozenset({May.VIEW_BILLING, May.EXPORT, May.SEE_ACTIVITY})
"""Those that change nothing: what staff have who view the portal as a customer."""
FOR_KEYS: Rights = frozenset(May) - {May.MANAGE_TEAM, May.MANAGE_KEYS}
"""Those that a key may carry: whoever finds a lost key can neither make another nor let themselves in, so revoking it ends it."""


def allows(need: Need, rights: Collection[May]) -> bool:
    """The one decision: whether `rights` are enough."""
    return any(way.issubset(rights) for way in need)


def lacking(need: Need, rights: Collection[May]) -> list[May]:
    """What is missing, in the order of the table: of one way all of it, of several the one that takes least."""
    missing = [[right for right in May if right in way and right not in rights] for way in need]
    return min(missing, key=lambda some: (len(some), [list(May).index(one) for one in some]), default=[])


def words_of(rights: Iterable[May]) -> str:
    return ", ".join(f"“{right.label}”" for right in rights)


class RightMissing(DomainError):
    """A member asks for what their role does not include. `who` are those who can give it."""

    code = "right-missing"
    status = 403
    message = _("Your role here does not include the right %(right)s. %(who)s can give it to you.")


class KeyLacksRight(DomainError):
    code = "key-lacks-right"
    status = 403
    message = _("This API key does not carry the right %(right)s. Whoever manages the keys can make one that does.")
