"""Somebody who works for several customers chooses for whom."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.access import VIEWED_CUSTOMER
from accounts.may import Role
from accounts.models import AuditEntry, Customer, CustomerKey, User
from accounts.services.keys import keys_in_hand, names_in_hand
from accounts.services.team import add_member, remove_member
from door.models import AddressChange
from door.services.addresses import ask_for_address, confirm_address
from door.services.privacy import answer_request, ask_for_privacy
from door.services.second_factor import take_second_factor
from kernel import clock
from notifications.models import Letter, Notice, Recipient
from orders.services.sessions import open_session
from tests.api.conftest import Caller
from tests.cast import NOON, STAFF, chosen, make_colleague, make_customer, make_user
from tests.letters import link_in, mail_to
from tests.markup import markup

pytestmark = pytest.mark.django_db


@pytest.fixture
def both(alice, bob):
    """Owner at Alice's, for longer; looks on at Bob's, who has an owner."""
    user = make_user(alice)
    make_user(bob)
    add_member(bob, user, Role.VIEWER, actor=STAFF, at=NOON.replace(year=2099))
    return user


@pytest.fixture
def client(both):
    client = Client(headers={"accept-language": "en"})
    client.force_login(both)
    return client


def choose(client, customer):
    answer = client.post(reverse("choose-customer"), {"customer": customer.pk})
    client.cookies.pop("django_language", None)  # a customer's language is spoken from then on
    return answer


def test_the_longest_counts_until_another_is_chosen(client, alice, bob):
    assert client.get(reverse("home")).context["customer"] == alice

    choose(client, bob)

    page = client.get(reverse("home"))
    assert page.context["customer"] == bob
    assert page.context["may"]["pay"] is False
    assert client.post(reverse("top-up"), {"for_customer": bob.pk}).status_code == 403


def test_the_menu_names_both(client, alice, bob):
    said = client.get(reverse("home")).content.decode()
    assert "You belong to several customers" in said
    assert f'value="{bob.pk}"' in said


def test_nobody_chooses_where_they_do_not_belong(client, alice):
    assert choose(client, make_customer("Mallory")).status_code == 404
    for nonsense in ({"customer": "abc"}, {"customer": ""}, {}):
        assert client.post(reverse("choose-customer"), nonsense).status_code == 404
    assert client.get(reverse("home")).context["customer"] == alice


def test_the_api_follows_the_choice_of_the_session(both, alice, bob):
    caller = Caller(user=both)
    choose(caller.client, bob)
    assert caller.get("customer/").json()["name"] == "Bob"


def test_whoever_is_removed_from_what_they_chose_is_back_at_the_other_and_is_told(client, both, alice, bob):
    choose(client, bob)
    remove_member(both.memberships.get(customer=bob), actor=STAFF, at=NOON)

    page = client.get(reverse("home"))

    assert page.context["customer"] == alice
    assert "You do not work for the customer that you had chosen any more. This is Alice." in markup(page)
    assert "had chosen" not in markup(client.get(reverse("home")))


def sent(client, customer=None, **headers):
    """The form of the settings that changes the account's language, from a page that showed `customer`."""
    named = {"for_customer": customer.pk} if customer else {}
    return client.post(reverse("settings-language"), {"language": "en"} | named, headers=headers)


def languages(*customers):
    return [Customer.objects.get(pk=customer.pk).language for customer in customers]


def test_a_form_is_never_carried_out_for_whom_another_tab_has_chosen(client, bob, alice):
    choose(client, bob)

    answer = sent(client, alice, referer="http://testserver/settings/")

    assert answer.status_code == 409
    assert "You work for Bob now" in markup(answer)
    assert languages(alice, bob) == ["vi", "vi"]


def test_a_form_of_whom_one_was_removed_from_is_not_carried_out_for_the_other(client, both, alice, bob):
    choose(client, bob)
    remove_member(both.memberships.get(customer=bob), actor=STAFF, at=NOON)

    assert sent(client, bob).status_code == sent(client).status_code == sent(client, alice).status_code == 409
    client.get(reverse("home"))
    assert sent(client, bob).status_code == 409
    assert languages(alice) == ["vi"]
    assert sent(client, alice).status_code == 302
    assert languages(alice) == ["en"]


