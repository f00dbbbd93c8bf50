"""Uses from a file of staff: CSV with the members of a record as its columns, taken in batches like those of teams."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import record_audit
from catalog.models import Product
from kernel.actors import Actor
from kernel.errors import InvalidInput
from usage.audit import Did
from usage.models import Batch, Outcome
from usage.reading import MEMBERS
from usage.services.intake import MOST, take_records

MOST_LINES = 100_000
MOST_BYTES = 20_000_000
NEEDED = ("resource", "item", "key", "used_at", "quantity")


class WrongFile(InvalidInput):
    code = "wrong-usage-file"
    message = _("This is no CSV file in UTF-8 with lines and the columns %(columns)s.")

    def __init__(self) -> None:
        super().__init__(columns=", ".join(NEEDED))


class FileTooLong(InvalidInput):
    code = "usage-file-too-long"
    message = _("A file has at most %(most)s lines. Send the rest as another one.")


@transaction.atomic
def read_file(product: Product, content: bytes, *, reason: str, actor: Actor, at: datetime) -> Counter[Outcome]:
    """
    Take every line of a file, each for itself: what is refused stands in the list of refused uses.

    :raises WrongFile: it cannot be read, or lacks a column
    :raises FileTooLong: it has more lines than are taken at once
    """
    try:
        lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), strict=True)
        names = set(lines.fieldnames or ())
        if not names.issuperset(NEEDED) or not names <= MEMBERS:
            raise WrongFile
        records = [_record(line) for line in lines]
    except (UnicodeDecodeError, csv.Error):
        raise WrongFile from None
    if not records:
        raise WrongFile
    if len(records) > MOST_LINES:
        raise FileTooLong(most=MOST_LINES)
    counted: Counter[Outcome] = Counter()
    for start in range(0, len(records), MOST):
        taken = take_records(product, records[start : start + MOST], source=Batch.Source.FILE, actor=actor, at=at)
        counted.update(taken.outcomes)
    record_audit(
        Did.IMPORT_USAGE,
        f"product {product.pk}",
        actor=actor,
        at=at,
        reason=reason,
        product=product.code,
        outcomes={outcome.value: count for outcome, count in counted.items()},
    )
    return counted


def _record(line: dict[str | None, object]) -> dict[object, object]:
    """A cell that is empty says nothing; one too many makes the line unreadable."""
    return {name: value for name, value in line.items() if value != ""}
