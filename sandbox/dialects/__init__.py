"""The gateways that the sandbox plays, over one ledger: a folder each, with its own signing."""

from __future__ import annotations

from .base import Dialect
from .momo import MOMO
from .stripe import STRIPE
from .vnpay import VNPAY
from .zalopay import ZALOPAY

DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in (ZALOPAY, VNPAY, MOMO, STRIPE)}
