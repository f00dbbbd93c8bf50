"""
Every gateway that this system can speak with: one entry each, switched on by its settings.

A new one is a file with its adapter, an entry here, its settings, and words for its reasons to fail
(`payments/failures.py`). The settings are known here alone; the adapters get everything as arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from payments.gateways import momo, momo_links, stripe_cards, vnpay, zalopay, zalopay_links
from payments.gateways.base import Caps, Gateway
from payments.gateways.momo import MoMo
from payments.gateways.momo_links import LinkingMoMo
from payments.gateways.stripe_links import LinkingStripe
from payments.gateways.vnpay import VNPay
from payments.gateways.zalopay import ZaloPay
from payments.gateways.zalopay_links import LinkingZaloPay

Values = Mapping[str, str]
"""What the settings of an entry say, by their names."""

SANDBOX_SETTINGS = ("SANDBOX_URL", "SANDBOX_KEY1", "SANDBOX_KEY2")


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One gateway.

    :ivar code: which payments keep
    :ivar how: how one pays there, in a few words
    :ivar needs: the settings without which it cannot work; the first one switches it on
    :ivar may_have: settings that have a default
    :ivar build: its adapter, from the code, the settings and a client
    :ivar dialect: of the sandbox, by which name SANDBOX_GATEWAYS lists it
    """

    code: str
    name: Promise | str
    how: Promise | str
    caps: Caps
    needs: tuple[str, ...]
    may_have: tuple[str, ...]
    build: Callable[[str, Values, httpx.Client], Gateway]
    dialect: str = ""

    @property
    def values(self) -> Values:
        return {name: str(getattr(settings, name)) for name in (*self.needs, *self.may_have)}

    @property
    def is_on(self) -> bool:
        """:raises ImproperlyConfigured: it is switched on, and something that it needs is missing"""
        if not getattr(settings, self.needs[0]) or (self.dialect and self.dialect not in settings.SANDBOX_GATEWAYS):
            return False
        if missing := [name for name in self.needs if not getattr(settings, name)]:
            raise ImproperlyConfigured(f"{self.needs[0]} is set: set {' and '.join(missing)} as well.")
        return True


def _zalopay(code: str, values: Values, client: httpx.Client) -> Gateway:
    adapter = LinkingZaloPay if values["ZALOPAY_AGREEMENTS"] == "True" else ZaloPay
    return adapter(
        code=code,
        base_url=values["ZALOPAY_URL"].rstrip("/"),
        app_id=_number(values, "ZALOPAY_APP_ID"),
        key1=values["ZALOPAY_KEY1"],
        key2=values["ZALOPAY_KEY2"],
        client=client,
        page_hosts=(".zalopay.vn",),
        statement_url=values["ZALOPAY_STATEMENT_URL"],
    )


def _vnpay(code: str, values: Values, client: httpx.Client) -> Gateway:
    return VNPay(
        code=code,
        pay_url=values["VNPAY_PAY_URL"],
        api_url=values["VNPAY_API_URL"],
        tmn_code=values["VNPAY_TMN_CODE"],
        secret=values["VNPAY_SECRET"],
        ip_address=values["VNPAY_IP_ADDRESS"],
        client=client,
        statement_url=values["VNPAY_STATEMENT_URL"],
    )


def _momo(code: str, values: Values, client: httpx.Client) -> Gateway:
    public_key = values["MOMO_PUBLIC_KEY"]
    kind = partial(LinkingMoMo, public_key=public_key) if public_key else MoMo
    try:
        return kind(
            code=code,
            base_url=values["MOMO_URL"].rstrip("/"),
            partner_code=values["MOMO_PARTNER_CODE"],
            access_key=values["MOMO_ACCESS_KEY"],
            secret=values["MOMO_SECRET"],
            client=client,
            page_hosts=(".momo.vn",),
            statement_url=values["MOMO_STATEMENT_URL"],
        )
    except ValueError as error:
        if not public_key:
            raise
        raise ImproperlyConfigured("MOMO_PUBLIC_KEY must be MoMo's RSA key, base64 in one line.") from error


def _stripe(code: str, values: Values, client: httpx.Client) -> Gateway:
    return LinkingStripe(
        code=code,
        base_url=values["STRIPE_URL"].rstrip("/"),
        key=values["STRIPE_KEY"],
        webhook_secret=values["STRIPE_WEBHOOK_SECRET"],
        client=client,
        page_hosts=(".stripe.com",),
    )


def _sandbox_momo(code: str, values: Values, client: httpx.Client) -> Gateway:
    return LinkingMoMo(
        code=code,
        base_url=f"{values['SANDBOX_URL'].rstrip('/')}/momo",
        partner_code="SANDBOX",
        access_key="sandbox",
        secret=values["SANDBOX_KEY1"][:32],
        client=client,
        public_key=SANDBOX_MOMO_KEY,
        page_hosts=(_host(values["SANDBOX_PUBLIC_URL"]),),
        statement_url=f"{values['SANDBOX_URL'].rstrip('/')}/momo/v2/gateway/api/statement",
    )


SANDBOX_MOMO_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuB0cqvTotS+sFikCKcPbTpEJCn17eQ0xac18CnIN2TDlOoKErEbH3LZnPNnVk6blit"
    "zCCnGwFuR0LIpDvcjiZkjCLeAUJ63V7cbjGrhw69pEbx/KKcfJ+3zFYipi0kz+uPoyHkT++bberDPlJ6brBrjUOOG4wJiCwPPUVHqaQwQd4rLp"
    "h9TRH1ANZPksB6bcHuyqhGxkySSxXQ2BF7XzJI7RrXPRMcQhhwzk2Sa3iW/0CPERWAKE9z6m6eeanqV9XXuhqi2bzV4IsE4Vx7mJEK1eRU3dYH"
    "rIWqyvQKviSANPdDo1o5fFT1ZP1h45fNIjk/Gl2o3X14NSmMsz84eulwIDAQAB"
)
"""The RSA key under which the sandbox, playing MoMo, wants tokens."""


