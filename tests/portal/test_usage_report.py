"""The usage report of a month: the stretch within it and its share of what was invoiced, on page, in files and by REST."""

import csv
import io
from datetime import UTC, datetime, timedelta
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Discount, Item
from invoices.models import CreditNote, Invoice, InvoiceLine
from invoices.services.again import bill_again
from invoices.services.credit import credit_invoice
from invoices.services.month_end import bill_ended_months
from invoices.usage import lines_of_month, usages
from kernel.periods import CalendarMonth
from orders.services.delete import delete_resource
from tests.api.conftest import caller_of, done
from tests.cast import DAY, JOB, MONTH, NOON, STAFF, create, make_coupon, make_item, make_product, owner_of, resize
from tests.portal.seen import signed_in, the_time_being

MAY = datetime(2026, 5, 10, 5, 0, tzinfo=UTC)
"""10 May, noon in Hà Nội; 180 days later it is 6 November, noon."""
APRIL, DECEMBER = datetime(2026, 4, 2, 3, 0, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _december():
    with the_time_being(DECEMBER):
        yield


def report(client, month, **wishes):
    return client.get(reverse("usage-report"), {"month": month, **wishes})


def of(customer, month):
    """Minutes, VAT, coupon and total of the lines of a month, the earliest first."""
    rows = report(signed_in(customer), month).context["rows"]
    return [(row.minutes, row.tax, row.coupon, row.total) for row in reversed(rows)]


def all_months(customer):
    return [usage for number in range(1, 13) for usage in _read(customer, CalendarMonth(2026, number))]


def _read(customer, month):
    return usages(lines_of_month(InvoiceLine.objects.filter(customer=customer), month).order_by("pk"), month)


SIX_MONTHS = [
    # 181,000 a month: up to the end of May 30,960 minutes are worth 129,716.67, up to the end of June 310,716.67 ...
    ("2026-04", None, None, None),
    ("2026-05", 30_960, 129_717, 14_286),
    ("2026-06", 43_200, 181_000, 14_286),
    ("2026-07", 44_640, 187_033, 14_286),
    ("2026-08", 44_640, 187_033, 14_286),
    ("2026-09", 43_200, 181_000, 14_286),
    ("2026-10", 44_640, 187_034, 14_285),
    ("2026-11", 7_920, 33_183, 14_285),
    ("2026-12", None, None, None),
]


@pytest.mark.parametrize(("month", "minutes", "worth", "coupon"), SIX_MONTHS)
def test_six_months_bought_in_may_stand_in_seven_months_with_their_share(alice, small, month, minutes, worth, coupon):
    make_coupon("TET", 100_000)
    create(alice, small, months=6, coupon="TET", at=MAY)
    found = [(minutes, coupon, total + coupon) for minutes, _tax, coupon, total in of(alice, month)]
    assert found == ([(minutes, coupon, worth)] if minutes else [])


def test_the_stretch_is_the_one_within_the_month(alice, small):
    create(alice, small, months=6, at=MAY)
    [usage] = report(signed_in(alice), "2026-11").context["rows"]
    assert (usage.starts_at.isoformat(), usage.ends_at.isoformat()) == (
        "2026-10-31T17:00:00+00:00",
        "2026-11-06T05:00:00+00:00",
    )


def test_a_coupon_is_in_equal_parts_over_the_months_and_by_worth_over_the_lines(alice, small, disk):
    """20,001 over March and April: 10,001 and 10,000; of 181,000 and 80,000 that is 6,935.6 and 3,065.4, 6,934.9 and 3,065.1."""
    make_coupon("TET", 20_001)
    create(alice, small, (disk, 40), coupon="TET")
    assert [coupon for _minutes, _tax, coupon, _total in of(alice, "2026-03")] == [6_936, 3_065]
    assert [coupon for _minutes, _tax, coupon, _total in of(alice, "2026-04")] == [6_935, 3_065]


def test_deleted_time_is_not_used_and_what_came_back_is_not_charged(alice, small):
    """A third of 181,000 is kept; the refund of 120,667 and the later months are gone."""
    [server] = create(alice, small)
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + 10 * DAY)
    assert of(alice, "2026-03") == [(14_400, 5_485, 0, 60_333)]
    assert of(alice, "2026-04") == []


def test_what_a_coupon_took_off_deleted_time_is_gone_with_it(alice, small):
    """161,000 were paid for 181,000 and 107,333 came back: 53,667 are left, of lines worth 60,334 and a coupon of 6,667."""
    make_coupon("TET", 20_000)
    [server] = create(alice, small, coupon="TET")
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + 10 * DAY)
    [(minutes, _tax, coupon, total)] = of(alice, "2026-03")
    assert (minutes, coupon, total) == (14_400, 6_667, 53_667)


def test_what_is_not_refundable_is_charged_for_the_time_that_was_used(alice, small):
    small.product.is_refundable = False
    small.product.save()
    [server] = create(alice, small)
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + 10 * DAY)
    assert of(alice, "2026-03") == [(14_400, 16_455, 0, 181_000)]


def test_no_minute_of_a_resized_server_stands_twice(alice, small, large):
    [server] = create(alice, small)
    resize(server, large, at=NOON + 10 * DAY)
    minutes = [row[0] for month in ("2026-03", "2026-04") for row in of(alice, month)]
    assert sum(minutes) == 43_200


def test_a_voided_month_that_is_billed_again_stands_once(bob, small):
    create(bob, small)
    bill_ended_months(actor=JOB, at=APRIL)
    invoice = Invoice.objects.get()
    credit_invoice(invoice, 129_717, CreditNote.Reason.CORRECTION, at=APRIL)
    assert of(bob, "2026-03") == [(30_960, 0, 0, 0)]
    bill_again(invoice.pk, reason="tax code", actor=STAFF, at=APRIL)
    assert of(bob, "2026-03") == [(30_960, 11_792, 0, 129_717)]


