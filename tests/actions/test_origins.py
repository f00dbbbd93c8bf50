"""Which top-up, refund, adjustment or promotion paid what."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override

from accounts.models import Customer
from catalog.models import Item
from ledger.models import Entry, Grant
from orders.models import Action
from payments.gateways.base import Failed, Succeeded
from payments.models import Payment
from payments.origins import CreditKind, credit_by_kind, in_words, origins_of
from payments.services.credit import grant_promotional_credit
from payments.services.given_back import give_back
from payments.services.refunds import record_refund, returnable
from payments.services.reversals import take_back
from payments.services.wallet import wallet_of
from tests.api.conftest import caller_of
from tests.cast import DAY, MONTH, NOON, STAFF, answer, chosen, create, fund, make_customer, order, quote
from tests.markup import markup
from tests.portal.seen import signed_in
from tests.refunds import returned, topped_up

pytestmark = pytest.mark.django_db


def spent(customer: Customer) -> list[list[tuple[str, int, object]]]:
    """Of each entry that took something, the earliest first: kind, amount, and the payment or grant."""
    entries = Entry.objects.filter(customer=customer, amount__lt=0).order_by("pk")
    found = origins_of(customer.pk, [entry.pk for entry in entries])
    return [[(one.kind, one.amount, one.payment or one.grant) for one in found[entry.pk]] for entry in entries]


def test_what_came_first_pays_first(small: Item) -> None:
    """120,000 and 100,000 came; 181,000 were spent: all of the first, 61,000 of the second."""
    customer = make_customer()
    first, second = topped_up(customer, 120_000), topped_up(customer, 100_000, at=NOON + DAY)
    create(customer, small, at=NOON + DAY)
    assert spent(customer) == [[("bought", 120_000, first.pk), ("bought", 61_000, second.pk)]]


def test_promotional_credit_is_told_by_its_grant(small: Item) -> None:
    customer = make_customer()
    payment = topped_up(customer, 200_000)
    grant = grant_promotional_credit(customer, 30_000, expires_at=NOON + MONTH, reason="TET", actor=STAFF, at=NOON)
    create(customer, small)
    assert sorted(spent(customer)) == [[("bought", 151_000, payment.pk)], [("promotional", 30_000, grant.pk)]]


def test_what_was_returned_or_taken_back_paid_nothing_else(small: Item) -> None:
    """Of 300,000 all go back, and 250,000 of the next top-up are taken back: what is bought then is paid by the third."""
    customer = make_customer()
    first, second = topped_up(customer, 300_000), topped_up(customer, 250_000)
    returned(first, 300_000)
    take_back(second.pk, 250_000, reference="CB-1", reason="chargeback", actor=STAFF, at=NOON)
    third = topped_up(customer, 200_000, at=NOON + DAY)
    create(customer, small, at=NOON + DAY)
    assert spent(customer) == [
        [("bought", 300_000, first.pk)],
        [("bought", 250_000, second.pk)],
        [("bought", 181_000, third.pk)],
    ]


def test_what_could_not_be_returned_is_there_to_be_spent_again(small: Item) -> None:
    customer = make_customer()
    payment = topped_up(customer, 300_000)
    record_refund(returned(payment, 300_000).pk, Failed("not_refundable", ""), at=NOON)
    create(customer, small, at=NOON + DAY)
    assert spent(customer)[-1] == [("bought", 181_000, payment.pk)]


def test_refunded_credit_pays_as_such(small: Item) -> None:
    """181,000 come back when it is not provided, and pay again: a refund, not the top-up."""
    customer = make_customer()
    topped_up(customer, 181_000)
    wish = quote(
        customer, Action.CREATE, product=str(small.product_id), name="web", items=chosen(small), quantity=1, months=1
    )
    answer(order(wish), succeed=False)
    create(customer, small, at=NOON + DAY)
    assert spent(customer)[-1] == [("refunded", 181_000, None)]


def test_what_is_given_anew_names_the_refund_that_brought_it(small: Item) -> None:
    customer = make_customer()
    grant_promotional_credit(customer, 181_000, expires_at=NOON + DAY, reason="TET", actor=STAFF, at=NOON)
    wish = quote(
        customer, Action.CREATE, product=str(small.product_id), name="web", items=chosen(small), quantity=1, months=1
    )
    answer(order(wish), succeed=False)
    given = Grant.objects.latest("pk")
    assert (given.amount, given.reason, given.returned_by and given.returned_by.kind) == (
        181_000,
        "TET",
        "order_refund",
    )


def test_page_file_and_api_say_what_paid_what(small: Item) -> None:
    customer = make_customer()
    topped_up(customer, 120_000)
    fund(customer, 70_000, at=NOON)
    create(customer, small)
    client = signed_in(customer)
    words = "120,000 ₫ of the top-up of 10 Mar 2026, 61,000 ₫ of the adjustment of 10 Mar 2026"
    page = markup(client.get(reverse("credit-history"), headers={"accept-language": "en"})).replace("\xa0", " ")
    assert words in page
    file: Any = client.get(reverse("credit-export", args=["csv"]), headers={"accept-language": "en"})
    assert words in b"".join(file.streaming_content).decode("utf-8-sig").replace("\xa0", " ")


def test_the_wallet_says_how_its_credit_came(small: Item) -> None:
    """181,000 came back and 120,000 were topped up after that; 181,000 are spent: the refund."""
    customer = make_customer()
    wish = quote(
        customer, Action.CREATE, product=str(small.product_id), name="web", items=chosen(small), quantity=1, months=1
    )
    fund(customer, 181_000, at=NOON)
    answer(order(wish), succeed=False)  # the 181,000 of ours are a refund now
    topped_up(customer, 120_000)
    assert credit_by_kind(customer.pk) == {CreditKind.BOUGHT: 120_000, CreditKind.REFUNDED: 181_000}
    client = signed_in(customer)
    page = markup(client.get(reverse("wallet"))).replace("\xa0", " ")
    assert "bought 120,000 ₫, refunded 181,000 ₫" in page
    wallet = caller_of(customer).get("wallet/").json()
    assert wallet["credit_kinds"] == [{"kind": "bought", "amount": 120_000}, {"kind": "refunded", "amount": 181_000}]
    create(customer, small, at=NOON + DAY)
    assert credit_by_kind(customer.pk) == {CreditKind.BOUGHT: 120_000}, "what came first was spent first"


def test_words_are_the_readers(small: Item) -> None:
    customer = make_customer()
    topped_up(customer, 200_000)
    create(customer, small)
    entry = Entry.objects.get(customer=customer, amount__lt=0)
    with override("vi"):
        said = in_words(origins_of(customer.pk, [entry.pk])[entry.pk]).replace("\xa0", " ")
    assert said.startswith("181.000 ₫ của khoản nạp ngày")


def test_nobody_else_is_mixed_in(small: Item) -> None:
    alice, bob = make_customer(), make_customer()
    topped_up(bob, 500_000)
    payment: Payment = topped_up(alice, 200_000)
    create(bob, small)
    create(alice, small)
    assert spent(alice) == [[("bought", 181_000, payment.pk)]]


def test_a_refund_that_is_done_stays_the_top_ups(small: Item) -> None:
    customer = make_customer()
    payment = topped_up(customer, 300_000)
    refund = returned(payment, 100_000)
    refund.send(at=NOON)
    refund.save()
    record_refund(refund.pk, Succeeded("R-1", 100_000, NOON), at=NOON)
    create(customer, small, at=NOON + DAY)
    assert spent(customer) == [[("bought", 100_000, payment.pk)], [("bought", 181_000, payment.pk)]]


def went_back(payment: Payment, amount: int) -> None:
    refund = returned(payment, amount)
    refund.send(at=NOON)
    refund.save()
    record_refund(refund.pk, Succeeded("R-1", amount, NOON), at=NOON)


def test_what_went_twice_is_paid_by_what_came_first_and_the_kinds_add_up(small: Item) -> None:
    """
    1,000,000 came and went back; of the next 1,000,000 the bank takes the first ones again. Nothing is left of either, and what comes
    then is no top-up that could be returned.
    """
    customer = make_customer()
    first = topped_up(customer, 1_000_000)
    went_back(first, 1_000_000)
    second = topped_up(customer, 1_000_000, at=NOON + DAY)
    take_back(first.pk, 1_000_000, reference="CB-1", reason="chargeback", actor=STAFF, at=NOON + DAY)
    assert credit_by_kind(customer.pk) == {}
    assert spent(customer) == [[("bought", 1_000_000, first.pk)], [("bought", 1_000_000, second.pk)]]

    fund(customer, 700_000)
    assert credit_by_kind(customer.pk) == {CreditKind.ADJUSTMENT: 700_000}
    assert returnable(second) == 0


def test_a_part_that_went_twice_is_told_in_two_parts_and_its_victory_is_credit_that_was_bought() -> None:
    """
    Of 300,000 200,000 went back and the bank takes all: 100,000 are its own, 200,000 of the next 500,000. Won back, all is as before.
    """
    customer = make_customer()
    first = topped_up(customer, 300_000)
    went_back(first, 200_000)
    second = topped_up(customer, 500_000, at=NOON + DAY)
    lost = take_back(first.pk, 300_000, reference="CB-1", reason="chargeback", actor=STAFF, at=NOON + DAY)
    assert spent(customer)[-1] == [("bought", 100_000, first.pk), ("bought", 200_000, second.pk)]
    assert credit_by_kind(customer.pk) == {CreditKind.BOUGHT: 300_000}
    assert returnable(second) == 300_000

    give_back(lost.pk, 300_000, reason="letter", actor=STAFF, at=NOON + 2 * DAY)
    assert credit_by_kind(customer.pk) == {CreditKind.BOUGHT: 600_000}
    assert wallet_of(customer.pk).credit == 600_000
    first.refresh_from_db()
    assert (returnable(first), returnable(second)) == (100_000, 500_000)


@pytest.mark.parametrize(("won", "of_first", "of_second"), [(40_000, 0, 340_000), (250_000, 50_000, 500_000)])
def test_what_is_won_in_part_comes_back_to_other_credit_first(won: int, of_first: int, of_second: int) -> None:
    """Of 300,000 200,000 went back and the bank takes all: 100,000 of its own, and 200,000 of the next 500,000. A part is won."""
    customer = make_customer()
    first = topped_up(customer, 300_000)
    went_back(first, 200_000)
    second = topped_up(customer, 500_000, at=NOON + DAY)
    lost = take_back(first.pk, 300_000, reference="CB-1", reason="chargeback", actor=STAFF, at=NOON + DAY)
    give_back(lost.pk, won, reason="letter", actor=STAFF, at=NOON + 2 * DAY)
    assert wallet_of(customer.pk).credit == 300_000 + won
    assert credit_by_kind(customer.pk) == {CreditKind.BOUGHT: 300_000 + won}
    first.refresh_from_db()
    assert (returnable(first), returnable(second)) == (of_first, of_second)
