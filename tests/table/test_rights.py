"""What a stolen password of the application can do: what the portal does, and nothing that makes, loses or hides money."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql

import store.owner
from ledger.models import Account
from store.rights import Right, application_rights, grant_rights, granted, reader_rights
from tests.owner import as_owner
from tests.table.attack import MARKS, refuse, refused, run

pytestmark = [
    *MARKS,
    pytest.mark.as_the_application,
    pytest.mark.skipif(
        not settings.DATABASE_OWNER, reason="no owner is set up apart from the application (DATABASE_OWNER)"
    ),
]

DENIED = "permission denied|must be owner|must be superuser"


def test_what_is_granted_is_what_is_declared():
    assert granted(settings.DATABASE_APPLICATION) == application_rights()
    assert granted(f"{settings.DATABASE_APPLICATION}_reader") == reader_rights()


def test_these_tests_have_the_rights_of_the_application():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)")
        assert cursor.fetchone() == (settings.DATABASE_APPLICATION, False)


@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",
        "ALTER TABLE ledger_account DISABLE TRIGGER ALL",
        "ALTER TABLE ledger_account DROP CONSTRAINT a_wallet_is_never_negative",
        "DROP TABLE ledger_entry",
        "TRUNCATE notifications_notice",
        "TRUNCATE django_session",
        "CREATE TABLE mine (a int)",
        "CREATE TEMPORARY TABLE mine (a int)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION billing_zone() RETURNS text LANGUAGE sql AS $$ SELECT 'UTC' $$",
        "CREATE SCHEMA mine",
        "CREATE EXTENSION hstore",
        "COPY ledger_entry TO PROGRAM 'cat'",
    ],
)
def test_no_guard_can_be_lifted_and_nothing_made(statement):
    refuse(statement, match=DENIED)


def test_a_balance_is_not_even_written_by_a_trigger_of_ones_own(alice):
    """It is the owner's triggers that may: there is no right to the column, and none to make a trigger."""
    refuse("UPDATE ledger_account SET balance = balance + 1 WHERE customer_id = %s", alice.pk, match=DENIED)
    refuse("UPDATE ledger_account SET balance = balance WHERE customer_id = %s", alice.pk, match=DENIED)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("ledger_grant", "rest"),
        ("payments_payment", "allocated"),
        ("invoices_invoice", "paid"),
        ("invoices_invoice", "credited"),
        ("invoices_invoice", "refunded"),
        ("invoices_monthlytotal", "charged"),
    ],
)
def test_kept_columns_are_the_triggers_alone(table, column):
    refuse(f"UPDATE {table} SET {column} = {column}", match=DENIED)


def test_only_what_may_be_forgotten_can_be_deleted():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND has_table_privilege(oid, 'DELETE') ORDER BY relname"
        )
        assert [name for (name,) in cursor.fetchall()] == [
            "accounts_idempotencykey",
            "accounts_identity",
            "accounts_membership",
            "accounts_providerdomain",
            "accounts_user_groups",
            "accounts_user_user_permissions",
            "auth_group",
            "auth_group_permissions",
            "billing_portal_jobrun",
            "catalog_coupon_products",
            "django_session",
            "door_signup",
            "mfa_authenticator",
            "notifications_letter",
            "notifications_notice",
            "usage_refusedrecord",
            "usersessions_usersession",
        ]


def test_saving_leaves_out_what_triggers_keep(alice):
    account = Account.objects.get(customer=alice, kind=Account.Kind.CREDIT)
    account.balance = 5
    account.save()
    account.refresh_from_db()
    assert account.balance == 10_000_000


def test_a_reader_sees_no_secrets():
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(f"{settings.DATABASE_APPLICATION}_reader")))
        cursor.execute("SELECT email FROM accounts_user")
    with refused(DENIED):
        run("SELECT password FROM accounts_user")
    with refused(DENIED):
        run("SELECT * FROM django_session")
    refuse("UPDATE accounts_user SET email = 'x@y.example'", match=DENIED)
    assert Right("ledger_entry", "SELECT") in reader_rights()


def test_what_runs_as_the_owner_is_what_writes_and_looks_nowhere_else():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT prosrc ~* 'INSERT INTO|UPDATE [a-z_]+ ([a-z]+ )?SET|DELETE FROM|FOR (NO KEY )?UPDATE|FOR (KEY )?SHARE', prosecdef,"
            " coalesce(array_to_string(proconfig, ','), '') FROM pg_proc"
            " WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype"
        )
        found = set(cursor.fetchall())
    assert found == {(True, True, "search_path=public, pg_temp"), (False, False, "")}


@pytest.mark.django_db(transaction=True)
def test_the_portal_signs_in_with_its_own_password_not_with_the_owners(monkeypatch):
    monkeypatch.setitem(settings.DATABASES["default"], "PASSWORD", "the portal's")
    monkeypatch.setattr(settings, "DATABASE_OWNER", settings.DATABASE_OWNER | {"PASSWORD": "the owner's"})
    with store.owner.as_owner(), as_owner():
        grant_rights()
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [settings.DATABASE_APPLICATION])
            [verifier] = cursor.fetchone()
    _, rounds, salt, keys = re.split("[$:]", verifier, maxsplit=3)
    salted = hashlib.pbkdf2_hmac("sha256", b"the portal's", base64.b64decode(salt), int(rounds))
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()  # RFC 5802, section 3
    assert keys.startswith(base64.b64encode(stored).decode())
