"""The demo: made whole, made once, sound, and with everything in it that it is there to show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext, override_settings

from accounts.models import Customer, User, digest_of
from billing_portal.auditor import violations
from catalog.models import Coupon, Product, ProductKey
from demo.logins import LOGINS
from invoices.models import BillingRun, CreditNote, Invoice, ParkedBilling
from kernel import clock
from lifecycle.models import RUNNING, Health, ProvisioningRequest, Resource, State
from notifications.models import Notice
from orders.models import Order
from payments.models import LinkedAccount, Payment, ReconciliationCase, Shortage, StatementDay, StatementLine
from sandbox import links
from sandbox.config import Config
from sandbox.store import Store
from store.sealed import unseal

NOW = datetime(2028, 2, 29, 16, 40, tzinfo=UTC)
"""Late in the evening of a leap day: what came in before midnight in Vietnam is of a day that has not ended, and on no statement yet."""
SHOPS = ["vmonitor", "vserver", "vstorage"]
Request = ProvisioningRequest.State

pytestmark = pytest.mark.django_db  # there is a database for tests that say so; each undoes what it does to the demo


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Path]:
    """The demo of that evening, made once for all tests of this file; the shops' keys are in the answered file."""
    keys: Path = tmp_path_factory.mktemp("demo") / "shops" / "keys.json"
    shops = override_settings(SHOP_KEYS_FILE=keys, **_shops_at(9001))
    with clock.replaced(lambda: NOW), django_db_blocker.unblock(), shops, transaction.atomic():
        call_command("seed_demo", verbosity=0)
        yield keys
        transaction.set_rollback(True)


def test_the_books_are_sound_and_nothing_lies_ahead(demo: Path) -> None:
    assert violations() == []
    assert not Notice.objects.filter(at__gt=NOW).exists()
    assert not Invoice.objects.filter(issued_at__gt=NOW).exists()
    assert not Payment.objects.filter(created_at__gt=NOW).exists()


def test_everybody_on_the_list_can_sign_in(demo: Path) -> None:
    for login in LOGINS:
        assert authenticate(username=login.email, password=login.password), login.email
    groups = User.objects.filter(is_staff=True, is_superuser=False).values_list("groups__name", flat=True)
    assert set(groups) == {"support", "finance", "catalogue", "auditor"}


def test_there_is_a_resource_in_every_state_and_health(demo: Path) -> None:
    assert set(Resource.objects.values_list("state", flat=True)) == set(State.values)
    prepaid = Resource.objects.filter(billing_mode="prepaid")
    assert {resource.health(NOW) for resource in prepaid.filter(state__in=RUNNING)} == set(Health)
    reasons = set(Resource.objects.in_trash().values_list("suspense_reason", flat=True))
    assert reasons == set(Resource.SuspenseReason.values)
    assert prepaid.filter(auto_renew_months__isnull=False).exists()
    assert prepaid.filter(rolls_over=True).exists()


def test_somebody_is_told_that_credit_does_not_cover_what_is_used(demo: Path) -> None:
    [shortage] = Shortage.objects.standing().select_related("product")
    assert (shortage.product.code, shortage.done_at) == ("vstorage", None)
    assert shortage.stops_at
    assert shortage.stops_at > NOW


def test_orders_payments_and_invoices_ended_in_every_way(demo: Path) -> None:
    assert set(Order.objects.values_list("state", flat=True)) >= {
        "completed", "partly_refunded", "refunded", "cancelled", "expired", "provisioning"
    }  # fmt: skip
    assert set(Payment.objects.values_list("means", flat=True)) == set(Payment.Means.values)
    assert set(Payment.objects.values_list("state", flat=True)) == {"succeeded", "failed", "refunded"}
    assert set(Invoice.objects.values_list("status", flat=True)) >= {"unpaid", "partially_paid", "paid"}
    assert Invoice.objects.overdue(NOW).exists()
    assert set(CreditNote.objects.values_list("reason", flat=True)) == set(CreditNote.Reason.values) - {"gone"}
    assert Coupon.objects.get(code="FIRST100").uses == 2


def test_one_customer_is_large_and_one_bill_is_held_back(demo: Path) -> None:
    large = Customer.objects.get(name__contains="Sao Việt")
    assert large.resources.count() == 61
    assert large.invoices.count() > 500
    assert BillingRun.objects.count() >= 18
    assert BillingRun.objects.latest("month").month == "2028-01"
    assert ParkedBilling.objects.get().customer.name.endswith("Sóng Xanh")


