"""After an outage a customer gets one mail, not a flood."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core import mail

from accounts.models import Customer
from notifications import delivery
from notifications.delivery import deliver_notices
from notifications.models import Notice
from tests.cast import DAY, NOON, make_customer

pytestmark = pytest.mark.django_db


def owe(customer: Customer, count: int) -> None:
    for number in range(count):
        Notice.objects.create(
            customer=customer, kind=Notice.Kind.REFUND, event=f"credit-note:{uuid4()}", recipient=customer.email,
            facts={"resource": f"web-{number}", "amount": 1_000 + number}, at=NOON, next_attempt_at=NOON,
        )  # fmt: skip


def test_121_notices_that_gathered_for_one_customer_are_one_mail(
    alice: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "is_overtaken", lambda _notice, _now, *, at: False)
    other = make_customer("Other", language="en")
    owe(alice, 121)
    owe(other, 2)
    deliver_notices(at=NOON + 40 * DAY)
    assert [message.to[0] for message in mail.outbox].count(alice.email) == 1
    assert [message.to[0] for message in mail.outbox].count(other.email) == 2
    digest = next(message for message in mail.outbox if message.to == [alice.email])
    assert "121" in digest.subject
    assert (digest.body.count("web-") == 121) or digest.body.count("2026") >= 121
    assert set(Notice.objects.values_list("state", flat=True)) == {Notice.State.SENT}
    assert deliver_notices(at=NOON + 41 * DAY).done == 0


def test_what_was_overtaken_meanwhile_is_left_out_of_the_digest(
    alice: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    owe(alice, 12)
    gone = set(Notice.objects.order_by("pk").values_list("pk", flat=True)[:5])
    monkeypatch.setattr(delivery, "is_overtaken", lambda notice, _now, *, at: notice.pk in gone)
    deliver_notices(at=NOON + DAY)
    (digest,) = mail.outbox
    assert "7" in digest.subject
    assert Notice.objects.filter(state=Notice.State.OVERTAKEN).count() == 5
