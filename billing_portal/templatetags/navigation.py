"""The portal's navigation: declared once, shown as far as the pages exist and are open to who looks."""

from __future__ import annotations

from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from accounts.access import is_open, rights_of
from kernel.shapes import Json, Wording

GROUPS: list[tuple[Wording, list[tuple[str, Wording, str]]]] = [
    ("", [("home", _("Home"), "home"), ("search", _("Search"), "search")]),
    (
        _("Services"),
        [
            ("resources", _("Resources"), "resources"),
            ("orders", _("Orders"), "cart"),
            ("trash", _("Trash"), "trash"),
        ],
    ),
    (
        _("Billing"),
        [
            ("billing-history", _("Billing history"), "billing"),
            ("costs", _("Costs"), "list"),
            ("payment-history", _("Payment history"), "payment"),
            ("credit-history", _("Credit history"), "credit"),
            ("wallet", _("Wallet"), "wallet"),
            ("budgets", _("Budgets"), "half"),
        ],
    ),
    (
        _("Account"),
        [
            ("notices", _("Notifications"), "bell"),
            ("team", _("Team"), "user"),
            ("settings", _("Settings"), "settings"),
            ("help", _("Help"), "question"),
        ],
    ),
]


def groups(context: Context) -> list[Json]:
    """Groups with `title` and `links` (label, url, icon, current, count); nothing for pages that do not exist."""
    request = context.get("request")
    rights = rights_of(request)
    path = getattr(request, "path", "")
    counts = {"notices": context.get("unread_notices") or 0}
    found = []
    for title, entries in GROUPS:
        links = [
            link
            for entry in entries
            if (rights is None or is_open(entry[0], rights)) and (link := _link(*entry, path=path, counts=counts))
        ]
        if links:
            found.append({"title": title, "links": links})
    _mark_current(found, path)
    return found


def _link(name: str, label: Wording, symbol: str, *, path: str, counts: dict[str, int]) -> Json | None:
    try:
        url = reverse(name)
    except NoReverseMatch:
        return None
    return {
        "label": label,
        "url": url,
        "icon": symbol,
        "count": counts.get(name, 0),
        "current": False,
        "exact": path == url,
    }


def _mark_current(found: list[Json], path: str) -> None:
    """The longest address that the present one begins with, so that a resource's page marks Resources."""
    within = [
        link
        for group in found
        for link in group["links"]
        if link["exact"] or (link["url"] != "/" and path.startswith(link["url"]))
    ]
    if within:
        max(within, key=lambda link: len(link["url"]))["current"] = True