def test_a_correction_lessens_the_line(bob, small):
    """29,717 of 129,717 taken back, with 2,701 of the 11,792 of VAT."""
    create(bob, small)
    bill_ended_months(actor=JOB, at=APRIL)
    credit_invoice(Invoice.objects.get(), 29_717, CreditNote.Reason.CORRECTION, at=APRIL)
    assert of(bob, "2026-03") == [(30_960, 9_091, 0, 100_000)]


@pytest.mark.parametrize("deleted_after", [None, timedelta(days=17, minutes=187), timedelta(days=89, hours=23)])
def test_all_months_of_all_lines_come_to_what_the_invoice_charges(alice, vserver, small, deleted_after):
    odd = make_item(vserver, "odd", "7.7", kind=Item.Kind.VOLUME)
    extra = make_item(vserver, "extra", 333, kind=Item.Kind.VOLUME, includes_vat=False)
    Discount.objects.create(customer=alice, product=vserver, share="0.0333", valid_from=NOON - DAY)
    make_coupon("TET", 777)
    [server] = create(alice, small, (odd, 13), (extra, 7), months=3, coupon="TET")
    if deleted_after:
        delete_resource(server.pk, actor=owner_of(alice), at=NOON + deleted_after)
    invoice = Invoice.objects.get()
    rows = all_months(alice)
    assert sum(row.total for row in rows) == invoice.total - invoice.credited
    assert sum(row.tax for row in rows) == invoice.tax - sum(note.tax for note in invoice.credit_notes.all())
    pages = [report(signed_in(alice), f"2026-{number:02}").context["sums"] for number in range(3, 8)]
    assert sum(sums.total for sums in pages) == invoice.total - invoice.credited


def test_page_file_and_rest_say_the_same(alice, small, disk):
    make_coupon("TET", 20_001)
    create(alice, small, (disk, 40), coupon="TET", name="web")
    sums = report(signed_in(alice), "2026-04").context["sums"]
    # from 1 April to 9 April, noon: 12,240 minutes, worth 51,283 of 181,000 and 22,667 of 80,000, less 10,000
    assert (sums.count, sums.coupon, sums.total) == (2, 10_000, 63_950)
    text = signed_in(alice).get(reverse("usage-export", args=["csv"]), {"month": "2026-04"}).getvalue()
    written = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))
    answered = done(caller_of(alice).get("usage/", month="2026-04"))["results"]
    assert [(row["Resource"], row["Minutes"], row["Coupon"], row["Total"]) for row in written] == [
        ("web", "12240", "3065", "19602"),
        ("web", "12240", "6935", "44348"),
    ]
    assert [(row["resource_name"], row["minutes"], row["coupon"], row["total"]) for row in answered] == [
        ("web", 12_240, 3_065, 19_602),
        ("web", 12_240, 6_935, 44_348),
    ]
    assert (answered[0]["ends_at"], answered[0]["product"]) == ("2026-04-09T05:00:00Z", "vserver")


def test_pages_and_filters_of_the_rest_list(alice, small):
    bucket = make_item(make_product("vstorage"), "bucket", 90_000)
    [first, _second, _third] = create(alice, small, quantity=3)
    create(alice, bucket)
    caller = caller_of(alice)
    page = done(caller.get("usage/", month="2026-03", page_size=3))
    rest = done(caller.get(page["next"]))
    assert [len(page["results"]), len(rest["results"])] == [3, 1]
    assert len(done(caller.get("usage/", month="2026-03", product="vstorage"))["results"]) == 1
    assert len(done(caller.get("usage/", month="2026-03", resource=str(first.pk)))["results"]) == 1
    assert done(caller.get("usage/"))["results"] == []
    assert caller.get("usage/", month="March").status_code == 400


def test_the_report_costs_the_same_for_one_line_and_for_many(alice, small, disk):
    make_coupon("TET", 20_000, maximum_uses_per_customer=9)
    costs = []
    for count in (1, 4):
        create(alice, small, (disk, 40), quantity=count, coupon="TET")
        client = signed_in(alice)
        with CaptureQueriesContext(connection) as queries:
            report(client, "2026-03")
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_columns_can_be_hidden_and_shown(bob, small):
    create(bob, small)
    bill_ended_months(actor=JOB, at=APRIL)
    client = signed_in(bob)
    at_first = report(client, "2026-03").content.decode()
    fewer = report(client, "2026-03", hide=["unit_price", "tax", "total", "nonsense"]).content.decode()
    assert 'data-label="Unit price"' in at_first
    assert 'data-label="Product"' not in at_first
    assert 'data-label="Unit price"' not in fewer
    assert 'data-label="Product"' in fewer
    assert 'data-label="Total"' in fewer
    assert 'data-label="Amount"' in report(client, "2026-03", hide="").content.decode()


def test_the_report_as_a_workbook(bob, small):
    create(bob, small, quantity=2)
    bill_ended_months(actor=JOB, at=APRIL)
    answer = signed_in(bob).get(reverse("usage-export", args=["xlsx"]), {"month": "2026-03"})
    with ZipFile(io.BytesIO(answer.getvalue())) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 3
    assert "30960" in sheet
    assert '<col min="4" max="4" width="28.' in sheet  # the item


def test_strangers_see_nothing_of_it(alice, bob, small):
    create(alice, small, at=NOON + MONTH)
    assert of(bob, "2026-04") == []
    assert done(caller_of(bob).get("usage/", month="2026-04"))["results"] == []
