"""Payment requests in plain SQL: nothing is begun by a link that has ended, over more than was asked for, or for somebody else."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection

from payments.models import PaymentRequest
from payments.models.behalf import REQUEST_EDGES, RequestState
from tests.cast import NOON, make_customer
from tests.table.attack import MARKS, refuse, refused, run

pytestmark = MARKS
END = NOON + timedelta(days=3)
PAYMENT = """
INSERT INTO payments_payment (id, customer_id, kind, means, gateway, reference, payable, invoice_ids, description, amount, promotional,
    allocated, refunded, state, actor, created_at, redirect_url, failure, checks, request_id)
VALUES (gen_random_uuid(), %s, 'invoice', 'gateway', 'gate', gen_random_uuid()::text, %s, '[]', '', %s, 0, 0, 0, 'created', '', %s, '', '', 0, %s)
"""
TRANSFER = """
INSERT INTO payments_expectedtransfer (id, customer_id, reference, kind, payable, invoice_ids, description, amount, actor, created_at,
    expires_at, request_id)
VALUES (gen_random_uuid(), %s, 'ABCDEFGH23', 'behalf', %s, '[]', '', %s, '', %s, %s, %s)
"""


@pytest.fixture
def asked() -> PaymentRequest:
    return PaymentRequest.objects.create(
        customer=make_customer(), kind="invoice", invoice_ids=["x"], amount=100_000, email="f@family.example",
        shown_name="Lan", language="vi", digest="d", actor="lan", created_at=NOON, expires_at=END,
    )  # fmt: skip


def pays(asked: PaymentRequest, amount: int = 100_000, at: datetime = NOON, **other: object) -> list[object]:
    facts = {"customer": asked.customer_id, "payable": f"behalf:{asked.pk}", "request": asked.pk} | other
    return [facts["customer"], facts["payable"], amount, at, facts["request"]]


def transfers(asked: PaymentRequest, amount: int = 100_000, until: datetime = END) -> list[object]:
    return [asked.customer_id, f"behalf:{asked.pk}", amount, NOON, until, asked.pk]


def test_what_was_asked_for_can_be_paid(asked: PaymentRequest) -> None:
    assert run(PAYMENT, *pays(asked)) == 1
    assert run(TRANSFER, *transfers(asked)) == 1


def test_no_more_is_begun_than_was_asked_for(asked: PaymentRequest) -> None:
    refuse(PAYMENT, *pays(asked, 100_001), match="nobody is asked")
    refuse(TRANSFER, *transfers(asked, 100_001), match="nobody is asked")


def test_nothing_is_begun_after_three_days(asked: PaymentRequest) -> None:
    refuse(PAYMENT, *pays(asked, at=END), match="nobody is asked")
    refuse(TRANSFER, *transfers(asked, until=END + timedelta(seconds=1)), match="nobody is asked")


@pytest.mark.parametrize("end", ["paid", "withdrawn", "expired"])
def test_nothing_is_begun_once_it_has_ended(asked: PaymentRequest, end: str) -> None:
    run("UPDATE payments_paymentrequest SET state = %s, ended_at = %s WHERE id = %s", end, END, asked.pk)
    refuse(PAYMENT, *pays(asked), match="nobody is asked")
    refuse(TRANSFER, *transfers(asked), match="nobody is asked")


def test_a_payment_on_behalf_is_the_customers_who_asked(asked: PaymentRequest) -> None:
    refuse(PAYMENT, *pays(asked, customer=make_customer().pk), match="a_payment_on_behalf_is_its_requests_customers")


def test_what_is_paid_on_behalf_names_its_request(asked: PaymentRequest) -> None:
    for other in ({"payable": f"invoices:{asked.customer_id}"}, {"request": None}):
        refuse(PAYMENT, *pays(asked, **other), match="a_payment_on_behalf_names_its_request")


@pytest.mark.parametrize("source", RequestState.values)
@pytest.mark.parametrize("target", RequestState.values)
def test_a_request_moves_along_its_edges(asked: PaymentRequest, source: str, target: str) -> None:
    move = "UPDATE payments_paymentrequest SET state = %s, ended_at = CASE WHEN %s = 'open' THEN NULL ELSE %s END WHERE id = %s"
    if source != "open":
        run(move, source, source, END, asked.pk)
    if source == target or (source, target) in REQUEST_EDGES:
        assert run(move, target, target, END, asked.pk) == 1
    else:
        refuse(move, target, target, END, asked.pk, match="cannot move")


def test_it_does_not_expire_before_its_time(asked: PaymentRequest) -> None:
    early = END - timedelta(seconds=1)
    sql = "UPDATE payments_paymentrequest SET state = 'expired', ended_at = %s WHERE id = %s"
    refuse(sql, early, asked.pk, match="still valid")


@pytest.mark.parametrize(
    "change",
    [
        "amount = 1", "email = 'x@y.example'", "shown_name = 'x'", "digest = 'x'", "expires_at = now()", "language = 'en'",
        "customer_id = gen_random_uuid()", "kind = 'order'", "invoice_ids = '[\"y\"]'", "order_id = gen_random_uuid()",
        "actor = 'x'", "created_at = now()",
    ],
)  # fmt: skip
def test_what_was_asked_for_stays(asked: PaymentRequest, change: str) -> None:
    refuse(f"UPDATE payments_paymentrequest SET {change} WHERE id = %s", asked.pk, match="frozen")


def test_it_was_first_opened_once(asked: PaymentRequest) -> None:
    sql = "UPDATE payments_paymentrequest SET opened_at = %s WHERE id = %s"
    run(sql, NOON, asked.pk)
    refuse(sql, END, asked.pk, match="frozen")


def test_a_request_is_never_deleted(asked: PaymentRequest) -> None:
    refuse("DELETE FROM payments_paymentrequest WHERE id = %s", asked.pk)


ASKED = """
INSERT INTO payments_paymentrequest (id, customer_id, kind, order_id, invoice_ids, amount, email, shown_name, language, digest, state, actor,
    created_at, expires_at, ended_at)
VALUES (gen_random_uuid(), %(customer)s, %(kind)s, %(order)s, %(invoices)s, %(amount)s, 'f@family.example', 'Lan', 'vi', %(digest)s, %(state)s,
    'lan', %(at)s, %(until)s, %(ended)s)
"""


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"until": END + timedelta(seconds=1)}, "a_request_is_valid_for_three_days"),
        ({"until": NOON}, "a_request_is_valid_for_three_days"),
        ({"amount": 0}, "an_amount_asked_for_is_sane"),
        ({"amount": 10**12 + 1}, "an_amount_asked_for_is_sane"),
        ({"kind": "order"}, "a_request_names_an_order_or_invoices"),
        ({"invoices": "[]"}, "a_request_names_an_order_or_invoices"),
        ({"state": "paid"}, "starts as open"),
        ({"ended": NOON}, "a_request_that_ended_says_when"),
        ({"digest": "d"}, "a_link_to_pay_leads_to_one_request"),
    ],
)
def test_a_request_is_sane_from_its_birth(asked: PaymentRequest, wrong: dict[str, object], rule: str) -> None:
    facts: dict[str, object] = {
        "customer": asked.customer_id, "kind": "invoice", "order": None, "invoices": '["x"]', "amount": 1_000,
        "digest": "e", "state": "open", "at": NOON, "until": END, "ended": None,
    }  # fmt: skip
    insert(facts)
    with refused(rule):
        insert(facts | {"digest": "f"} | wrong)


def insert(facts: dict[str, object]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ASKED, facts)
