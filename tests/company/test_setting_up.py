"""A company's own sign-in, set up by an owner: the provider, its domains, tried, switched."""

from __future__ import annotations

import pytest

from accounts.models import AuditEntry, Identity, Provider, ProviderDomain, User
from accounts.services.way_back import NoWayBack
from door.openid import GOOGLE, Claims, Flaw, Untrusted, code_flow, endpoints_of
from door.services import sessions
from door.services.domains import (
    LastDomain,
    add_domain,
    remove_domain,
    token_of,
)
from door.services.identities import refuse_foreign
from door.services.providers import NotTried, SettingsChanged, note_tried, open_passwords, set_provider, switch_provider
from kernel.errors import InvalidInput
from notifications.models import Letter
from store.sealed import unseal
from tests.cast import LONG_AGO, NOON, make_colleague, make_user, owner_of
from tests.company.conftest import DOMAIN, bound, browser, go, member, set_up, wanted, who
from tests.company.provider import CLIENT, SECRET
from tests.letters import mail_to
from tests.markup import markup
from tests.portal.test_second_factor import set_up as set_up_factor
from tests.proof import proven

pytestmark = pytest.mark.django_db
PAGE = "/settings/company/"


@pytest.fixture
def asking(owner):
    return proven(browser(owner))


def typed(idp, **more):
    return {"issuer": idp.url, "client_id": CLIENT, "client_secret": SECRET, "joins_as": "viewer", **more}


def test_an_owner_sets_it_up_confirms_a_domain_tries_it_and_switches_it_on(asking, alice, owner, idp):
    def send(path, **data):
        return asking.post(f"{PAGE}{path}", {"for_customer": str(alice.pk), **data})

    assert send("set-up/", **typed(idp))["Location"] == PAGE
    provider = Provider.objects.get()
    assert unseal(provider.client_secret) == SECRET
    assert SECRET not in provider.client_secret
    send("switch/", way="optional")
    assert not Provider.objects.get().is_on, "nobody has tried it"

    send("domains/", name=f"@{DOMAIN.upper()}")
    domain = ProviderDomain.objects.get()
    assert (domain.name, domain.confirmed_at) == (DOMAIN, None)
    assert token_of(domain) in markup(asking.get(PAGE))
    send(f"domains/{domain.pk}/check/")
    assert ProviderDomain.objects.get().confirmed_at is None, "the page does not say it yet"
    idp.tell(page=f"something else\n{token_of(domain)}\n")
    send(f"domains/{domain.pk}/check/")
    assert ProviderDomain.objects.get().confirmed_at is not None

    idp.says(owner.email)
    assert go(asking, send("try/"))["Location"] == PAGE
    assert Identity.objects.get().user == owner
    send("switch/", way="optional")
    assert (Provider.objects.get().is_on, Provider.objects.get().is_required) == (True, False)
    shown = markup(asking.get(PAGE))
    assert SECRET not in shown
    assert provider.client_secret not in shown

    written = set(AuditEntry.objects.filter(customer=alice).values_list("verb", flat=True))
    assert written == {
        "set up company sign-in", "add domain", "confirm domain", "try company sign-in", "bind identity",
        "switch company sign-in",
    }  # fmt: skip
    told = [
        one.facts["way_in"]
        for one in Letter.objects.filter(kind="provider_changed", recipient=owner.email).order_by("pk")
    ]
    assert told == ["set", "domain-confirmed", "on"]
    assert "đăng nhập" in mail_to(owner.email).subject


def test_whoever_tries_it_as_somebody_else_has_not_tried_it(asking, alice, owner, idp):
    provider = set_up(alice, idp)
    Provider.objects.update(on_since=None, tried_at=None)
    member(alice, f"other@{DOMAIN}")
    idp.says(f"other@{DOMAIN}")
    answer = go(asking, asking.post(f"{PAGE}try/", {"for_customer": str(alice.pk)}))
    assert answer.status_code == 403
    provider.refresh_from_db()
    assert (provider.tried_at, Identity.objects.count(), who(asking)) == (None, 0, owner)


