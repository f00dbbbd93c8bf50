"""What the demo sells: three products with a demo shop, and a small one that is polled and not refundable."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from catalog.meters import Aggregation, Tiering
from catalog.models import STANDARD, CommitmentOffer, Coupon, Item, Price, Product, TaxCategory, TaxRate
from kernel.periods import CalendarMonth

Kind = Item.Kind
LOWERED = "lowered"


class Offer(NamedTuple):
    """
    An item and its list price: VND per unit and 30 days unless it says otherwise.

    `terms` are those of the price alone, `for_longer` the prices of more months that are paid ahead.
    """

    code: str
    name: str
    name_en: str
    kind: Kind
    unit: str
    price: str
    maximum: int = 1
    includes_vat: bool = True
    per: Price.Per = Price.Per.MONTH
    aggregation: str = ""
    tax_category: str = STANDARD
    terms: Mapping[str, object] = MappingProxyType({})
    for_longer: Mapping[int, str] = MappingProxyType({})


PRODUCTS: dict[str, dict[str, object]] = {
    "vserver": {"name": "vServer", "name_en": "vServer", "service_subcategory": "Virtual Machines"},
    "vstorage": {
        "name": "vStorage",
        "name_en": "vStorage",
        "service_subcategory": "Object Storage",
        "grace_days": 15,
        "days_in_trash_after_expiry": 3,
        "days_in_trash_after_deletion": 3,
    },
    "vmonitor": {
        "name": "vMonitor",
        "name_en": "vMonitor",
        "service_subcategory": "Observability",
        "days_in_trash_after_expiry": 3,
        "days_in_trash_after_deletion": 0,
    },
    "vcert": {
        "name": "vCert",
        "name_en": "vCert",
        "service_subcategory": "Other (Security)",
        "is_refundable": False,
        "provisioner": Product.Provisioner.POLLING,
    },
}

OFFERS = {
    "vserver": [
        Offer("s1-1x2", "S1 · 1 vCPU, 2 GB", "S1 · 1 vCPU, 2 GB", Kind.FLAVOUR, "server", "90000"),
        Offer("s1-2x4", "S1 · 2 vCPU, 4 GB", "S1 · 2 vCPU, 4 GB", Kind.FLAVOUR, "server", "181000",
              for_longer={12: "165000", 24: "150000"}),
        Offer("s1-4x8", "S1 · 4 vCPU, 8 GB", "S1 · 4 vCPU, 8 GB", Kind.FLAVOUR, "server", "362000",
              for_longer={12: "330000", 24: "300000"}),
        Offer("s1-8x16", "S1 · 8 vCPU, 16 GB", "S1 · 8 vCPU, 16 GB", Kind.FLAVOUR, "server", "724000"),
        Offer("g2-8x16", "G2 · 8 vCPU, 16 GB", "G2 · 8 vCPU, 16 GB", Kind.FLAVOUR, "server", "860000"),
        Offer("g2-8x32", "G2 · 8 vCPU, 32 GB", "G2 · 8 vCPU, 32 GB", Kind.FLAVOUR, "server", "1040000"),
        Offer("g2-16x64", "G2 · 16 vCPU, 64 GB", "G2 · 16 vCPU, 64 GB", Kind.FLAVOUR, "server", "2080000"),
        Offer("g3-16x64-a30", "G3 · 16 vCPU, 64 GB, GPU A30", "G3 · 16 vCPU, 64 GB, A30 GPU", Kind.FLAVOUR, "server",
              "14900000"),
        Offer("ssd", "Ổ đĩa SSD", "SSD volume", Kind.VOLUME, "GB", "2000", 4000),
        Offer("hdd", "Ổ đĩa HDD", "HDD volume", Kind.VOLUME, "GB", "875.5", 16000),
        Offer("ipv4", "Địa chỉ IPv4", "IPv4 address", Kind.VOLUME, "address", "35000", 8),
    ],
    "vstorage": [
        Offer("pkg-100gb", "Gói 100 GB", "100 GB package", Kind.PACKAGE, "package", "59000", 1, False),
        Offer("pkg-1tb", "Gói 1 TB", "1 TB package", Kind.PACKAGE, "package", "500000", 1, False),
        Offer("pkg-10tb", "Gói 10 TB", "10 TB package", Kind.PACKAGE, "package", "4500000", 1, False),
        Offer("gb-hour", "Dung lượng vượt gói", "Storage beyond the package", Kind.VOLUME, "GB-hour", "7.7", 100000,
              per=Price.Per.HOUR),
        Offer("traffic", "Lưu lượng ra Internet", "Traffic to the Internet", Kind.METERED, "GB", "500", per=Price.Per.UNIT,
              aggregation=Aggregation.SUM,
              terms={"tiering": Tiering.GRADUATED, "included": Decimal(100), "cap": 20_000_000,
                     "tier_from": [Decimal(1_000), Decimal(10_000)], "tier_prices": [Decimal(450), Decimal(400)]}),
    ],
    "vmonitor": [
        Offer("quota-basic", "Gói cơ bản", "Basic quota", Kind.PACKAGE, "package", "19800"),
        Offer("quota-pro", "Gói chuyên nghiệp", "Pro quota", Kind.PACKAGE, "package", "52800"),
    ],
    "vcert": [
        Offer("cert-dv", "Chứng thư DV", "DV certificate", Kind.PACKAGE, "certificate", "33000", tax_category=LOWERED),
        Offer("cert-wildcard", "Chứng thư wildcard", "Wildcard certificate", Kind.PACKAGE, "certificate", "165000",
              tax_category=LOWERED),
    ],
}  # fmt: skip

OLDER, COMING = Decimal(340_000), Decimal(389_000)
"""What s1-4x8 cost until two months ago, and what it will cost from next month on."""


def make_catalogue(now: datetime) -> None:
    """Products without webhooks as yet: nothing that happened in the past is sent to a shop of today."""
    since = now - timedelta(days=730)
    _make_lowered_category()
    for code, policies in PRODUCTS.items():
        product = Product.objects.create(code=code, **policies)
        for position, offer in enumerate(OFFERS[code], start=1):
            item = Item.objects.create(
                product=product,
                code=offer.code,
                name=offer.name,
                name_en=offer.name_en,
                kind=offer.kind,
                aggregation=offer.aggregation,
                unit=offer.unit,
                maximum=offer.maximum,
                position=position,
            )
            _make_prices(item, offer, since, now)
    _make_coupons(now)
    _make_commitment_offers(since)


def _make_lowered_category() -> None:
    """8 % instead of 10 % for most goods and services from 1 July 2025 to 31 December 2026 (resolution 204/2025/QH15)."""
    lowered = TaxCategory.objects.create(code=LOWERED, name="Được giảm thuế", name_en="Lowered for a time")
    for since, rate in (("1999-01-01", "0.1"), ("2025-07-01", "0.08"), ("2027-01-01", "0.1")):
        TaxRate.objects.create(
            category=lowered, since=date.fromisoformat(since), rate=Decimal(rate), source="204/2025/QH15"
        )


def _make_prices(item: Item, offer: Offer, since: datetime, now: datetime) -> None:
    changes: list[tuple[datetime, Decimal]] = [(since, Decimal(offer.price))]
    if offer.code == "s1-4x8":
        month = CalendarMonth.of(now)
        risen, rises = month.previous.period.starts_at, month.following.period.starts_at
        changes = [(since, OLDER), (risen, Decimal(offer.price)), (rises, COMING)]
    ends = [start for start, _price in changes[1:]]
    for (start, unit_price), end in zip(changes, [*ends, None], strict=True):
        Price.objects.create(
            item=item,
            unit_price=unit_price,
            per_minutes=offer.per,
            includes_vat=offer.includes_vat,
            tax_category_id=offer.tax_category,
            valid_from=start,
            valid_until=end,
            **offer.terms,
        )
    for months, by_term in offer.for_longer.items():
        Price.objects.create(item=item, months=months, unit_price=Decimal(by_term), valid_from=since)


def _make_commitment_offers(since: datetime) -> None:
    for amount, share, months in ((5_000_000, "0.03", 6), (50_000_000, "0.05", 12)):
        name = f"{amount // 10**6} triệu × {months} tháng", f"{amount // 10**6} million × {months} months"
        CommitmentOffer.objects.create(
            name=name[0], name_en=name[1], amount=amount, share=Decimal(share), months=months, valid_from=since
        )


def _make_coupons(now: datetime) -> None:
    since, day = now - timedelta(days=400), timedelta(days=1)
    Coupon.objects.create(code="WELCOME20", amount=20_000, valid_from=since, valid_until=now + 365 * day)
    save = Coupon.objects.create(
        code="SAVE10",
        share=Decimal("0.1"),
        valid_from=since,
        valid_until=now + 90 * day,
        minimum_order=100_000,
        maximum_uses_per_customer=3,
    )
    save.products.set(Product.objects.filter(code="vserver"))
    Coupon.objects.create(code="SUMMER15", share=Decimal("0.15"), valid_from=since, valid_until=now - 60 * day)
    Coupon.objects.create(code="FIRST100", amount=100_000, valid_from=since, maximum_uses=2)
