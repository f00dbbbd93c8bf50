"""Every route, and everybody who has no business there: 401, 403 or 404, and nothing changes."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest

from accounts.models import User
from billing_portal import api_urls
from invoices.models import Invoice
from ledger.models import Transaction
from lifecycle.models import ProvisioningRequest, Resource, ResourceEvent
from notifications.models import Notice
from orders.models import CheckoutSession, Order, Quote
from payments.models import Payment
from tests.api.conftest import Caller, caller_of, done
from tests.cast import make_customer, make_user
from tests.documents.reading import text_of

pytestmark = pytest.mark.django_db

CUSTOMER_ROUTES = [
    ("GET", "quotes/{quote}/"),
    ("GET", "orders/{order}/"),
    ("POST", "orders/{order}/cancel/"),
    ("POST", "orders/{order}/pay/"),
    ("POST", "orders/{order}/buyer/"),
    ("GET", "buyers/{buyer}/"),
    ("GET", "privacy-requests/{privacy}/"),
    ("POST", "privacy-requests/{privacy}/cancel/"),
    ("GET", "recipients/{recipient}/"),
    ("GET", "budgets/{budget}/"),
    *(("POST", f"budgets/{{budget}}/{act}/") for act in ("change", "cap", "recipients", "remove")),
    ("GET", "budgets/{budget}/last-month/"),
    *(("POST", f"recipients/{{recipient}}/{act}/") for act in ("change", "ask", "remove", "works-again")),
    ("POST", "buyers/{buyer}/change/"),
    ("POST", "buyers/{buyer}/default/"),
    ("POST", "buyers/{buyer}/archive/"),
    ("GET", "resources/{resource}/deletion/"),
    ("GET", "resources/{resource}/events/"),
    ("GET", "resources/{resource}/periods/"),
    ("POST", "resources/{resource}/start/"),
    ("POST", "resources/{resource}/stop/"),
    ("POST", "resources/{resource}/reboot/"),
    ("POST", "resources/{resource}/delete/"),
    ("POST", "resources/{resource}/purge/"),
    ("POST", "resources/{resource}/auto-renew/"),
    ("POST", "resources/{resource}/tags/"),
    ("GET", "invoices/{invoice}/"),
    ("GET", "invoices/{invoice}/pdf/"),
    ("POST", "invoices/{invoice}/question/"),
    ("GET", "credit-notes/{note}/"),
    ("GET", "credit-notes/{note}/pdf/"),
    ("GET", "payments/{payment}/"),
    ("GET", "payments/{payment}/story/"),
    ("GET", "bank-transfers/{transfer}/"),
    ("GET", "linked-accounts/{link}/"),
    ("POST", "linked-accounts/{link}/unlink/"),
    ("POST", "linked-accounts/{link}/limits/"),
    ("POST", "linked-accounts/{link}/default/"),
    ("POST", "linked-accounts/{link}/check/"),
    ("GET", "payment-requests/{asked}/"),
    ("POST", "payment-requests/{asked}/withdraw/"),
    ("POST", "payments/{payment}/cancel/"),
    ("POST", "payments/{payment}/check/"),
    ("GET", "keys/{key}/"),
    ("GET", "users/{user}/"),
    ("GET", "notices/{notice}/"),
    ("POST", "notices/{notice}/read/"),
]
TEAM_ROUTES = [
    ("POST", "resources/{resource}/gone/"),
    ("GET", "checkout-sessions/{session}/"),
    ("GET", "provisioning-requests/{request}/"),
    ("POST", "provisioning-requests/{request}/answer/"),
    ("GET", "visits/{visit}/"),
    ("POST", "visits/{visit}/end/"),
]
SHARED_ROUTES = [("GET", "resources/{resource}/")]
CUSTOMER_LISTS = [
    ("GET", "quotes/"),
    ("GET", "orders/"),
    ("GET", "buyers/"),
    ("GET", "privacy-requests/"),
    ("GET", "privacy-requests/take/"),
    ("GET", "recipients/"),
    ("GET", "budgets/"),
    ("GET", "invoices/"),
    ("GET", "invoices/documents/"),
    ("GET", "invoices/statement/?month=2026-03"),
    ("GET", "invoices/focus/?month=2026-03"),
    ("GET", "invoices/focus-schema/"),
    ("GET", "credit-notes/"),
    ("GET", "payments/"),
    ("GET", "bank-transfers/"),
    ("GET", "linked-accounts/"),
    ("GET", "linked-accounts/consents/"),
    ("GET", "automatic-charges/"),
    ("GET", "payment-requests/"),
    ("GET", "wallet/"),
    ("GET", "wallet/entries/"),
    ("GET", "wallet/holds/"),
    ("GET", "wallet/alert/"),
    ("GET", "poc-credit/"),
    ("GET", "notices/"),
    ("GET", "usage/"),
    ("GET", "usage/running/"),
    ("GET", "costs/"),
    ("GET", "costs/outlook/"),
    ("GET", "costs/difference/"),
    ("GET", "usage/by-tag/"),
    ("GET", "users/"),
    ("GET", "activity/"),
    ("GET", "keys/"),
    ("GET", "customer/"),
    ("GET", "dunning/"),
    ("GET", "commitments/"),
    ("GET", "commitments/progress/"),
    ("GET", "commitments/offers/"),
    *(("GET", f"{place}/export/") for place in ("invoices", "credit-notes", "payments", "wallet/entries", "resources")),
]
CUSTOMER_WRITES = [
    ("POST", "quotes/"),
    ("POST", "orders/"),
    ("POST", "buyers/"),
    ("POST", "privacy-requests/"),
    ("POST", "recipients/"),
    ("POST", "budgets/"),
    ("POST", "wallet/alert/"),
    ("POST", "invoices/pay/"),
    ("POST", "top-ups/"),
    ("POST", "bank-transfers/"),
    ("POST", "linked-accounts/"),
    ("POST", "automatic-charges/"),
    ("POST", "payment-requests/"),
    ("POST", "automatic-charges/stop/"),
    ("POST", "resources/auto-renew/"),
    ("POST", "resources/tags/"),
    ("POST", "commitments/"),
    ("POST", "commitments/renewal/"),
    ("POST", "coupons/check/"),
    ("POST", "notices/read/"),
    ("POST", "customer/language/"),
    ("POST", "customer/automatic-payment/"),
    ("POST", "keys/"),
    ("POST", "invitations/"),
    ("POST", "keys/{key}/revoke/"),
    ("POST", "keys/{key}/rotate/"),
    ("POST", "users/{user}/role/"),
    ("POST", "users/{user}/remove/"),
    ("GET", "invitations/"),
    ("GET", "invitations/{invitation}/"),
    ("POST", "invitations/{invitation}/again/"),
    ("POST", "invitations/{invitation}/withdraw/"),
    ("GET", "closings/"),
    ("GET", "closings/in-the-way/"),
    ("GET", "closings/{closing}/"),
    ("POST", "closings/"),
    ("POST", "closings/{closing}/cancel/"),
]
TEAM_LISTS = [("GET", "provisioning-requests/"), ("GET", "usage/refused/")]
TEAM_WRITES = [("POST", "checkout-sessions/"), ("POST", "visits/"), ("POST", "usage/")]
SHARED_LISTS = [("GET", "resources/"), ("GET", "products/"), ("GET", "products/vserver/")]
ROUTES = [
    *CUSTOMER_ROUTES,
    *TEAM_ROUTES,
    *SHARED_ROUTES,
    *CUSTOMER_LISTS,
    *CUSTOMER_WRITES,
    *TEAM_LISTS,
    *TEAM_WRITES,
    *SHARED_LISTS,
]
BODIES = {
    "answer": {"outcome": "failed"},
    "gone": {"reason": "lost"},
    "auto-renew": {"months": 1},
    "tags": {"tags": {"Team": "web"}},
    "question": {"position": 1, "text": "why?"},
    "role": {"role": "viewer"},
}


def snapshot():
    models = (Quote, Order, Payment, Transaction, Resource, ResourceEvent, CheckoutSession)
    answered = ProvisioningRequest.objects.exclude(answered_at=None).count()
    return [*(model.objects.count() for model in models), answered, Notice.objects.filter(read_at=None).count()]


def all_refused(caller, routes, things, expected):
    """Every one of these addresses, and none of them says or changes anything."""
    before = snapshot()
    for method, route in routes:
        body = BODIES.get(route.rstrip("/").rpartition("/")[2])
        answer = caller.send(method, route.format(**things), body)
        assert answer.status_code == expected, f"{method} {route}: {answer.status_code} {answer.content!r}"
        assert answer["Content-Type"] == "application/problem+json"
        assert "web" not in answer.content.decode()
    assert routes
    return snapshot() == before


def test_the_matrix_knows_every_route():
    known = {(method, route.partition("?")[0].format_map(Placeholder())) for method, route in ROUTES}
    real = set()
    for prefix, view in routes_of(api_urls.urlpatterns):
        real |= {(method.upper(), prefix) for method in view.actions if method != "head"}

    assert known == real


class Placeholder(dict):
    def __missing__(self, name):
        return "{}"


def routes_of(patterns):
    """(path with placeholders, view) of every viewset."""
    for pattern in patterns:
        actions = getattr(pattern.callback, "actions", None)
        if actions:
            path = re.sub(r"<[^>]+>", "{}", str(pattern.pattern))
            yield path.replace("products/{}/", "products/vserver/"), pattern.callback


def test_anonymous_callers_see_nothing(things):
    assert all_refused(Caller(), ROUTES, things, 401)


def test_another_customer_finds_nothing(things):
    stranger = caller_of(make_customer("Mallory", credit=1_000_000))

    assert all_refused(
        stranger, [*CUSTOMER_ROUTES, *SHARED_ROUTES, *TEAM_ROUTES, *TEAM_LISTS, *TEAM_WRITES], things, 404
    )
    for _method, route in CUSTOMER_LISTS:
        answer = stranger.get(route)
        is_file = answer["Content-Type"] != "application/json"
        if is_file or route in {
            "customer/",
            "keys/",
            "linked-accounts/consents/",
            "invoices/focus-schema/",
        }:  # its own, and columns
            assert answer.status_code == 200, route
            told = told_by(answer)
            assert "Alice" not in told
            assert "vserver" not in told.casefold()
            continue
        body = done(answer)
        if route == "wallet/entries/":
            assert [entry["amount"] for entry in body["results"]] == [1_000_000]
        elif route == "activity/":  # that it took its own data above
            assert [entry["what"] for entry in body["results"]] == ["downloaded all that is kept"]
        elif route == "dunning/":
            assert (body["overdue"], body["done"], body["ahead"]) == (0, [], [])
        elif route in {"usage/running/", "costs/outlook/"}:
            assert body["products"] == []
        elif route == "costs/":
            assert (body["rows"], body["sums"]["total"]) == ([], 0)
        elif route == "costs/difference/":
            assert (body["resources"], body["unchanged"]) == ([], 0)
        elif route == "usage/by-tag/":
            assert body["values"] == []
        elif route == "commitments/progress/":
            assert body == []
        elif route == "commitments/offers/":
            assert body["offers"] == []
        elif route not in {"wallet/", "wallet/alert/"}:
            assert body["results"] == []
    assert done(stranger.get("resources/"))["results"] == []


def told_by(answer):
    """The words of an answer; of an archive, the names of what is in it."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if answer["Content-Type"] == "application/pdf":
        return text_of(content)
    if answer["Content-Type"] == "application/zip":
        return " ".join(ZipFile(BytesIO(content)).namelist())
    return content.decode()


