"""Recipients and addresses that take no mail, attacked by plain SQL."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import Customer
from notifications.models import MailTrouble, Notice, Recipient
from notifications.services import telling_sql
from tests.cast import NOON
from tests.table.attack import MARKS, refuse, run

pytestmark = MARKS


@pytest.fixture
def recipient(alice: Customer) -> Recipient:
    return Recipient.objects.create(
        customer=alice, email="a@books.example", language="en", kinds=["resource_purged"], digest="d",
        asked_by="x", asked_at=NOON,
    )  # fmt: skip


def test_an_address_is_one_recipient_of_a_customer(recipient: Recipient) -> None:
    again = "INSERT INTO notifications_recipient (id, customer_id, email, language, kinds, digest, asked_by, asked_at) SELECT %s, customer_id, upper(email), language, kinds, digest, asked_by, asked_at FROM notifications_recipient LIMIT 1"
    refuse(again, uuid4(), match="an_address_is_one_recipient")
    run("UPDATE notifications_recipient SET removed_at = %s", NOON)
    run(again, uuid4())


def test_a_link_confirms_once_and_what_is_over_stays_so(recipient: Recipient, bob: Customer) -> None:
    refuse("UPDATE notifications_recipient SET confirmed_at = %s", NOON, match="a_link_confirms_once")
    run("UPDATE notifications_recipient SET confirmed_at = %s, removed_at = %s, digest = ''", NOON, NOON)
    for column in ("confirmed_at", "removed_at"):
        refuse(f"UPDATE notifications_recipient SET {column} = NULL", match="frozen")
    refuse("UPDATE notifications_recipient SET email = 'b@x.example'", match="frozen")
    refuse("UPDATE notifications_recipient SET customer_id = %s", bob.pk, match="frozen")
    refuse("DELETE FROM notifications_recipient", match="keeps its rows")


def test_a_trouble_stays_as_it_was_told_and_is_mended_once(db: None) -> None:
    MailTrouble.objects.create(email="a@x.example", why="bounced", event="e", at=NOON)
    refuse("UPDATE notifications_mailtrouble SET why = 'complained'", match="frozen")
    refuse("UPDATE notifications_mailtrouble SET mended_at = %s", NOON, match="who_mends_an_address_is_named")
    run("UPDATE notifications_mailtrouble SET mended_at = %s, mended_by = 'x'", NOON)
    refuse("UPDATE notifications_mailtrouble SET mended_at = NULL, mended_by = ''", match="frozen")
    refuse("DELETE FROM notifications_mailtrouble", match="keeps its rows")
    refuse(
        "INSERT INTO notifications_mailtrouble (email, why, detail, event, at, mended_by) VALUES ('b@x.example', 'bounced', '', 'e', now(), '')",
        match="a_provider_tells_of_an_event_once",
    )


def test_a_sweep_is_copied_to_recipients_in_the_same_statement(recipient: Recipient) -> None:
    run("UPDATE notifications_recipient SET confirmed_at = %s, digest = ''", NOON)
    sweep = telling_sql(
        Notice.Kind.RESOURCE_PURGED,
        facts="'{}'::jsonb",
        rows="(SELECT %(row)s::uuid AS id, %(customer)s::uuid AS customer_id)",
    )
    with connection.cursor() as cursor:
        for _again in range(2):
            cursor.execute(sweep, {"at": NOON, "row": recipient.pk, "customer": recipient.customer_id})
    assert Notice.objects.filter(copy_to=recipient, recipient="a@books.example").count() == 1
    assert Notice.objects.count() == 2
