"""Every page of the staff area answers, its queries do not grow with its rows, and what is read-only stays as it is."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.admin.base import LookOnlyAdmin
from accounts.audit import edit_of
from accounts.models import User
from accounts.services import record_audit
from accounts.staff import shown_apps
from orders.audit import Did
from tests.admin.world import populate
from tests.cast import NOON, STAFF

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
APPS_OF_OURS = {*shown_apps(), "billing_portal"}
NAMES = [model._meta.label for model in REGISTERED]
LOOK_ONLY = [model for model in REGISTERED if isinstance(admin.site._registry[model], LookOnlyAdmin)]


def address(model, page, *arguments):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)


def queries_of(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(url).status_code == 200, url
    return len(queries)


def test_every_list_takes_the_same_number_of_queries_for_one_row_as_for_three(superuser):
    populate(1)
    superuser.get(reverse("admin:index"))
    few = {model: queries_of(superuser, address(model, "changelist")) for model in REGISTERED}
    populate(2)
    populate(3)
    many = {model: queries_of(superuser, address(model, "changelist")) for model in REGISTERED}
    grown = {model._meta.label: (few[model], many[model]) for model in REGISTERED if many[model] > few[model]}
    assert grown == {}
    assert max(many.values()) <= 12


NOT_LISTED = {
    "accounts.IdempotencyKey",
    "accounts.KeySpending",
    "accounts.Seal",  # `manage.py seals` says the last one
    "billing_portal.Clock",
    "budgets.Alert",  # on the page of its budget
    "budgets.Hit",  # on the page of its budget
    "catalog.TaxRate",  # on the page of its category
    "invoices.BillingChunk",  # on the page of its run
    "invoices.InvoiceLine",  # on the page of its invoice
    "invoices.MonthlyTotal",
    "invoices.NumberSeries",
    "ledger.CreditHold",  # on the page of its account
    "ledger.GrantUse",  # on the page of its grant
    "payments.AutomaticCharge",  # on the page of its linked account
    "payments.Consent",  # on the page of its linked account
    "payments.SentBack",  # on the page of its bank transfer
    "invoices.CreditedPart",  # on the page of its credit note
    "invoices.UseTakenBack",  # on the page of its credit note
    "usage.ClosedMonth",  # its run is listed
    "usage.Record",  # millions; their batches are listed
    "usage.RecordKey",
    "orders.Visit",  # of a minute, or as long as its user is signed in
}


def test_every_model_has_its_list_or_is_named_here():
    """Also proves that there is one site: what registers while the site is being made would be lost."""
    every = [model._meta for model in apps.get_models() if not model._meta.proxy]
    ours = {meta.label for meta in every if meta.app_label in APPS_OF_OURS}
    assert ours - set(NAMES) == NOT_LISTED


def test_every_list_is_searchable(superuser):
    populate(1)
    for model in REGISTERED:
        assert superuser.get(address(model, "changelist"), {"q": "web"}).status_code == 200, model


def test_every_row_has_its_page(superuser):
    populate(1)
    for model in REGISTERED:
        row = model._default_manager.order_by("pk").first()
        if model._meta.label == "auth.Group" or row is not None:
            assert superuser.get(address(model, "change", row.pk)).status_code == 200, model
        else:
            pytest.fail(f"the world has no {model._meta.label}")


def test_every_page_to_add_something_answers_or_is_not_there(superuser):
    for model in REGISTERED:
        status = superuser.get(address(model, "add")).status_code
        assert status == (403 if model in LOOK_ONLY else 200), model


def test_nothing_that_is_only_looked_at_can_be_added_changed_or_deleted(superuser):
    populate(1)
    for model in LOOK_ONLY:
        row = model._default_manager.order_by("pk").first()
        before = model._default_manager.filter(pk=row.pk).values().get()
        assert superuser.post(address(model, "add"), {}).status_code == 403, model
        assert superuser.post(address(model, "change", row.pk), {"state": "x"}).status_code == 403, model
        assert superuser.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403, model
        assert model._default_manager.filter(pk=row.pk).values().get() == before


def test_nothing_but_a_group_can_be_deleted(superuser):
    populate(1)
    for model in set(REGISTERED) - {model for model in REGISTERED if model._meta.label == "auth.Group"}:
        row = model._default_manager.order_by("pk").first()
        assert superuser.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403, model


def test_the_front_page_says_what_needs_attention_in_few_queries(superuser):
    populate(1)
    superuser.get(reverse("admin:index"))
    with CaptureQueriesContext(connection) as queries:
        page = superuser.get(reverse("admin:index"))
    matters = {str(matter["label"]): matter["count"] for matter in page.context["matters"]}
    assert matters == {
        "findings of the auditor": 1,
        "bills held back at the month-end": 1,
        "questions of customers about lines of invoices": 1,
        "acts of staff that wait for somebody else's approval": 1,
        "privacy requests to answer": 1,
        "transfers that customers say they have made": 1,
        "payments that a bank or gateway took back": 1,
        "differences between a statement and our books": 1,
        "products that are slow or take no requests": 1,
    }
    assert len(queries) <= 8


@pytest.mark.parametrize("page", ["jobs", "index"])
def test_strangers_and_customers_stay_outside(client, alice, page):
    assert client.get(reverse(f"admin:{page}")).status_code == 302


def test_the_audit_trail_reads_vietnamese_to_those_who_do(superuser, alice):
    record_audit(Did.SWITCH_BILLING_MODE, alice.pk, actor=STAFF, at=NOON, reason="Hợp đồng mới", customer=alice)
    record_audit(edit_of(User, "add"), alice.pk, actor=STAFF, at=NOON, reason="", customer=alice)
    page = superuser.get(reverse("admin:accounts_auditentry_changelist"), headers={"accept-language": "vi"})
    shown = page.content.decode()
    assert "chuyển hình thức thanh toán" in shown
    assert "thêm: người dùng" in shown
    assert "switch billing mode</td>" not in shown