def test_a_session_alone_sets_nothing_up(alice, owner, idp):
    client = browser(owner)
    assert client.get(f"{PAGE}set-up/")["Location"].startswith("/settings/again/")
    assert client.post(f"{PAGE}set-up/", {**typed(idp), "for_customer": str(alice.pk)}).status_code == 302
    assert not Provider.objects.exists()
    set_up(alice, idp)
    for path, sent in (("switch/", {"way": "off"}), ("try/", {}), ("domains/", {"name": "evil.example"})):
        assert client.post(f"{PAGE}{path}", {**sent, "for_customer": str(alice.pk)})["Location"].startswith(
            "/settings/again/"
        )
    assert Provider.objects.get().is_on
    assert ProviderDomain.objects.count() == 1


def test_an_issuer_that_does_not_answer_is_said_where_it_is_typed(asking, alice, idp):
    for issuer, words in (
        (f"{idp.url}/nothing", "There is no OpenID Connect provider at this issuer."),
        ("http://198.51.100.7", "One of its addresses is none that we call"),
        ("https://portal.example.invalid", "does not answer"),
    ):
        answer = asking.post(f"{PAGE}set-up/", {**typed(idp, issuer=issuer), "for_customer": str(alice.pk)})
        assert answer.status_code == 400
        assert words in markup(answer)
        assert SECRET not in markup(answer)
    assert not Provider.objects.exists()


def test_without_a_secret_there_is_none_and_a_present_one_stays(alice, owner, idp):
    actor = owner_of(alice)
    with pytest.raises(InvalidInput):
        set_provider(alice, wanted(idp, client_secret=""), actor=actor, at=NOON)
    set_up(alice, idp)
    changed = set_provider(alice, wanted(idp, client_secret="", joins_as=""), actor=actor, at=NOON)
    assert (unseal(changed.client_secret), changed.joins_as, changed.is_on) == (SECRET, "", True)


@pytest.mark.parametrize(
    "change", [{"client_secret": "another"}, {"client_id": "another"}, {"issuer": "https://a.example"}]
)
def test_another_issuer_client_or_secret_switches_it_off_until_it_is_tried(provider, alice, idp, change):
    actor = owner_of(alice)
    set_provider(alice, wanted(idp, **change), actor=actor, at=NOON)
    provider.refresh_from_db()
    assert (provider.is_on, provider.tried_at) == (False, None)
    with pytest.raises(NotTried):
        switch_provider(provider, is_on=True, actor=actor, at=NOON)


def test_it_is_required_only_where_an_owner_would_get_in_without_it(provider, alice, owner):
    actor = owner_of(alice)
    with pytest.raises(NoWayBack):
        switch_provider(provider, is_on=True, is_required=True, actor=actor, at=NOON)
    set_up_factor(browser(owner))
    assert switch_provider(provider, is_on=True, is_required=True, actor=actor, at=NOON).is_required


def test_settings_that_were_saved_while_others_were_tried_are_not_tried(provider, alice, owner, idp):
    tried = Provider.objects.get()
    set_provider(alice, wanted(idp, client_secret="typed anew"), actor=owner_of(alice), at=NOON)
    with pytest.raises(SettingsChanged):
        note_tried(tried, owner, Claims(idp.url, "1", owner.email), actor=owner_of(alice), at=NOON)
    assert (Provider.objects.get().tried_at, Identity.objects.count()) == (None, 0)


def test_staff_who_let_passwords_in_again_switch_nothing_on(provider, alice):
    """Whatever they saw: an owner has just switched it off."""
    switch_provider(provider, is_on=False, actor=owner_of(alice), at=NOON)
    open_passwords(alice, reason="down", actor=make_colleague(), at=NOON)
    assert not Provider.objects.get().is_on


