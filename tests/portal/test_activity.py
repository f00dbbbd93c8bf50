"""What was done for a customer, as the customer reads and takes it away."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.translation import override

from accounts.may import Role
from accounts.services import view_as_customer
from accounts.services.keys import issue_customer_key
from payments.services.credit import grant_promotional_credit
from team.activity import activity_of, told
from team.services.members import set_role
from tests.api.conftest import Caller
from tests.cast import DAY, NOON, STAFF, make_user
from tests.portal.seen import signed_in

pytestmark = pytest.mark.django_db
SECRET = "he phoned and shouted at Hoa"


@pytest.fixture
def lan(alice):
    return make_user(alice)


@pytest.fixture
def done(alice, bob, lan):
    """By a member, by staff, and by somebody else's member."""
    minh = make_user(alice, role=Role.VIEWER)
    set_role(minh.memberships.get(), "billing", actor=lan.actor, at=NOON)
    issue_customer_key(alice, "import", actor=lan.actor, at=NOON + DAY)
    view_as_customer(alice, reason=SECRET, actor=STAFF, at=NOON + 2 * DAY)
    grant_promotional_credit(alice, 100_000, expires_at=NOON + 30 * DAY, reason=SECRET, actor=STAFF, at=NOON + 3 * DAY)
    issue_customer_key(bob, "theirs", actor=make_user(bob).actor, at=NOON)
    return minh


def lines(customer, **wanted):
    with override("en"):
        return [
            (act.who, act.what, act.details) for act in told(activity_of(customer, **wanted).order_by("id"), customer)
        ]


def test_members_are_named_and_staff_are_ours(alice, lan, done):
    assert lines(alice) == [
        (lan.email, "changed the role of a member", f"{done.email}, billing"),
        (lan.email, "issued an API key", "import"),
        ("our staff", "viewed the portal as the customer", ""),
        ("our staff", "granted promotional credit", ""),
    ]


def test_nothing_of_ours_leaks(alice, done):
    client = signed_in(alice)
    for page in (reverse("activity"), reverse("activity-export", args=["csv"])):
        answer = client.get(page)
        told = b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()
        assert "our staff" in told
        assert SECRET not in told
        assert STAFF.name not in told
        assert "theirs" not in told


def test_it_is_filtered_by_who_and_by_what(alice, lan, done):
    assert len(lines(alice, who=lan.email)) == 2
    assert [what for _who, what, _details in lines(alice, who="staff")] == [
        "viewed the portal as the customer", "granted promotional credit",
    ]  # fmt: skip
    assert [details for _who, _what, details in lines(alice, what="issue API key")] == ["import"]
    page = signed_in(alice).get(reverse("activity"), {"who": "staff", "what": "grant promotional credit"})
    assert len(page.context["acts"]) == 1


def test_the_words_are_the_readers(alice, done):
    client = signed_in(alice)
    client.cookies["django_language"] = "vi"
    assert (
        "nhân viên của chúng tôi" in client.get(reverse("activity"), headers={"accept-language": "vi"}).content.decode()
    )


def test_the_api_tells_the_same(alice, lan, done):
    caller = Caller(user=lan)
    assert [row["details"] for row in caller.get("activity/").json()["results"]] == [
        "",
        "",
        "import",
        f"{done.email}, billing",
    ]
    assert len(caller.get("activity/", who="staff").json()["results"]) == 2


def test_who_may_not_see_it_does_not(alice):
    assert signed_in(alice, Role.VIEWER).get(reverse("activity")).status_code == 403
    assert signed_in(alice, Role.BILLING).get(reverse("activity")).status_code == 200
