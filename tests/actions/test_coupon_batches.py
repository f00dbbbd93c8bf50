"""Coupons by the hundred, for new customers alone where staff say so, in and out as CSV; each refusal says which rule."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils.translation import override

from accounts.models import AuditEntry
from catalog.batches import WRITTEN, WrongLine, make_batch, read_batch, written
from catalog.models import Coupon
from catalog.services import CouponForNewCustomers, CouponNotForProduct, CouponNotValidNow, OrderBelowCouponMinimum
from kernel.errors import InvalidInput
from orders.models import Action
from orders.services.quotes import StaleQuote
from tests.cast import (
    DAY,
    NOON,
    STAFF,
    chosen,
    create,
    make_coupon,
    make_customer,
    make_item,
    make_product,
    order,
    quote,
)

FIRST_OF_MARCH = datetime(2026, 2, 28, 17, tzinfo=UTC)
TERMS = {"amount": 20_000, "valid_from": FIRST_OF_MARCH, "maximum_uses": 1}


def offer(customer, item, coupon: str, at=NOON):
    return quote(
        customer, Action.CREATE, at, product=str(item.product_id), name="web", items=chosen(item), quantity=1, months=1, coupon=coupon
    )  # fmt: skip


def read(text: str, batch: str = "Tet") -> list[Coupon]:
    return read_batch(batch, text.encode(), actor=STAFF, at=NOON)


def test_each_coupon_of_a_batch_has_its_own_code(alice, small):
    made = make_batch("Tet", 50, prefix="tet-", terms=TERMS, products=[small.product], actor=STAFF, at=NOON)
    codes = {coupon.code for coupon in made}
    assert len(codes) == 50
    assert all(code.startswith("TET-") and len(code) == 14 for code in codes)
    assert offer(alice, small, made[7].code).total == 161_000
    audit = AuditEntry.objects.get()
    assert (audit.verb, audit.subject, audit.facts) == ("make coupons", "Tet", {"count": 50})


def test_a_batch_whose_terms_no_coupon_can_have_is_not_made(db):
    with pytest.raises(InvalidInput):
        make_batch("Tet", 5, prefix="", terms={**TERMS, "share": "0.1"}, actor=STAFF, at=NOON)
    assert not Coupon.objects.exists()


def test_a_coupon_for_new_customers_is_refused_to_who_has_ordered(alice, small):
    make_coupon("HELLO", 20_000, new_customers_only=True)
    assert offer(alice, small, "hello").total == 161_000
    create(alice, small)
    with pytest.raises(CouponForNewCustomers):
        offer(alice, small, "HELLO")


def test_a_first_order_takes_one_coupon_for_new_customers_and_no_second(alice, small):
    for code in ("HELLO", "WELCOME"):
        make_coupon(code, 20_000, new_customers_only=True)
    first = offer(alice, small, "HELLO")
    second = offer(alice, small, "WELCOME")
    order(first)
    with pytest.raises((CouponForNewCustomers, StaleQuote)):
        order(second)
    assert Coupon.objects.get(code="WELCOME").uses == 0


def test_a_file_is_read_with_all_its_terms(alice, small):
    made = read(
        "code,share,valid_from,valid_until,products,minimum_order,maximum_uses,maximum_uses_per_customer,new_customers_only\n"
        "lan10,0.1,2026-03-01,2026-03-31,vserver,100000,5,2,yes\n"
    )
    [coupon] = made
    assert (coupon.code, str(coupon.share), coupon.amount, coupon.batch) == ("LAN10", "0.1", None, "Tet")
    assert (coupon.valid_from, coupon.valid_until) == (FIRST_OF_MARCH, datetime(2026, 3, 31, 17, tzinfo=UTC))
    assert (coupon.minimum_order, coupon.maximum_uses, coupon.maximum_uses_per_customer) == (100_000, 5, 2)
    assert coupon.new_customers_only
    assert offer(alice, small, "LAN10").total == 162_900  # 181,000 less 18,100


def test_what_is_written_can_be_read_again(small):
    read("code;amount;valid_from;valid_until\nA1;5000;2026-03-01;2026-03-31\n")
    rows = list(written(Coupon.objects.all()))
    again = (
        ",".join(WRITTEN) + "\n" + ",".join("" if cell is None else str(cell) for cell in rows[0]).replace("A1", "A2")
    )
    [copy] = read(again, "Copy")
    original = Coupon.objects.get(code="A1")
    for name in ("amount", "share", "valid_from", "valid_until", "minimum_order", "maximum_uses"):
        assert getattr(copy, name) == getattr(original, name)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("A,5000,,2026-03-01,", "There is a coupon with this code already."),
        ("B,5000,0.1,2026-03-01,", "Enter either an amount above zero"),
        ("B,,,2026-03-01,", "Enter either an amount above zero"),
        ("B,five,,2026-03-01,", "A number or a date is not understood."),
        ("B,5000,,2026-02-30,", "A number or a date is not understood."),
        ("B,5000,,2026-03-01T07:00,", "A number or a date is not understood."),
        ("B,5000,,2026-03-01,nothing", "There is no product nothing."),
    ],
)
def test_a_wrong_line_is_named_and_nothing_of_the_file_is_taken(small, line, said):
    make_coupon("A", 1_000)
    with override("en"), pytest.raises(WrongLine) as refused:
        read(f"code,amount,share,valid_from,products\nGOOD,5000,,2026-03-01,\n{line}\n")
    with override("en"):
        assert str(refused.value).startswith(f"Line 3: {said}")
    assert list(Coupon.objects.values_list("code", flat=True)) == ["A"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"name,worth\na,1\n", b"code,valid_from\n"])
def test_a_file_that_is_none_is_refused(db, content):
    with pytest.raises(InvalidInput):
        read_batch("Tet", content, actor=STAFF, at=NOON)


def test_each_rule_refuses_in_its_own_words(alice, small):
    other = make_item(make_product("other"), "unit", 50_000)
    make_coupon("OVER", 1_000, valid_until=NOON)
    make_coupon("BIG", 1_000, minimum_order=181_001)
    make_coupon("OTHER", 1_000).products.add(other.product)
    for code, refusal in (
        ("OVER", CouponNotValidNow),
        ("BIG", OrderBelowCouponMinimum),
        ("OTHER", CouponNotForProduct),
    ):
        with pytest.raises(refusal):
            offer(alice, small, code)
    assert offer(make_customer(credit=1), small, "OVER", at=NOON - DAY).total == 180_000
