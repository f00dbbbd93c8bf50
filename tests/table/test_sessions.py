"""A checkout session is one customer's and leads to one order; a visit is taken up once: whoever asks and however."""

from __future__ import annotations

import pytest

from accounts.models import Customer
from catalog.models import Product
from orders.models import Action, CheckoutSession, Order, Quote, Visit
from orders.services.quotes import make_quote
from orders.services.sessions import open_session, open_session_about
from orders.services.visits import begin_visit, take_up_visit
from tests.cast import DAY, NOON, chosen, create, make_customer, make_user, order
from tests.table.attack import MARKS, refuse, refused, run

pytestmark = MARKS
BACK = "https://shop.example/"


@pytest.fixture
def shop(vserver: Product) -> Product:
    vserver.return_urls = [BACK]
    vserver.save()
    return vserver


@pytest.fixture
def session(shop, small) -> CheckoutSession:
    return open_session(shop, name="web", items=chosen(small), return_url=BACK, at=NOON)


def quote_in(session: CheckoutSession, customer: Customer) -> Quote:
    inputs = {
        "product": str(session.product_id), "name": session.name, "items": session.configuration, "quantity": 1, "months": 1,
    }  # fmt: skip
    return make_quote(customer, Action.CREATE, inputs, at=NOON, session_id=session.pk)


def test_a_session_leads_to_one_order_that_lives(session, alice):
    first, second = quote_in(session, alice), quote_in(session, alice)
    order(first)

    with refused("a_checkout_session_is_ordered_once"):
        Order.objects.create(
            customer=alice, quote=second, action="create", means="wallet", total=second.total, checkout_session=session,
            key="k2", actor_kind="customer", actor="x", created_at=NOON, expires_at=NOON + DAY,
        )  # fmt: skip


@pytest.mark.parametrize("mine", [True, False], ids=["without its session", "of another customer"])
def test_an_order_is_of_its_quotes_customer_and_session(session, alice, mine):
    quote = quote_in(session, alice)

    with refused("differs from its quote"):
        Order.objects.create(
            customer=alice if mine else make_customer(), quote=quote, action="create", means="wallet", total=quote.total,
            checkout_session=None if mine else session, key="k", actor_kind="customer", actor="x", created_at=NOON,
            expires_at=NOON + DAY,
        )  # fmt: skip


def test_a_session_offers_to_its_own_customer(session, alice):
    quote_in(session, alice)

    with refused("a_session_offers_to_its_own_customer"):
        Quote.objects.create(
            customer=make_customer(), checkout_session=session, action="create", inputs={}, content={}, total=0, seal="",
            quoted_at=NOON, expires_at=NOON + DAY,
        )  # fmt: skip


def test_a_session_stays_its_customers_and_what_it_is_for(session, alice):
    quote_in(session, alice)

    for change in (
        f"customer_id = '{make_customer().pk}'", "customer_id = NULL", "name = 'other'", "configuration = '[]'", "action = 'renew'",
        "return_url = 'https://evil.example/'", "expires_at = now()",
    ):  # fmt: skip
        refuse(f"UPDATE orders_checkoutsession SET {change}", match="frozen")


def test_only_a_session_for_something_new_is_about_no_resource(session):
    claim = "only_a_session_for_something_new_is_about_no_resource"
    columns = "product_id, action, name, configuration, return_url, created_at, expires_at"
    insert = f"INSERT INTO orders_checkoutsession (id, {columns}) SELECT gen_random_uuid(), product_id, 'renew', name, configuration, return_url, created_at, expires_at FROM orders_checkoutsession"
    refuse(insert, match=claim)


def test_a_session_about_a_resource_has_its_customer(shop, alice, small):
    (server,) = create(alice, small)
    open_session_about(shop, server.pk, action="renew", return_url=BACK, at=NOON)
    columns = "product_id, action, resource_id, name, configuration, return_url, created_at, expires_at"
    refuse(
        f"INSERT INTO orders_checkoutsession (id, {columns}) SELECT gen_random_uuid(), {columns} FROM orders_checkoutsession",
        match="a_session_about_a_resource_has_its_customer",
    )


def test_only_a_session_for_a_deletion_ends_with_one_and_once(session, shop, alice, small):
    refuse("UPDATE orders_checkoutsession SET deleted_at = now()", match="only_a_session_for_a_deletion_ends_with_one")

    (server,) = create(alice, small)
    deletion = open_session_about(shop, server.pk, action="delete", return_url=BACK, at=NOON)
    assert run("UPDATE orders_checkoutsession SET deleted_at = now() WHERE id = %s", deletion.pk) == 1
    refuse("UPDATE orders_checkoutsession SET deleted_at = NULL", match="frozen")


@pytest.fixture
def visit(shop, alice) -> Visit:
    code = begin_visit(shop, make_user(alice), alice, return_url=BACK, browser="b", language="en", at=NOON)
    return take_up_visit(shop.pk, code, return_url=BACK, at=NOON)


@pytest.mark.usefixtures("visit")
def test_whom_the_portal_vouches_for_stays():
    for change in (
        f"customer_id = '{make_customer().pk}'", "digest = 'x'", "browser = 'x'", "ends_at = ends_at + interval '1 day'",
        "return_url = 'https://evil.example/'", "taken_up_at = now()",
    ):  # fmt: skip
        refuse(f"UPDATE orders_visit SET {change}", match="frozen")
    run("UPDATE orders_visit SET ended_at = now()")
    refuse("UPDATE orders_visit SET ended_at = NULL", match="frozen")


def test_a_visit_is_taken_up_while_its_code_is_good(shop, alice):
    begin_visit(shop, make_user(alice), alice, return_url=BACK, browser="b", language="en", at=NOON)
    refuse("UPDATE orders_visit SET taken_up_at = code_ends_at", match="a_visit_is_taken_up_while_its_code_is_good")
