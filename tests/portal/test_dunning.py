"""A customer reads where they stand with what is overdue, and what comes next and when: pages and REST alike."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import CustomerKey
from invoices.services.ladder import climb
from tests.debts import morning, usage_invoice
from tests.markup import markup
from tests.portal.seen import signed_in, the_time_being

JUNE = 6


@pytest.fixture
def invoice(bob, small):
    return usage_invoice(bob, small)


def rest(customer, at) -> dict:
    _key, secret = CustomerKey.issue(at=at, name="programs", customer=customer)
    answer = Client().get("/api/v1/dunning/", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_before_the_due_date_the_page_says_what_would_come(bob, invoice, monkeypatch):
    with the_time_being(morning(14)):
        climb(at=morning(14))
        page = markup(signed_in(bob).get(reverse("invoice", args=[invoice.pk])))
        told = rest(bob, morning(14))
    assert "We call you" in page or "Chúng tôi gọi" in page
    assert (told["overdue"], told["orders_blocked"], told["resources_stopped"]) == (0, False, False)
    assert [(one["act"], one["day"]) for one in told["ahead"]] == [
        ("remind", "2026-05-16"), ("remind", "2026-05-17"), ("remind", "2026-05-23"), ("call", "2026-05-26"), ("remind", "2026-05-30"),
        ("block", "2026-06-06"), ("stop", "2026-06-15"),
    ]  # fmt: skip


def test_what_is_blocked_and_what_is_announced_stands_on_every_page_about_it(bob, invoice):
    for day in (3, 6, 10):
        climb(at=morning(day, JUNE))
    with the_time_being(morning(10, JUNE)):
        told = rest(bob, morning(10, JUNE))
        home = markup(signed_in(bob).get("/"))
    assert (told["overdue"], told["orders_blocked"], told["resources_stopped"]) == (181_000, True, False)
    assert told["ahead"] == [{"act": "stop", "day": "2026-06-15", "is_announced": True}]
    assert "on 15 Jun 2026, unless what is overdue is paid" in home


def test_a_stopped_resource_says_why_and_offers_no_start(bob, invoice):
    for day in (3, 10, 15):
        climb(at=morning(day, JUNE))
    with the_time_being(morning(15, JUNE)):
        page = markup(signed_in(bob).get(reverse("resource", args=[invoice.resource_id])))
    assert reverse("pay-invoices") in page
    assert reverse("resource-act", args=[invoice.resource_id, "start"]) not in page


def test_a_line_is_questioned_on_its_invoice_and_by_rest_alike(bob, small, disk):
    invoice = usage_invoice(bob, small, (disk, 100))
    browser, page = signed_in(bob), reverse("invoice-question", args=[invoice.pk])
    with the_time_being(morning(12)):
        answer = browser.post(page, {"line": "1", "text": "not ours"}, follow=True)
        assert "not ours" in answer.content.decode()
        again = browser.post(page, {"line": "1", "text": "still not"})
        assert (again.status_code, "being looked into already" in again.content.decode()) == (400, True)
        _key, secret = CustomerKey.issue(at=morning(12), name="programs", customer=bob)
        asked = Client(headers={"Authorization": f"Bearer {secret}"}).post(
            f"/api/v1/invoices/{invoice.pk}/question/",
            {"position": 2, "text": "50 GB"},
            content_type="application/json",
        )
    assert (asked.status_code, asked.json()["state"]) == (201, "open"), asked.content
    assert sorted(invoice.questions.values_list("amount", flat=True)) == [181_000, 200_000]


def test_a_viewer_reads_questions_and_asks_none(bob, small):
    invoice = usage_invoice(bob, small)
    viewer = signed_in(bob, role="viewer")
    refused = viewer.post(reverse("invoice-question", args=[invoice.pk]), {"line": "1", "text": "x"})
    assert (refused.status_code, invoice.questions.count()) == (403, 0)