def _sandbox_vnpay(code: str, values: Values, client: httpx.Client) -> Gateway:
    return VNPay(
        code=code,
        pay_url=f"{values['SANDBOX_PUBLIC_URL'].rstrip('/')}/vnpay/paymentv2/vpcpay.html",
        api_url=f"{values['SANDBOX_URL'].rstrip('/')}/vnpay/merchant_webapi/api/transaction",
        tmn_code="SANDBOX1",
        secret=values["SANDBOX_KEY1"],
        ip_address="127.0.0.1",
        client=client,
        statement_url=f"{values['SANDBOX_URL'].rstrip('/')}/vnpay/merchant_webapi/api/statement",
    )


def _sandbox_stripe(code: str, values: Values, client: httpx.Client) -> Gateway:
    return LinkingStripe(
        code=code,
        base_url=f"{values['SANDBOX_URL'].rstrip('/')}/stripe",
        key=f"sk_test_{values['SANDBOX_KEY1']}",
        webhook_secret=f"whsec_{values['SANDBOX_KEY2']}",
        client=client,
        page_hosts=(_host(values["SANDBOX_PUBLIC_URL"]),),
    )


def _sandbox(code: str, values: Values, client: httpx.Client) -> Gateway:
    return LinkingZaloPay(
        code=code,
        base_url=values["SANDBOX_URL"].rstrip("/"),
        app_id=_number(values, "SANDBOX_APP_ID"),
        key1=values["SANDBOX_KEY1"],
        key2=values["SANDBOX_KEY2"],
        client=client,
        page_hosts=(_host(values["SANDBOX_PUBLIC_URL"]),),
        statement_url=f"{values['SANDBOX_URL'].rstrip('/')}/v2/statement",
    )


def _number(values: Values, name: str) -> int:
    if not values[name].isdecimal():
        raise ImproperlyConfigured(f"{name} must be a number.")
    return int(values[name])


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


_ENTRIES = (
    Entry(
        code="zalopay",
        name="ZaloPay",
        how=_("with the ZaloPay app or by QR code"),
        caps=zalopay.CAPS,
        needs=("ZALOPAY_APP_ID", "ZALOPAY_KEY1", "ZALOPAY_KEY2"),
        may_have=("ZALOPAY_URL", "ZALOPAY_AGREEMENTS", "ZALOPAY_STATEMENT_URL"),
        build=_zalopay,
    ),
    Entry(
        code="momo",
        name="MoMo",
        how=_("with the MoMo app or by QR code"),
        caps=momo.CAPS,
        needs=("MOMO_PARTNER_CODE", "MOMO_ACCESS_KEY", "MOMO_SECRET"),
        may_have=("MOMO_URL", "MOMO_PUBLIC_KEY", "MOMO_STATEMENT_URL"),
        build=_momo,
    ),
    Entry(
        code="vnpay",
        name="VNPay",
        how=_("by QR code, card or bank app"),
        caps=vnpay.CAPS,
        needs=("VNPAY_TMN_CODE", "VNPAY_SECRET"),
        may_have=("VNPAY_PAY_URL", "VNPAY_API_URL", "VNPAY_IP_ADDRESS", "VNPAY_STATEMENT_URL"),
        build=_vnpay,
    ),
    Entry(
        code="stripe",
        name=_("Card (Stripe)"),
        how=_("by card"),
        caps=stripe_cards.CAPS,
        needs=("STRIPE_KEY", "STRIPE_WEBHOOK_SECRET"),
        may_have=("STRIPE_URL",),
        build=_stripe,
    ),
    Entry(
        code="sandbox",
        name=_("Sandbox gateway"),
        how=_("with pretended money"),
        caps=zalopay_links.LINK_CAPS,
        needs=SANDBOX_SETTINGS,
        may_have=("SANDBOX_APP_ID", "SANDBOX_PUBLIC_URL"),
        build=_sandbox,
        dialect="zalopay",
    ),
    Entry(
        code="sandbox-vnpay",
        name=_("Sandbox gateway (VNPay)"),
        how=_("with pretended money"),
        caps=vnpay.CAPS,
        needs=SANDBOX_SETTINGS,
        may_have=("SANDBOX_PUBLIC_URL",),
        build=_sandbox_vnpay,
        dialect="vnpay",
    ),
    Entry(
        code="sandbox-momo",
        name=_("Sandbox gateway (MoMo)"),
        how=_("with pretended money"),
        caps=momo_links.LINK_CAPS,
        needs=SANDBOX_SETTINGS,
        may_have=("SANDBOX_PUBLIC_URL",),
        build=_sandbox_momo,
        dialect="momo",
    ),
    Entry(
        code="sandbox-stripe",
        name=_("Sandbox gateway (Stripe)"),
        how=_("with pretended money"),
        caps=stripe_cards.CAPS,
        needs=SANDBOX_SETTINGS,
        may_have=("SANDBOX_PUBLIC_URL",),
        build=_sandbox_stripe,
        dialect="stripe",
    ),
)
GATEWAYS = {entry.code: entry for entry in _ENTRIES}
"""By code; the real ones first, in the order in which customers see them."""


def refuse_half_configured() -> None:
    """:raises ImproperlyConfigured: a gateway is switched on, and something that it needs is missing or makes no sense"""
    with httpx.Client() as client:
        for entry in GATEWAYS.values():
            if entry.is_on:
                entry.build(entry.code, entry.values, client)
