"""An account that has closed, attacked by plain SQL: nothing opens there again, and its name does not come back."""

from __future__ import annotations

from datetime import timedelta

import pgtrigger
import pytest
from django.apps import apps
from django.db import models

from accounts.models import Customer, User
from notifications.models import Notice
from notifications.services import tell
from store.personal import fate_of
from team.models import Closing
from team.services.closing import ask_to_close, close_due
from tests.cast import DAY, NOON, make_customer, make_user
from tests.table.attack import MARKS, refuse, run

pytestmark = MARKS
GUARDED = sorted(
    {
        model._meta.db_table
        for model, trigger in pgtrigger.registered()
        if trigger.name == "a_closed_account_opens_nothing"
    }
)
OPENS = {
    "payments_payment": "state, means) VALUES (%s, 'created', 'gateway'",
    "payments_automaticcharge": "is_on) VALUES (%s, true",
}
"""Where only some rows open something."""


@pytest.fixture
def gone(db: None) -> Customer:
    """Closed three days after noon."""
    customer = make_customer("Hoa Sen")
    owner = make_user(customer)
    ask_to_close(customer, user=owner, actor=owner.actor, at=NOON)
    close_due(at=NOON + 3 * DAY)
    customer.refresh_from_db()
    assert customer.closed_at
    return customer


def test_many_tables_are_guarded() -> None:
    assert {"orders_order", "orders_quote", "payments_payment", "lifecycle_resource", "accounts_membership"} <= set(
        GUARDED
    )
    assert len(GUARDED) >= 17


@pytest.mark.parametrize("table", GUARDED)
def test_nothing_opens_in_an_account_that_has_closed(gone: Customer, table: str) -> None:
    rest = OPENS.get(table, ") VALUES (%s")
    columns = "customer_id" + (", " if table in OPENS else "")
    refuse(f"INSERT INTO {table} ({columns}{rest})", gone.pk, match="has closed")


def test_an_open_session_is_not_made_the_closed_accounts(gone: Customer, vserver: object) -> None:
    run(
        "INSERT INTO orders_checkoutsession (id, product_id, action, name, configuration, return_url, created_at, expires_at)"
        " SELECT gen_random_uuid(), id, 'create', 'x', '[]', '', now(), now() FROM catalog_product"
    )
    refuse("UPDATE orders_checkoutsession SET customer_id = %s", gone.pk, match="has closed")


def test_its_name_and_address_do_not_come_back(gone: Customer) -> None:
    refuse("UPDATE accounts_customer SET name = 'Hoa Sen' WHERE id = %s", gone.pk, match="frozen")
    refuse("UPDATE accounts_customer SET email = 'a@b.example' WHERE id = %s", gone.pk, match="frozen")


def test_only_its_closing_closes_an_account_and_nothing_opens_it_again(gone: Customer, alice: Customer) -> None:
    refuse("UPDATE accounts_customer SET closed_at = NULL WHERE id = %s", gone.pk, match="frozen")
    refuse("UPDATE accounts_customer SET closed_at = now() WHERE id = %s", alice.pk, match="frozen")
    refuse("UPDATE accounts_customer SET closes_at = now() WHERE id = %s", alice.pk, match="frozen")
    refuse("UPDATE team_closing SET state = 'cancelled'", match="cannot move")
    refuse("DELETE FROM team_closing", match="keeps its rows")


@pytest.fixture
def asked(alice: Customer) -> Closing:
    owner = make_user(alice)
    return ask_to_close(alice, user=owner, gives_up=10_000_000, actor=owner.actor, at=NOON)


def test_there_are_three_days_whatever_is_written(asked: Closing) -> None:
    at = asked.closes_at - timedelta(minutes=1)
    early = "UPDATE team_closing SET state = 'closed', ended_by = 'x', ended_at = %s"
    refuse(early, at, match="an_account_closes_in_its_time")
    refuse("UPDATE team_closing SET closes_at = asked_at", match="frozen")
    refuse("UPDATE team_closing SET state = 'closed'", match="a_closing_that_ended_says_by_whom")
    refuse(
        "INSERT INTO team_closing (id, customer_id, request_id, state, reason, asked_by, asked_at, closes_at, ended_by)"
        " SELECT gen_random_uuid(), customer_id, request_id, 'waiting', '', 'x', now(), now() + interval '2 days', '' FROM team_closing",
        match="three_days|an_account_closes_once",
    )


def test_what_is_given_up_stays_as_it_was_said(asked: Closing) -> None:
    refuse("UPDATE team_closing SET gives_up = 20000000", match="frozen")
    refuse("UPDATE team_closing SET gives_up = 0", match="frozen|given_up")
    run("UPDATE team_closing SET state = 'cancelled', ended_by = 'x', ended_at = now()")
    refuse("UPDATE team_closing SET ended_by = 'y'", match="frozen")


def test_notices_are_kept_until_the_account_closes_and_none_is_written_after(gone: Customer, alice: Customer) -> None:
    tell(alice, Notice.Kind.REFUND, 1, at=NOON, amount=1)
    refuse("DELETE FROM notifications_notice", match="is kept as long as its account is open")
    tell(gone, Notice.Kind.REFUND, 1, at=NOON, amount=1)
    assert not Notice.objects.filter(customer=gone).exists()


def test_addresses_of_others_are_not_blanked_before_their_account_has_closed(alice: Customer) -> None:
    run(
        "INSERT INTO notifications_recipient (id, customer_id, email, language, kinds, digest, asked_by, asked_at)"
        " VALUES (gen_random_uuid(), %s, 'a@b.example', 'en', '{refund}', 'd', 'x', now())",
        alice.pk,
    )
    refuse("UPDATE notifications_recipient SET email = ''", match="frozen")


def test_whoever_is_forgotten_stays_so_and_does_not_sign_in(gone: Customer) -> None:
    user = User.objects.get(forgotten_at__isnull=False)
    refuse("UPDATE accounts_user SET is_active = true WHERE id = %s", user.pk, match="whoever_is_forgotten")
    refuse("UPDATE accounts_user SET forgotten_at = NULL WHERE id = %s", user.pk, match="frozen")


# --- Every table says what becomes of it ---


def about_people() -> list[type[models.Model]]:
    """Tables about a customer or a user, by a key of that name, or they themselves."""
    found = []
    for model in apps.get_models():
        keys = {one.name: one.related_model for one in model._meta.concrete_fields if one.is_relation}
        if not model._meta.proxy and (
            model in {Customer, User} or keys.get("customer") is Customer or keys.get("user") is User
        ):
            found.append(model)
    return found


def test_every_table_about_people_says_what_becomes_of_it_at_the_closing() -> None:
    silent = [model._meta.label for model in about_people() if fate_of(model) is None]
    assert silent == [], "declare AT_CLOSING, see store/personal.py"


@pytest.mark.parametrize("model", about_people(), ids=lambda model: model._meta.label)
def test_words_are_blanked_or_kept_for_a_reason(model: type[models.Model]) -> None:
    fate = fate_of(model)
    assert fate
    columns = {str(one.column) for one in model._meta.concrete_fields}
    assert set(fate.blank) <= columns
    assert any(one.name == fate.of for one in model._meta.concrete_fields) or model in {Customer, User}
    words = {
        str(one.column)
        for one in model._meta.concrete_fields
        if isinstance(one, models.TextField | models.JSONField | models.GenericIPAddressField)
        or (isinstance(one, models.CharField) and not one.choices)
    }
    assert fate.deleted or fate.because or words <= set(fate.blank)