def test_another_customers_papers_have_nothing_of_ours(things, alice):
    """What the papers are tested by is found in those of who they are about."""
    number = Invoice.objects.get(pk=things["invoice"]).number
    for caller, is_told in ((caller_of(alice), True), (caller_of(make_customer("Mallory")), False)):
        for route in ("invoices/documents/", "invoices/statement/?month=2026-03"):
            assert (number in told_by(caller.get(route))) == is_told, route


def test_another_customers_writes_reach_nothing(things):
    stranger = caller_of(make_customer("Mallory", credit=1_000_000))
    before = snapshot()

    for route, body in (
        ("orders/", {"quote": str(things["quote"])}),
        ("invoices/pay/", {"invoices": [str(things["invoice"])], "means": "wallet"}),
        ("quotes/", {"action": "renew", "resources": [str(things["resource"])], "months": 1}),
        ("quotes/", {"action": "resize", "resource": str(things["resource"]), "items": [{"item": "small"}]}),
        ("quotes/", {"action": "recover", "resource": str(things["resource"]), "months": 1}),
    ):
        assert stranger.post(route, body, key=f"k{route}{body}"[:100]).status_code == 404
    assert snapshot() == before


def test_the_team_of_another_product_finds_nothing(things, as_other_team):
    routes = [*CUSTOMER_ROUTES, *SHARED_ROUTES, *TEAM_ROUTES, *CUSTOMER_LISTS, *CUSTOMER_WRITES]

    assert all_refused(as_other_team, [*routes, ("GET", "products/vserver/")], things, 404)
    assert done(as_other_team.get("resources/"))["results"] == []
    assert done(as_other_team.get("provisioning-requests/"))["results"] == []
    assert [product["code"] for product in done(as_other_team.get("products/"))["results"]] == ["vstorage"]


def test_the_own_team_finds_nothing_of_the_customers(things, as_team):
    assert all_refused(as_team, [*CUSTOMER_ROUTES, *CUSTOMER_LISTS, *CUSTOMER_WRITES], things, 404)


def test_a_users_rights_are_those_of_today(things, alice, now):
    """A session does not outlive its user's rights."""
    user = make_user(alice)
    caller = Caller(user=user)
    done(caller.get("wallet/"))
    User.objects.filter(pk=user.pk).update(is_active=False)
    now.move(timedelta(seconds=1))

    assert caller.get("wallet/").status_code == 401
