"""Who gets in by a company's own sign-in, whatever is written past the application."""

from __future__ import annotations

from uuid import uuid4

import pytest

from accounts.models import Customer, Identity, Provider, ProviderDomain, User
from store.sealed import seal
from tests.cast import LONG_AGO, NOON, make_customer, make_user
from tests.table.attack import MARKS, refuse, run

pytestmark = MARKS


@pytest.fixture
def provider(alice: Customer) -> Provider:
    return Provider.objects.create(
        customer=alice,
        issuer="https://login.alice.example",
        client_id="portal",
        client_secret=seal("secret"),
        set_at=LONG_AGO,
    )


def bind(provider: Provider, user: User, *, subject: str = "1", issuer: str = "") -> tuple[str, list[object]]:
    return (
        "INSERT INTO accounts_identity (id, provider_id, user_id, issuer, subject, email, bound_at, used_at)"
        " VALUES (%s, %s, %s, %s, %s, 'lan@alice.example', now(), now())",
        [uuid4(), provider.pk, user.pk, issuer or provider.issuer, subject],
    )


def test_what_nobody_has_tried_is_not_on_and_what_is_off_is_not_required(provider):
    refuse("UPDATE accounts_provider SET on_since = now()", match="a_provider_is_tried_before_it_is_on")
    refuse("UPDATE accounts_provider SET is_required = true", match="a_provider_that_is_required_is_on")
    refuse("UPDATE accounts_provider SET joins_as = 'owner'", match="nobody_becomes_owner_by_a_provider")


def test_what_was_tried_is_what_is_on(provider):
    run("UPDATE accounts_provider SET tried_at = %s, on_since = %s", NOON, NOON)
    for column in ("issuer", "client_id", "client_secret"):
        refuse(f"UPDATE accounts_provider SET {column} = 'another'", match="frozen")
    refuse("UPDATE accounts_provider SET tried_at = NULL", match="a_provider_is_tried_before_it_is_on")


def test_a_provider_stays_its_customers(provider, bob):
    refuse("UPDATE accounts_provider SET customer_id = %s", bob.pk, match="frozen")
    refuse("DELETE FROM accounts_provider", match="never deleted|cannot be deleted|is kept|permission denied|deleted")


def test_a_confirmed_domain_is_of_one_provider_and_stays_as_it_was_asked(provider, bob):
    theirs = Provider.objects.create(
        customer=bob, issuer="https://login.bob.example", client_id="portal", client_secret="x", set_at=LONG_AGO
    )
    for one in (provider, theirs):
        ProviderDomain.objects.create(provider=one, name="alice.example", asked_at=LONG_AGO)
    run("UPDATE accounts_providerdomain SET confirmed_at = now() WHERE provider_id = %s", provider.pk)
    refuse(
        "UPDATE accounts_providerdomain SET confirmed_at = now() WHERE provider_id = %s",
        theirs.pk,
        match="a_confirmed_domain_is_of_one_provider",
    )
    refuse("UPDATE accounts_providerdomain SET name = 'bob.example'", match="frozen")
    refuse("UPDATE accounts_providerdomain SET confirmed_at = NULL WHERE provider_id = %s", provider.pk, match="frozen")
    refuse(
        "INSERT INTO accounts_providerdomain (id, provider_id, name, asked_at) VALUES (%s, %s, 'Alice.example', now())",
        uuid4(),
        provider.pk,
        match="a_domain_is_written_small",
    )
    refuse(
        "INSERT INTO accounts_providerdomain (id, provider_id, name, asked_at) VALUES (%s, %s, 'alice.example', now())",
        uuid4(),
        provider.pk,
        match="a_domain_stands_once_with_its_provider",
    )


def test_a_page_is_missed_once_it_was_there(provider):
    ProviderDomain.objects.create(provider=provider, name="alice.example", asked_at=LONG_AGO)
    missing = "UPDATE accounts_providerdomain SET missing_since = now()"
    refuse(missing, match="the_page_of_a_confirmed_domain_may_be_missing")
    run("UPDATE accounts_providerdomain SET confirmed_at = now()")
    assert run(missing) == 1


def test_a_provider_means_members_of_its_customer_and_nobody_else(provider, alice, bob):
    stranger, staff = make_user(bob), User.objects.create_user("staff@portal.example", "secret", is_staff=True)
    for user in (stranger, staff):
        sql, values = bind(provider, user)
        refuse(sql, *values, match="does not belong")
    sql, values = bind(provider, make_user(alice), issuer="https://another.example")
    refuse(sql, *values, match="does not belong")


def test_a_subject_is_one_user_and_a_user_one_subject_for_good(provider, alice):
    lan, other = make_user(alice), make_user(alice)
    sql, values = bind(provider, lan)
    run(sql, *values)
    sql, values = bind(provider, other)
    refuse(sql, *values, match="a_subject_of_a_provider_is_one_user")
    sql, values = bind(provider, lan, subject="2")
    refuse(sql, *values, match="a_user_is_one_subject_of_a_provider")
    refuse("UPDATE accounts_identity SET user_id = %s", other.pk, match="frozen")
    refuse("UPDATE accounts_identity SET subject = '2'", match="frozen")
    assert Identity.objects.get().user == lan


def test_two_customers_may_have_the_same_issuer_and_subject(provider, alice):
    other = make_customer()
    theirs = Provider.objects.create(
        customer=other, issuer=provider.issuer, client_id="portal", client_secret="x", set_at=LONG_AGO
    )
    for one, customer in ((provider, alice), (theirs, other)):
        sql, values = bind(one, make_user(customer))
        assert run(sql, *values) == 1