def test_a_form_that_names_nobody_is_taken_only_where_it_can_mean_one(client, both, alice, bob):
    assert sent(client).status_code == 409
    remove_member(both.memberships.get(customer=bob), actor=STAFF, at=NOON)
    assert sent(client).status_code == 302


def test_what_waits_for_proof_is_carried_out_for_its_own_customer_or_not_at_all(client, both, alice, bob):
    asked = client.post(reverse("key-issue"), {"name": "import", "for_customer": alice.pk})
    assert asked.status_code == 302
    choose(client, bob)

    answer = client.post(asked["Location"], {"oldpassword": "secret"}, follow=True)

    assert answer.status_code == 409
    assert not CustomerKey.objects.exists()


def test_every_form_of_a_page_names_its_customer(client, alice, bob):
    """The buttons that act at once, too, and the page that is shown to whoever chose another."""
    for customer in (alice, bob):
        choose(client, customer)
        for name in ("home", "settings", "wallet"):
            said = markup(client.get(reverse(name)))
            tokens = said.count('name="csrfmiddlewaretoken"')
            assert tokens > 2
            assert said.count(f'name="for_customer" value="{customer.pk}"') == tokens


def test_a_write_by_rest_names_its_customer_too(both, alice, bob):
    caller = Caller(user=both)
    body = {"action": "create"}
    said = [
        caller.client.post("/api/v1/quotes/", body, content_type="application/json", headers=headers).json()["code"]
        for headers in ({}, {"x-customer": str(bob.pk)}, {"x-customer": str(alice.pk)})
    ]
    assert said == ["for-another-customer", "for-another-customer", "invalid-input"]


def test_a_key_of_a_request_answers_for_its_own_customer_only(both, bob, alice):
    """Else the other would be told what was done for the first, and get nothing."""
    both.memberships.filter(customer=bob).update(role=Role.OWNER)
    caller = Caller(user=both)

    def added(customer):
        choose(caller.client, customer)
        body = {"email": "books@books.example", "language": "en", "kinds": ["refund"]}
        headers = {"x-customer": str(customer.pk), "idempotency-key": "same"}
        return caller.client.post("/api/v1/recipients/", body, content_type="application/json", headers=headers)

    first, second, again = added(alice), added(bob), added(alice)

    assert [answer.status_code for answer in (first, second, again)] == [201, 201, 201]
    assert again.json() == first.json()
    assert second.json()["id"] != first.json()["id"]
    assert set(Recipient.objects.values_list("customer", flat=True)) == {alice.pk, bob.pk}


@pytest.fixture
def keeps_both(both, alice, bob):
    """The same person, running things at Bob's, with a key of each."""
    both.memberships.filter(customer=bob).update(role=Role.TECHNICAL)
    both.__dict__.pop("belongs", None)
    return [CustomerKey.issue(at=NOON, customer=one, name="import", keeper=both)[0] for one in (alice, bob)]


def test_after_a_new_password_the_keys_of_all_customers_are_shown_and_revoked(client, both, keeps_both):
    said = markup(client.get(reverse("keys-after-password")))
    assert "· Alice" in said
    assert "· Bob" in said
    assert names_in_hand(both, at=NOON) == "import (Alice), import (Bob)"

    ours, theirs = keeps_both
    client.post(reverse("keys-after-password"), {"key": [theirs.pk], "for_customer": ours.customer_id})

    assert [key.name for key in keys_in_hand(both, at=NOON)] == ["import"]
    assert names_in_hand(both, at=NOON) == "import"


def test_keys_that_one_may_not_manage_there_are_not_shown(both, keeps_both, bob):
    both.memberships.filter(customer=bob).update(role=Role.VIEWER)
    both.__dict__.pop("belongs", None)
    assert names_in_hand(both, at=NOON) == "import"


def test_what_staff_do_to_ones_access_is_told_to_each_of_ones_customers(both, alice, bob):
    take_second_factor(both, reason="lost", actor=make_colleague(), at=NOON, language="en")
    told = Notice.objects.filter(kind=Notice.Kind.ACCESS_CHANGED)
    assert set(told.values_list("customer", flat=True)) == {alice.pk, bob.pk}


def test_another_address_is_written_down_for_each_of_ones_customers(both, alice, bob):
    change = ask_for_address(both, "new@customer.example", at=NOON, language="en")
    for side in AddressChange.Side:
        confirm_address(change.pk, side, at=NOON, language="en")
    written = AuditEntry.objects.filter(verb="change own address")
    assert set(written.values_list("customer", flat=True)) == {alice.pk, bob.pk}


