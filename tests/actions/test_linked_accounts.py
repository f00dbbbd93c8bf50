"""Linked accounts: begun, confirmed, ended by either side, and charged without going to the gateway's page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils.translation import override

from accounts.models import AuditEntry, Customer
from invoices.models import Invoice
from notifications.models import Notice
from orders.models import Action, Order
from orders.services.checkout import check_out
from payments.consents import VERSION
from payments.failures import UNSETTLED
from payments.gateways import Failed, Linked, LinkReport, Pending, Report, Succeeded, Unknown, Unlinked
from payments.gateways.base import NOT_FOUND
from payments.models import AutomaticCharge, Consent, LinkedAccount, Payment
from payments.services.asking import check_payment
from payments.services.attempts import cancel_attempt
from payments.services.consents import Agreement, ConsentNeeded
from payments.services.gateway import start_invoice_payment, start_top_up
from payments.services.link_acts import (
    LinkEnded,
    NotStuck,
    ask_to_end_again,
    is_ended_there,
    make_default,
    set_limits,
    unlink,
)
from payments.services.links import NoLinking, TooManyLinks, ask_about_link, begin_link
from payments.services.notices import handle_notice
from payments.services.outcomes import record_outcome
from payments.services.wallet import wallet_of
from payments.services.ways import AccountLimit, AccountNotUsable, UnknownAccount
from payments.tasks import see_to_links
from store.sealed import seal, unseal
from tests.actions.books import refused
from tests.actions.conftest import Gate
from tests.actions.test_bank_transfers import bills
from tests.cast import DAY, JOB, NOON, STAFF, chosen, fund, make_customer, owner_of, quote
from tests.links import linked_account, pays_invoices, tops_up

pytestmark = pytest.mark.django_db
AGREED = Agreement(VERSION, "en", "192.0.2.7")
MINUTE = timedelta(minutes=1)


def begun(customer: Customer, gateway: str = "gate") -> LinkedAccount:
    return begin_link(customer, gateway=gateway, agreement=AGREED, actor=owner_of(customer), at=NOON)


def asked(link: LinkedAccount, at: Any = NOON) -> LinkedAccount:
    return ask_about_link(link.pk, at=at)


def told(kind: Notice.Kind) -> int:
    return Notice.objects.filter(kind=kind).count()


def test_a_link_begins_with_a_consent_and_waits_for_the_gateway(linking: Any) -> None:
    customer = make_customer()
    link = begun(customer)
    assert (link.state, link.redirect_url) == ("pending", "https://gate.example/agree")
    consent = Consent.objects.get()
    assert (consent.scope, consent.version, consent.language, consent.address) == (
        "charges",
        VERSION,
        "en",
        "192.0.2.7",
    )
    assert "charge this account" in consent.text
    assert AuditEntry.objects.filter(verb="link account", customer=customer).count() == 1
    assert linking.begun == [link.reference]


@pytest.mark.parametrize(("language", "words"), [("en", "charge this account"), ("vi", "trừ tiền tài khoản này")])
@pytest.mark.parametrize("active", ["en", "vi"])
def test_the_words_on_record_are_in_the_language_that_the_record_names(
    linking: Any, active: str, language: str, words: str
) -> None:
    customer = make_customer()
    with override(active):
        begin_link(customer, gateway="gate", agreement=Agreement(VERSION, language), actor=owner_of(customer), at=NOON)
    assert words in Consent.objects.get().text


def test_nothing_begins_without_a_consent(linking: Any) -> None:
    customer = make_customer()
    with pytest.raises(ConsentNeeded):
        begin_link(customer, gateway="gate", agreement=Agreement("", "en"), actor=owner_of(customer), at=NOON)
    assert not LinkedAccount.objects.exists()
    assert linking.begun == []


def test_what_is_confirmed_is_linked_and_the_first_one_is_the_default(linking: Any) -> None:
    customer = make_customer()
    link = begun(customer)
    linking.decided = Linked("the token", "****567", NOON, limit=2_000_000)
    link = asked(link)
    assert (link.state, link.display, link.is_default, link.most) == ("active", "****567", True, 2_000_000)
    assert "the token" not in link.token
    assert unseal(link.token) == "the token"
    assert told(Notice.Kind.ACCOUNT_LINKED) == 1
    second = asked(begun(customer))
    assert not second.is_default
    make_default(second.pk, actor=owner_of(customer), at=NOON)
    link.refresh_from_db()
    assert not link.is_default


@pytest.mark.parametrize("answer", [Unlinked(), Failed("cancelled", "no")])
def test_what_the_customer_refuses_is_not_linked(linking: Any, answer: Any) -> None:
    link = begun(make_customer())
    linking.decided = answer
    assert asked(link).state == "refused"


def test_what_nobody_confirms_expires_and_what_is_confirmed_later_is_ended_there(linking: Any) -> None:
    link = begun(make_customer())
    linking.decided = Pending()
    assert asked(link, NOON + 29 * MINUTE).state == "pending"
    assert asked(link, NOON + 30 * MINUTE).state == "expired"
    linking.link_report = LinkReport(link.reference, "proof")
    handle_notice("gate", b"{}", {}, at=NOON + 40 * MINUTE)
    linking.decided = Linked("late", "****1", NOON)
    see_to_links(at=NOON + 40 * MINUTE)
    assert linking.proofs[-1] == "proof"
    see_to_links(at=NOON + 40 * MINUTE)
    link.refresh_from_db()
    assert (link.state, link.ask_at) == ("expired", None)
    assert linking.unlinked == ["late"]


def test_a_notice_wakes_us_and_its_words_are_not_kept(linking: Any) -> None:
    link = begun(make_customer())
    linking.link_report = LinkReport(link.reference, "the proof")
    handle_notice("gate", b'{"secret": 1}', {}, at=NOON)
    linking.decided = Linked("token", "****567", NOON)
    see_to_links(at=NOON)
    link.refresh_from_db()
    assert (link.state, link.proof) == ("active", "")
    assert linking.proofs == ["the proof"]
    assert link.notices.get().body == ""


def test_a_customer_unlinks_while_the_gateway_hangs(linking: Any) -> None:
    customer = make_customer()
    link = linked_account(customer)
    automatic = tops_up(link)
    unlink(link.pk, actor=owner_of(customer), at=NOON)
    automatic.refresh_from_db()
    link.refresh_from_db()
    assert (link.state, automatic.is_on, told(Notice.Kind.ACCOUNT_UNLINKED)) == ("unlinked", False, 1)
    with pytest.raises(AccountNotUsable):
        start_top_up(customer, 50_000, gateway=f"linked:{link.pk}", actor=owner_of(customer), at=NOON)
    linking.ending = Unknown("time-out")
    see_to_links(at=NOON)
    linking.ending = Unlinked()
    see_to_links(at=NOON + MINUTE / 2)
    assert linking.unlinked == ["token"]  # not asked again before its time
    see_to_links(at=NOON + 3 * MINUTE)
    link.refresh_from_db()
    assert link.ask_at is None
    with pytest.raises(LinkEnded):
        unlink(link.pk, actor=owner_of(customer), at=NOON)


def test_a_link_that_the_gateway_never_ends_waits_for_staff(linking: Any) -> None:
    customer = make_customer()
    link, other = linked_account(customer), linked_account(customer)
    for one in (link, other):
        unlink(one.pk, actor=owner_of(customer), at=NOON)
    linking.ending = Unknown("time-out")
    see_to_links(at=NOON + 6 * DAY)
    assert not LinkedAccount.objects.filter(stuck_at__isnull=False).exists()
    see_to_links(at=NOON + 8 * DAY)
    assert set(LinkedAccount.objects.values_list("stuck_at", "ask_at")) == {(NOON + 8 * DAY, None)}
    ask_to_end_again(link.pk, reason="they are back", actor=STAFF, at=NOON + 9 * DAY)
    is_ended_there(other.pk, reason="seen in their portal", actor=STAFF, at=NOON + 9 * DAY)
    linking.ending = Unlinked()
    see_to_links(at=NOON + 9 * DAY)
    assert set(LinkedAccount.objects.values_list("stuck_at", "ask_at")) == {(None, None)}
    with pytest.raises(NotStuck):
        is_ended_there(other.pk, reason="again", actor=STAFF, at=NOON + 9 * DAY)
    assert set(AuditEntry.objects.filter(actor=STAFF.name).values_list("verb", flat=True)) == {
        "ask to end link",
        "note end of link",
    }


def test_what_was_ended_at_the_gateway_is_noticed(linking: Any) -> None:
    link = linked_account(make_customer())
    automatic = tops_up(link)
    linking.link_report = LinkReport(link.reference, is_over=True)
    handle_notice("gate", b"{}", {}, at=NOON)
    linking.standing = Unlinked()
    see_to_links(at=NOON)
    link.refresh_from_db()
    automatic.refresh_from_db()
    assert (link.state, automatic.is_on, told(Notice.Kind.LINK_ENDED)) == ("revoked", False, 1)


def test_an_account_expires_and_that_is_told_before(linking: Any) -> None:
    link = linked_account(make_customer(), expires_at=NOON + 13 * DAY)
    for _ in range(2):
        see_to_links(at=NOON)
    assert told(Notice.Kind.LINK_EXPIRES) == 1
    see_to_links(at=NOON + 13 * DAY)
    link.refresh_from_db()
    assert (link.state, told(Notice.Kind.LINK_ENDED)) == ("expired", 1)


def test_limits_are_the_customers_and_on_record(linking: Any) -> None:
    customer = make_customer()
    link = linked_account(customer)
    set_limits(link.pk, at_once=100_000, in_a_month=150_000, actor=owner_of(customer), at=NOON)
    way = f"linked:{link.pk}"
    with pytest.raises(AccountLimit):
        start_top_up(customer, 100_001, gateway=way, actor=owner_of(customer), at=NOON)
    start_top_up(customer, 100_000, gateway=way, actor=owner_of(customer), at=NOON)
    with pytest.raises(AccountLimit) as refusal:
        start_top_up(customer, 60_000, gateway=way, actor=owner_of(customer), at=NOON)
    assert refusal.value.details == {"most": 50_000}
    assert AuditEntry.objects.filter(verb="set limits of linked account").count() == 1
    assert linking.charged == [100_000]


def test_only_so_many_accounts_are_linked(linking: Any) -> None:
    customer = make_customer()
    for _ in range(10):
        linked_account(customer)
    with pytest.raises(TooManyLinks):
        begun(customer)


def test_a_gateway_that_links_nothing_is_refused(gate: Gate) -> None:
    with pytest.raises(NoLinking):
        begun(make_customer())


def test_a_strangers_account_is_not_found(linking: Any) -> None:
    link, stranger = linked_account(make_customer()), make_customer()
    for name in (f"linked:{link.pk}", "linked:nonsense"):
        with pytest.raises(UnknownAccount):
            start_top_up(stranger, 50_000, gateway=name, actor=owner_of(stranger), at=NOON)


def test_a_top_up_from_a_linked_account_needs_no_page(linking: Any) -> None:
    customer = make_customer()
    link = linked_account(customer)
    payment = start_top_up(customer, 50_000, gateway=f"linked:{link.pk}", actor=owner_of(customer), at=NOON)
    assert (payment.state, payment.linked_id, payment.redirect_url) == ("succeeded", link.pk, "")
    assert payment.consent
    assert payment.consent.scope == "charges"
    assert wallet_of(customer.pk).available == 50_000


def test_a_lost_answer_is_asked_about_and_never_charged_twice(linking: Any) -> None:
    customer = make_customer()
    link = linked_account(customer)
    linking.charge_answer = Unknown("time-out")
    payment = start_top_up(customer, 50_000, gateway=f"linked:{link.pk}", actor=owner_of(customer), at=NOON)
    assert payment.state == "unknown"
    linking.known = Succeeded("txn-1", 50_000, NOON)
    payment = check_payment(payment.pk, actor=JOB, at=NOON + 5 * MINUTE)
    assert (payment.state, wallet_of(customer.pk).available) == ("succeeded", 50_000)
    assert linking.charged == [50_000]


def test_a_charge_that_never_reached_the_gateway_fails_in_the_end(linking: Any) -> None:
    customer = make_customer()
    link = linked_account(customer)
    linking.charge_answer = Unknown("time-out")
    payment = start_top_up(customer, 50_000, gateway=f"linked:{link.pk}", actor=owner_of(customer), at=NOON)
    linking.known = Unknown(NOT_FOUND)
    payment = check_payment(payment.pk, actor=JOB, at=NOON + 20 * MINUTE)
    assert (payment.state, wallet_of(customer.pk).available) == ("failed", 0)


def test_a_decline_says_why_and_what_was_revoked_has_ended(linking: Any) -> None:
    customer = make_customer()
    link = linked_account(customer)
    linking.charge_answer = Failed("revoked", "no agreement")
    payment = start_top_up(customer, 50_000, gateway=f"linked:{link.pk}", actor=owner_of(customer), at=NOON)
    link.refresh_from_db()
    assert (payment.state, link.state) == ("failed", "revoked")
    with override("en"):
        assert "Link it again" in payment.failure_words
    assert told(Notice.Kind.LINK_ENDED) == 1


@pytest.mark.parametrize("way", ["answer", "question", "notice"])
def test_a_link_that_is_over_has_ended_by_whichever_way_its_decline_is_told(linking: Any, way: str) -> None:
    customer = make_customer()
    link = linked_account(customer)
    over = Failed("revoked", "no agreement")
    linking.charge_answer = over if way == "answer" else Unknown("time-out")
    payment = start_top_up(customer, 50_000, gateway=f"linked:{link.pk}", actor=owner_of(customer), at=NOON)
    if way == "question":
        linking.known = over
        check_payment(payment.pk, actor=JOB, at=NOON)
    if way == "notice":
        linking.report = Report(payment.reference, over)
        handle_notice("gate", b"{}", {}, at=NOON)
    payment.refresh_from_db()
    link.refresh_from_db()
    assert (payment.state, payment.failure.partition(":")[0], link.state) == ("failed", "revoked", "revoked")
    assert told(Notice.Kind.LINK_ENDED) == 1


@pytest.mark.parametrize("before", [Failed("declined", ""), "given up"])
def test_a_link_that_is_over_has_ended_although_the_payment_had_before(linking: Any, before: Any) -> None:
    customer = make_customer()
    link = linked_account(customer)
    linking.charge_answer = Pending()
    payment = start_top_up(customer, 50_000, gateway=f"linked:{link.pk}", actor=owner_of(customer), at=NOON)
    if before == "given up":
        cancel_attempt(payment.pk, actor=owner_of(customer), at=NOON)
    else:
        record_outcome(payment.pk, before, actor=JOB, at=NOON)
    for _twice in range(2):
        record_outcome(payment.pk, Failed("revoked", ""), actor=JOB, at=NOON)
    link.refresh_from_db()
    assert link.state == "revoked"
    assert (told(Notice.Kind.LINK_ENDED), told(Notice.Kind.PAYMENT_FAILED)) == (1, int(before != "given up"))


def test_a_charge_that_was_given_up_counts_in_the_month_until_the_gateway_says_that_it_took_nothing(
    linking: Any,
) -> None:
    """500,000 in a month: 300,000 hang and are given up, and may be taken all the same. So 200,000 are left, and not 500,000."""
    customer = make_customer()
    link = linked_account(customer, month_limit=500_000)
    linking.charge_answer = Pending()
    way = {"gateway": f"linked:{link.pk}", "actor": owner_of(customer), "at": NOON}
    first = start_top_up(customer, 300_000, **way)
    cancel_attempt(first.pk, actor=owner_of(customer), at=NOON)
    with refused(AccountLimit, most=200_000):
        start_top_up(customer, 200_001, **way)
    record_outcome(first.pk, Failed(UNSETTLED, ""), actor=JOB, at=NOON)  # nobody knows
    with refused(AccountLimit, most=200_000):
        start_top_up(customer, 200_001, **way)
    record_outcome(first.pk, Failed("insufficient_funds", ""), actor=JOB, at=NOON)
    assert start_top_up(customer, 500_000, **way).amount == 500_000


def test_a_charge_that_was_given_up_and_made_all_the_same_is_within_the_month(linking: Any) -> None:
    customer = make_customer()
    link = linked_account(customer, month_limit=500_000)
    linking.charge_answer = Pending()
    way = {"gateway": f"linked:{link.pk}", "actor": owner_of(customer), "at": NOON}
    first = start_top_up(customer, 300_000, **way)
    cancel_attempt(first.pk, actor=owner_of(customer), at=NOON)
    record_outcome(first.pk, Succeeded("T-1", 300_000, NOON), actor=JOB, at=NOON)
    with refused(AccountLimit, most=200_000):
        start_top_up(customer, 300_000, **way)


def test_a_late_decline_of_a_charge_that_was_given_up_has_its_link_asked_about(linking: Any) -> None:
    customer = make_customer()
    link = linked_account(customer)
    linking.charge_answer = Pending()
    payment = start_top_up(customer, 50_000, gateway=f"linked:{link.pk}", actor=owner_of(customer), at=NOON)
    cancel_attempt(payment.pk, actor=owner_of(customer), at=NOON)
    record_outcome(payment.pk, Failed("declined", ""), actor=JOB, at=NOON)
    linking.standing = Unlinked()
    see_to_links(at=NOON)
    link.refresh_from_db()
    assert link.state == "revoked"


def test_after_another_decline_the_gateway_is_asked_whether_the_link_holds(linking: Any) -> None:
    customer = make_customer()
    link = linked_account(customer)
    linking.charge_answer = Failed("insufficient_funds", "")
    start_top_up(customer, 50_000, gateway=f"linked:{link.pk}", actor=owner_of(customer), at=NOON)
    linking.standing = Unlinked()
    see_to_links(at=NOON)
    link.refresh_from_db()
    assert link.state == "revoked"


def test_a_token_that_cannot_be_read_any_more_is_no_link(linking: Any) -> None:
    customer = make_customer()
    link = linked_account(customer, token=seal("token")[:-4] + "AAAA")
    payment = start_top_up(customer, 50_000, gateway=f"linked:{link.pk}", actor=owner_of(customer), at=NOON)
    link.refresh_from_db()
    assert (payment.state, link.state, linking.charged) == ("failed", "revoked", [])


def test_an_order_takes_all_credit_first_and_the_rest_from_the_account(linking: Any, small: Any) -> None:
    customer = make_customer(credit=81_000)
    link = linked_account(customer)
    offer = quote(
        customer, Action.CREATE, product=str(small.product_id), name="web", items=chosen(small), months=1, quantity=1
    )
    order, payment = check_out(
        customer.pk, offer.pk, means=Order.Means.TOP_UP_AND_PAY, gateway=f"linked:{link.pk}", key="k",
        actor=owner_of(customer), at=NOON,
    )  # fmt: skip
    order.refresh_from_db()
    assert payment
    assert (payment.state, payment.amount) == ("succeeded", 100_000)
    assert (order.state, wallet_of(customer.pk).available) == ("provisioning", 0)


def test_invoices_take_all_credit_first_and_the_rest_from_the_account(linking: Any, small: Any) -> None:
    customer, invoices = bills(small, 2, pays_invoices_automatically=False)
    due = sum(invoice.due for invoice in invoices)
    fund(customer, due - 60_000)
    link = linked_account(customer)
    payment = start_invoice_payment(
        customer,
        tuple(one.pk for one in invoices),
        gateway=f"linked:{link.pk}",
        actor=owner_of(customer),
        at=NOON + 40 * DAY,
    )
    assert (payment.state, payment.amount, linking.charged) == ("succeeded", 60_000, [60_000])
    assert not Invoice.objects.open().filter(customer=customer).exists()
    assert wallet_of(customer.pk).available == 0


def test_invoices_that_credit_covers_charge_nothing(linking: Any, small: Any) -> None:
    customer, invoices = bills(small, 1, pays_invoices_automatically=False)
    fund(customer, 10_000_000)
    link = linked_account(customer)
    payment = start_invoice_payment(
        customer,
        tuple(one.pk for one in invoices),
        gateway=f"linked:{link.pk}",
        actor=owner_of(customer),
        at=NOON + 40 * DAY,
    )
    assert (payment.means, linking.charged) == ("wallet", [])


def test_an_account_that_ended_pays_nothing_by_itself(linking: Any) -> None:
    link = linked_account(make_customer())
    tops_up(link)
    pays_invoices(link)
    unlink(link.pk, actor=owner_of(link.customer), at=NOON)
    assert not AutomaticCharge.objects.on().exists()
    assert Payment.objects.count() == 0
    assert mail.outbox == []
