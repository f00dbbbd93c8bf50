"""Every address of the portal and of the API, from the resolver: what each needs, and how it is asked for one of Alice's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.may import Need

OPEN = {
    "account_login": "whoever wants in",
    "account_logout": "whoever wants out",
    "account_signup": "whoever has no account",
    "sign-up-sent": "whoever has no account",
    "sign-up-confirm": "whoever has the link",
    "privacy": "everybody",
    "terms": "everybody",
    "account_reset_password": "whoever has forgotten it",
    "account_reset_password_done": "whoever has forgotten it",
    "account_reset_password_from_key": "whoever has the link",
    "account_change_password": "oneself",
    "company-door": "whoever wants in",
    "company-back": "whoever their company's provider sends back",
    "company-first": "whoever their company's provider has just sent",
    "company-again": "oneself",
    "mfa_authenticate": "oneself",
    "account_reauthenticate": "oneself",
    "mfa_reauthenticate": "oneself",
    "mfa_login_webauthn": "whoever wants in",
    "mfa_reauthenticate_webauthn": "oneself",
    "mfa_add_webauthn": "oneself",
    "mfa_remove_webauthn": "oneself",
    "mfa_index": "oneself",
    "mfa_activate_totp": "oneself",
    "mfa_deactivate_totp": "oneself",
    "mfa_view_recovery_codes": "oneself",
    "mfa_generate_recovery_codes": "oneself",
    "usersessions_list": "oneself",
    "sessions-end-others": "oneself",
    "session-end": "oneself",
    "session-forget": "oneself",
    "address-confirm": "whoever has the link",
    "recipient-confirm": "whoever has the link",
    "stop-notices": "whoever has the mail",
    "mail-events": "the mail provider, who signs",
    "invitation": "whoever has the link",
    "team-left": "whoever has just left",
    "payer-door": "whoever has the link",
    "payer": "whoever has the link",
    "payer-return": "whoever has the link",
    "payer-transfer": "whoever has the link",
    "gateway-notice": "gateways, who sign",
    "bank-feed": "the bank, who shows a secret",
    "help": "everybody",
    "help-page": "everybody",
    "look": "everybody: it shows components",
    "set-theme": "everybody",
    "set_language": "everybody",
    "api:root": "everybody",
    "api:schema": "everybody",
    "api:docs": "everybody",
}
"""Pages that belong to no customer, and whose they are. What is neither here nor declares a need fails."""
NAMELESS = {"healthz", "readyz", "metrics", "^api(/|$)", ""}
"""For machines, and what answers that there is nothing."""

THINGS = {
    "invoice_id": "invoice",
    "note_id": "note",
    "payment_id": "payment",
    "link_id": "link",
    "poc_id": "poc",
    "expected_id": "transfer",
    "request_id": "asked",
    "notice_id": "notice",
    "key_id": "key",
    "buyer_id": "buyer",
    "recipient_id": "recipient",
    "budget_id": "budget",
    "invitation_id": "invitation",
    "member_id": "member",
    "asked_id": "privacy",
    "domain_id": "domain",
    "identity_id": "identity",
}
KINDS = {
    "resources": "resource",
    "checkout": "session",
    "quotes": "quote",
    "orders": "order",
    "invoices": "invoice",
    "credit-notes": "note",
    "payments": "payment",
    "bank-transfers": "transfer",
    "linked-accounts": "link",
    "payment-requests": "asked",
    "keys": "key",
    "buyers": "buyer",
    "recipients": "recipient",
    "budgets": "budget",
    "users": "user",
    "invitations": "invitation",
    "closings": "closing",
    "privacy-requests": "privacy",
    "notices": "notice",
    "checkout-sessions": "session",
    "visits": "visit",
    "provisioning-requests": "request",
}
WORDS = {
    "form": "csv",
    "product": "vserver",
    "verb": "start",
    "purpose": "top_up",
    "code": "vserver",
    "token": str(uuid4()),
}
PART = re.compile(r"<(?:(\w+):)?(\w+)>")


@dataclass(frozen=True)
class Address:
    """`needs` by method; `view` answers it."""

    name: str
    route: str
    view: Any

    def __str__(self) -> str:
        return self.name or self.route

    @property
    def is_api(self) -> bool:
        return self.route.startswith("api/")

    @cached_property
    def needs(self) -> dict[str, Need]:
        if actions := getattr(self.view, "actions", None):
            return {
                method.upper(): self.view.cls.need_for(action, method.upper())
                for method, action in actions.items()
                if method != "head" and action not in self.view.cls.only_for_products
            }
        sees, does = getattr(self.view, "sees", None), getattr(self.view, "does", None)
        return {method: need for method, need in (("GET", sees), ("POST", does)) if need}

    @property
    def is_for_customers(self) -> bool:
        if not self.is_api or self.name in OPEN:
            return True
        kind = self.view.cls
        return bool(kind.for_customers and set(self.view.actions.values()) - set(kind.only_for_products))

    @property
    def thing(self) -> str:
        """Whose path names an object: what kind of."""
        for _converter, name in PART.findall(self.route):
            if name in THINGS:
                return THINGS[name]
            if name == "pk":
                return KINDS[self.route.removeprefix("api/v1/").partition("/")[0]]
        return ""

    def path(self, things: Mapping[str, object]) -> str:
        def value(match: re.Match[str]) -> str:
            name = match[2]
            return str(WORDS[name]) if name in WORDS else str(things[self.thing])

        return "/" + PART.sub(value, self.route)

    def ask(self, client: Client, method: str, things: Mapping[str, object]) -> Any:
        """Asked with nothing said."""
        path = self.path(things)
        if method == "GET":
            return client.get(path)
        headers = {"idempotency-key": uuid4().hex} if self.is_api else {}
        return client.post(path, {}, content_type="application/json" if self.is_api else FORM, headers=headers)


FORM = "application/x-www-form-urlencoded"


def addresses() -> list[Address]:
    return [one for one in _walk(get_resolver().url_patterns) if not one.route.startswith("admin/")]


def _walk(patterns: list[URLPattern | URLResolver], before: str = "", space: str = "") -> Iterator[Address]:
    for one in patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, route, f"{one.namespace}:" if one.namespace else space)
        elif one.name or str(one.pattern) not in NAMELESS:
            yield Address(space + (one.name or ""), route, one.callback)
