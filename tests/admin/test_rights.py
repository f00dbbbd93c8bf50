"""Who may do what: four groups, and nobody gets at staff."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse

from accounts.models import AuditEntry, Customer, User
from accounts.staff import ensure_staff_groups
from tests.admin.doing import page_of
from tests.admin.world import populate
from tests.cast import create, make_user

CUSTOMER_TASKS = (
    "switch-billing-mode",
    "bank-transfer",
    "adjust-credit",
    "grant-credit",
    "grant-poc",
    "hold",
    "view-as-customer",
    "note-privacy",
    "close-account",
)


@pytest.mark.parametrize(
    ("group", "tasks"),
    [
        ("support", {"switch-billing-mode", "hold", "view-as-customer", "note-privacy", "close-account"}),
        ("finance", {"switch-billing-mode", "bank-transfer", "adjust-credit", "grant-credit", "grant-poc", "hold"}),
        ("catalogue", set()),
        ("auditor", set()),
        ("superuser", set(CUSTOMER_TASKS)),
    ],
)
def test_a_group_is_offered_its_tasks_and_refused_the_others(staff, alice, group, tasks):
    client = staff(group)
    page = client.get(reverse("admin:accounts_customer_change", args=[alice.pk]))
    assert {task["url"].rsplit("/", 2)[1] for task in page.context["staff_tasks"]} == tasks
    for task in CUSTOMER_TASKS:
        assert client.get(page_of(alice, task)).status_code == (200 if task in tasks else 403), task
        assert task in tasks or client.post(page_of(alice, task), {"reason": "x"}).status_code == 403


def test_an_auditor_sees_every_list_and_changes_nothing(staff, alice):
    populate(1)
    client = staff("auditor")
    for model in admin.site._registry:
        if model._meta.app_label in {"auth", "billing_portal"}:
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.order_by("pk").first()
        assert client.get(reverse(f"{name}_changelist")).status_code == 200, model
        assert client.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200, model
        assert client.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403, model
        assert client.get(reverse(f"{name}_add")).status_code == 403, model


def test_the_catalogue_group_sees_what_is_sold_and_no_money(staff, alice, small):
    client = staff("catalogue")
    create(alice, small)
    assert client.get(reverse("admin:catalog_price_changelist")).status_code == 200
    assert client.get(reverse("admin:accounts_customer_changelist")).status_code == 200
    for name in ("invoices_invoice", "payments_payment", "ledger_transaction", "accounts_user", "lifecycle_resource"):
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 403, name


def test_customers_do_not_get_in(client, alice):
    client.force_login(make_user(alice))
    assert client.get(reverse("admin:index")).status_code == 302
    assert client.get(page_of(alice, "adjust-credit")).status_code == 302


def test_support_makes_users_of_customers_and_nothing_else(staff, alice):
    client = staff("support")
    person = {
        "email": "new@alice.example", "role": "billing", "usable_password": "true", "reason": "asked by phone",
        "password1": "long-enough-4321", "password2": "long-enough-4321", "is_staff": "on", "is_superuser": "on",
    }  # fmt: skip
    assert client.post(reverse("admin:accounts_user_add"), person).status_code == 200  # no customer: refused
    assert not User.objects.filter(email="new@alice.example").exists()

    assert client.post(reverse("admin:accounts_user_add"), {**person, "customer": alice.pk}).status_code == 302

    user = User.objects.get(email="new@alice.example")
    assert (user.customer, user.role, user.is_staff, user.is_superuser) == (alice, "billing", False, False)
    assert user.check_password("long-enough-4321")
    assert AuditEntry.objects.latest("pk").verb == "add user"


def test_support_cannot_reach_staff_nor_their_passwords(staff, alice):
    staff("superuser", "boss@portal.example")
    boss = User.objects.get(email="boss@portal.example")
    client = staff("support")
    assert "boss@portal.example" not in client.get(reverse("admin:accounts_user_changelist")).content.decode()
    assert client.get(reverse("admin:accounts_user_change", args=[boss.pk])).status_code == 302  # "does not exist"
    answer = client.post(
        reverse("admin:auth_user_password_change", args=[boss.pk]),
        {"usable_password": "true", "password1": "taken-over-1234", "password2": "taken-over-1234"},
    )
    assert answer.status_code in {302, 404}
    boss.refresh_from_db()
    assert boss.check_password("secret")


def test_a_customers_user_does_not_become_staff_by_an_extra_field(staff, alice):
    user = make_user(alice)
    client = staff("support")
    form = {
        "email": user.email,
        "customer": alice.pk,
        "role": "owner",
        "is_active": "on",
        "is_staff": "on",
        "reason": "asked",
    }
    answer = client.post(reverse("admin:accounts_user_change", args=[user.pk]), form)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    user.refresh_from_db()
    assert (user.role, user.is_staff) == ("owner", False)


def test_the_billing_mode_and_money_are_no_fields(staff, alice):
    client = staff("support")
    form = {
        "name": "Alice Ltd", "email": "docs@alice.example", "language": "en", "billing_mode": "postpaid",
        "pays_invoices_automatically": "", "available": "1", "reason": "asked by phone",
    }  # fmt: skip
    assert client.post(reverse("admin:accounts_customer_change", args=[alice.pk]), form).status_code == 302
    alice.refresh_from_db()
    assert (alice.name, alice.billing_mode, alice.pays_invoices_automatically) == ("Alice Ltd", "prepaid", True)
    entry = AuditEntry.objects.latest("pk")
    assert (entry.verb, entry.customer) == ("change customer", alice)


def test_support_adds_a_prepaid_customer(staff):
    form = {"name": "New Ltd", "email": "docs@new.example", "language": "vi"}
    assert staff("support").post(reverse("admin:accounts_customer_add"), form).status_code == 302
    assert Customer.objects.get().billing_mode == "prepaid"


def test_making_the_groups_again_repairs_them(db):
    groups = ensure_staff_groups()
    before = {name: set(group.permissions.all()) for name, group in groups.items()}
    groups["auditor"].permissions.set([])
    after = {name: set(group.permissions.all()) for name, group in ensure_staff_groups().items()}
    assert after == before
    assert {permission.codename.split("_")[0] for permission in after["auditor"]} == {"view"}


def test_what_a_group_may_is_chosen_in_the_readers_words(staff):
    client = staff("superuser")
    client.cookies["django_language"] = "vi"
    page = client.get(reverse("admin:auth_group_change", args=[Group.objects.get(name="finance").pk])).content.decode()
    assert ">Khách hàng: xem</option>" in page
    assert ">Ghi nhận chuyển khoản ngân hàng</option>" in page
    assert ">Can " not in page
    assert "| Can " not in page
