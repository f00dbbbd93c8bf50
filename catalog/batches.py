"""Coupons by the hundred: made with codes that cannot be guessed, read from a file, and written to one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.services import record_audit
from catalog.audit import Did
from catalog.models import Coupon, Product
from kernel.actors import Actor
from kernel.errors import InvalidInput
from kernel.keys import coupon_key
from kernel.periods import start_of_day
from kernel.references import new_reference

MOST = 5_000
COLUMNS = (
    *("code", "amount", "share", "valid_from", "valid_until", "products", "minimum_order"),
    *("maximum_uses", "maximum_uses_per_customer", "new_customers_only"),
)
"""Of a file of coupons, in any order; `code`, `valid_from` and one of `amount` and `share` are needed."""
WRITTEN = (*COLUMNS, "batch", "uses")
YES = frozenset({"1", "yes", "true", "x", "có"})


class WrongLine(InvalidInput):
    code = "wrong-coupon-line"
    message = _("Line %(line)s: %(wrong)s Nothing of the file was taken.")


@transaction.atomic
def make_batch(
    batch: str,
    count: int,
    *,
    prefix: str,
    terms: Mapping[str, object],
    products: Iterable[Product] = (),
    reason: str = "",
    actor: Actor,
    at: datetime,
) -> list[Coupon]:
    """
    `count` coupons with the same `terms` (fields of `Coupon`), each with a code of its own: the prefix and ten characters.

    :raises InvalidInput: no name, too many, or terms that no coupon can have
    """
    if not batch.strip() or not 0 < count <= MOST:
        raise InvalidInput(_("A batch has a name, and at most 5,000 coupons."), field="count")
    start = coupon_key(prefix)
    made = [Coupon(code=f"{start}{new_reference()}", batch=batch.strip(), **terms) for _each in range(count)]
    try:
        made[0].full_clean()
    except ValidationError as wrong:
        raise InvalidInput(" ".join(wrong.messages), field="count") from wrong
    return _save(made, [list(products)] * count, batch, reason=reason, actor=actor, at=at)


@transaction.atomic
def read_batch(batch: str, content: bytes, *, reason: str = "", actor: Actor, at: datetime) -> list[Coupon]:
    """
    The coupons of a CSV file, all or none.

    :raises WrongLine: a line that is no coupon, or a code that exists, and which
    :raises InvalidInput: no CSV file with these columns
    """
    coupons, products = read_coupons(batch, content)
    return _save(coupons, products, batch, reason=reason, actor=actor, at=at)


def read_coupons(batch: str, content: bytes) -> tuple[list[Coupon], list[list[Product]]]:
    """What a file says, not kept yet, and the products of each. Raises as `read_batch`."""
    rows = list(_lines(content))
    if not batch.strip() or not 0 < len(rows) <= MOST:
        raise InvalidInput(_("A batch has a name, and at most 5,000 coupons."), field="file")
    known = {product.code: product for product in Product.objects.all()}
    codes = [coupon_key(row["code"]) for row in rows]
    taken = set(Coupon.objects.filter(code__in=codes).values_list("code", flat=True))
    coupons: list[Coupon] = []
    products: list[list[Product]] = []
    for line, (row, code) in enumerate(zip(rows, codes, strict=True), start=2):
        if code in taken:
            raise WrongLine(line=str(line), wrong=text("There is a coupon with this code already."), field="file")
        taken.add(code)
        coupons.append(_coupon(row, code, batch.strip(), line))
        products.append(_products(row["products"], known, line))
    return coupons, products


def written(coupons: QuerySet[Coupon]) -> Iterator[list[object]]:
    """The rows of a file, in the columns `WRITTEN`; what it was read from can be read again."""
    for coupon in coupons.prefetch_related("products").iterator(chunk_size=1000):
        cells: dict[str, object] = {name: getattr(coupon, name) for name in WRITTEN if name != "products"}
        cells["products"] = " ".join(product.code for product in coupon.products.all())
        cells["new_customers_only"] = "yes" if coupon.new_customers_only else ""
        for name in ("valid_from", "valid_until"):
            instant = cells[name]
            cells[name] = instant.isoformat() if isinstance(instant, datetime) else ""
        yield [cells[name] for name in WRITTEN]


def _save(
    coupons: list[Coupon], products: list[list[Product]], batch: str, *, reason: str, actor: Actor, at: datetime
) -> list[Coupon]:
    Coupon.objects.bulk_create(coupons)
    links = Coupon.products.through
    links._default_manager.bulk_create(
        links(coupon_id=coupon.pk, product_id=product.pk)
        for coupon, named in zip(coupons, products, strict=True)
        for product in named
    )
    record_audit(Did.MAKE_COUPONS, batch.strip(), actor=actor, at=at, reason=reason, count=len(coupons))
    return coupons


def _lines(content: bytes) -> Iterator[dict[str, str]]:
    try:
        said = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(_("This is no CSV file in UTF-8."), field="file") from None
    try:
        reader = csv.DictReader(io.StringIO(said), delimiter=";" if ";" in said.partition("\n")[0] else ",")
        if not {"code", "valid_from"} <= set(reader.fieldnames or ()):
            raise InvalidInput(
                _("The first line names the columns: %(columns)s."), field="file", columns=", ".join(COLUMNS)
            )
        for number, row in enumerate(reader):
            if number > MOST:
                return
            yield {name: (row.get(name) or "").strip() for name in COLUMNS}
    except csv.Error:
        raise InvalidInput(_("This is no CSV file in UTF-8."), field="file") from None


def _coupon(row: Mapping[str, str], code: str, batch: str, line: int) -> Coupon:
    try:
        coupon = Coupon(
            code=code,
            batch=batch,
            amount=_whole(row["amount"]),
            share=Decimal(row["share"]) if row["share"] else None,
            valid_from=_instant(row["valid_from"], last=False),
            valid_until=_instant(row["valid_until"], last=True) if row["valid_until"] else None,
            minimum_order=_whole(row["minimum_order"]) or 0,
            maximum_uses=_whole(row["maximum_uses"]),
            maximum_uses_per_customer=_whole(row["maximum_uses_per_customer"]) or 1,
            new_customers_only=row["new_customers_only"].casefold() in YES,
        )
        coupon.full_clean(validate_unique=False)
    except (ValueError, OverflowError, InvalidOperation):
        raise WrongLine(line=str(line), wrong=text("A number or a date is not understood."), field="file") from None
    except ValidationError as wrong:
        raise WrongLine(line=str(line), wrong=" ".join(wrong.messages), field="file") from wrong
    return coupon


def _products(named: str, known: Mapping[str, Product], line: int) -> list[Product]:
    codes = named.split()
    if unknown := next((code for code in codes if code not in known), None):
        wrong = text("There is no product %(code)s.") % {"code": unknown}
        raise WrongLine(line=str(line), wrong=wrong, field="file")
    return [known[code] for code in dict.fromkeys(codes)]


def _whole(said: str) -> int | None:
    return int(said) if said else None


def _instant(said: str, *, last: bool) -> datetime:
    """An instant, or a day of the billing zone: from its beginning, or until its end."""
    if len(said) == len("2026-12-31"):
        return start_of_day(date.fromisoformat(said) + timedelta(days=last))
    instant = datetime.fromisoformat(said)
    if instant.tzinfo is None:
        raise ValueError(said)
    return instant
