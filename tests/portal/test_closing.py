"""The end of an account: asked for, cancellable for three days, then closed, and forgotten but for what the law wants kept."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote_plus

import pytest
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from accounts.four_eyes import approve, ask
from accounts.may import Role
from accounts.models import AccountClosed, AuditEntry, BuyerProfile, Customer, CustomerKey, Membership, User
from accounts.services.keys import issue_customer_key
from accounts.services.team import add_member
from billing_portal.admin.attention import count_matters, matters
from billing_portal.jobs import carry_out
from billing_portal.schedule import BY_NAME
from door.models import AddressChange, PrivacyRequest
from door.services.addresses import ask_for_address
from door.services.privacy import EndsWithItsClosing, cancel_request
from invoices.models import Invoice
from kernel import clock
from lifecycle.tasks import purge_resources
from notifications.models import Letter, MailTrouble, Notice, Recipient
from notifications.recipients import ask_recipient
from notifications.troubles import note_trouble
from orders.models import Action
from orders.services.delete import delete_resource
from payments.acts import AdjustCredit
from payments.gateways.base import Failed, Succeeded, Unlinked
from payments.models import Payment
from payments.services.links import record_link
from payments.services.outcomes import record_outcome
from payments.services.wallet import wallet_of
from team.models import Closing, Invitation
from team.services.closing import (
    ClosingAlready,
    SomethingIsOpen,
    ask_to_close,
    cancel_closing,
    close_due,
    forget_the_rest,
)
from team.services.invitations import invite
from tests.actions.books import refused
from tests.api.conftest import Caller, done
from tests.cast import (
    DAY,
    JOB,
    NOON,
    STAFF,
    chosen,
    create,
    fund,
    make_buyer,
    make_colleague,
    make_customer,
    make_user,
    order,
    quote,
)
from tests.letters import link_in, mail_to, mails
from tests.links import linked_account, tops_up
from tests.markup import markup
from tests.portal.seen import said, the_time_being
from tests.proof import proven

pytestmark = pytest.mark.django_db
PAGE, CANCEL = reverse("closing"), reverse("closing-cancel")
THREE_DAYS = NOON + 3 * DAY
SURE = {"sure": "on"}


@pytest.fixture(autouse=True)
def _noon():
    cache.clear()
    with the_time_being(NOON):
        yield


@pytest.fixture
def hoa(db) -> Customer:
    """Prepaid, with an empty wallet."""
    return make_customer("Hoa Sen", language="en", email="hoa@hoasen.example")


@pytest.fixture
def lan(hoa) -> User:
    return make_user(hoa)


def browser_of(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return proven(client)


def asked_by(user: User, *, gives_up: int | None = None) -> Closing:
    return ask_to_close(Customer.objects.get(name="Hoa Sen"), user=user, gives_up=gives_up, actor=user.actor, at=NOON)


def closed(user: User, **terms: int) -> Customer:
    """Three days later."""
    closing = asked_by(user, **terms)
    assert close_due(at=THREE_DAYS).done == 1
    closing.refresh_from_db()
    assert closing.state == "closed"
    return Customer.objects.get(pk=closing.customer_id)


# --- Asked for, and thought better of ---


def test_an_owner_has_the_account_closed_and_all_owners_are_told(hoa, lan):
    other = make_user(hoa)
    make_user(hoa, role=Role.VIEWER)
    client = browser_of(lan)
    assert "closes 3 days after you ask for it" in client.get(PAGE).content.decode()

    answer = client.post(PAGE, SURE)

    assert said(answer) == ["The account closes on 13 Mar 2026, 12:00."]
    assert [one.recipient for one in Letter.objects.filter(kind="closing_asked")] == [lan.email, other.email]
    mail = mail_to(other.email)
    assert f"{lan.email} has asked for the account of Hoa Sen to be closed." in mail.body
    assert "It closes on 13 Mar 2026, 12:00" in mail.body
    assert link_in(mail) == f"{PAGE}?for_customer={hoa.pk}"
    page = client.get(PAGE).content.decode()
    assert "Nothing stands in the way" in page
    assert "This account closes on" in client.get(reverse("wallet")).content.decode()
    request = PrivacyRequest.objects.get()
    assert (request.kind, request.state, request.user) == ("close", "open", lan)


def test_whoever_does_it_shows_anew_who_they_are(hoa, lan):
    client = Client()
    client.force_login(lan)
    answer = client.post(PAGE, SURE)
    assert answer.status_code == 302
    assert answer["Location"] == f"/settings/again/?next={quote_plus(PAGE)}"
    assert not Closing.objects.exists()


def test_nobody_but_owners_closes_it(hoa, lan):
    for role in (Role.BILLING, Role.TECHNICAL, Role.VIEWER):
        client = browser_of(make_user(hoa, role=role))
        assert client.get(PAGE).status_code == client.post(PAGE, SURE).status_code == 403


def test_any_owner_keeps_the_account(hoa, lan):
    asked_by(lan)
    other = make_user(hoa)
    assert said(browser_of(other).post(CANCEL)) == ["The account stays open."]
    hoa.refresh_from_db()
    assert (hoa.closes_at, Closing.objects.get().state, PrivacyRequest.objects.get().state) == (
        None, "cancelled", "cancelled",
    )  # fmt: skip
    assert close_due(at=THREE_DAYS).done == 0
    assert f"{other.email} has cancelled the closing" in mail_to(lan.email).body
    assert asked_by(lan).waits


def test_it_is_asked_for_once(hoa, lan):
    asked_by(lan)
    with refused(ClosingAlready):
        asked_by(lan)


def test_its_place_in_the_register_ends_with_it_and_in_no_other_way(hoa, lan):
    closing = asked_by(lan)
    with pytest.raises(EndsWithItsClosing):
        cancel_request(closing.request_id, actor=lan.actor, at=NOON)
    page = browser_of(lan).get(reverse("own-data")).content.decode()
    assert "Close the account" in page
    assert reverse("own-data-cancel", args=[closing.request_id]) not in page


# --- What stands in the way ---


def test_what_remains_is_said_with_where_to_see_to_it_and_nothing_is_asked_for(hoa, lan, small):
    fund(hoa, 1_000_000)
    server, thrown = create(hoa, small)[0], create(hoa, small)[0]
    delete_resource(thrown.pk, actor=lan.actor, at=NOON)
    order(
        quote(
            hoa,
            Action.CREATE,
            product=str(small.product_id),
            name="w",
            items=chosen(small),
            months=1,
            quantity=1,
        )
    )
    Payment.objects.create(
        customer=hoa, kind="top_up", means="gateway", gateway="g", reference="r", payable="top_up:1", amount=1_000, actor="x",
        created_at=NOON,
    )  # fmt: skip
    client = browser_of(lan)
    page = markup(client.get(PAGE))
    for label, where in (
        ("2 resources", reverse("resources")),
        ("1 resource in the trash", reverse("trash")),
        ("1 open order", reverse("orders")),
        ("1 payment under way", reverse("payment-history")),
    ):
        assert f'<a href="{where}">{label}</a>' in page
    assert 'name="sure"' not in page
    with refused(SomethingIsOpen):
        asked_by(lan)
    assert client.post(PAGE, SURE).status_code == 409
    assert server.state == "active"


def test_a_debt_stands_in_the_way(bob, small):
    owner = make_user(bob)
    (server,) = create(bob, small)
    delete_resource(server.pk, actor=owner.actor, at=NOON + DAY)
    with override("en"):
        with pytest.raises(SomethingIsOpen) as refusal, the_time_being(NOON + DAY):
            ask_to_close(bob, user=owner, actor=owner.actor, at=NOON + DAY)
        assert "1 invoice to pay" in str(refusal.value)


def test_credit_that_is_not_given_up_is_waited_for_and_staff_see_it(hoa, lan):
    fund(hoa, 120_000)
    browser_of(lan).post(PAGE, SURE | {"gives_up": ""})
    assert close_due(at=THREE_DAYS).done == 1  # looked at
    closing = Closing.objects.get()
    assert (closing.state, closing.told_at) == ("waiting", THREE_DAYS)
    with the_time_being(THREE_DAYS):
        assert "something stands in the way" in mail_to(lan.email).body
    listed = matters(THREE_DAYS)
    assert count_matters(listed)["closings that wait"] == 1
    close_due(at=THREE_DAYS + DAY)
    assert Letter.objects.filter(kind="closing_waits").count() == 1

    one, two = make_colleague("one@portal.example"), make_colleague("two@portal.example")
    waits = ask(AdjustCredit, customer=hoa, amount=-120_000, reason="sent back by hand", actor=one, at=NOON)
    approve(waits.act.pk, actor=two, at=NOON)
    close_due(at=THREE_DAYS + DAY)
    closing.refresh_from_db()
    assert closing.state == "closed"


def test_an_owner_does_without_the_credit_expressly_and_it_stays_in_the_books(hoa, lan):
    fund(hoa, 120_000)
    client = browser_of(lan)
    assert "I give up the credit of 120,000" in client.get(PAGE).content.decode()
    client.post(PAGE, SURE | {"gives_up": "120000"})
    assert Closing.objects.get().gives_up == 120_000
    assert AuditEntry.objects.get(verb="ask to close account").facts == {"gives_up": 120_000}
    close_due(at=THREE_DAYS)
    hoa.refresh_from_db()
    assert hoa.closed_at == THREE_DAYS
    assert wallet_of(hoa.pk).credit == 120_000
    assert count_matters(matters(THREE_DAYS))["credit of closed accounts"] == 1


def test_more_credit_than_was_given_up_is_waited_for(hoa, lan):
    fund(hoa, 120_000)
    asked_by(lan, gives_up=120_000)
    fund(hoa, 1)
    close_due(at=THREE_DAYS)
    assert Closing.objects.get().state == "waiting"


# --- Closed ---


def test_after_three_days_nobody_comes_in_and_nothing_personal_is_left(hoa, lan, small):
    fund(hoa, 181_000)
    (server,) = create(hoa, small)
    delete_resource(server.pk, actor=lan.actor, at=NOON + DAY)  # 29 of 30 days come back
    hoa.refresh_from_db()
    make_buyer(hoa, "Hoa Sen JSC", tax_code="0100109106", address="1 Lê Lợi")
    make_buyer(hoa, "Lan", personal_id="079190123456")
    key, _secret = issue_customer_key(hoa, "import", actor=lan.actor, at=NOON)
    ask_recipient(hoa, "books@hoasen.example", "en", [Notice.Kind.REFUND], actor=lan.actor, at=NOON)
    note_trouble("books@hoasen.example", MailTrouble.Why.BOUNCED, event="1", detail="550 no such user", at=NOON)
    invite(hoa, "minh@hoasen.example", Role.VIEWER, actor=lan.actor, at=NOON)
    ask_for_address(lan, "lan@elsewhere.example", at=NOON, language="en")
    viewer = make_user(hoa, role=Role.VIEWER, first_name="Minh", last_name="Trần")
    client = browser_of(viewer)
    link = tops_up(linked_account(hoa)).linked
    mails()
    at = NOON + timedelta(days=50)
    with the_time_being(at):
        purge_resources(at=at)
        ask_to_close(hoa, user=lan, gives_up=174_967, actor=lan.actor, at=at)
        invoice = Invoice.objects.get().buyer
        close_due(at=at + 3 * DAY)
    hoa.refresh_from_db()
    viewer.refresh_from_db()
    link.refresh_from_db()

    assert (hoa.name, hoa.email, hoa.closed_at) == ("", "", at + 3 * DAY)
    with override("en"):
        assert str(hoa) == f"closed account {str(hoa.pk)[-8:]}"
    assert (viewer.email, viewer.first_name, viewer.last_name, viewer.is_active) == (f"#{viewer.pk}", "", "", False)
    assert not viewer.has_usable_password()
    assert not Membership.objects.filter(customer=hoa).exists()
    assert client.get(reverse("home")).status_code == 302
    assert not UserSession.objects.exists()
    assert CustomerKey.objects.get(pk=key.pk).revoked_at == at + 3 * DAY
    assert {(one.name, one.tax_code, one.personal_id, one.address) for one in BuyerProfile.objects.all()} == {
        ("#", "", "", "")
    }
    assert (Recipient.objects.get().email, Invitation.objects.get().email) == ("", "")
    assert MailTrouble.objects.get().detail == ""
    assert AddressChange.objects.get().address == ""
    assert not Notice.objects.filter(customer=hoa).exists()
    assert PrivacyRequest.objects.get().state == "done"
    assert (link.state, link.ask_at) == ("unlinked", at + 3 * DAY)
    assert link.token, "the gateway is told with it"
    (farewell,) = Letter.objects.all()
    assert (farewell.kind, farewell.user) == ("account_closed", None)
    # kept: what the law wants
    assert Invoice.objects.get().buyer == invoice
    assert invoice["name"] == "Hoa Sen"
    assert AuditEntry.objects.filter(actor=lan.email).exists()

    record_link(link.pk, Unlinked(), at=at + 4 * DAY)
    forget_the_rest(at=at + 4 * DAY)
    link.refresh_from_db()
    assert (link.token, link.display) == ("", "")


def test_the_farewell_is_forgotten_once_it_has_left(hoa, lan):
    address = lan.email
    closed(lan)
    with the_time_being(THREE_DAYS):
        assert "Nobody signs in any more" in mail_to(address).body
    carry_out(BY_NAME["clean-up"], at=THREE_DAYS + DAY)
    assert not Letter.objects.exists()


def test_who_works_for_somebody_else_as_well_stays_who_they_are(hoa, lan, alice):
    add_member(alice, lan, Role.VIEWER, actor=STAFF, at=NOON)
    closed(lan)
    lan.refresh_from_db()
    assert lan.is_active
    assert "@" in lan.email
    assert [one.customer for one in lan.memberships.all()] == [alice]


def test_whoever_was_forgotten_may_sign_up_again(hoa, lan):
    address = lan.email
    closed(lan)
    again = User.objects.create_user(address, "secret", customer=make_customer())
    assert again.pk != lan.pk


def test_money_that_comes_late_is_booked_told_to_nobody_but_staff_and_can_go_back(hoa, lan):
    payment = Payment.objects.create(
        customer=hoa, kind="top_up", means="gateway", gateway="g", reference="r", payable="top_up:1", amount=100_000, actor="x",
        created_at=NOON,
    )  # fmt: skip
    record_outcome(payment.pk, Failed("declined", "not enough money"), actor=JOB, at=NOON)
    closed(lan)
    record_outcome(payment.pk, Succeeded("G-1", 100_000, THREE_DAYS + DAY), actor=JOB, at=THREE_DAYS + DAY)
    assert wallet_of(hoa.pk).credit == 100_000
    assert not Notice.objects.filter(customer=hoa).exists()
    assert count_matters(matters(THREE_DAYS + DAY))["credit of closed accounts"] == 1


def test_nothing_new_begins_and_it_is_said_so(hoa, lan, alice):
    hoa, somebody = closed(lan), make_user(alice)
    for begins in (
        lambda: issue_customer_key(hoa, "k", actor=STAFF, at=THREE_DAYS),
        lambda: add_member(hoa, somebody, Role.OWNER, actor=STAFF, at=THREE_DAYS),
        lambda: ask_recipient(hoa, "a@b.example", "en", [Notice.Kind.REFUND], actor=STAFF, at=THREE_DAYS),
        lambda: ask_to_close(hoa, user=None, reason="again", actor=STAFF, at=THREE_DAYS),
    ):
        with refused(AccountClosed):
            begins()


# --- By staff, and by REST ---


def test_staff_close_it_with_a_reason_and_owners_may_still_keep_it(hoa, lan):
    staff = make_colleague()
    closing = ask_to_close(hoa, user=None, reason="asked for by letter", actor=staff, at=NOON)
    mail = mail_to(lan.email)
    assert "Our staff have asked for the account of Hoa Sen to be closed: asked for by letter" in mail.body
    assert staff.name not in mail.body
    cancel_closing(closing, actor=lan.actor, at=NOON)
    hoa.refresh_from_db()
    assert hoa.closes_at is None


def test_by_rest_an_owner_in_the_portals_session_does_the_same(hoa, lan):
    fund(hoa, 120_000)
    caller = Caller(user=lan)
    assert caller.post("closings/").json()["code"] == "proof-needed"
    proven(caller.client)
    (credit,) = caller.get("closings/in-the-way/").json()
    assert (credit["code"], credit["amount"], credit["can_be_given_up"]) == ("credit", 120_000, True)
    made = done(caller.post("closings/", {"gives_up": 120_000}), 201)
    assert (made["state"], made["gives_up"], made["closes_at"]) == ("waiting", 120_000, "2026-03-13T05:00:00Z")
    assert caller.get("closings/").json()["results"] == [made]
    assert caller.post(f"closings/{made['id']}/cancel/").json()["state"] == "cancelled"
    assert caller.post(f"closings/{made['id']}/cancel/").json()["code"] == "closing-over"


def test_the_calendar_closes_it(hoa, lan):
    asked_by(lan)
    assert BY_NAME["close-accounts"].next_instant(NOON) == THREE_DAYS
    with clock.replaced(lambda: THREE_DAYS):
        carry_out(BY_NAME["close-accounts"], at=THREE_DAYS)
    hoa.refresh_from_db()
    assert hoa.closed_at == THREE_DAYS
