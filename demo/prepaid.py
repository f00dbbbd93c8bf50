"""What the prepaid customers did. Numbers are days ago; a month is 30 days, so ends are easy to read off."""

from __future__ import annotations

from datetime import timedelta

from accounts.models import BillingMode, Customer
from demo.links import ended_at_gateway, link_wallet, top_up_from_wallet
from demo.money import adjust, budget, grant, grant_poc, low_balance, pay_from_wallet, stop_poc, switch, top_up
from demo.timeline import Part, Timeline
from demo.verbs import (
    Means,
    auto_renew,
    buy,
    delete,
    fail,
    give_up_checkout,
    never_answer,
    reboot,
    recover,
    renew,
    report,
    resize,
    restore,
    stop,
    tag,
    take_days,
)
from kernel.periods import truncate

NO_ROOM = fail()
SHOP = {"Department": "Bán hàng", "Environment": "production", "Dự án": "Cửa hàng trực tuyến"}


def tell_prepaid_stories(timeline: Timeline, customers: dict[str, Customer]) -> None:
    parts = {key: timeline.part_of(customer) for key, customer in customers.items()}
    _hoasen_runs(parts["hoasen"])
    _hoasen_changes(parts["hoasen"])
    _hoasen_ends(parts["hoasen"])
    _northwind(parts["northwind"])
    _mai(parts["mai"])
    _small_ones(parts)


def _hoasen_runs(part: Part) -> None:
    """A shop with all that a prepaid customer can have: servers that run well."""
    part(195, top_up, 30_000_000)
    part(190, buy, "vserver", "web-01", "s1-4x8 ssd=100 ipv4=1", months=6, coupon="WELCOME20", tags=SHOP)
    part(188, buy, "vserver", "web-02", "s1-4x8 ssd=100 ipv4=1", months=6, auto_renew=3, tags=SHOP)
    part(186, buy, "vserver", "db-master", "g2-8x16 ssd=200", months=3, tags=SHOP)
    part(170, buy, "vcert", "www.hoasen.example", "cert-wildcard", months=12)
    part(150, buy, "vmonitor", "production", "quota-basic", months=12)
    part(120, buy, "vstorage", "backup", "pkg-1tb", months=3)
    part(95, top_up, 15_000_000)
    part(55, buy, "vserver", "cdn-origin", "s1-8x16 ssd=200 ipv4=2", months=3, means=Means.GATEWAY, coupon="SAVE10")
    part(45, buy, "vserver", "dev-box", "s1-2x4 ssd=40", months=3, tags={"Environment": "test", "Assignee": "Lan"})
    part(6, buy, "vmonitor", "cdn", "quota-pro", months=3)
    for week in range(9):  # credit is held for what is used from day to day
        part(61 - 7 * week, report, "backup", "traffic", f"{131 + 17 * week}.5")
    part(1, report, "backup", "traffic", "164.25")
    part(4, renew, "backup", months=1)
    part(20, buy, "vserver", "staging-01", "s1-2x4 ssd=40", tags={"Environment": "staging"})  # warning: ten days left
    part(27, buy, "vserver", "batch-01", "s1-8x16 hdd=500")  # alert: three days left
    part(33, buy, "vstorage", "media", "pkg-10tb")  # expired, in grace
    part(60, budget, 90_000_000)
    part(60, budget, 15_000_000, product="vserver")
    part(60, low_balance, below=2_000_000, days=14)
    part(1, top_up_from_wallet, 5_000_000)
    part(0.003, buy, "vserver", "search-01", "g2-16x64 ssd=500", team=take_days)  # New


def _hoasen_changes(part: Part) -> None:
    """Renewed, resized, stopped, failed and paid back."""
    now = part.timeline.now
    part(140, resize, "db-master", "g2-8x32 ssd=400")
    part(120, auto_renew, "db-master", 1)
    part(70, resize, "production", "quota-pro")
    part(62, link_wallet)
    part(40, top_up, 20_000_000)
    part(40, buy, "vserver", "gpu-01", "g3-16x64-a30", team=NO_ROOM)
    part(38, buy, "vserver", "worker", "s1-4x8 ssd=60", months=3, quantity=3, team=fail("worker-3"))
    part(35, renew, "backup", months=3)
    part(34, tag, "backup", Department="Kỹ thuật", Environment="production")
    part(33, reboot, "web-01")
    part(31, resize, "cdn-origin", "g2-8x32 ssd=200 ipv4=2", team=NO_ROOM)
    part(25, give_up_checkout, "vserver", "test-ha", "s1-2x4 ssd=20", cancels=True)
    part(22, buy, "vserver", "edge-01", "s1-2x4 ssd=20", team=never_answer)
    part(18, top_up, 5_000_000, fails="The bank declined the payment.")
    part(18, top_up, 5_000_000)
    part(15, renew, "web-01", months=3)
    part(13, renew, "worker-1", "worker-2", until=truncate(now + timedelta(days=90)))
    part(12, stop, "dev-box")
    part(90, grant, 500_000, "Khách hàng thân thiết quý này", days=60)
    part(10, grant, 300_000, "Xin lỗi vì sự cố ngày bảo trì", days=90)
    part(12.5, grant_poc, 12_000_000, "POC hồ dữ liệu, đề nghị KD-0311", "vstorage", "vmonitor", days=45)
    part(12.4, buy, "vstorage", "poc-lake", "pkg-1tb")  # paid with it, without an invoice
    part(12.3, buy, "vmonitor", "poc-watch", "quota-basic")
    part(5, delete, "poc-watch")  # what was unused went back to it
    part(28, adjust, 150_000, "Bù chênh lệch quy đổi gói cũ")
    part(1, adjust, 1_200_000, "Hoàn phí cài đặt theo hợp đồng 24/HS", approved=False)


