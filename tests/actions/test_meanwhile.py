"""What has changed between the wish and the act: nothing is done twice, and nothing that nobody wanted any more."""

from __future__ import annotations

import pytest

from accounts.models import Customer
from catalog.models import Item
from invoices.models import CreditNote, Invoice, ParkedBilling
from invoices.services.month_end import run_month_end
from invoices.services.release import NotHeldBack, release
from kernel.periods import CalendarMonth
from ledger.services import wallet_of
from lifecycle.services.acts import ChangePending
from orders.models import Action, Order
from orders.services.checkout import OrderOpen
from orders.services.delete import delete_resource
from orders.services.unpaid import pay_by_gateway
from payments.models import Payment
from payments.services.correct import correct_invoice
from payments.services.credit import grant_promotional_credit
from payments.services.outcomes import record_outcome
from payments.services.settle import refund_credit_note, refund_order_item
from tests.actions.books import refused
from tests.actions.conftest import Gate, paid
from tests.cast import DAY, JOB, MONTH, NOON, STAFF, answer, chosen, create, fresh, order, owner_of, quote

pytestmark = pytest.mark.django_db


def resizing(server, large: Item, **more) -> Order:
    return order(quote(server.customer, Action.RESIZE, NOON, resource=str(server.pk), items=chosen(large)), **more)


def test_nothing_is_deleted_while_an_order_for_it_waits(alice: Customer, small: Item, large: Item) -> None:
    [server] = create(alice, small)
    resizing(server, large, means=Order.Means.GATEWAY)
    with refused(OrderOpen):
        delete_resource(server.pk, actor=owner_of(alice), at=NOON + DAY)


@pytest.mark.breaks_the_books
def test_nothing_is_deleted_or_ordered_while_a_change_is_carried_out(alice: Customer, small: Item, large: Item) -> None:
    """Of a resource whose order has ended, the product team may still owe an answer."""
    [server] = create(alice, small)
    offer = quote(alice, Action.RENEW, NOON, resources=[str(server.pk)], months=1)
    resizing(server, large).items.update(state="refunded")
    with refused(ChangePending):
        delete_resource(server.pk, actor=owner_of(alice), at=NOON + DAY)
    with refused(ChangePending):
        order(offer)


def test_a_renewal_that_is_paid_when_the_end_has_moved_is_credit(alice: Customer, small: Item, gate: Gate) -> None:
    [server] = create(alice, small)
    waiting = order(quote(alice, Action.RENEW, NOON, resources=[str(server.pk)], months=1), means=Order.Means.GATEWAY)
    payment = pay_by_gateway(waiting, gateway="gate", actor=JOB, at=NOON)
    type(server).objects.filter(pk=server.pk).update(paid_until=NOON + MONTH - DAY, suspend_at=NOON + MONTH - DAY)
    record_outcome(payment.pk, paid(payment, NOON), actor=JOB, at=NOON)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.items.get().reason) == ("refunded", "renewed-meanwhile")
    assert fresh(server).paid_until == NOON + MONTH - DAY
    type(server).objects.filter(pk=server.pk).update(paid_until=NOON + MONTH, suspend_at=NOON + MONTH)


def test_a_resize_of_what_was_corrected_meanwhile_is_taken_back(alice: Customer, small: Item, large: Item) -> None:
    [server] = create(alice, small)
    waiting = resizing(server, large)
    correct_invoice(server.invoices.get().pk, 1_000, note="Goodwill", actor=STAFF, at=NOON)
    done = answer(waiting)
    assert (done.state, done.items.get().reason) == ("refunded", "charge-corrected")
    assert fresh(server).configuration == chosen_of(small)


def chosen_of(item: Item) -> list[object]:
    return [{"item": str(item.pk), "quantity": 1}]


def test_a_bill_that_was_held_back_is_released_once(bob: Customer, small: Item, settings) -> None:
    settings.OUTLIER_NEW_CUSTOMER = settings.OUTLIER_FLOOR = 1
    create(bob, small)
    march = CalendarMonth.of(NOON)
    run_month_end(march, actor=JOB, at=march.period.ends_at)
    parked = ParkedBilling.objects.get()
    release(parked.pk, reason="looked at", actor=STAFF, at=march.period.ends_at)
    with refused(NotHeldBack):
        release(parked.pk, reason="looked at", actor=STAFF, at=march.period.ends_at)
    assert Invoice.objects.count() == 1


def test_the_money_of_an_item_comes_back_once(alice: Customer, small: Item) -> None:
    failed = answer(order(new(alice, small)), succeed=False)
    item = failed.items.get()
    refund_order_item(failed.payment, 181_000, promotional=0, item_id=item.pk, reference="web", at=NOON)
    assert wallet_of(alice.pk).credit == 10_000_000
    assert Payment.objects.get(order=failed).refunded == 181_000


def test_what_a_credit_note_gives_back_comes_once(alice: Customer, small: Item) -> None:
    """181,000 ₫, of them 50,000 promotional; what is unused after a day comes back."""
    grant_promotional_credit(alice, 50_000, expires_at=NOON + MONTH, reason="welcome", actor=STAFF, at=NOON)
    [server] = create(alice, small)
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + DAY)
    note, before = CreditNote.objects.get(), (wallet_of(alice.pk), alice.notices.count(), alice.grants.count())
    refund_credit_note(note, note.refunded, at=NOON + DAY, reference="web")
    assert (wallet_of(alice.pk), alice.notices.count(), alice.grants.count()) == before


def test_what_a_gateway_paid_for_takes_its_money_and_no_promotional_credit(
    alice: Customer, small: Item, gate: Gate
) -> None:
    grant_promotional_credit(alice, 50_000, expires_at=NOON + MONTH, reason="welcome", actor=STAFF, at=NOON)
    waiting = order(new(alice, small), means=Order.Means.GATEWAY)
    payment = pay_by_gateway(waiting, gateway="gate", actor=JOB, at=NOON)
    record_outcome(payment.pk, paid(payment, NOON), actor=JOB, at=NOON)
    assert (wallet_of(alice.pk).credit, wallet_of(alice.pk).promotional) == (10_000_000, 50_000)


def new(customer: Customer, small: Item):
    inputs = {"product": str(small.product_id), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    return quote(customer, Action.CREATE, **inputs)
