"""Everything that the environment decides, read once."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DOCUMENTED_TOLERANCE_S = 15 * 60


@dataclass
class Rotation:
    """Keys that have taken the place of those that the environment names, and until when the old ones open something."""

    keys: dict[str, str] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    until: float = 0


@dataclass(frozen=True)
class Config:
    db: Path  # its own SQLite file; nobody else knows where a good place is
    public_url: str = "http://localhost:8010"  # how a customer's browser reaches us
    portal_url: str = "http://localhost:8000"  # how our server reaches the portal
    portal_public_url: str = portal_url  # how a customer's browser reaches the portal
    app_id: int = 2553
    key1: str = ""
    key2: str = ""
    merchant: str = "Billing Portal"
    bank_secret: str = ""  # what the bank shows the merchant; empty: it tells by statement only
    vnpay_ipn_url: str = ""  # what a merchant registers with VNPay; empty: the portal's
    # How far app_time, a refund's timestamp or a webhook's time may lie from our clock. Strict, as documented, unless
    # told otherwise: in the demo, staff move the portal's clock forward, and we have to live in its future.
    clock_tolerance_s: int = DOCUMENTED_TOLERANCE_S
    callback_gap_s: float | None = None  # between the tries of a callback; None: as each dialect documents
    refund_takes_s: float = 2.0
    stripe_webhook_url: str = ""  # what a merchant registers with Stripe; empty: the portal's
    shop_keys: str = ""
    shop_keys_file: str = ""
    rotation: Rotation = field(default_factory=Rotation, compare=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Config:
        """:raises KeyError: SANDBOX_DB says not where its file is"""
        default = cls(db=Path(env["SANDBOX_DB"]))
        return cls(
            db=default.db,
            public_url=(env.get("SANDBOX_PUBLIC_URL") or default.public_url).rstrip("/"),
            portal_url=(env.get("PORTAL_URL") or default.portal_url).rstrip("/"),
            portal_public_url=(
                env.get("PORTAL_PUBLIC_URL") or env.get("PORTAL_URL") or default.portal_public_url
            ).rstrip("/"),
            app_id=int(env.get("SANDBOX_APP_ID") or default.app_id),
            key1=env.get("SANDBOX_KEY1", ""),
            key2=env.get("SANDBOX_KEY2", ""),
            merchant=env.get("SANDBOX_MERCHANT") or default.merchant,
            bank_secret=env.get("BANK_FEED_SECRET", ""),
            vnpay_ipn_url=env.get("SANDBOX_VNPAY_IPN_URL", ""),
            stripe_webhook_url=env.get("SANDBOX_STRIPE_WEBHOOK_URL", ""),
            clock_tolerance_s=int(env.get("SANDBOX_CLOCK_TOLERANCE_S") or default.clock_tolerance_s),
            callback_gap_s=float(env["SANDBOX_CALLBACK_GAP_S"]) if env.get("SANDBOX_CALLBACK_GAP_S") else None,
            refund_takes_s=float(env.get("SANDBOX_REFUND_TAKES_S") or default.refund_takes_s),
            shop_keys=env.get("SHOP_KEYS", ""),
            shop_keys_file=env.get("SHOP_KEYS_FILE", ""),
        )

    def signs_with(self, name: str) -> str:
        """The key of this name ("key1", "key2"), as it is now."""
        return self.rotation.keys.get(name) or str(getattr(self, name))

    def accepts(self, name: str, now: float) -> list[str]:
        """Those keys of this name under which a merchant may come: in the time after a rotation, the old one too. Empty opens nothing."""
        old = self.rotation.before.get(name, "") if now < self.rotation.until else ""
        return [key for key in (self.signs_with(name), old) if key]

    def rotate(self, *, overlap_s: float, now: float, **keys: str) -> None:
        """The merchant has got new keys."""
        self.rotation.before = {name: self.signs_with(name) for name in keys}
        self.rotation.keys |= keys
        self.rotation.until = now + overlap_s

    def known_links(self) -> list[dict[str, str]]:
        """Accounts that the portal's demo data tells us to know; read each time, for it is written after we have started."""
        if not self.shop_keys_file:
            return []
        try:
            found = json.loads(Path(self.shop_keys_file).with_name("linked-accounts.json").read_text())
        except (OSError, ValueError):
            return []
        return found if isinstance(found, list) else []

    def keys_of(self, product: str) -> tuple[str, str]:
        """
        (API key, webhook secret) of a product; empty strings before the portal has handed any out.

        Read each time: the portal's demo data writes the file after we have started.
        """
        text = self.shop_keys
        if not text and self.shop_keys_file:
            try:
                text = Path(self.shop_keys_file).read_text()
            except OSError:
                text = ""
        try:
            entry = json.loads(text or "{}").get(product, {})
            return str(entry["api_key"]), str(entry["webhook_secret"])
        except (ValueError, AttributeError, TypeError, KeyError):
            return "", ""
