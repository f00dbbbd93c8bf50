"""Every story that starts on a product's page: sent here with the resource chosen, done here, led back by themselves."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from lifecycle.models import State
from orders.models import CheckoutSession, Order, Quote
from orders.services.delete import delete_resource
from orders.services.sessions import LIFETIME, open_session_about
from payments.services.wallet import wallet_of
from tests.cast import MONTH, NOON, answer, chosen, create, fresh, make_customer, make_item, make_product, owner_of
from tests.markup import markup
from tests.portal.seen import signed_in, the_time_being

BACK = "https://shop.example/vserver/"


@pytest.fixture(autouse=True)
def _noon():
    with the_time_being(NOON):
        yield


@pytest.fixture
def owner(alice):
    return signed_in(alice)


@pytest.fixture
def server(alice, vserver, small):
    """181,000 VND for 30 days from noon."""
    vserver.return_urls = [BACK]
    vserver.save()
    return create(alice, small)[0]


def sent_for(resource, action, *, at=NOON, **more):
    """The page to which a product page sends the customer."""
    session = open_session_about(resource.product, resource.pk, action=action, return_url=BACK, at=at, **more)
    return session, reverse("checkout", args=[session.pk])


def quoted(response) -> Quote:
    assert response.status_code == 303, response.content.decode()
    return Quote.objects.get(pk=response.url.split("/")[2])


def paid(owner, response) -> Order:
    """Confirm the quote that the answer leads to and pay it from the wallet."""
    quote = quoted(response)
    confirmed = owner.post(reverse("quote", args=[quote.pk]), {"means": "wallet"})
    order = Order.objects.get(quote=quote)
    assert (confirmed.status_code, confirmed.url) == (303, reverse("order", args=[order.pk]))
    return order


def leads_back(response) -> bool:
    """By the script, and without it by the page's head."""
    shown = markup(response)
    counted = "data-way-back=" in shown
    assert counted == ('http-equiv="refresh" content="10;url=/checkout/' in shown)
    return counted


def way_back_of(owner, session) -> str:
    return owner.get(reverse("checkout-leave", args=[session.pk])).url


def test_resizing_from_the_product_page(owner, server, large):
    session, page = sent_for(server, "resize", items=chosen(large))
    shown = owner.get(page).content.decode()
    assert "Resize web" in shown
    assert re.search(rf'value="{large.pk}"[^>]*checked', shown), "what was chosen there is chosen here"
    order = paid(owner, owner.post(page, {"choice": str(large.pk), "step": "continue"}))
    assert (order.action, order.checkout_session) == ("resize", session)
    address = reverse("order", args=[order.pk])
    assert not leads_back(owner.get(address)), "the product team is at work"
    answer(order)
    assert leads_back(owner.get(address))
    assert way_back_of(owner, session) == f"{BACK}?checkout_session={session.pk}&order={order.pk}&status=paid"


def test_renewing_from_the_product_page(owner, server):
    session, page = sent_for(server, "renew")
    assert "Renew web" in owner.get(page).content.decode()
    order = paid(owner, owner.post(page, {"mode": "months", "months": "3", "step": "continue"}))
    assert (order.state, order.total, order.checkout_session) == ("completed", 543_000, session)
    assert fresh(server).paid_until == NOON + 4 * MONTH
    assert leads_back(owner.get(reverse("order", args=[order.pk])))


def test_recovering_from_the_trash_of_the_product_page(owner, alice, server):
    delete_resource(server.pk, actor=owner_of(alice), at=NOON)
    session, page = sent_for(fresh(server), "recover")
    assert "Recover web" in owner.get(page).content.decode()
    order = paid(owner, owner.post(page, {"months": "1", "step": "continue"}))
    assert (order.state, order.total, order.checkout_session) == ("completed", 181_000, session)
    assert fresh(server).state == State.ACTIVE
    assert leads_back(owner.get(reverse("order", args=[order.pk])))


def test_deleting_from_the_product_page(owner, alice, server):
    """Deleted in the minute of its creation: all of 181,000 comes back."""
    before = wallet_of(alice.pk).available
    session, page = sent_for(server, "delete")
    asked = owner.get(page).content.decode()
    assert "181,000" in asked
    assert reverse("checkout-leave", args=[session.pk]) in asked
    assert owner.post(page, {"confirmation": "wbe"}).status_code == 422
    assert fresh(server).state == State.ACTIVE

    confirmed = owner.post(page, {"confirmation": "web"})

    assert (confirmed.status_code, confirmed.url) == (303, page)
    assert (fresh(server).state, wallet_of(alice.pk).available) == (State.SUSPENSE, before + 181_000)
    done = owner.get(page)
    assert "web is deleted" in done.content.decode()
    assert leads_back(done)
    assert way_back_of(owner, session) == f"{BACK}?checkout_session={session.pk}&status=deleted"


def test_whoever_says_stay_stays(owner, server):
    _session, page = sent_for(server, "renew")
    owner.get(page)
    order = paid(owner, owner.post(page, {"mode": "months", "months": "1", "step": "continue"}))
    address = reverse("order", args=[order.pk])
    assert not leads_back(owner.get(address + "?stay"))
    assert not leads_back(owner.get(address)), "and is not asked again"


def test_whoever_has_gone_back_and_looks_again_stays(owner, server):
    session, page = sent_for(server, "renew")
    owner.get(page)
    order = paid(owner, owner.post(page, {"mode": "months", "months": "1", "step": "continue"}))
    address = reverse("order", args=[order.pk])
    assert leads_back(owner.get(address))
    way_back_of(owner, session)
    assert not leads_back(owner.get(address))