def _hoasen_ends(part: Part) -> None:
    """In the trash, out of it again, and gone."""
    part(100, buy, "vmonitor", "staging", "quota-basic", months=6)
    part(50, delete, "staging")  # deleted at once
    part(80, buy, "vserver", "poc-01", "s1-1x2 ssd=20")  # expired and purged
    part(75, buy, "vserver", "report-01", "s1-4x8 ssd=80")
    part(42, recover, "report-01", months=3)
    part(60, buy, "vserver", "api-old", "s1-4x8 ssd=60", months=3)
    part(2, delete, "api-old")  # in the trash, the rest paid back
    part(36.8, buy, "vserver", "event-0909", "s1-2x4 ssd=20")  # in the trash, hours left
    part(33, buy, "vserver", "landing-1010", "s1-2x4 ssd=20")  # in the trash
    part(50, buy, "vserver", "queue-01", "s1-2x4 ssd=40")
    part(17, restore, "queue-01", "Khách báo quên gia hạn, hồ sơ hỗ trợ 1187")
    part(16, renew, "queue-01", months=1)


def _northwind(part: Part) -> None:
    """Prepaid at first; switched to postpaid, rolled over at the end of what was paid."""
    part(165, top_up, 15_000_000)
    part(160, buy, "vserver", "render", "g2-8x16 ssd=100", months=3, quantity=3)
    part(158, buy, "vserver", "www", "s1-2x4 ssd=40 ipv4=1", months=6, coupon="WELCOME20")
    part(150, buy, "vstorage", "assets", "pkg-1tb", months=3)
    part(75, switch, BillingMode.POSTPAID, "Contract NW-2 signed: monthly invoices from now on")
    part(66, buy, "vserver", "render-big", "g2-16x64 ssd=200")
    part(44, resize, "render-1", "g2-8x32 ssd=100")
    part(36, top_up, 8_000_000)
    part(29, stop, "render-3")
    part(20, delete, "render-2")
    part(9, pay_from_wallet, part=0.6)
    part(4, buy, "vmonitor", "studio", "quota-pro")


def _mai(part: Part) -> None:
    """A person whose wallet is too small for the next automatic renewal."""
    part(118, top_up, 300_000)
    part(116, buy, "vserver", "blog", "s1-1x2 ssd=20", auto_renew=1, coupon="FIRST100")
    part(60, link_wallet)
    part(27, top_up_from_wallet, 200_000)
    part(12, ended_at_gateway)


def _small_ones(parts: dict[str, Part]) -> None:
    bao = parts["bao"]
    bao(105, top_up, 2_000_000)
    bao(104, buy, "vserver", "portfolio", "s1-1x2 ssd=20 ipv4=1", months=6, coupon="FIRST100")
    bao(60, buy, "vserver", "minecraft", "s1-4x8 ssd=60")
    bao(41, delete, "minecraft")
    bao(35, grant, 90_000, "Ưu đãi sinh nhật", days=20)  # expires unused
    bao(11, give_up_checkout, "vserver", "minecraft-2", "s1-2x4 ssd=40", cancels=False)
    tamviet = parts["tamviet"]
    tamviet(96, top_up, 5_000_000)
    tamviet(95, buy, "vserver", "sach-web", "s1-2x4 ssd=60 ipv4=1", months=3, auto_renew=3, coupon="WELCOME20")
    tamviet(94, buy, "vstorage", "sach-anh", "pkg-100gb", months=6)
    tamviet(25, grant_poc, 5_000_000, "POC máy chủ AI, đề nghị KD-0298", "vserver", days=30)
    tamviet(24, buy, "vserver", "thu-ai", "g2-8x16 ssd=100")
    tamviet(4, stop_poc, "Khách xin kết thúc sớm")
    tamviet(1.5, report, "sach-anh", "traffic", "9400")  # more than the credit covers: told, and stopped in two days
    tamviet(48, buy, "vmonitor", "sach-giamsat", "quota-basic", months=3)
    tamviet(36, top_up, 3_000_000)
    tamviet(35, buy, "vserver", "sach-kho", "s1-2x4 ssd=40", months=12)  # at the price of a year
    anhduong = parts["anhduong"]
    anhduong(88, top_up, 9_000_000)
    anhduong(87, buy, "vserver", "benh-an", "s1-4x8 ssd=200", months=6, coupon="SAVE10")
    anhduong(60, resize, "benh-an", "s1-8x16 ssd=300")
    anhduong(26, buy, "vserver", "dat-lich", "s1-2x4 ssd=40")
    giahuy = parts["giahuy"]
    giahuy(58, buy, "vserver", "do-an", "s1-1x2 ssd=20", means=Means.GATEWAY)
    giahuy(31, top_up, 100_000)
