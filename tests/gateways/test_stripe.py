"""The Stripe adapter: recorded shapes of its answers, a signature computed apart, and answers not to believe."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import stripe

from payments.gateways.base import (
    NOT_FOUND,
    BadSignature,
    Failed,
    GivenBack,
    Linked,
    Linking,
    LinkReport,
    Pending,
    Redirect,
    Report,
    Succeeded,
    TakenBack,
    ToCharge,
    ToLink,
    ToPay,
    Unknown,
    Unlinked,
    Verdict,
)
from payments.gateways.stripe_links import LinkingStripe as Stripe

NOON = datetime(2026, 1, 31, 5, 0, tzinfo=UTC)
SECRET = "whsec_test_secret"
INTENT = {
    "id": "pi_1",
    "object": "payment_intent",
    "amount": 181_000,
    "amount_received": 181_000,
    "currency": "vnd",
    "livemode": False,
    "status": "succeeded",
    "metadata": {"reference": "260131-a", "customer": "c1"},
    "latest_charge": {"id": "ch_1", "created": 1769835600},
}


def adapter(
    answer: Callable[[httpx.Request], httpx.Response] | dict[str, Any] | int,
) -> tuple[Stripe, list[httpx.Request]]:
    sent: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        if callable(answer):
            return answer(request)
        return httpx.Response(answer) if isinstance(answer, int) else httpx.Response(200, json=answer)

    client = httpx.Client(transport=httpx.MockTransport(handle))
    made = Stripe("stripe", "https://api.stripe.test", "sk_test_1", SECRET, client, (".stripe.com",))
    return made, sent


def body_of(request: httpx.Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.content.decode()).items()}


def start(made: Stripe, amount: int = 181_000) -> Any:
    return made.start(ToPay(
        reference="260131-a", amount=amount, description="create web-01", customer_ref="c1",
        return_url="https://portal.example/back", callback_url="https://portal.example/notice", at=NOON,
    ))  # fmt: skip


def refused(status: int, **error: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _request: httpx.Response(status, json={"error": error})


def search(*found: dict[str, Any]) -> dict[str, Any]:
    return {"object": "search_result", "data": list(found), "has_more": False, "url": "/v1/payment_intents/search"}


# Paying


def test_a_customer_is_sent_to_stripes_page_with_whole_dong_and_a_key_that_makes_repeating_safe() -> None:
    made, sent = adapter({"id": "cs_1", "object": "checkout.session", "url": "https://checkout.stripe.com/c/1"})
    assert start(made) == Redirect("https://checkout.stripe.com/c/1")
    [request] = sent
    assert (request.method, request.url.path) == ("POST", "/v1/checkout/sessions")
    assert request.headers["Idempotency-Key"] == "260131-a"
    assert request.headers["Authorization"] == "Bearer sk_test_1"
    said = body_of(request)
    assert said["line_items[0][price_data][unit_amount]"] == "181000"  # no hundredfold: đồng have no decimals
    assert said["line_items[0][price_data][currency]"] == "vnd"
    assert said["payment_intent_data[metadata][reference]"] == "260131-a"
    assert said["expires_at"] == str(int((NOON + timedelta(minutes=35)).timestamp()))


def test_a_page_elsewhere_is_not_believed() -> None:
    made, _sent = adapter({"id": "cs_1", "object": "checkout.session", "url": "https://checkout-stripe.com/c/1"})
    assert isinstance(start(made), Unknown)


@pytest.mark.parametrize("status", [500, 502, 429, 409])
def test_whatever_stripe_cannot_answer_is_unknown_and_is_sent_once(status: int) -> None:
    made, sent = adapter(refused(status, message="x", type="api_error"))
    assert isinstance(start(made), Unknown)
    assert isinstance(made.query(reference="260131-a", at=NOON), Unknown)
    assert len(sent) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_opens_nothing_has_moved_nothing(status: int) -> None:
    made, _sent = adapter(refused(status, message="x", type="invalid_request_error"))
    assert start(made) == Failed("invalid_credentials", f"HTTP {status}")
    asked = made.query(reference="260131-a", at=NOON)
    assert asked == Unknown(f"invalid_credentials: HTTP {status}")


def test_a_time_out_and_rubbish_are_unknown() -> None:
    def late(_request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("late")

    for answer in (
        late,
        lambda _request: httpx.Response(200, text="<html>"),
        lambda _request: httpx.Response(200, json=[]),
    ):
        made, _sent = adapter(answer)
        assert isinstance(start(made), Unknown)
        assert isinstance(made.query(reference="260131-a", at=NOON), Unknown)


def test_what_stripe_refuses_to_begin_has_failed_and_a_refused_question_says_nothing() -> None:
    made, _sent = adapter(refused(400, type="invalid_request_error", code="amount_too_small", message="x"))
    assert start(made, 1) == Failed("refused", "amount_too_small")
    assert isinstance(made.query(reference="260131-a", at=NOON), Unknown)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({}, Succeeded("pi_1", 181_000, NOON)),
        ({"amount_received": 100_000}, Succeeded("pi_1", 100_000, NOON)),  # what came; the caller compares
        ({"status": "processing"}, Pending(timedelta(minutes=1))),
        ({"status": "requires_action"}, Pending(timedelta(minutes=1))),
        ({"status": "requires_payment_method"}, Pending(timedelta(minutes=1))),
        ({"status": "canceled", "cancellation_reason": "abandoned"}, Failed("cancelled", "abandoned")),
        ({"currency": "usd"}, Unknown("another currency or mode")),
        ({"livemode": True}, Unknown("another currency or mode")),
        ({"metadata": {"reference": "260131-b"}}, Unknown("about another payment")),
        ({"amount_received": "181000"}, Unknown("unreadable answer")),
        ({"amount_received": 0}, Unknown("unreadable answer")),
    ],
)
def test_what_became_of_a_payment(change: dict[str, Any], outcome: Any) -> None:
    made, sent = adapter(search(INTENT | change))
    assert made.query(reference="260131-a", at=NOON) == outcome
    assert sent[0].url.params["query"] == "metadata['reference']:'260131-a'"


def test_what_nobody_has_begun_to_pay_is_not_found_which_is_not_final() -> None:
    made, _sent = adapter(search())
    assert made.query(reference="260131-a", at=NOON) == Unknown(NOT_FOUND)


# Refunds


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"status": "succeeded"}, Succeeded("re_1", 50_000, NOON)),
        ({"status": "pending"}, Pending(timedelta(hours=1))),
        ({"status": "failed", "failure_reason": "lost_or_stolen_card"}, Failed("refund_failed", "lost_or_stolen_card")),
        ({"status": "succeeded", "amount": 181_000}, Unknown("about another refund")),
    ],
)
def test_a_refund_is_a_part_under_a_key_of_its_own(change: dict[str, Any], outcome: Any) -> None:
    refund = {"id": "re_1", "object": "refund", "amount": 50_000, "currency": "vnd", "metadata": {"refund": "R1"}}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/search"):
            return httpx.Response(200, json=search(INTENT))
        if request.method == "GET":
            return httpx.Response(200, json={"object": "list", "data": [refund | change], "has_more": False})
        return httpx.Response(200, json=refund | change)

    made, sent = adapter(answer)
    given = made.refund(
        reference="260131-a", gateway_txn_id="pi_1", paid=181_000, amount=50_000, refund_reference="R1", at=NOON
    )
    assert given == outcome
    assert sent[0].headers["Idempotency-Key"] == "R1"
    assert body_of(sent[0])["amount"] == "50000"
    assert made.query_refund(reference="260131-a", refund_reference="R1", amount=50_000, at=NOON) == outcome
    assert made.query_refund(reference="260131-a", refund_reference="R2", amount=50_000, at=NOON) == Unknown(NOT_FOUND)


def test_a_refund_is_looked_for_by_stripes_id_of_the_payment_where_that_is_known() -> None:
    made, sent = adapter({"object": "list", "data": [], "has_more": False})
    asked = made.query_refund(
        reference="260131-a", gateway_txn_id="pi_1", refund_reference="R1", amount=50_000, at=NOON
    )
    assert asked == Unknown(NOT_FOUND)
    assert [(one.url.path, dict(one.url.params)["payment_intent"]) for one in sent] == [("/v1/refunds", "pi_1")]


def test_that_search_does_not_find_a_payment_says_nothing_of_its_refunds() -> None:
    made, _sent = adapter(search())
    asked = made.query_refund(reference="260131-a", refund_reference="R1", amount=50_000, at=NOON)
    assert asked == Unknown("payment_not_found")


# Notices


def signed(event: dict[str, Any], *, secret: str = SECRET, at: int = 1769792400) -> tuple[bytes, dict[str, str]]:
    body = json.dumps(event).encode()
    digest = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return body, {"Stripe-Signature": f"t={at},v1={digest}"}


def event(kind: str, about: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "evt_1", "object": "event", "type": kind, "livemode": False, "created": 1769835600,
            "data": {"object": about}, **more}  # fmt: skip


def test_the_signature_of_the_vector_is_the_librarys() -> None:
    body = '{"id":"evt_1","object":"event","type":"payment_intent.succeeded"}'
    shown = "t=1769792400,v1=678da1e045bacd86a164b725be6ecfd5243c8cfe8898aaba519377ac2d451cc4"
    assert stripe.WebhookSignature.verify_header(body, shown, SECRET, None)


def test_a_signed_notice_says_what_came() -> None:
    made, sent = adapter(500)
    body, headers = signed(event("payment_intent.succeeded", INTENT | {"latest_charge": "ch_1"}))
    assert made.parse_notice(body, headers) == Report("260131-a", Succeeded("pi_1", 181_000, NOON))
    assert made.parse_link_notice(body, headers) is None
    failed = INTENT | {"status": "requires_payment_method", "amount_received": 0}
    body, headers = signed(event("payment_intent.payment_failed", failed))
    assert made.parse_notice(body, headers) == Report("260131-a", Pending(timedelta(minutes=1)))
    session = {"object": "checkout.session", "metadata": {"reference": "260131-a"}}
    body, headers = signed(event("checkout.session.expired", session))
    assert made.parse_notice(body, headers) == Report("260131-a", Failed("expired", "the page has expired"))
    assert sent == []


def test_money_that_a_dispute_takes_is_taken_back() -> None:
    made, sent = adapter(500)
    dispute = {"id": "dp_1", "object": "dispute", "amount": 181_000, "currency": "vnd", "payment_intent": "pi_1"}
    body, headers = signed(event("charge.dispute.funds_withdrawn", dispute))
    taken = TakenBack("dp_1", 181_000, NOON, of="pi_1")
    assert made.parse_notice(body, headers) == Report("", taken, transaction="pi_1")
    for lines, won in ([], 181_000), ([-181_000, 181_000], 181_000), ([-181_000, 80_000, 1_000], 81_000):
        listed = [{"amount": amount, "currency": "vnd"} for amount in lines]
        told = event("charge.dispute.funds_reinstated", dispute | {"balance_transactions": listed})
        given = GivenBack("dp_1", won, NOON, of="pi_1", taken=181_000)
        assert made.parse_notice(*signed(told)) == Report("", given, transaction="pi_1")
    for nonsense in (
        [{"amount": 181_001, "currency": "vnd"}],
        [{"amount": True, "currency": "vnd"}, {"amount": 10**20, "currency": "vnd"}],
    ):
        told = event("charge.dispute.funds_reinstated", dispute | {"balance_transactions": nonsense})
        assert made.parse_notice(*signed(told)) == Report("", Pending(timedelta(minutes=1)), transaction="pi_1")
    body, headers = signed(event("charge.dispute.created", dispute))
    assert made.parse_notice(body, headers) == Report("", Pending(timedelta(minutes=1)), transaction="pi_1")
    assert sent == []


def test_whose_a_disputed_payment_is_can_be_known_unknown_or_not_there() -> None:
    assert adapter(INTENT)[0].our_name_of("pi_1") == "260131-a"
    assert adapter(INTENT | {"metadata": {}})[0].our_name_of("pi_1") == ""
    gone, _sent = adapter(refused(404, type="invalid_request_error", code="resource_missing"))
    assert gone.our_name_of("pi_1") == ""
    for status in (401, 409, 429, 500):
        assert isinstance(adapter(refused(status, message="x"))[0].our_name_of("pi_1"), Unknown)


def test_what_is_not_signed_by_stripe_for_us_is_refused() -> None:
    made, _sent = adapter(500)
    body, headers = signed(event("payment_intent.succeeded", INTENT))
    for place in range(0, len(body), 7):  # tampered anywhere
        broken = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        with pytest.raises(BadSignature):
            made.parse_notice(broken, headers)
    for shown in ({}, {"Stripe-Signature": ""}, {"Stripe-Signature": "t=1,v1=00"}, signed({}, secret="other")[1]):
        with pytest.raises(BadSignature):
            made.parse_notice(body, shown)
    for lie in (event("payment_intent.succeeded", INTENT, livemode=True), {"id": "evt_1"}, event("x", None)):
        with pytest.raises(BadSignature):
            made.parse_notice(*signed(lie))
    assert made.reply(Verdict.BAD_SIGNATURE)[0] == 400
    assert made.reply(Verdict.ACCEPTED)[0] == 200
    assert made.reply(Verdict.RETRY_LATER)[0] == 503


# Linked cards

CARD = {"id": "pm_1", "object": "payment_method", "customer": "cus_1",
        "card": {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2027}}  # fmt: skip
LINKED = Linked("cus_1:pm_1", "Visa •••• 4242", NOON, expires_at=datetime(2028, 1, 1, tzinfo=UTC))


def linking(reference: str = "260131-l") -> Callable[[httpx.Request], httpx.Response]:
    consent = {"id": "seti_1", "object": "setup_intent", "status": "succeeded", "customer": "cus_1",
               "payment_method": "pm_1", "metadata": {"reference": reference}}  # fmt: skip

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v1/")
        answers = {
            "customers": {"id": "cus_1", "object": "customer"},
            "customers/search": search({"id": "cus_1", "object": "customer"}),
            "checkout/sessions": {"id": "cs_1", "url": "https://checkout.stripe.com/s/1"},
            "setup_intents": {"object": "list", "data": [consent], "has_more": False},
            "setup_intents/seti_1": consent,
            "payment_methods/pm_1": CARD,
        }
        return httpx.Response(200, json=answers[path])

    return answer


def test_a_card_is_linked_by_consent_on_stripes_page() -> None:
    made, sent = adapter(linking())
    assert isinstance(made, Linking)
    begun = made.begin_link(ToLink(
        reference="260131-l", description="card", customer_ref="c1", return_url="https://p.example/",
        callback_url="https://p.example/n", at=NOON,
    ))  # fmt: skip
    assert begun == Redirect("https://checkout.stripe.com/s/1")
    assert (body_of(sent[1])["mode"], body_of(sent[1])["customer"]) == ("setup", "cus_1")
    body, headers = signed(
        event(
            "setup_intent.succeeded", {"id": "seti_1", "object": "setup_intent", "metadata": {"reference": "260131-l"}}
        )
    )
    assert made.parse_link_notice(body, headers) == LinkReport("260131-l", proof="seti_1")
    for proof in ("seti_1", ""):
        assert made.finish_link(reference="260131-l", customer_ref="c1", proof=proof, at=NOON) == LINKED
    assert made.query_link(reference="260131-l", customer_ref="c1", token="cus_1:pm_1", at=NOON) == LINKED


def test_the_consent_of_another_link_is_not_believed() -> None:
    made, _sent = adapter(linking("260131-x"))
    assert isinstance(made.finish_link(reference="260131-l", customer_ref="c1", proof="seti_1", at=NOON), Unknown)
    assert isinstance(made.finish_link(reference="260131-l", customer_ref="c1", proof="", at=NOON), Unknown)


def test_a_card_that_was_taken_off_is_linked_no_more() -> None:
    for answer in (CARD | {"customer": None}, refused(404, type="invalid_request_error", code="resource_missing")):
        made, _sent = adapter(answer)
        assert made.query_link(reference="l", customer_ref="c1", token="cus_1:pm_1", at=NOON) == Unlinked()
        assert made.unlink(reference="l", customer_ref="c1", token="cus_1:pm_1", at=NOON) == Unlinked()


CHARGE = {"reference": "260131-a", "customer": "c1", "charge": "linked"}


def charged(made: Stripe) -> Any:
    return made.charge(ToCharge(
        reference="260131-a", amount=181_000, description="invoice", customer_ref="c1", token="cus_1:pm_1",
        callback_url="https://p.example/n", at=NOON,
    ))  # fmt: skip


def test_a_linked_card_is_charged_without_the_customer_once_per_reference() -> None:
    made, sent = adapter(INTENT)
    assert charged(made) == Succeeded("pi_1", 181_000, NOON)
    said = body_of(sent[0])
    assert (said["off_session"], said["confirm"], said["amount"], said["currency"]) == ("true", "true", "181000", "vnd")
    assert sent[0].headers["Idempotency-Key"] == "260131-a"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "authentication_required"}, "needs_customer"),
        ({"code": "card_declined", "decline_code": "insufficient_funds"}, "insufficient_funds"),
        ({"code": "expired_card"}, "revoked"),
        ({"code": "card_declined", "decline_code": "do_not_honor"}, "declined"),
    ],
)
def test_a_card_that_is_declined_says_what_to_do(error: dict[str, str], code: str) -> None:
    said = {"type": "card_error", "message": "Your card was declined.", **error}
    made, _sent = adapter(refused(402, **said))
    assert charged(made) == Failed(code, "Your card was declined.")
    intent = INTENT | {"status": "requires_payment_method", "last_payment_error": said, "metadata": CHARGE}
    made, _sent = adapter(search(intent))
    assert made.query(reference="260131-a", at=NOON) == Failed(code, "Your card was declined.")
    notice = made.parse_notice(*signed(event("payment_intent.payment_failed", intent)))
    assert notice == Report("260131-a", Failed(code, "Your card was declined."))


def test_a_card_whose_bank_wants_its_holder_is_paid_with_in_person() -> None:
    made, _sent = adapter(search(INTENT | {"status": "requires_action", "metadata": CHARGE}))
    assert made.query(reference="260131-a", at=NOON) == Failed("needs_customer", "authentication required")


def test_without_its_keys_there_is_no_adapter() -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        Stripe("stripe", "https://api.stripe.test", "", SECRET, httpx.Client(), (".stripe.com",))
