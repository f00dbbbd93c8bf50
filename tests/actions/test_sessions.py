"""What a checkout session is opened for, whose it is, and what comes of it."""

import pytest

from lifecycle.models import State
from orders.models import Action, CheckoutSession, Order
from orders.services.delete import delete_as_asked, delete_resource
from orders.services.quotes import make_quote
from orders.services.sessions import (
    LIFETIME,
    ActionNotPossible,
    ReturnAddressRefused,
    SessionExpired,
    SessionUsed,
    UnknownSession,
    open_session,
    open_session_about,
)
from orders.services.stories.base import UnknownResource
from orders.services.unpaid import end_unpaid_order
from orders.services.visits import CodeRefused, begin_visit, end_visits_of, take_up_visit
from tests.cast import DAY, NOON, chosen, create, fresh, make_customer, make_product, make_user, order, owner_of

BACK = "https://shop.example/vserver/"


@pytest.fixture
def shop(vserver):
    vserver.return_urls = [BACK]
    vserver.save()
    return vserver


@pytest.fixture
def session(shop, small):
    return open_session(shop, name="web", items=chosen(small), return_url=BACK, at=NOON)


def quote_in(session, customer, *, at=NOON):
    inputs = {
        "product": str(session.product_id), "name": session.name, "items": session.configuration, "quantity": 1, "months": 1,
    }  # fmt: skip
    return make_quote(customer, Action.CREATE, inputs, at=at, session_id=session.pk)


def about(server, action, *, at=NOON, back=BACK):
    return open_session_about(server.product, server.pk, action=action, return_url=back, at=at)


def test_one_order_of_one_customer_comes_of_a_session(session, alice):
    bob = make_customer(credit=1_000_000)
    first, second = quote_in(session, alice), quote_in(session, alice)
    order(first)

    with pytest.raises(SessionUsed):
        order(second)
    with pytest.raises(UnknownSession):
        quote_in(session, bob)
    with pytest.raises(SessionUsed):
        quote_in(session, alice)

    assert list(Order.objects.values_list("customer", "checkout_session")) == [(alice.pk, session.pk)]


def test_an_order_that_came_to_nothing_leaves_the_session_to_its_customer(session, alice):
    unpaid = order(quote_in(session, alice), means="gateway")
    end_unpaid_order(unpaid.pk, expired=False, actor=owner_of(alice), at=NOON)

    order(quote_in(session, alice))

    assert Order.objects.filter(checkout_session=session).count() == 2
    with pytest.raises(UnknownSession):
        quote_in(session, make_customer())


def test_what_was_offered_in_time_can_be_ordered_after_the_session(session, alice):
    offered = quote_in(session, alice, at=NOON + LIFETIME - DAY / 1440)

    assert order(offered, at=NOON + LIFETIME).checkout_session == session
    with pytest.raises(SessionExpired):
        quote_in(open_session(session.product, name="b", items=chosen(*session.product.items.all()), return_url=BACK,
                              at=NOON), alice, at=NOON + LIFETIME)  # fmt: skip


@pytest.mark.parametrize("action", ["resize", "renew", "delete", "recover"])
def test_a_session_is_opened_for_what_the_customer_could_do_now(shop, alice, small, action):
    (server,) = create(alice, small)
    thrown = create(alice, small)[0]
    delete_resource(thrown.pk, actor=owner_of(alice), at=NOON)
    possible, impossible = (thrown, server) if action == "recover" else (server, thrown)

    opened = about(fresh(possible), action)

    assert (opened.customer, opened.resource, opened.name) == (alice, possible, "web")
    with pytest.raises(ActionNotPossible):
        about(fresh(impossible), action)


@pytest.mark.parametrize("action", ["renew", "recover"])
def test_postpaid_customers_are_not_sent_for_what_is_prepaid_only(shop, small, action):
    (server,) = create(make_customer(mode="postpaid"), small)
    with pytest.raises(ActionNotPossible):
        about(server, action)


def test_another_teams_resource_is_not_found(shop, alice, small):
    (server,) = create(alice, small)
    other = make_product("vstorage", return_urls=[BACK])
    with pytest.raises(UnknownResource):
        open_session_about(other, server.pk, action="renew", return_url=BACK, at=NOON)
    assert not CheckoutSession.objects.exists()


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", BACK + "../admin/", BACK + "%2e%2e/admin/", BACK + "a/./b", BACK[:-1] + "\\..\\"],
)
def test_nobody_is_sent_back_to_where_the_product_is_not(shop, alice, small, address):
    (server,) = create(alice, small)
    with pytest.raises(ReturnAddressRefused):
        about(server, "renew", back=address)
    with pytest.raises(ReturnAddressRefused):
        begin_visit(shop, make_user(alice), alice, return_url=address, browser="b", language="en", at=NOON)


def test_a_deletion_asked_for_is_done_once_and_by_its_customer(shop, alice, small):
    (server,) = create(alice, small)
    asked = about(server, "delete")
    with pytest.raises(UnknownSession):
        delete_as_asked(asked.pk, make_customer(), actor=owner_of(alice), at=NOON)
    with pytest.raises(UnknownSession):
        delete_as_asked(about(server, "renew").pk, alice, actor=owner_of(alice), at=NOON)
    assert fresh(server).state == State.ACTIVE

    assert delete_as_asked(asked.pk, alice, actor=owner_of(alice), at=NOON).deleted_at == NOON

    with pytest.raises(SessionUsed):
        delete_as_asked(asked.pk, alice, actor=owner_of(alice), at=NOON)


# Visits


def begun(shop, customer, *, browser="browser"):
    user = make_user(customer)
    return user, begin_visit(shop, user, customer, return_url=BACK, browser=browser, language="vi", at=NOON)


def running(visit, at=NOON):
    return type(visit).objects.running(at).filter(pk=visit.pk).exists()


def test_a_code_tells_the_product_team_who_is_there_once(shop, alice):
    user, code = begun(shop, alice)
    visit = take_up_visit(shop.pk, code, return_url=BACK, at=NOON)
    assert (visit.customer, visit.user, visit.language, running(visit)) == (alice, user, "vi", True)

    with pytest.raises(CodeRefused):
        take_up_visit(shop.pk, code, return_url=BACK, at=NOON)
    assert not running(visit), "somebody else knows the code"


@pytest.mark.parametrize(
    ("change", "later"), [({"return_url": BACK + "other"}, 0), ({}, 60)], ids=["for another address", "a minute later"]
)
def test_a_code_is_refused(shop, alice, change, later):
    _user, code = begun(shop, alice)
    with pytest.raises(CodeRefused):
        take_up_visit(shop.pk, code, **{"return_url": BACK} | change, at=NOON + later * DAY / 86_400)


def test_a_code_is_for_one_product_only(shop, alice):
    _user, code = begun(shop, alice)
    with pytest.raises(CodeRefused):
        take_up_visit(make_product("vstorage").pk, code, return_url=BACK, at=NOON)


def test_a_visit_ends_after_twelve_hours_at_sign_out_and_with_the_users_rights(shop, alice):
    visits = [
        take_up_visit(shop.pk, begun(shop, alice, browser=f"b{n}")[1], return_url=BACK, at=NOON) for n in range(3)
    ]
    assert [running(visit, NOON + DAY / 2 - DAY / 86_400) for visit in visits] == [True] * 3
    assert [running(visit, NOON + DAY / 2) for visit in visits] == [False] * 3

    end_visits_of("b0", at=NOON)
    visits[1].user.is_active = False
    visits[1].user.save()

    assert [running(visit) for visit in visits] == [False, False, True]
