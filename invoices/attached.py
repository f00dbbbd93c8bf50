"""The documents that go along with mails about invoices: one as it is, many in one file with their list beside it."""

from __future__ import annotations

import tempfile
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.downloads import XLSX
from invoices.models import Invoice
from invoices.pdf import invoice_pdf
from invoices.reports import INVOICES, invoice_rows
from notifications.files import File
from store.tables import write_workbook

MOST_IN_ONE_FILE = 200
"""Of more there is the list alone: the portal has every document."""


def files_of_invoices(pks: list[UUID], at: datetime) -> list[File]:
    found = Invoice.objects.filter(pk__in=pks)
    invoices = list(found.select_related("product").order_by("number")[: MOST_IN_ONE_FILE + 1])
    files = []
    if 0 < len(invoices) <= MOST_IN_ONE_FILE:
        name = invoices[0].number if len(invoices) == 1 else _("invoices")
        files.append(File(f"{name}.pdf", invoice_pdf(*invoices, at=at), "application/pdf"))
    if len(invoices) > 1:
        with tempfile.TemporaryFile() as file:
            titles = [str(column.title) for column in INVOICES]
            write_workbook(file, titles, invoice_rows(found, at=at), [column.width for column in INVOICES])
            file.seek(0)
            files.append(File(f"{_('invoices')}.xlsx", file.read(), XLSX))
    return files
