"""The demo shops' way in and our way to them: keys are made once and kept, addresses follow the port."""

from __future__ import annotations

import json
import os
import secrets
from datetime import datetime
from pathlib import Path

from django.conf import settings

from accounts.models import digest_of
from accounts.services.keys import revoke_key
from catalog.models import Product, ProductKey
from kernel.actors import Actor
from kernel.shapes import Json

SHOPS = ("vserver", "vstorage", "vmonitor")
KEY_NAME = "demo shop"
ACTOR = Actor.job("seed-demo")


def connect_shops(*, at: datetime) -> None:
    """Give each shop a key and a secret unless it has them, and note where it is reached today."""
    path: Path = settings.SHOP_KEYS_FILE
    known = _read(path)
    products = {product.code: product for product in Product.objects.filter(code__in=SHOPS)}
    digests = set(ProductKey.objects.filter(revoked_at=None, name=KEY_NAME).values_list("digest", flat=True))
    entries = {}
    for code, product in products.items():
        entry = known.get(code, {})
        if digest_of(entry.get("api_key", "")) not in digests or entry.get("webhook_secret") != product.webhook_secret:
            entry = _new_entry(product, at)
        entries[code] = entry
        _note_addresses(product)
    if entries != known:
        write_for_us(path, entries)


def _new_entry(product: Product, at: datetime) -> dict[str, str]:
    """A new key, for a shop that has none or whose file was lost; the lost one is revoked."""
    for lost in ProductKey.objects.filter(product=product, name=KEY_NAME, revoked_at=None):
        revoke_key(lost, actor=ACTOR, at=at)
    _key, api_key = ProductKey.issue(at=at, product=product, name=KEY_NAME)
    product.webhook_secret = product.webhook_secret or secrets.token_urlsafe(32)
    product.save(update_fields=["webhook_secret"])
    return {"api_key": api_key, "webhook_secret": product.webhook_secret}


def _note_addresses(product: Product) -> None:
    """Without a sandbox there is no shop: the product is polled, as if it had no webhook."""
    here, public = (
        f"{base}/shop/{product.code}" if base else "" for base in (settings.SANDBOX_URL, settings.SANDBOX_PUBLIC_URL)
    )
    addresses = {
        "webhook_url": f"{here}/webhook" if here else "",
        "return_urls": [f"{public}/return", f"{public}/signed-in"] if public else [],
    }
    changed = [name for name, value in addresses.items() if getattr(product, name) != value]
    if changed:
        for name in changed:
            setattr(product, name, addresses[name])
        product.save(update_fields=changed)


def _read(path: Path) -> Json:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_for_us(path: Path, entries: object) -> None:
    """Whole or not at all, and for our own eyes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(entries, file, indent=1)
    fresh.replace(path)
