"""What the postpaid customers did. Numbers are days ago; `_bills` counts the months whose bills are paid."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from accounts.models import BillingMode, Customer
from budgets.services.setting import Cap
from catalog.models import Discount, Item, Price, Product
from demo.money import (
    budget,
    correct,
    hold_dunning,
    look_at_budgets,
    pay_by_gateway,
    pay_from_wallet,
    switch,
    top_up,
    transfer,
)
from demo.timeline import Part, Timeline
from demo.verbs import buy, commit, delete, renew, report, resize, start, stop, tag
from kernel.periods import CalendarMonth

SINCE_SAOVIET = 548
WEBSITE_SINCE = 74
STORES = {"Department": "Bán lẻ", "Environment": "production"}
ONLINE = {"Department": "Trực tuyến", "Environment": "production", "Company": "Sao Việt Online"}


def tell_postpaid_stories(timeline: Timeline, customers: dict[str, Customer]) -> None:
    _negotiate(timeline, customers)
    _saoviet(timeline.part_of(customers["saoviet"]))
    _phuongnam(timeline.part_of(customers["phuongnam"]))
    _songxanh(timeline.part_of(customers["songxanh"]))
    _binhminh(timeline.part_of(customers["binhminh"]))


def _negotiate(timeline: Timeline, customers: dict[str, Customer]) -> None:
    """A discount on servers for the large customer, a price of its own for the one with much to store."""
    now, day = timeline.now, timedelta(days=1)
    Discount.objects.create(
        customer=customers["saoviet"],
        product=Product.objects.get(code="vserver"),
        share=Decimal("0.12"),
        valid_from=now - 480 * day,
        valid_until=now + 180 * day,
    )
    Price.objects.create(
        item=Item.objects.get(code="pkg-10tb"),
        customer=customers["phuongnam"],
        unit_price=Decimal(4_100_000),
        includes_vat=False,
        valid_from=now - 200 * day,
    )


def _saoviet(part: Part) -> None:
    """A group with sixty resources and a year and a half of bills, paid by bank transfer."""
    part(SINCE_SAOVIET, buy, "vserver", "pos-hn", "s1-2x4 ssd=40", quantity=12, tags=STORES | {"Vùng": "Hà Nội"})
    part(520, buy, "vserver", "pos-hcm", "s1-2x4 ssd=40", quantity=12, tags=STORES | {"Vùng": "TP. Hồ Chí Minh"})
    part(430, buy, "vserver", "api", "g2-8x16 ssd=100 ipv4=1", quantity=6, tags=ONLINE)
    part(400, buy, "vstorage", "hoa-don", "pkg-10tb gb-hour=800", tags={"Department": "Kế toán"})
    part(398, buy, "vstorage", "camera", "pkg-10tb")
    part(330, buy, "vserver", "pos-dn", "s1-2x4 ssd=40", quantity=10, tags=STORES | {"Vùng": "Đà Nẵng"})
    part(240, buy, "vmonitor", "cua-hang", "quota-pro", quantity=8)
    part(150, buy, "vserver", "etl", "s1-8x16 hdd=1000", quantity=6)
    part(88, buy, "vserver", "goi-y", "g2-16x64 ssd=300", quantity=4, tags=ONLINE | {"Environment": "test"})
    part(200, resize, "api-1", "g2-8x32 ssd=200 ipv4=1")
    part(130, resize, "api-2", "g2-8x32 ssd=200 ipv4=1")
    part(61, stop, "etl-6")
    part(50, tag, "goi-y-1", Environment="production")
    part(47, start, "etl-6")
    part(19, stop, "pos-dn-10")
    part(70, commit, 12)
    part(97, delete, "pos-hn-12")
    part(3, delete, "pos-hcm-12")
    part(75, buy, "vstorage", "web-tinh", "pkg-1tb")
    _traffic(part)
    _visitors(part)
    part(50, budget, 400_000_000, cap=Cap(refuses_orders=True))
    part(50, budget, 60_000_000, product="vserver")
    part(0.01, look_at_budgets)
    for month in _bills(part, 18, 1):
        part(month.period.starts_at + timedelta(days=11, hours=3), transfer)
    this_month = CalendarMonth.of(part.timeline.now).period.starts_at
    part(this_month + timedelta(days=11, hours=3), transfer, most=52)


def _traffic(part: Part) -> None:
    """Reported week by week. Of the month before last one was too much and one came late, of the last one as well."""
    for week in range(9):
        part(60 - 7 * week, report, "camera", "traffic", f"{312 + 41 * week}.25")
    part(1, report, "camera", "traffic", "96.5")
    last = CalendarMonth.of(part.timeline.now).previous
    closed = last.period.starts_at
    wrong, forgotten = closed - timedelta(days=2), closed - timedelta(days=5)
    part(wrong, report, "camera", "traffic", "880")
    part(closed + timedelta(days=3), report, "camera", "traffic", "88", used_at=wrong, corrects=True)
    part(forgotten, report, "hoa-don", "traffic", "260")
    part(closed + timedelta(days=4), report, "hoa-don", "traffic", "140.5", used_at=wrong)
    part(1, report, "camera", "traffic", "58.75", used_at=last.period.ends_at - timedelta(days=3))


def _visitors(part: Part) -> None:
    """What a site sends out, reported every morning: more on some days of the week, a little more each month."""
    for ago in range(WEBSITE_SINCE, 0, -1):
        part(
            ago,
            report,
            "web-tinh",
            "traffic",
            f"{24 + (ago * 5) % 7 * 6 + (ago * 37) % 11 + (WEBSITE_SINCE - ago) // 5}",
        )


def _phuongnam(part: Part) -> None:
    """Pays by hand, each month in another way: something is overdue by now, and not dunned for a while."""
    part(215, buy, "vserver", "wms", "g2-8x16 ssd=150", quantity=3)
    part(210, buy, "vserver", "theo-doi-xe", "s1-4x8 ssd=80 ipv4=1", quantity=2)
    part(190, buy, "vstorage", "chung-tu", "pkg-10tb gb-hour=150")
    part(160, buy, "vmonitor", "kho", "quota-pro")
    part(122, resize, "wms-1", "g2-8x32 ssd=300")
    part(83, stop, "theo-doi-xe-2")
    part(79, start, "theo-doi-xe-2")
    part(40, resize, "wms-2", "g2-8x32 ssd=150")
    part(24, buy, "vserver", "bao-cao", "s1-2x4 ssd=40")
    part(5, delete, "bao-cao")
    sixth, fifth, fourth, third, second = _bills(part, 6, 2)
    for month, pay in ((sixth, transfer), (fifth, pay_by_gateway), (third, pay_by_gateway), (second, transfer)):
        part(month.period.starts_at + timedelta(days=9, hours=2), pay)
    part(fourth.period.starts_at + timedelta(days=8, hours=2), top_up, 12_000_000)
    part(fourth.period.starts_at + timedelta(days=8, hours=4), pay_from_wallet)
    last = second.following
    part(last.period.starts_at + timedelta(days=6, hours=4), correct, 250_000, "Giảm trừ thời gian gián đoạn dịch vụ")
    part(last.period.starts_at + timedelta(days=13, hours=5), top_up, 3_000_000)
    part(last.period.starts_at + timedelta(days=13, hours=6), pay_from_wallet, part=0.3)
    ahead = part.timeline.now + timedelta(days=14)  # so that whoever tries the demo finds resources that run
    part(
        last.period.starts_at + timedelta(days=13, hours=7), hold_dunning, ahead, "Đang đối soát phần còn lại với khách"
    )


def _songxanh(part: Part) -> None:
    """Small bills, then a month of computing on GPUs: its bill is held back for staff to look at."""
    part(205, buy, "vserver", "quan-trac", "s1-4x8 ssd=100", quantity=2)
    part(200, buy, "vstorage", "du-lieu-bien", "pkg-1tb")
    part(180, top_up, 15_000_000)
    part(_bills(part, 1, 1)[0].period.starts_at + timedelta(days=1, hours=4), buy, "vserver", "mo-phong",
         "g3-16x64-a30 ssd=1000", quantity=3)  # fmt: skip


def _binhminh(part: Part) -> None:
    """Switched to prepaid yesterday: usage was invoiced, each resource waits for its first paid period."""
    part(135, buy, "vserver", "lop-hoc", "s1-4x8 ssd=60 ipv4=1", quantity=3)
    part(132, buy, "vmonitor", "trung-tam", "quota-basic")
    part(120, top_up, 9_000_000)
    part(1, switch, BillingMode.PREPAID, "Khách đề nghị trả trước từ tháng này, phụ lục BM-3")
    part(1, top_up, 2_000_000)
    part(1, renew, "lop-hoc-1", months=1)


def _bills(part: Part, first: int, last: int) -> list[CalendarMonth]:
    """The months from `first` to `last` months ago: each begins with the bills of the month before."""
    month = CalendarMonth.of(part.timeline.now)
    months = []
    for ago in range(1, first + 1):
        month = month.previous
        if ago >= last:
            months.append(month)
    return months[::-1]
