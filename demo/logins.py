"""Who may sign in to the demo: told by the start and, through `context`, by the sign-in page."""

from typing import NamedTuple

PASSWORD = "demo-portal"  # noqa: S105 - known to everybody, in the demo alone
STAFF_DOMAIN = "portal.example"


class Login(NamedTuple):
    """A way in. `label` is English source text, translated where it is shown."""

    email: str
    password: str
    label: str


LOGINS = [
    Login(email, PASSWORD, label)
    for email, label in (
        ("lan@hoasen.example", "Prepaid company: owner"),
        ("minh@hoasen.example", "Prepaid company: billing"),
        ("dung@hoasen.example", "Prepaid company: technical"),
        ("thu@hoasen.example", "Prepaid company: viewer"),
        ("phuong@phuongnam.example", "Postpaid company: owner"),
        ("trang@saoviet.example", "Large postpaid group: owner"),
        ("emma@northwind.example", "Switched to postpaid, in English: owner"),
        ("mai@mailbox.example", "Person, prepaid: owner"),
        (f"support@{STAFF_DOMAIN}", "Staff: support"),
        (f"finance@{STAFF_DOMAIN}", "Staff: finance"),
        (f"approver@{STAFF_DOMAIN}", "Staff: finance, second person"),
        (f"catalogue@{STAFF_DOMAIN}", "Staff: catalogue"),
        (f"auditor@{STAFF_DOMAIN}", "Staff: auditor"),
        (f"admin@{STAFF_DOMAIN}", "Administrator"),
    )
]