def test_switched_to_required_it_signs_out_who_came_in_otherwise(provider, alice, owner, idp, monkeypatch):
    """At once, and with the pages of products that they opened; an owner who always gets in stays in."""
    set_up_factor(browser(owner))
    lan, guest = member(alice, f"lan@{DOMAIN}"), member(alice, "guest@elsewhere.example")
    by_provider = bound(browser(), lan, idp)
    others = {user: browser() for user in (lan, guest)}
    for user, client in others.items():
        client.post("/login/", {"username": user.email, "password": "secret"})
    ended: list[str] = []
    monkeypatch.setattr(sessions, "_when_ended", [ended.append])

    switch_provider(provider, is_on=True, is_required=True, actor=owner_of(alice), at=NOON)

    assert ended == [others[lan].cookies["sessionid"].value]
    assert (who(others[guest]), who(by_provider)) == (guest, lan)


def test_a_provider_at_which_anybody_has_an_account_is_not_taken(idp, monkeypatch):
    monkeypatch.setattr(code_flow, "EVERYBODYS", frozenset({idp.url}))
    with pytest.raises(Untrusted) as refused:
        endpoints_of(idp.url)
    assert refused.value.flaw == Flaw.EVERYBODYS


@pytest.mark.parametrize(
    "name", ["", "vn", "a b.vn", "127.0.0.1", "-a.vn", "alice_example.vn", "x" * 64 + ".vn", "a..vn"]
)
def test_what_is_no_domain_is_refused(provider, alice, name):
    with pytest.raises(InvalidInput):
        add_domain(provider, name, actor=owner_of(alice), at=NOON)


def test_a_domain_in_letters_of_its_own_is_one_in_ascii(provider, alice):
    assert add_domain(provider, "công-ty.vn", actor=owner_of(alice), at=NOON).name == "xn--cng-ty-ixa.vn"


def test_the_last_domain_stays_while_somebody_signs_in_by_it(provider, alice):
    with pytest.raises(LastDomain):
        remove_domain(provider.domains.get(), actor=owner_of(alice), at=NOON)
    switch_provider(provider, is_on=False, actor=owner_of(alice), at=NOON)
    remove_domain(provider.domains.get(), actor=owner_of(alice), at=NOON)
    assert not ProviderDomain.objects.exists()


def test_of_google_only_accounts_of_the_company_come_in(provider):
    """Anybody may have a Google account with an address of the company; `hd` says whose account it is."""
    provider.issuer = GOOGLE
    said = Claims(GOOGLE, "1", f"lan@{DOMAIN}")
    for hosted in ("", "elsewhere.example"):
        with pytest.raises(Untrusted):
            refuse_foreign(provider, said._replace(hosted=hosted))
    refuse_foreign(provider, said._replace(hosted=DOMAIN))


def test_another_customers_domain_is_not_there(asking, alice, bob, idp):
    theirs = set_up(bob, idp, domain="bob.example")
    domain = theirs.domains.get()
    set_up(alice, idp)
    for path in ("check", "remove"):
        answer = asking.post(f"{PAGE}domains/{domain.pk}/{path}/", {"for_customer": str(alice.pk)})
        assert answer.status_code == 404
    assert ProviderDomain.objects.filter(pk=domain.pk).exists()


def test_the_page_costs_the_same_for_one_domain_and_for_many(asking, provider, alice, django_assert_max_num_queries):
    for number in range(8):
        add_domain(provider, f"d{number}.example", actor=owner_of(alice), at=LONG_AGO)
    with django_assert_max_num_queries(12):
        assert asking.get(PAGE).status_code == 200


def test_who_may_not_manage_the_team_sees_none_of_it(alice, provider):
    client = browser(make_user(alice, role="technical"))
    assert client.get(PAGE).status_code == 403
    assert "Company sign-in" not in markup(client.get("/settings/"))
    assert User.objects.filter(identities__isnull=False).count() == 0
