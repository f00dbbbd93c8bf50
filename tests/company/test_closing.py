"""An account that closes takes its company sign-in along: nobody comes in by it, its secret is gone, its domains are free."""

from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession

from accounts.models import AccountClosed, Customer, Identity, Membership, Provider, ProviderDomain, User
from door.services.domains import DomainNotConfirmed, confirm_domain, look_at_due
from door.services.providers import set_provider
from team.services.closing import ask_to_close, close_due
from tests.cast import DAY, NOON, make_customer, owner_of
from tests.company.conftest import DOMAIN, bound, browser, come_in, go, member, set_up, wanted, who
from tests.markup import markup

pytestmark = pytest.mark.django_db
LAN = f"lan@{DOMAIN}"
THREE_DAYS = NOON + 3 * DAY


@pytest.fixture
def alice(db) -> Customer:
    """With an empty wallet: nothing stands in the way."""
    return make_customer("Alice", language="en")


@pytest.fixture
def lan(alice) -> User:
    return member(alice, LAN)


def close(customer: Customer, owner: User) -> None:
    ask_to_close(customer, user=owner, actor=owner.actor, at=NOON)
    assert close_due(at=THREE_DAYS).done == 1
    customer.refresh_from_db()
    assert customer.closed_at == THREE_DAYS


def test_its_secret_its_domains_and_whom_it_knew_are_forgotten(provider, alice, owner, lan, idp):
    inside = bound(browser(), lan, idp)

    close(alice, owner)

    provider.refresh_from_db()
    assert (provider.issuer, provider.client_id, provider.client_secret) == ("", "", "")
    assert (provider.on_since, provider.tried_at, provider.is_required) == (None, None, False)
    assert not ProviderDomain.objects.exists()
    assert not Identity.objects.exists()
    assert not UserSession.objects.exists()
    assert inside.get("/")["Location"] == "/login/?next=/"


def test_nobody_comes_in_by_its_domain_any_more(provider, alice, owner, lan, idp):
    bound(browser(), lan, idp)
    close(alice, owner)
    idp.says(LAN)
    answer = browser().post("/sign-in/company/", {"email": LAN})
    assert answer.status_code == 422
    assert "There is no company sign-in for this domain" in markup(answer)
    assert idp.called() == []


def test_who_is_at_the_provider_while_it_closes_comes_back_to_a_door_that_is_shut(provider, alice, owner, lan, idp):
    bound(browser(), lan, idp)
    idp.says(LAN)
    leave = (client := browser()).post("/sign-in/company/", {"email": LAN})
    close(alice, owner)

    answer = go(client, leave)

    assert "is switched off" in markup(answer)
    assert who(client) is None
    assert not any(path == "/token" for path in idp.called()), "nobody is told a secret of ours for it"


def test_who_has_to_show_a_password_while_it_closes_is_not_let_in(provider, alice, owner, lan, bob, idp):
    """They work for somebody else as well, and are who they are there."""
    Membership.objects.create(user=lan, customer=bob, role="viewer", joined_at=NOON)
    idp.says(LAN)
    come_in(client := browser(), LAN)
    close(alice, owner)
    answer = client.post("/sign-in/company/first/", {"password": "secret"})
    assert "is switched off" in markup(answer)
    assert (who(client), Identity.objects.count()) == (None, 0)
    lan.refresh_from_db()
    assert lan.is_active


def test_its_domain_is_free_for_another(provider, alice, owner, bob, idp):
    close(alice, owner)
    theirs = set_up(bob, idp)
    assert theirs.speaks_for == [DOMAIN]
    new = member(bob, f"new@{DOMAIN}")
    assert bound(browser(), new, idp).get("/").context["customer"] == bob


def test_where_it_was_required_who_works_elsewhere_too_signs_in_there_by_password(alice, owner, lan, bob, idp):
    set_up(alice, idp, is_required=True)
    Membership.objects.create(user=lan, customer=bob, role="viewer", joined_at=NOON)
    close(alice, owner)
    client = browser()
    client.post("/login/", {"username": LAN, "password": "secret"})
    assert who(client) == lan
    assert client.get("/").context["customer"] == bob


def test_it_is_not_set_up_again(provider, alice, owner, idp):
    domain = provider.domains.get()
    actor = owner_of(alice)
    close(alice, owner)
    with pytest.raises(AccountClosed):
        set_provider(alice, wanted(idp), actor=actor, at=THREE_DAYS)
    confirm_later = ProviderDomain(pk=domain.pk, provider=Provider.objects.get(), name=DOMAIN)
    idp.tell(page="nothing")
    with pytest.raises(DomainNotConfirmed):
        confirm_domain(confirm_later, actor=actor, at=THREE_DAYS)
    assert look_at_due(at=THREE_DAYS).done == 0
