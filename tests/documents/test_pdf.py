"""Invoices and credit notes as PDF, read back."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils.translation import override

from invoices.models import CreditNote, Invoice
from invoices.pdf import credit_note_pdf, invoice_pdf
from invoices.services.credit import credit_invoice
from invoices.services.month_end import bill_ended_months
from kernel.errors import InvalidInput
from lifecycle.services.tags import change_tags
from notifications.models import Notice
from notifications.render import words_of
from orders.models import Action, Quote
from orders.services.delete import delete_resource
from tests.cast import DAY, JOB, NOON, chosen, create, make_coupon, make_customer, make_item, owner_of, quote, resize
from tests.documents.reading import text_of
from tests.portal.seen import signed_in, the_time_being


@pytest.fixture
def invoice(vserver):
    """Ninety days at 181,000 less a coupon of 20,000: 523,000 VND."""
    customer = make_customer(
        "Công ty Nguyễn Thị Ánh ưỡẫữỵ", credit=1_000_000, tax_code="0101243150", address="12 Nguyễn Trãi, Hà Nội"
    )
    make_coupon("TET", 20_000)
    (server,) = create(customer, make_item(vserver, "small", 181_000), months=3, coupon="TET", name="web-Ạ")
    return Invoice.objects.select_related("product", "customer").get(resource=server)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("vi", ["Hóa đơn", "523.000 ₫", "−20.000 ₫", "Mã số thuế: 0101243150", "90 ngày", "10/03/2026 12:00"]),
        ("en", ["Invoice", "523,000 ₫", "−20,000 ₫", "Tax code: 0101243150", "90 days", "10 Mar 2026, 12:00"]),
    ],
)
def test_an_invoice_reads_in_both_languages(invoice, language, words):
    with override(language):
        text = text_of(invoice_pdf(invoice, at=NOON))
    for word in [*words, invoice.number, "Công ty Nguyễn Thị Ánh ưỡẫữỵ", "web-Ạ", "TET"]:
        assert word in text


def test_the_same_document_gives_the_same_bytes(invoice):
    with override("vi"):
        first, second = invoice_pdf(invoice, at=NOON), invoice_pdf(invoice, at=NOON)
    assert first == second
    assert first.startswith(b"%PDF-1.")
    assert b"pdfaid:part" in first


def test_the_tags_that_lines_keep_are_said_once(bob, small):
    """Those of the day of issue; who ordered it is no tag of theirs."""
    (server,) = create(bob, small)
    change_tags(server.pk, {"Environment": "production", "Department": "Kế toán"}, actor=owner_of(bob), at=NOON)
    delete_resource(server.pk, actor=owner_of(bob), at=NOON + DAY)
    invoice = Invoice.objects.select_related("product").get(resource=server)
    with override("en"):
        text = text_of(invoice_pdf(invoice, at=NOON + DAY))
    assert text.count("Tags when it was issued: Department=Kế toán; Environment=production") == 1
    assert "createdBy" not in text


def test_names_are_printed_and_never_evaluated(vserver):
    name = '#read("/etc/passwd") *b* $x$ \\ <a> "'
    customer = make_customer(name, credit=1_000_000)
    (server,) = create(customer, make_item(vserver, "small", 181_000))
    with override("en"):
        text = text_of(invoice_pdf(Invoice.objects.select_related("product").get(resource=server), at=NOON))
    assert '#read("/etc/passwd") *b* $x$ \\ <a> "' in text


def test_a_pictograph_in_a_name_is_printed(vserver):
    (server,) = create(make_customer(credit=1_000_000), make_item(vserver, "small", 181_000), name="🚀 web")
    with override("vi"):
        text = text_of(invoice_pdf(Invoice.objects.select_related("product").get(resource=server), at=NOON))
    assert "🚀" in text


def test_a_name_that_no_document_can_print_is_refused_where_it_is_typed(vserver):
    customer, small = make_customer(credit=1_000_000), make_item(vserver, "small", 181_000)
    with pytest.raises(InvalidInput, match=r"The character U\+20BB7 𠮷 cannot be printed on documents"), override("en"):
        quote(
            customer, Action.CREATE, product=str(vserver.pk), name="𠮷 web", items=chosen(small), quantity=1, months=1
        )
    assert not Quote.objects.exists()


def test_a_credit_note_says_what_it_corrects(bob, small):
    april = datetime(2026, 4, 2, 3, 0, tzinfo=UTC)
    create(bob, small)
    bill_ended_months(actor=JOB, at=april)
    invoice = Invoice.objects.get(customer=bob)
    note = credit_invoice(invoice, 29_717, CreditNote.Reason.CORRECTION, at=april, note="Sự cố ngày 12")
    note = CreditNote.objects.select_related("invoice__product").get(pk=note.pk)
    with override("en"):
        text = text_of(credit_note_pdf(note))
    for word in ["Credit note", note.number, invoice.number, "Sự cố ngày 12", "29,717 ₫", "2,701 ₫"]:
        assert word in text
    with override("en"):
        text = text_of(invoice_pdf(Invoice.objects.select_related("product").get(pk=invoice.pk), at=april))
    assert "−29,717 ₫" in text
    assert "100,000 ₫" in text


def test_documents_are_for_their_customer_alone(invoice, bob):
    with the_time_being(NOON):
        answer = signed_in(invoice.customer).get(reverse("invoice-pdf", args=[invoice.pk]), {"lang": "vi"})
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        assert answer["Content-Disposition"] == f'inline; filename="{invoice.number}.pdf"'
        stranger = signed_in(bob)
        assert stranger.get(reverse("invoice-pdf", args=[invoice.pk])).status_code == 404
        assert stranger.get(reverse("credit-note-pdf", args=[invoice.pk])).status_code == 404


def test_a_month_is_named_time_is_exact_and_vat_is_told_by_rate(bob, vserver):
    """October 2026 at 165,000 a month and 10 % on top, resized on the 10th at 22:48."""
    begin, changed = datetime(2026, 9, 30, 17, 0, tzinfo=UTC), datetime(2026, 10, 10, 15, 48, tzinfo=UTC)
    small = make_item(vserver, "small", 165_000, includes_vat=False)
    large = make_item(vserver, "large", 330_000, includes_vat=False)
    (server,) = create(bob, small, at=begin)
    resize(server, large, at=changed)
    november = datetime(2026, 10, 31, 17, 30, tzinfo=UTC)
    bill_ended_months(actor=JOB, at=november)
    invoice = Invoice.objects.select_related("product").get(resource=server)
    with override("en"):
        text = text_of(invoice_pdf(invoice, at=november))
    for word in (
        "October 2026",
        "9 days 22 hours 48 minutes (14,328 minutes)",
        "Unit price, per 30 days",
        "10\u00a0%",
        "Net total",
        "Total in words",
        "Tax point: 10\u00a0%: 10 Oct 2026 – 31 Oct 2026.",
        "Electronic invoice no.",
    ):
        assert word.replace("\u00a0", " ") in text.replace("\u00a0", " ")
    with override("vi"):
        assert "Tháng 10/2026" in text_of(invoice_pdf(invoice, at=november))


def test_seller_contacts_and_bank_account_are_kept_on_the_invoice(bob, small, settings):
    settings.SELLER_SUPPORT, settings.SELLER_BANK, settings.SELLER_BANK_ACCOUNT = (
        "1900 1234",
        "Vietcombank",
        "0071004071",
    )
    april = datetime(2026, 4, 2, 3, 0, tzinfo=UTC)
    create(bob, small)
    bill_ended_months(actor=JOB, at=april)
    settings.SELLER_BANK_ACCOUNT = "999"
    invoice = Invoice.objects.select_related("product").get(customer=bob)
    with override("en"):
        text = text_of(invoice_pdf(invoice, at=april))
        assert "0071004071" in text
        assert "1900 1234" in text
        assert f"Text of the transfer: {invoice.number}" in text
        words = words_of(Notice.objects.get(kind=Notice.Kind.INVOICE_ISSUED))
    assert ("Bank account", "0071004071, Vietcombank, Billing Portal Demo") in words.rows
    assert ("Text of the transfer", invoice.number) in words.rows
    with the_time_being(april):
        client = signed_in(bob)
        page = client.get(reverse("invoice", args=[invoice.pk])).content.decode()
        assert "0071004071" in page
        assert "1900 1234" in page
        for name in ("billing-history", "wallet", "settings"):
            assert "1900 1234" in client.get(reverse(name)).content.decode()
