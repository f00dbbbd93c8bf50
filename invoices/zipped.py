"""Many documents at once: the invoices that a list shows, and their credit notes, as one ZIP."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from invoices.models import CreditNote, Invoice
from invoices.pdf import credit_note_pdf, invoice_pdf
from kernel.errors import DomainError
from kernel.periods import local_day
from store.zipping import Sink

MOST_DOCUMENTS = 1_000
AT_ONCE = 50


class TooManyDocuments(DomainError):
    """More invoices than one file holds."""

    code = "too-many-documents"
    status = 422
    message = _("At most %(most)s invoices fit into one file. Choose fewer months, or filter.")


def zip_of_documents(found: QuerySet[Invoice], *, language: str, at: datetime) -> Iterator[bytes]:
    """
    The parts of a ZIP with the PDF of each invoice and of its credit notes, the earliest first.

    :raises TooManyDocuments: before anything is written
    """
    invoices = list(found.select_related("product").order_by("issued_at", "id")[: MOST_DOCUMENTS + 1])
    if len(invoices) > MOST_DOCUMENTS:
        raise TooManyDocuments(most=MOST_DOCUMENTS)
    return _parts(invoices, language, at)


def _parts(invoices: list[Invoice], language: str, at: datetime) -> Iterator[bytes]:
    """Set one after the other while they are sent: neither the file nor the documents lie in memory."""
    sink = Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        rest = iter(invoices)
        while chunk := list(islice(rest, AT_ONCE)):
            for number, issued_at, document in _documents(chunk, language, at):
                day = local_day(issued_at)
                archive.writestr(zipfile.ZipInfo(f"{number}.pdf", (day.year, day.month, day.day, 0, 0, 0)), document)
                yield sink.taken()
    yield sink.taken()


def _documents(invoices: list[Invoice], language: str, at: datetime) -> Iterator[tuple[str, datetime, bytes]]:
    notes = CreditNote.objects.filter(invoice__in=invoices).select_related("invoice__product").order_by("issued_at")
    of_invoice: dict[object, list[CreditNote]] = {}
    for note in notes:
        of_invoice.setdefault(note.invoice_id, []).append(note)
    for invoice in invoices:
        with override(language):
            document = invoice_pdf(invoice, at=at)
        yield invoice.number, invoice.issued_at, document
        for note in of_invoice.get(invoice.pk, ()):
            with override(language):
                document = credit_note_pdf(note)
            yield note.number, note.issued_at, document
