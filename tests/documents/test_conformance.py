"""Papers are PDF/A-2a and PDF/UA-1: kept for decades, and read aloud. What the standards ask that a file can be looked at for."""

import re

import pytest
from django.utils.translation import override

from invoices.models import CreditNote
from invoices.pdf import credit_note_pdf, fact, invoice_pdf, render, sum_row
from invoices.services.credit import credit_invoice
from kernel.periods import CalendarMonth
from payments.monthly import monthly_statement_pdf
from payments.statement import statement_pdf
from tests.debts import morning, usage_invoice
from tests.documents.reading import fonts_of

MORNING = morning(10)
HEAD = re.compile(rb"/S/TH\b[^>]*?/Scope/Column\b")
CELL = re.compile(rb"/S/TD\b[^>]*?/Headers\[\(")


@pytest.fixture
def papers(bob, small):
    invoice = usage_invoice(bob, small)
    note = credit_invoice(invoice, 10_000, CreditNote.Reason.CORRECTION, at=MORNING, note="An hour of outage")
    with override("vi"):
        return {
            "invoice": invoice_pdf(invoice, at=MORNING),
            "credit note": credit_note_pdf(note),
            "monthly statement": monthly_statement_pdf(bob, CalendarMonth.of(MORNING), at=MORNING),
            "credit statement": statement_pdf(bob, None, at=MORNING),
        }


def test_every_paper_is_kept_for_decades_and_read_aloud(papers):
    for name, document in papers.items():
        said = {
            "is PDF/A-2": b"<pdfaid:part>2</pdfaid:part>" in document,
            "at level A": b"<pdfaid:conformance>A</pdfaid:conformance>" in document,
            "is PDF/UA-1": b"<pdfuaid:part>1</pdfuaid:part>" in document,
            "says which colours are meant": b"/GTS_PDFA1" in document and b"/DestOutputProfile" in document,
            "is tagged": re.search(rb"/MarkInfo\s*<<[^>]*/Marked true", document) is not None,
            "has a tree of its parts": b"/StructTreeRoot" in document,
            "names its language": b"/Lang(vi" in document,
            "shows its title": b"/DisplayDocTitle true" in document,
            "says its title": b"<dc:title><rdf:Alt><rdf:li" in document,
            "has one heading": len(re.findall(rb"/S/H1\b", document)) == 1,
            "names its columns": len(HEAD.findall(document)) == len(re.findall(rb"/S/TH\b", document)) >= 4,
            "says of each cell to which column it belongs": len(CELL.findall(document))
            == len(re.findall(rb"/S/TD\b", document)),
            "keeps nothing outside": b"/URI" not in document and b"/JavaScript" not in document,
        }
        assert [what for what, is_so in said.items() if not is_so] == [], name


def test_every_font_goes_along(papers):
    for name, document in papers.items():
        fonts = list(fonts_of(document))
        assert fonts, name
        assert all({"/FontFile2", "/FontFile3"} & font.keys() for font in fonts), name


def test_sixty_lines_are_three_pages():
    """Twelve changes within a month, five items each."""
    cells = ["S1 · 4 vCPU, 8 GB", "1 server", "362,000 ₫", "335,185 ₫", "10 % · 33,519 ₫", "368,704 ₫"]
    paper = {
        "title": "Invoice", "number": "U2026-0000001", "language": "en", "issued": [2026, 11, 1], "status": "unpaid",
        "seller": {"label": "Seller", "name": "Seller", "rows": ["Seller", "Address", "Tax code", "mail@seller.example"]},
        "buyer": {"label": "Customer", "rows": ["Customer", "Address", "Tax code"]},
        "facts": [fact("Issued", "1 Nov 2026"), fact("Due", "16 Nov 2026"), fact("Resource", "web"), fact("Period", "Oct")],
        "columns": ["Item", "Quantity", "Unit price", "Net", "VAT", "Total"],
        "groups": [
            {"title": f"{day} Oct 2026, 00:00 – {day + 1} Oct 2026, 00:00 · 1 day", "lines": [[(cell, "") for cell in cells]] * 5}
            for day in range(1, 13)
        ],
        "sums": [sum_row("Net total", 1), sum_row("VAT 10 %", 1), sum_row("Total", 2, strong=True), sum_row("Still to pay", 2, strong=True)],
        "words": "Total in words: two đồng.", "notes": ["One note.", "Another."], "footer": "Seller",
    }  # fmt: skip
    document = render(paper)
    assert len(re.findall(rb"/Type/Page\b", document)) <= 3
    assert b"/Title(Invoice U2026-0000001)/Dest" in document, "its bookmark has a space between the words"
