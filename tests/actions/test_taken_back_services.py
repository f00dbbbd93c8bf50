"""A prepaid server whose invoice is open again, since the bank took its money back: resized, renewed, deleted, lost."""

from __future__ import annotations

import pytest

from accounts.models import Customer
from catalog.models import Item
from invoices.models import Invoice
from ledger.services import Kind
from lifecycle.models import Resource
from orders.services.delete import delete_resource, preview_deletion
from orders.services.gone import report_gone
from payments.services.debts import debt_of
from payments.services.wallet import wallet_of
from payments.tasks import pay_open_invoices
from tests.actions.conftest import Gate
from tests.actions.test_taken_back import taken, top_up
from tests.cast import (
    DAY,
    NOON,
    TEAM,
    create,
    fresh,
    fund,
    house_balance,
    make_customer,
    make_item,
    owner_of,
    renew,
    resize,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def debtor() -> Customer:
    return make_customer(pays_invoices_automatically=False)


@pytest.fixture
def server(gate: Gate, debtor: Customer, small: Item) -> Resource:
    """Bought for 181,000 that were topped up and taken back again: all of its invoice is open, and the wallet is empty."""
    payment = top_up(debtor, 181_000)
    [server] = create(debtor, small)
    taken(payment, 181_000)
    assert standing(debtor) == [(181_000, 0, 181_000)]
    return server


def standing(customer: Customer) -> list[tuple[int, int, int]]:
    """Total less credit, kept payments and what is due of each invoice, the earliest first."""
    return [(one.total - one.credited, one.paid_net, one.due) for one in Invoice.objects.filter(customer=customer).order_by("number")]  # fmt: skip


def test_deleting_takes_the_unused_part_off_what_is_due_and_gives_nothing_back(
    server: Resource, debtor: Customer
) -> None:
    """A third was used: 60,333 stay due, 120,667 are credited, no money goes anywhere."""
    at = NOON + 10 * DAY
    preview = preview_deletion(fresh(server), at=at)
    assert (preview.refund, preview.back.off_what_is_due) == (0, 120_667)
    delete_resource(server.pk, actor=owner_of(debtor), at=at)
    assert standing(debtor) == [(60_333, 0, 60_333)]
    assert (wallet_of(debtor.pk).credit, debt_of(debtor)) == (0, 0)


def test_deleting_what_is_open_in_part_gives_back_what_exceeds_that_part(server: Resource, debtor: Customer) -> None:
    """100,000 of 181,000 were paid since: of 120,667 the first 81,000 are no longer due, 39,667 come back."""
    fund(debtor, 100_000)
    debtor.pays_invoices_automatically = True
    debtor.save()
    pay_open_invoices(at=NOON + 3 * DAY)
    at = NOON + 10 * DAY
    preview = preview_deletion(fresh(server), at=at)
    assert (preview.refund, preview.back.off_what_is_due) == (39_667, 81_000)
    delete_resource(server.pk, actor=owner_of(debtor), at=at)
    assert standing(debtor) == [(60_333, 60_333, 0)]
    assert wallet_of(debtor.pk).credit == 39_667


def test_what_is_not_refundable_stays_due_when_it_is_deleted(server: Resource, debtor: Customer) -> None:
    server.product.is_refundable = False
    server.product.save()
    at = NOON + 10 * DAY
    preview = preview_deletion(fresh(server), at=at)
    assert (preview.refund, preview.back.off_what_is_due) == (0, 0)
    delete_resource(server.pk, actor=owner_of(debtor), at=at)
    assert standing(debtor) == [(181_000, 0, 181_000)]


def test_a_server_that_is_lost_is_due_up_to_its_loss(server: Resource, debtor: Customer) -> None:
    report_gone(server.pk, reason="fire", actor=TEAM, at=NOON + 10 * DAY)
    assert standing(debtor) == [(60_333, 0, 60_333)]
    assert wallet_of(debtor.pk).credit == 0


def test_renewing_is_paid_for_and_leaves_the_open_invoice_open(server: Resource, debtor: Customer) -> None:
    fund(debtor, 181_000)
    renew(server, at=NOON + 10 * DAY)
    assert standing(debtor) == [(181_000, 0, 181_000), (181_000, 181_000, 0)]
    assert fresh(server).paid_until == NOON + 60 * DAY
    delete_resource(server.pk, actor=owner_of(debtor), at=NOON + 15 * DAY)
    assert standing(debtor) == [(90_500, 0, 90_500), (0, 0, 0)]
    assert wallet_of(debtor.pk).credit == 181_000


def test_a_larger_server_is_paid_by_the_difference_and_what_was_due_stays_due(
    server: Resource, debtor: Customer, large: Item
) -> None:
    """
    20 of 30 days at 520,000 are 346,667, less 120,667 of the old one: 226,000 are paid.

    Of 181,000 that were due, 60,333 stay with the old invoice and 120,667 go over to the new one.
    """
    fund(debtor, 226_000)
    resize(server, large, at=NOON + 10 * DAY)
    assert standing(debtor) == [(60_333, 0, 60_333), (346_667, 226_000, 120_667)]
    assert (wallet_of(debtor.pk).available, house_balance(Kind.ESCROW)) == (0, 0)


def test_a_smaller_server_gives_nothing_back_of_what_was_never_paid(server: Resource, debtor: Customer) -> None:
    """20 of 30 days at 90,000 are 60,000: due stay 60,333 of the old time and 60,000 of the new, and no money moves."""
    resize(server, make_item(server.product, "tiny", 90_000), at=NOON + 10 * DAY)
    assert standing(debtor) == [(60_333, 0, 60_333), (60_000, 0, 60_000)]
    assert (wallet_of(debtor.pk).available, debt_of(debtor), house_balance(Kind.ESCROW)) == (0, 0, 0)