# --- What a product page sends them for ---


@pytest.fixture
def session(vserver, small):
    vserver.return_urls = ["https://shop.example/"]
    vserver.save()
    return open_session(vserver, name="web", items=chosen(small), return_url="https://shop.example/", at=clock.now())


def test_what_is_ordered_from_a_product_page_is_for_whom_they_say(client, both, alice, session):
    carol = make_customer("Carol")
    make_user(carol)
    add_member(carol, both, Role.TECHNICAL, actor=STAFF, at=NOON.replace(year=2099))
    place = reverse("checkout", args=[session.pk])
    page = markup(client.get(place))
    assert "For whom do you order?" in page
    assert f'value="{alice.pk}"' in page
    assert f'value="{carol.pk}"' in page
    assert "Bob" not in page.partition("<main")[2], "there they look on"

    client.post(reverse("checkout-for", args=[session.pk]), {"customer": carol.pk})

    session.refresh_from_db()
    assert session.customer == carol
    assert client.get(place).context["customer"] == carol
    choose(client, alice)
    assert client.get(place).status_code == 404, "it is somebody else's by now"


def test_nobody_takes_it_for_whom_they_may_not_order(client, bob, session):
    assert client.post(reverse("checkout-for", args=[session.pk]), {"customer": bob.pk}).status_code == 404
    session.refresh_from_db()
    assert session.customer is None


def test_who_works_for_one_alone_is_not_asked(alice, session):
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user(alice))
    assert "For whom do you order?" not in client.get(reverse("checkout", args=[session.pk])).content.decode()


# --- Links of mails ---


def test_a_link_of_a_mail_leads_to_whom_it_is_about(client, both, alice, bob):
    """Bob is looked at; the answer is about what was asked as Alice's."""
    asked = ask_for_privacy(alice, both, "correct", "my name", actor=both.actor, at=NOON)
    answer_request(asked.pk, is_done=True, answer="done", actor=make_colleague(), at=NOON)
    choose(client, bob)
    path = link_in(mail_to(both.email))
    assert path == f"/settings/data/?for_customer={alice.pk}"

    answer = client.get(path)

    assert answer["Location"] == "/settings/data/"
    assert client.get("/settings/data/").context["customer"] == alice
    assert [one.answer for one in client.get("/settings/data/").context["requests"]] == ["done"]


def test_a_request_is_answered_in_the_language_of_whom_it_is_about(both, alice, bob):
    for customer, language in ((alice, "vi"), (bob, "en")):
        Customer.objects.filter(pk=customer.pk).update(language=language)
    bob.refresh_from_db()
    asked = ask_for_privacy(bob, both, "correct", "my name", actor=both.actor, at=NOON)
    answer_request(asked.pk, is_done=True, answer="done", actor=make_colleague(), at=NOON)
    assert set(Letter.objects.filter(kind__startswith="privacy").values_list("language", flat=True)) == {"en"}


def test_a_link_about_somebody_elses_customer_says_so_and_changes_nothing(client, alice, bob):
    client.force_login(make_user(alice))
    answer = client.get(f"/wallet/?for_customer={bob.pk}&page=2", follow=True)
    assert answer.redirect_chain == [("/wallet/?page=2", 302)]
    assert answer.context["customer"] == alice
    assert "about a customer for whom you do not work" in markup(answer)


def test_who_signs_in_for_a_link_of_a_mail_is_led_on_by_it(both, bob):
    client = Client(headers={"accept-language": "en"})
    first = client.get(f"/wallet/?for_customer={bob.pk}")
    client.post(
        first["Location"],
        {"username": both.email, "password": "secret", "next": first["Location"].partition("next=")[2]},
    )
    assert client.get(f"/wallet/?for_customer={bob.pk}", follow=True).context["customer"] == bob


def test_staff_who_look_at_the_portal_keep_whom_they_look_at(client, alice, bob):
    client.force_login(User.objects.create_superuser("boss@portal.example", "secret"))
    session = client.session
    session[VIEWED_CUSTOMER] = str(alice.pk)
    session.save()
    assert client.get(f"/wallet/?for_customer={bob.pk}").context["customer"] == alice
