"""From a choice to a quote, to an order that is paid, carried out, and leads back to the product's page."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from django.urls import reverse

from accounts.may import Role
from catalog.models import Price
from lifecycle.models import Resource
from orders.models import Order, Quote
from orders.services.delete import delete_resource
from orders.services.sessions import open_session
from payments.gateways import Failed, Redirect, zalopay
from payments.models import Payment
from payments.services.wallet import wallet_of
from tests.cast import DAY, NOON, answer, chosen, create, enter, fresh, make_coupon, make_customer, order, owner_of
from tests.markup import markup
from tests.portal.seen import said, signed_in, the_time_being

SHOP = "https://shop.example/vserver/"


@pytest.fixture(autouse=True)
def _noon():
    with the_time_being(NOON):
        yield


@pytest.fixture
def owner(alice):
    return signed_in(alice)


@pytest.fixture
def session(vserver, small, disk):
    """web: 181,000 + 40 GB x 2,000 = 261,000 VND per 30 days."""
    vserver.return_urls = [SHOP]
    vserver.save()
    return open_session(vserver, name="web", items=chosen(small, (disk, 40)), return_url=SHOP + "back", at=NOON)


@pytest.fixture
def page(session):
    return reverse("checkout", args=[session.pk])


WISH = {"quantity": "2", "months": "3", "auto_renew_months": "1", "coupon": "", "step": "continue"}


def quoted(response) -> Quote:
    assert response.status_code == 303, response.content.decode()
    return Quote.objects.get(pk=response.url.split("/")[2])


def test_checkout_shows_what_the_choice_costs(owner, page):
    shown = owner.get(page, {"quantity": "2", "months": "3"}).content.decode()
    assert "1,566,000" in shown
    assert "2 resources" in shown


def test_changing_the_choice_keeps_it_in_the_address(owner, page):
    answered = owner.post(page, WISH | {"step": "update"})
    assert answered.status_code == 303
    assert answered.url == f"{page}?quantity=2&months=3&auto_renew_months=1&coupon="


def test_from_checkout_to_the_product_page(owner, alice, page, session):
    make_coupon("TET", 20_000)
    quote = quoted(owner.post(page, WISH | {"coupon": "tet", "auto_renew": "on"}))
    assert quote.total == 1_546_000
    address = reverse("quote", args=[quote.pk])
    shown = owner.get(address).content.decode()
    assert "1,546,000" in shown
    assert "included; before the coupon" in shown
    assert "How this was calculated" in shown
    assert "the same to the đồng" in shown
    paid = owner.post(address, {"means": "wallet"})
    order = Order.objects.get()
    assert (paid.status_code, paid.url) == (303, reverse("order", args=[order.pk]))
    assert (order.state, order.total, order.checkout_session) == ("provisioning", 1_546_000, session)
    assert wallet_of(alice.pk).available == 10_000_000 - 1_546_000
    waiting = owner.get(paid.url).content.decode()
    assert 'hx-trigger="every 3s"' in waiting
    answer(order)
    done = owner.get(paid.url).content.decode()
    assert "Completed" in done
    assert "every 3s" not in done
    assert owner.get(reverse("checkout-leave", args=[session.pk])).url == (
        f"{SHOP}back?checkout_session={session.pk}&order={order.pk}&status=paid"
    )
    assert set(Resource.objects.values_list("state", "auto_renew_months")) == {("active", 1)}


@pytest.fixture
def held_order(owner, page):
    """Unpaid, and it holds the only use of the coupon TET: the tab of the gateway was closed."""
    make_coupon("TET", 20_000, maximum_uses=1)
    return lambda: order(quoted(owner.post(page, WISH | {"coupon": "TET"})), means="gateway")


@pytest.fixture
def other_page(vserver, small, session):
    other = open_session(vserver, name="web-2", items=chosen(small), return_url=SHOP + "back", at=NOON)
    return reverse("checkout", args=[other.pk])


def test_a_coupon_that_ones_own_unpaid_order_holds_leads_to_that_order(owner, held_order, other_page):
    held = held_order()
    answered = owner.post(other_page, WISH | {"coupon": "TET"})
    shown = answered.content.decode()
    assert answered.status_code == 422
    assert "holds this coupon" in shown
    assert f'<a href="{reverse("order", args=[held.pk])}">See that order</a>' in shown


def test_the_last_use_that_ones_own_order_took_a_moment_ago_leads_to_it_too(owner, held_order, other_page):
    address = reverse("quote", args=[quoted(owner.post(other_page, WISH | {"coupon": "TET"})).pk])
    held = held_order()
    answered = owner.post(address, {"means": "wallet"}, headers={"referer": f"http://testserver{address}"})
    assert answered.url == address
    [sentence] = said(answered)
    assert reverse("order", args=[held.pk]) in sentence


def test_pressing_pay_twice_orders_once(owner, alice, page):
    quote = quoted(owner.post(page, WISH))
    address = reverse("quote", args=[quote.pk])
    first, second = (owner.post(address, {"means": "wallet"}) for _ in range(2))
    assert first.url == second.url
    assert Order.objects.count() == 1
    assert wallet_of(alice.pk).available == 10_000_000 - quote.total
    assert owner.get(address).url == first.url


def test_a_refused_coupon_says_why_and_loses_nothing(owner, page):
    make_coupon("BIG", 20_000, minimum_order=50_000_000)
    answered = owner.post(page, WISH | {"coupon": "BIG"})
    shown = markup(answered)
    assert answered.status_code == 422
    assert "This coupon needs an order of at least 50,000,000 ₫." in shown
    assert "1,566,000" in shown
    assert 'value="BIG"' in shown
    assert 'id="months-3" value="3" checked' in shown
    assert not Quote.objects.exists()


@pytest.mark.parametrize("wrong", [{"quantity": "0"}, {"quantity": "101"}, {"quantity": "x"}, {"months": "5"}])
def test_a_choice_that_makes_no_sense_is_marked(owner, page, wrong):
    answered = owner.post(page, WISH | wrong)
    assert answered.status_code == 400
    assert "field__error" in answered.content.decode()
    assert owner.get(page, wrong).status_code == 200
    assert not Quote.objects.exists()


def test_a_checkout_ends_after_a_day(owner, page):
    with the_time_being(NOON + DAY):
        answered = owner.get(page)
    assert answered.status_code == 410
    assert "start again from the product page" in answered.content.decode()


def test_a_wallet_that_lacks_credit_offers_to_top_up(page, settings, sandbox_gateway):
    poor = signed_in(make_customer(credit=100_000))
    quote = quoted(poor.post(page, WISH))
    address = reverse("quote", args=[quote.pk])
    shown = markup(poor.get(address))
    assert "1,466,000" in shown
    assert 'value="wallet" required disabled' in shown
    assert 'value="top_up_and_pay:sandbox" required checked' in shown
    refused = poor.post(address, {"means": "wallet"}, headers={"referer": f"http://testserver{address}"})
    assert (refused.status_code, refused.url) == (303, address)
    assert said(refused)[0].startswith("The wallet lacks 1,466,000 ₫.")
    assert not Order.objects.exists()


@pytest.fixture
def sandbox_gateway(settings):
    """A gateway that is set up, and does not answer."""
    settings.SANDBOX_URL = settings.SANDBOX_PUBLIC_URL = "http://127.0.0.1:9"
    settings.SANDBOX_KEY1 = settings.SANDBOX_KEY2 = "key"


@pytest.mark.django_db(transaction=True)
def test_a_silent_gateway_leaves_an_order_that_can_be_cancelled(page, sandbox_gateway):
    customer = make_customer(credit=100_000)
    poor = signed_in(customer)
    quote = quoted(poor.post(page, WISH))
    answered = poor.post(reverse("quote", args=[quote.pk]), {"means": "top_up_and_pay:sandbox"})
    order = Order.objects.get()
    assert answered.url == reverse("order", args=[order.pk])
    assert Payment.objects.get().state == "unknown"
    shown = poor.get(answered.url).content.decode()
    assert "I have paid: ask the gateway" in shown
    poor.post(reverse("order-cancel", args=[order.pk]))
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert wallet_of(customer.pk).available == 100_000
    again = poor.post(reverse("order-cancel", args=[order.pk]))
    assert again.status_code == 409


@pytest.mark.parametrize("means", ["", "gateway", "none", "bank"])
def test_only_means_that_are_offered_are_taken(owner, page, means):
    quote = quoted(owner.post(page, WISH))
    assert owner.post(reverse("quote", args=[quote.pk]), {"means": means}).status_code == 422
    assert not Order.objects.exists()


def test_a_price_that_changed_leads_to_the_fresh_quote_with_what_changed(owner, alice, page, small, session):
    quote = quoted(owner.post(page, WISH))
    Price.objects.filter(item=small).update(valid_until=NOON)
    Price.objects.create(item=small, unit_price=200_000, valid_from=NOON)
    answered = owner.post(reverse("quote", args=[quote.pk]), {"means": "wallet", "session": str(session.pk)})
    fresh_quote = quoted(answered)
    assert fresh_quote.total == 1_680_000
    shown = owner.get(answered.url).content.decode()
    assert "What has changed" in shown
    assert "1,566,000" in shown
    assert not Order.objects.exists()
    assert wallet_of(alice.pk).available == 10_000_000


def test_a_rate_to_come_is_said_and_after_it_the_quote_is_computed_again(owner, page):
    """1,566,000 with VAT: 142,364 of it at 10 %, 116,000 at 8 % from midnight on."""
    enter("standard", "2026-03-11", "0.08")
    midnight = NOON + DAY / 2
    with the_time_being(midnight - DAY / 288):
        quote = quoted(owner.post(page, WISH))
        shown = markup(owner.get(reverse("quote", args=[quote.pk]))).replace("\N{NO-BREAK SPACE}", " ")
        assert "10 % until 10 Mar 2026, 8 % from 11 Mar 2026, included" in shown
    with the_time_being(midnight):
        answered = owner.post(reverse("quote", args=[quote.pk]), {"means": "wallet"})
        shown = markup(owner.get(answered.url)).replace("\N{NO-BREAK SPACE}", " ")
    assert "The rate of VAT has changed since this quote was made." in shown
    assert all(words in shown for words in ("What has changed", "142,364", "116,000", "8 %, included"))
    assert not Order.objects.exists()


def test_an_expired_quote_offers_a_fresh_one(owner, page):
    quote = quoted(owner.post(page, WISH))
    with the_time_being(NOON + DAY / 24):
        assert "This quote has expired." in owner.get(reverse("quote", args=[quote.pk])).content.decode()
        renewed = owner.post(reverse("quote-refresh", args=[quote.pk]))
        assert quoted(renewed).pk != quote.pk
        late = owner.post(reverse("quote", args=[quote.pk]), {"means": "wallet"})
        assert quoted(late).pk != quote.pk
    assert not Order.objects.exists()


def test_strangers_find_neither_quote_nor_order(owner, page):
    quote = quoted(owner.post(page, WISH))
    owner.post(reverse("quote", args=[quote.pk]), {"means": "wallet"})
    order = Order.objects.get()
    stranger = signed_in(make_customer(credit=9_000_000))
    assert stranger.get(reverse("quote", args=[quote.pk])).status_code == 404
    assert stranger.post(reverse("quote", args=[quote.pk]), {"means": "wallet"}).status_code == 404
    assert stranger.get(reverse("order", args=[order.pk])).status_code == 404
    for name in ("order-pay", "order-cancel", "order-check"):
        assert stranger.post(reverse(name, args=[order.pk])).status_code == 404


def test_a_viewer_sees_the_price_but_cannot_order(alice, page):
    viewer = signed_in(alice, Role.VIEWER)
    shown = viewer.get(page).content.decode()
    assert "261,000" in shown
    assert 'value="continue"' not in shown
    assert viewer.post(page, WISH).status_code == 403
    assert not Quote.objects.exists()


def test_postpaid_customers_confirm_without_paying(bob, page):
    client = signed_in(bob)
    shown = client.get(page).content.decode()
    assert "Estimate for 30 days" in shown
    assert 'name="months"' not in shown
    quote = quoted(client.post(page, {"quantity": "1", "step": "continue"}))
    confirm = client.get(reverse("quote", args=[quote.pk])).content.decode()
    assert 'name="means"' not in confirm
    client.post(reverse("quote", args=[quote.pk]))
    answer(Order.objects.get())
    assert Resource.objects.get().billing_mode == "postpaid"


def test_a_new_resource_is_configured_in_the_portal(owner, vserver, small, large, disk):
    assert b"vserver" in owner.get(reverse("new-resource")).content
    address = reverse("new-resource-of", args=["vserver"])
    assert "vserver-1" in owner.get(address).content.decode()
    wish = WISH | {"quantity": "1", "months": "1", "name": "db-01", "choice": str(large.pk), f"extra-{disk.pk}": "10"}
    quote = quoted(owner.post(address, wish))
    assert quote.total == 540_000
    assert owner.post(address, wish | {"choice": "nonsense"}).status_code == 400
    assert owner.post(address, wish | {f"extra-{disk.pk}": "100000"}).status_code == 400
    assert owner.get(reverse("new-resource-of", args=["nothing"])).status_code == 404


def test_resize_shows_what_is_to_pay(owner, alice, small, large):
    (web,) = create(alice, small, months=3, at=NOON - 40 * DAY)
    address = reverse("resize", args=[web.pk])
    assert "Nothing would change" in owner.get(address).content.decode()
    assert "565,000" in owner.get(address, {"choice": str(large.pk)}).content.decode()
    same = owner.post(address, {"choice": str(small.pk), "step": "continue"})
    assert same.status_code == 409
    quote = quoted(owner.post(address, {"choice": str(large.pk), "step": "continue"}))
    shown = owner.get(reverse("quote", args=[quote.pk])).content.decode()
    assert "301,667" in shown
    assert "565,000" in shown


def test_a_smaller_size_gives_credit_back(owner, alice, small, large):
    (web,) = create(alice, large, at=NOON - 15 * DAY)
    quote = quoted(owner.post(reverse("resize", args=[web.pk]), {"choice": str(small.pk), "step": "continue"}))
    address = reverse("quote", args=[quote.pk])
    assert "Back to your wallet" in owner.get(address).content.decode()
    before = wallet_of(alice.pk).available
    owner.post(address)
    answer(Order.objects.latest("id"))
    assert wallet_of(alice.pk).available == before + 169_500


def test_several_are_renewed_to_one_common_end(owner, alice, small):
    early, late = (create(alice, small, name=name, at=NOON - days * DAY)[0] for name, days in (("a", 20), ("b", 5)))
    address = f"{reverse('renew')}?resource={early.pk}&resource={late.pk}"
    wish = {"resource": [str(early.pk), str(late.pk)], "mode": "match", "months": "1", "end": "", "step": "continue"}
    quote = quoted(owner.post(address, wish))
    owner.post(reverse("quote", args=[quote.pk]), {"means": "wallet"})
    assert fresh(early).paid_until == fresh(late).paid_until == late.paid_until
    too_early = owner.post(address, wish | {"end": "2026-03-11"})
    assert too_early.status_code == 422
    assert "must not be earlier than the latest end" in too_early.content.decode()


def test_recover_from_the_trash(owner, alice, small):
    (web,) = create(alice, small, at=NOON - 10 * DAY)
    delete_resource(web.pk, actor=owner_of(alice), at=NOON - DAY)
    address = reverse("recover", args=[web.pk])
    assert "181,000" in owner.get(address).content.decode()
    quote = quoted(owner.post(address, {"months": "1", "step": "continue"}))
    owner.post(reverse("quote", args=[quote.pk]), {"means": "wallet"})
    assert (fresh(web).state, fresh(web).paid_until) == ("active", NOON + 30 * DAY)
    assert owner.post(address, {"months": "1", "step": "continue"}).status_code == 409


def test_nothing_chosen_to_renew_says_so(owner):
    assert "Nothing chosen" in owner.get(reverse("renew")).content.decode()


def test_a_failed_order_says_where_the_money_is(owner, page):
    quote = quoted(owner.post(page, WISH))
    owner.post(reverse("quote", args=[quote.pk]), {"means": "wallet"})
    order = answer(Order.objects.get(), succeed=False)
    shown = owner.get(reverse("order", args=[order.pk])).content.decode()
    assert "no capacity" in shown
    assert "are back in your wallet" in shown
    assert "1,566,000" in shown


def test_whoever_orders_is_told_that_the_terms_are_accepted_and_can_read_them(owner, page, small):
    quote = quoted(owner.post(page, WISH))
    shown = owner.get(reverse("quote", args=[quote.pk])).content.decode()
    assert f'By placing this order you accept the <a href="{reverse("terms")}" target="_blank">terms</a>.' in shown
    terms = markup(owner.get(reverse("terms")))
    assert "A month is 30 days of 24 hours." in terms
    assert f'<th scope="row">{small.product}</th>' in terms
    assert terms.count("7 days</td>") == 2  # in the trash after its end, and after deletion


@pytest.fixture
def two_gateways(sandbox_gateway, settings):
    settings.ZALOPAY_APP_ID, settings.ZALOPAY_KEY1, settings.ZALOPAY_KEY2 = "4711", "one", "two"


@pytest.mark.usefixtures("two_gateways")
def test_every_gateway_is_offered_for_what_the_wallet_lacks_and_for_all(page):
    poor = signed_in(make_customer(credit=100_000))
    offered = poor.get(reverse("quote", args=[quoted(poor.post(page, WISH)).pk])).context["means"]
    assert [way.value for way in offered] == [
        "wallet",
        "top_up_and_pay:zalopay",
        "top_up_and_pay:sandbox",
        "gateway:zalopay",
        "gateway:sandbox",
        "on_behalf",
    ]
    assert [way.value for way in offered if way.is_first] == ["top_up_and_pay:zalopay"]
    assert [way.label for way in offered][-3:-1] == ["ZaloPay", "Sandbox gateway"]


@pytest.mark.usefixtures("two_gateways")
def test_a_gateway_that_takes_less_than_the_whole_says_so_and_cannot_be_chosen(page, monkeypatch):
    small = SimpleNamespace(caps=replace(zalopay.CAPS, max_amount=50_000))
    monkeypatch.setattr("payments.queries.gateway_named", lambda code: small)
    poor = signed_in(make_customer(credit=0))
    offered = poor.get(reverse("quote", args=[quoted(poor.post(page, WISH)).pk])).context["means"]
    assert [way.is_possible for way in offered] == [False, False, False, True]
    assert offered[1].note.replace("\xa0", " ") == "ZaloPay takes from 1,000 ₫ to 50,000 ₫ at once"


@pytest.mark.usefixtures("two_gateways")
@pytest.mark.django_db(transaction=True)
def test_an_order_is_paid_again_by_the_gateway_that_the_customer_chooses_then(page, monkeypatch):
    poor = signed_in(make_customer(credit=0))
    answers = [Failed("maintenance", ""), Redirect("https://gateway.example/pay")]
    monkeypatch.setattr("payments.gateways.zalopay.ZaloPay.start", lambda *_, **__: answers.pop(0))
    poor.post(reverse("quote", args=[quoted(poor.post(page, WISH)).pk]), {"means": "gateway:sandbox"})
    order = Order.objects.get()
    assert '<option value="sandbox" selected' in markup(poor.get(reverse("order", args=[order.pk])))

    assert poor.post(reverse("order-pay", args=[order.pk]), {"gateway": "nobody"}).status_code == 422
    poor.post(reverse("order-pay", args=[order.pk]), {"gateway": "zalopay"})

    paying = Payment.objects.order_by("created_at").values_list("gateway", "state")
    assert list(paying) == [("sandbox", "failed"), ("zalopay", "processing")]
