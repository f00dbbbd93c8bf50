"""What comes back of an invoice that promotional and bought credit paid together, đồng by đồng."""

from __future__ import annotations

import pytest

from catalog.models import Product
from invoices.models import Invoice
from payments.models import Allocation
from payments.services.correct import correct_invoice
from payments.services.credit import grant_promotional_credit
from payments.services.wallet import wallet_of
from tests.cast import DAY, MONTH, NOON, STAFF, create, make_customer, make_item, resize

pytestmark = pytest.mark.django_db


def test_many_small_corrections_do_not_turn_promotional_into_bought_credit(vserver: Product) -> None:
    """
    One promotional and two bought đồng paid an invoice of 3, and it is taken back in three steps of 1.

    Promotional so far: 1/3 is 0, 2/3 is 1, 3/3 is 1.
    """
    customer = make_customer(credit=2)
    grant_promotional_credit(customer, 1, expires_at=NOON + 3 * MONTH, reason="welcome", actor=STAFF, at=NOON)
    create(customer, make_item(vserver, "penny", 3))
    invoice = Invoice.objects.get()
    seen = []
    for _ in range(3):
        correct_invoice(invoice.pk, 1, note="a mistake", actor=STAFF, at=NOON + DAY)
        wallet = wallet_of(customer.pk)
        seen.append((wallet.promotional, wallet.credit))
    assert seen == [(0, 1), (1, 1), (1, 2)]


def test_a_resize_to_something_cheaper_shares_the_promotional_credit_between_invoice_and_wallet(
    vserver: Product,
) -> None:
    """
    3 promotional and 4 bought đồng paid 7. In the very minute it is resized to 2: 7 come back, 2 of them pay the new invoice.

    Promotional: of 2 it is 6/7, so 1; of all 7 it is 3, so 2 of the 5 for the wallet.
    """
    customer = make_customer(credit=4)
    grant_promotional_credit(customer, 3, expires_at=NOON + 3 * MONTH, reason="welcome", actor=STAFF, at=NOON)
    seven, two = make_item(vserver, "seven", 7), make_item(vserver, "two", 2)
    [server] = create(customer, seven)
    resize(server, two, at=NOON)
    assert Allocation.objects.get(credit_note__isnull=False).promotional == 1
    wallet = wallet_of(customer.pk)
    assert (wallet.promotional, wallet.credit) == (2, 3)
