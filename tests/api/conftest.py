"""Callers of the API, and a clock that stands still until a test moves it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.may import Role
from accounts.models import Customer, CustomerKey, User
from budgets.services.setting import set_budget
from catalog.models import Item, Product, ProductKey
from door.models import PrivacyRequest
from door.services.privacy import ask_for_privacy, register
from invoices.models import CreditNote, Invoice
from kernel import clock
from lifecycle.models import ProvisioningRequest
from notifications.models import Notice
from notifications.recipients import ask_recipient
from orders.models import Action, Visit
from orders.services.checkout import place_order
from orders.services.quotes import make_quote
from orders.services.sessions import open_session
from orders.services.visits import begin_visit, take_up_visit
from payments.models import Payment, PaymentRequest
from payments.services.expected import ask_for_top_up
from payments.services.poc import grant_poc_credit
from team.models import Closing
from team.services.invitations import invite
from tests.cast import (
    DAY,
    LONG_AGO,
    NOON,
    STAFF,
    bind_to,
    chosen,
    create,
    make_buyer,
    make_item,
    make_product,
    make_provider,
    make_user,
    owner_of,
)
from tests.links import linked_account
from tests.sandbox.servers import APP_ID, KEY1, KEY2, Sandbox, running_sandbox


class Caller:
    """Sends JSON, in English unless told otherwise. `key` is the idempotency key."""

    def __init__(self, secret: str = "", *, user: User | None = None, language: str = "en") -> None:
        self.client = Client(headers={"accept-language": language})
        if secret:
            self.client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        if user:
            self.client.force_login(user)

    def get(self, path: str, **params: Any) -> Any:
        return self.client.get(self._at(path), params)

    def post(self, path: str, body: Any = None, *, key: str = "") -> Any:
        headers = {"idempotency-key": key} if key else {}
        return self.client.post(
            self._at(path), {} if body is None else body, content_type="application/json", headers=headers
        )

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """A write has a key of its own."""
        return self.get(path) if method == "GET" else self.post(path, body, key=f"key-{uuid4()}")

    def buy(self, quote: Any, *, key: str, **means: Any) -> Any:
        """Order a quoted answer."""
        assert quote.status_code == 201, quote.content
        return self.post("orders/", {"quote": quote.json()["id"], **means}, key=key)

    @staticmethod
    def _at(path: str) -> str:
        return path if path.startswith(("/", "http")) else f"/api/v1/{path}"


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, span: timedelta) -> None:
        self.at += span


@pytest.fixture(autouse=True)
def now() -> Iterator[Clock]:
    """Noon of 10 March 2026 in Hà Nội."""
    standing = Clock(NOON)
    with clock.replaced(standing):
        yield standing


def caller_of(customer: Customer) -> Caller:
    return Caller(CustomerKey.issue(at=LONG_AGO, customer=customer, name="test")[1])


def team_of(product: Product) -> Caller:
    return Caller(ProductKey.issue(at=LONG_AGO, product=product, name="test")[1])


@pytest.fixture
def as_alice(alice: Customer) -> Caller:
    return caller_of(alice)


@pytest.fixture
def as_bob(bob: Customer) -> Caller:
    return caller_of(bob)


@pytest.fixture
def as_viewer(alice: Customer) -> Caller:
    """A user of Alice's who may only look."""
    return Caller(user=make_user(alice, role=Role.VIEWER))


@pytest.fixture
def as_team(vserver: Product) -> Caller:
    """The team of vServer."""
    return team_of(vserver)


@pytest.fixture
def vstorage(db: None) -> Product:
    return make_product("vstorage")


@pytest.fixture
def as_other_team(vstorage: Product) -> Caller:
    return team_of(vstorage)


@pytest.fixture
def offer(small: Item, large: Item, disk: Item) -> Product:
    """vServer with everything that it sells."""
    return small.product


@pytest.fixture
def bucket(vstorage: Product) -> Item:
    return make_item(vstorage, "bucket", 33_000, kind=Item.Kind.PACKAGE)