def test_nothing_of_the_past_is_sent_today(demo: Path) -> None:
    assert set(Notice.objects.values_list("state", flat=True)) == {"sent"}
    assert Notice.objects.filter(read_at=None).exists()
    assert not ProvisioningRequest.objects.filter(state=Request.PENDING).exists()
    assert not Payment.objects.open().exists()


def test_shops_get_keys_that_work_and_addresses(demo: Path) -> None:
    entries = json.loads(demo.read_text())
    assert sorted(entries) == SHOPS
    assert demo.stat().st_mode & 0o777 == 0o600
    for code, entry in entries.items():
        product = Product.objects.get(code=code)
        assert ProductKey.objects.get(product=product).digest == digest_of(entry["api_key"])
        assert product.webhook_secret == entry["webhook_secret"]
        assert product.webhook_url == f"http://127.0.0.1:9001/shop/{code}/webhook"
        assert product.allows_return_to(f"http://localhost:9001/shop/{code}/return")


def test_a_second_run_changes_nothing_and_asks_little(demo: Path) -> None:
    before = demo.read_text(), Notice.objects.count(), Payment.objects.count()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        call_command("seed_demo", verbosity=0)
    assert (demo.read_text(), Notice.objects.count(), Payment.objects.count()) == before
    assert len(queries) < 10


def test_another_port_renews_the_addresses_and_keeps_the_keys(demo: Path) -> None:
    before = demo.read_text()
    with override_settings(**_shops_at(9101)):
        call_command("seed_demo", verbosity=0)
    assert Product.objects.get(code="vserver").webhook_url == "http://127.0.0.1:9101/shop/vserver/webhook"
    assert demo.read_text() == before


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"vserver": {"api_key": "bpp_other"}}'])
def test_a_lost_file_gets_new_keys_and_the_lost_ones_are_revoked(demo: Path, content: str | None) -> None:
    elsewhere = demo.with_name("elsewhere.json")
    elsewhere.unlink(missing_ok=True)
    if content is not None:
        elsewhere.write_text(content)
    with override_settings(SHOP_KEYS_FILE=elsewhere):
        call_command("seed_demo", verbosity=0)
    assert (
        ProductKey.objects.filter(revoked_at=None).count() == ProductKey.objects.exclude(revoked_at=None).count() == 3
    )
    valid = set(ProductKey.objects.filter(revoked_at=None).values_list("digest", flat=True))
    assert {digest_of(entry["api_key"]) for entry in json.loads(elsewhere.read_text()).values()} == valid


def _shops_at(port: int) -> dict[str, str]:
    return {"SANDBOX_URL": f"http://127.0.0.1:{port}", "SANDBOX_PUBLIC_URL": f"http://localhost:{port}"}


def test_every_gateway_payment_of_the_past_is_in_its_statement(demo: Path) -> None:
    assert not ReconciliationCase.objects.exists()
    paid = Payment.objects.filter(means="gateway", captured__isnull=False)
    assert paid.count() == StatementLine.objects.count() > 5
    assert StatementDay.objects.latest("day").day == date(2028, 2, 28)
    assert not StatementDay.objects.filter(read_at=None).exists()


def test_an_account_is_linked_that_the_sandbox_is_told_of_and_one_was_ended_there(demo: Path) -> None:
    [linked] = LinkedAccount.objects.filter(state="active")
    assert linked.customer.users.filter(email="lan@hoasen.example").exists()
    assert LinkedAccount.objects.filter(state="revoked").count() == 1
    assert Payment.objects.filter(linked__isnull=False, consent__isnull=False, state="succeeded").count() == 2
    [told] = json.loads(demo.with_name("linked-accounts.json").read_text())
    assert (told["reference"], told["customer"]) == (linked.reference, str(linked.pk))
    assert unseal(linked.token) == json.dumps({"binding_id": told["binding_id"], "pay_token": told["pay_token"]})
    assert linked.display == f"*******{int(told['binding_id'][:6], 16) % 1000:03}"


def test_the_sandbox_knows_an_account_that_it_is_told_of(tmp_path: Path) -> None:
    known = {"reference": "r", "customer": "c", "binding_id": "0000ff00", "pay_token": "demo-1"}
    (tmp_path / "linked-accounts.json").write_text(json.dumps([known]))
    config = Config(db=tmp_path / "sandbox.db", shop_keys_file=str(tmp_path / "shop-keys.json"))
    assert config.known_links() == [known]
    with Store(config.db).write() as db:
        for _ in range(2):
            links.adopt(db, known, now=1.0)
        found = links.by_secret(db, "zalopay", "c", "demo-1")
        assert found is not None
        assert (found["state"], links.masked(found)) == ("agreed", "*******255")