def test_another_browser_is_not_led_away(owner, alice, server):
    _session, page = sent_for(server, "renew")
    owner.get(page)
    order = paid(owner, owner.post(page, {"mode": "months", "months": "1", "step": "continue"}))
    assert not leads_back(signed_in(alice).get(reverse("order", args=[order.pk])))


def test_what_has_failed_stays_to_be_read(owner, server, large):
    _session, page = sent_for(server, "resize")
    order = paid(owner, owner.post(page, {"choice": str(large.pk), "step": "continue"}))
    answer(order, succeed=False)
    shown = owner.get(reverse("order", args=[order.pk])).content.decode()
    assert "back in your wallet" in shown
    assert not leads_back(owner.get(reverse("order", args=[order.pk])))


def test_going_back_without_having_done_anything(owner, server):
    session, page = sent_for(server, "renew")
    assert reverse("checkout-leave", args=[session.pk]) in owner.get(page).content.decode()
    assert way_back_of(owner, session) == f"{BACK}?checkout_session={session.pk}&status=cancelled"


@pytest.mark.parametrize("action", ["resize", "renew", "delete"])
def test_a_strangers_resource_is_not_found(server, action):
    session, page = sent_for(server, action)
    stranger = signed_in(make_customer(credit=1_000_000))
    for method, address in [
        (stranger.get, page),
        (stranger.post, page),
        (stranger.get, reverse("checkout-leave", args=[session.pk])),
    ]:
        assert method(address, {"confirmation": "web", "step": "continue", "months": "1"}).status_code == 404
    assert fresh(server).state == State.ACTIVE
    assert not Quote.objects.filter(checkout_session=session).exists()


def test_one_who_only_looks_deletes_nothing(alice, server):
    _session, page = sent_for(server, "delete")
    assert signed_in(alice, "viewer").post(page, {"confirmation": "web"}).status_code == 403
    assert fresh(server).state == State.ACTIVE


def test_what_has_changed_in_the_meantime_is_said(owner, alice, server):
    session, page = sent_for(server, "renew")
    delete_resource(server.pk, actor=owner_of(alice), at=NOON)
    answered = owner.get(page)
    shown = answered.content.decode()
    assert answered.status_code == 409
    assert "does not allow this now" in shown
    assert reverse("checkout-leave", args=[session.pk]) in shown


def test_a_checkout_that_is_over_leads_back_too(owner, server):
    session, page = sent_for(server, "renew")
    with the_time_being(NOON + LIFETIME):
        answered = owner.get(page)
    assert answered.status_code == 410
    assert reverse("checkout-leave", args=[session.pk]) in answered.content.decode()


def test_what_was_done_is_shown_instead_of_being_done_again(owner, server):
    _session, page = sent_for(server, "renew")
    order = paid(owner, owner.post(page, {"mode": "months", "months": "1", "step": "continue"}))
    assert owner.get(page).url == reverse("order", args=[order.pk])
    assert owner.post(page, {"mode": "months", "months": "1", "step": "continue"}).url == reverse(
        "order", args=[order.pk]
    )
    assert Quote.objects.filter(action="renew").count() == 1


def test_a_deletion_is_confirmed_once(owner, alice, server):
    _session, page = sent_for(server, "delete")
    owner.post(page, {"confirmation": "web"})
    before = wallet_of(alice.pk).available
    with the_time_being(NOON + timedelta(minutes=5)):
        again = owner.post(page, {"confirmation": "web"})
    assert "is deleted" in again.content.decode()
    assert wallet_of(alice.pk).available == before


def test_postpaid_customers_resize_and_delete_from_there(vserver, small, large):
    vserver.return_urls = [BACK]
    vserver.save()
    phuong = make_customer(mode="postpaid")
    browser = signed_in(phuong)
    (server,) = create(phuong, small)
    _session, page = sent_for(server, "resize")
    quote = quoted(browser.post(page, {"choice": str(large.pk), "step": "continue"}))
    browser.post(reverse("quote", args=[quote.pk]))
    answer(Order.objects.get(quote=quote))
    _session, page = sent_for(fresh(server), "delete")
    browser.post(page, {"confirmation": "web"})
    assert fresh(server).state == State.SUSPENSE


def test_a_product_that_keeps_nothing_says_so(owner, alice):
    monitor = make_product("vmonitor", days_in_trash_after_deletion=0, return_urls=[BACK])
    (quota,) = create(alice, make_item(monitor, "quota", 30_000))
    _session, page = sent_for(quota, "delete")
    assert "cannot be undone" in owner.get(page).content.decode()
    owner.post(page, {"confirmation": "web"})
    assert "gone for good" in owner.get(page).content.decode()


def test_coming_back_from_the_gateway_goes_on_to_the_order(owner, alice, server):
    from payments.models import Payment

    order = Order.objects.get(items__resource=server)
    payment = order.payment
    assert payment.state == Payment.State.SUCCEEDED
    address = reverse("payment-return", args=[payment.pk])
    assert (owner.get(address).status_code, owner.get(address).url) == (303, reverse("order", args=[order.pk]))
    assert owner.get(address, {"part": ""})["HX-Redirect"] == reverse("order", args=[order.pk])


def test_sessions_stay_the_same_few_queries(owner, server, django_assert_max_num_queries):
    _session, page = sent_for(server, "renew")
    with django_assert_max_num_queries(26):
        owner.get(page)
    assert CheckoutSession.objects.get().customer == server.customer
