"""Open invoices are mentioned 3 days before and on the due date, then 1, 7 and 14 days after it. Once each."""

from datetime import UTC, datetime, timedelta

import pytest

from invoices.models import Invoice
from invoices.services.ladder import climb
from kernel.periods import CalendarMonth
from notifications.models import Notice
from payments.services.invoices import pay_invoices_from_wallet
from tests.cast import JOB, create, fund, owner_of
from tests.owner import forget

FEBRUARY_ENDED = datetime(2026, 2, 28, 17, 30, tzinfo=UTC)
"""00:30 of 1 March in Hà Nội; the invoices fall due 15 days later, on 16 March."""


@pytest.fixture
def invoice(bob, small) -> Invoice:
    from invoices.services.month_end import run_month_end

    create(bob, small, at=FEBRUARY_ENDED - timedelta(days=10))
    run_month_end(CalendarMonth(2026, 2), actor=JOB, at=FEBRUARY_ENDED)
    forget(Notice.objects.all())
    return Invoice.objects.get()


def half_past_seven(day: int, month: int = 3) -> datetime:
    return datetime(2026, month, day, 0, 30, tzinfo=UTC)


def told(kind: Notice.Kind) -> list[tuple[str, int]]:
    return [
        (notice.event.rpartition(":")[2], notice.facts["days"])
        for notice in Notice.objects.filter(kind=kind).order_by("pk")
    ]


def test_a_month_of_reminders(invoice):
    sent = {day: climb(at=half_past_seven(day)) for day in range(2, 32)}
    assert {day for day, count in sent.items() if count} == {13, 16, 17, 23, 26, 30}  # on the 26th staff are to call
    assert told(Notice.Kind.INVOICE_DUE) == [("T-3", 3), ("T+0", 0)]
    assert told(Notice.Kind.INVOICE_OVERDUE) == [("T+1", 1), ("T+7", 7), ("T+14", 14)]


def test_the_notice_says_which_invoice_and_how_much(invoice):
    climb(at=half_past_seven(13))
    notice = Notice.objects.get()
    assert notice.recipient == invoice.customer.email
    assert notice.facts == {
        "number": invoice.number,
        "resource": "web",
        "due": invoice.due,
        "days": 3,
        "due_date": "2026-03-16",
    }


def test_a_late_job_tells_the_latest_milestone_only(invoice):
    climb(at=half_past_seven(25))
    assert told(Notice.Kind.INVOICE_OVERDUE) == [("T+7", 9)]
    assert told(Notice.Kind.INVOICE_DUE) == []


def test_paid_invoices_are_left_alone(invoice):
    fund(invoice.customer, 1_000_000)
    pay_invoices_from_wallet(
        invoice.customer_id, [invoice.pk], actor=owner_of(invoice.customer), at=half_past_seven(12)
    )
    assert climb(at=half_past_seven(20)) == 0
