"""Who is in the demo: customers with their users, and staff of every group."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.contrib.auth.hashers import make_password

from accounts.may import Role
from accounts.models import BillingMode, BuyerProfile, Customer, Membership, User
from accounts.services.buyers import Named, add_buyer
from accounts.staff import ensure_staff_groups
from demo.logins import PASSWORD, STAFF_DOMAIN
from kernel.actors import Actor, ActorKind

PREPAID, POSTPAID = BillingMode.PREPAID, BillingMode.POSTPAID
OWNER, BILLING, TECHNICAL, VIEWER = Role
ADMIN = f"admin@{STAFF_DOMAIN}"
SUPPORT = Actor(ActorKind.STAFF, f"support@{STAFF_DOMAIN}")
FINANCE = Actor(ActorKind.STAFF, f"finance@{STAFF_DOMAIN}")
APPROVER = Actor(ActorKind.STAFF, f"approver@{STAFF_DOMAIN}")


class Person(NamedTuple):
    """A user: what stands before the @, the names in Vietnamese order, the role."""

    local: str
    last_name: str
    first_name: str
    role: Role = OWNER


class Party(NamedTuple):
    """A customer and its users; `since` in days ago."""

    key: str
    name: str
    domain: str
    since: int
    mode: BillingMode
    people: list[Person]
    tax_code: str = ""
    address: str = ""
    language: str = "vi"
    pays_automatically: bool = True


PARTIES = [
    Party(
        "hoasen", "Công ty TNHH Công nghệ Hoa Sen", "hoasen.example", 200, PREPAID,
        [
            Person("lan", "Nguyễn Thị", "Lan"),
            Person("minh", "Trần Quang", "Minh", BILLING),
            Person("dung", "Phạm Anh", "Dũng", TECHNICAL),
            Person("thu", "Lê Minh", "Thu", VIEWER),
        ],
        "0312345673", "28 Nguyễn Thị Minh Khai, Quận 1, Thành phố Hồ Chí Minh",
    ),
    Party(
        "phuongnam", "Công ty Cổ phần Logistics Phương Nam", "phuongnam.example", 230, POSTPAID,
        [Person("phuong", "Đặng Hoài", "Phương"), Person("ketoan", "Võ Thị", "Hạnh", BILLING)],
        "0309876547", "117 Điện Biên Phủ, Quận Bình Thạnh, Thành phố Hồ Chí Minh", pays_automatically=False,
    ),
    Party(
        "saoviet", "Tập đoàn Bán lẻ Sao Việt", "saoviet.example", 560, POSTPAID,
        [
            Person("trang", "Phạm Thu", "Trang"),
            Person("ketoan", "Bùi Văn", "Đức", BILLING),
            Person("hatang", "Hoàng Gia", "Huy", VIEWER),
        ],
        "0101234565", "54 Liễu Giai, Quận Ba Đình, Hà Nội", pays_automatically=False,
    ),
    Party(
        "northwind", "Northwind Studio Vietnam", "northwind.example", 170, PREPAID,
        [Person("emma", "Carter", "Emma"), Person("accounts", "Ngô Bảo", "Châu", BILLING)],
        "0315556665", "2 Hải Triều, District 1, Ho Chi Minh City", language="en",
    ),
    Party(
        "songxanh", "Viện Nghiên cứu Biển Sóng Xanh", "songxanh.example", 210, POSTPAID,
        [Person("khoa", "Đỗ Đăng", "Khoa")], "4201112222", "9 Trần Phú, Nha Trang, Khánh Hòa",
    ),
    Party(
        "binhminh", "Trung tâm Anh ngữ Bình Minh", "binhminh.example", 140, POSTPAID,
        [Person("huong", "Lý Thanh", "Hương")], "0402223334", "63 Bạch Đằng, Quận Hải Châu, Đà Nẵng",
    ),
    Party("mai", "Nguyễn Thị Mai", "mailbox.example", 125, PREPAID, [Person("mai", "Nguyễn Thị", "Mai")],
          "", "12 ngõ 68 Cầu Giấy, Hà Nội"),
    Party("bao", "Trần Quốc Bảo", "baotran.example", 110, PREPAID, [Person("bao", "Trần Quốc", "Bảo")],
          "", "45 Lê Lợi, Thành phố Huế"),
    Party("tamviet", "Hiệu sách Tâm Việt", "tamviet.example", 100, PREPAID, [Person("viet", "Phan Tấn", "Việt")],
          "0311117018", "201 Võ Thị Sáu, Quận 3, Thành phố Hồ Chí Minh"),
    Party("anhduong", "Phòng khám Ánh Dương", "anhduong.example", 90, PREPAID, [Person("yen", "Trịnh Hải", "Yến")],
          "1801239994", "8 Hòa Bình, Quận Ninh Kiều, Cần Thơ"),
    Party("giahuy", "Lâm Gia Huy", "giahuy.example", 60, PREPAID, [Person("huy", "Lâm Gia", "Huy")]),
]  # fmt: skip

STAFF = {
    "support": Person("support", "Cao Thị", "Diệp"),
    "finance": Person("finance", "Hồ Sỹ", "Tuấn"),
    "catalogue": Person("catalogue", "Mai Xuân", "Nghĩa"),
    "auditor": Person("auditor", "Tạ Bích", "Ngọc"),
}


def is_seeded() -> bool:
    """Whether the demo is in this database: it is made whole or not at all."""
    return User.objects.filter(email=ADMIN).exists()


def make_people(now: datetime) -> dict[str, Customer]:
    """Everybody; the customers by their key. The password is hashed once: the hash is slow by design."""
    password = make_password(PASSWORD)
    customers = {party.key: _make_party(party, password, now) for party in PARTIES}
    groups = ensure_staff_groups()
    members = [*STAFF.items(), ("finance", Person("approver", "Vũ Kim", "Oanh"))]
    for group, person in members:
        user = _user(person, STAFF_DOMAIN, password, now, is_staff=True)
        user.groups.add(groups[group])
    admin = Person("admin", "Quản trị", "Viên")
    _user(admin, STAFF_DOMAIN, password, now, is_staff=True, is_superuser=True)
    return customers


def _make_party(party: Party, password: str, now: datetime) -> Customer:
    since = now - timedelta(days=party.since)
    company = len(party.people) > 1 or bool(party.tax_code)
    customer = Customer.objects.create(
        name=party.name,
        email=f"billing@{party.domain}" if company else f"{party.people[0].local}@{party.domain}",
        language=party.language,
        billing_mode=party.mode,
        pays_invoices_automatically=party.pays_automatically,
        created_at=since,
    )
    kind = BuyerProfile.Kind.COMPANY if party.tax_code else BuyerProfile.Kind.CONSUMER
    add_buyer(
        customer,
        Named(kind, party.name, tax_code=party.tax_code, address=party.address),
        actor=Actor(ActorKind.CUSTOMER, customer.email),
        at=since,
    )
    for person in party.people:
        _user(person, party.domain, password, since, customer=customer)
    return customer


def _user(
    person: Person, domain: str, password: str, since: datetime, *, customer: Customer | None = None, **fields: object
) -> User:
    user: User = User.objects.create(
        email=f"{person.local}@{domain}",
        password=password,
        first_name=person.first_name,
        last_name=person.last_name,
        date_joined=since,
        **fields,
    )
    if customer is not None:
        Membership.objects.create(user=user, customer=customer, role=person.role, joined_at=since)
    return user
