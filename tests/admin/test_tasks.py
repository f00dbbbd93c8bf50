"""What is true of each task of staff: a reason, a record, a sentence for what is refused; and those on people and keys."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import CustomerKey, StaffAct
from lifecycle.models import Resource
from tests.admin.doing import WHY, do, last_audit, page_of
from tests.cast import NOON, create, fresh


def test_a_key_is_shown_once_and_revoked_with_a_reason(staff, alice):
    client = staff("support")
    answer = client.post(
        reverse("admin:accounts_customerkey_add"), {"customer": str(alice.pk), "name": "ci", "reason": WHY}
    )
    secret, key = answer.context["secret"], CustomerKey.objects.get()
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    page = client.get(reverse("admin:accounts_customerkey_change", args=[key.pk])).content.decode()
    assert secret not in page
    assert key.digest not in page

    do(client, key, "revoke")

    key.refresh_from_db()
    assert key.revoked_at == NOON
    assert last_audit().reason == WHY


def test_staff_see_the_portal_as_the_customer_does_and_change_nothing(staff, alice, small):
    server = create(alice, small)[0]
    client = staff("support")
    do(client, alice, "view-as-customer")
    assert last_audit().verb == "view portal as customer"

    page = client.get(reverse("wallet"))
    assert page.status_code == 200
    assert page.context["staff_viewing"] == "Alice"
    assert client.post(reverse("wallet"), {"amount": 100_000}).status_code in {403, 405}
    assert fresh(server).state == Resource.State.ACTIVE

    client.get(reverse("admin:leave_customer"))
    assert client.get(reverse("wallet")).status_code == 403


def test_without_a_reason_nothing_is_done(staff, alice):
    answer = staff("finance").post(page_of(alice, "adjust-credit"), {"amount": 5, "reason": " ", "key": "k"})
    assert answer.status_code == 422
    assert not StaffAct.objects.exists()


@pytest.mark.parametrize("resource_state", ["active"])
def test_a_task_that_does_not_exist_is_not_found(superuser, alice, resource_state):
    assert superuser.get(page_of(alice, "steal")).status_code == 404