@pytest.fixture
def gateway(tmp_path: Path, settings: Any) -> Iterator[Sandbox]:
    """A sandbox gateway that does not mind what year it is."""
    with running_sandbox(tmp_path, clock_tolerance_s=10**9) as running:
        settings.SANDBOX_URL = settings.SANDBOX_PUBLIC_URL = running.url
        settings.SANDBOX_APP_ID, settings.SANDBOX_KEY1, settings.SANDBOX_KEY2 = str(APP_ID), KEY1, KEY2
        yield running


@pytest.fixture
def things(alice: Customer, vserver: Product, small: Item, settings: Any) -> dict[str, Any]:
    """One of each, of Alice and of vServer."""
    settings.SELLER_BANK, settings.SELLER_BANK_ACCOUNT, settings.SELLER_BANK_BIN = "Vietcombank", "1017595600", "970436"
    (server,) = create(alice, small)
    (gone,) = create(alice, small, name="gone")
    done(caller_of(alice).post(f"resources/{gone.pk}/delete/"))
    provider = make_provider(alice)
    inputs = {"product": str(vserver.pk), "name": "new", "items": chosen(small), "quantity": 1, "months": 1}
    quote = make_quote(alice, Action.CREATE, inputs, at=NOON)
    order = place_order(alice.pk, quote.pk, means="wallet", key="k", actor=owner_of(alice), at=NOON)
    vserver.return_urls = ["https://vserver.example/"]
    session = open_session(vserver, name="s", items=chosen(small), return_url="https://vserver.example/", at=NOON)
    return {
        "quote": quote.pk,
        "order": order.pk,
        "buyer": make_buyer(alice).pk,
        "privacy": ask_for_privacy(alice, None, "correct", "my name", actor=owner_of(alice), at=NOON).pk,
        "domain": provider.domains.get().pk,
        "identity": bind_to(provider, make_user(alice)).pk,
        "budget": set_budget(alice, 10**9, actor=owner_of(alice), at=NOON).pk,
        "recipient": ask_recipient(
            alice, "a@books.example", "en", [Notice.Kind.REFUND], actor=owner_of(alice), at=NOON
        ).pk,
        "resource": server.pk,
        "invoice": Invoice.objects.first().pk,
        "note": CreditNote.objects.get().pk,
        "payment": Payment.objects.first().pk,
        "link": linked_account(alice, gateway="sandbox").pk,
        "poc": grant_poc_credit(
            alice,
            1,
            products=[small.product_id],
            starts_at=NOON,
            expires_at=NOON + DAY,
            reason="x",
            actor=STAFF,
            at=NOON,
        ).key,
        "asked": PaymentRequest.objects.create(
            customer=alice,
            kind="invoice",
            invoice_ids=[str(Invoice.objects.first().pk)],
            amount=1_000,
            email="f@f.example",
            shown_name="Alice",
            language="en",
            digest="d",
            actor="a",
            created_at=NOON,
            expires_at=NOON + 3 * DAY,
        ).pk,
        "transfer": ask_for_top_up(alice, 100_000, actor=owner_of(alice), at=NOON).pk,
        "notice": Notice.objects.first().pk,
        "session": session.pk,
        "visit": visit_of(alice, vserver).pk,
        "key": CustomerKey.issue(at=LONG_AGO, customer=alice, name="old")[0].pk,
        "user": make_user(alice, role=Role.VIEWER).pk,
        "invitation": invite(alice, "minh@example.vn", Role.VIEWER, actor=owner_of(alice), at=NOON).pk,
        "request": ProvisioningRequest.objects.unanswered().get().pk,
        "closing": closing_of(alice).pk,
    }


def closing_of(customer: Customer) -> Closing:
    """Of an account in which much is still open: as if it had been asked for before."""
    actor = owner_of(customer)
    request = register(customer, None, PrivacyRequest.Kind.CLOSE, "", actor=actor, at=NOON)
    return Closing.objects.create(
        customer=customer, request=request, asked_by=str(actor), asked_at=NOON, closes_at=NOON + 3 * DAY
    )


def visit_of(customer: Customer, product: Product) -> Visit:
    """An owner of the customer on the product's page, taken up by its team."""
    back = product.return_urls[0]
    user = make_user(customer)
    code = begin_visit(product, user, customer, return_url=back, browser="b", language="en", at=NOON)
    return take_up_visit(product.pk, code, return_url=back, at=NOON)


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem, which is well-formed and of this kind."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == code, problem
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    return problem


def done(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.content
    return answer.json()
