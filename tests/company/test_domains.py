"""For whose mail addresses a company's sign-in speaks, and for how long."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from accounts.models import AuditEntry, Provider, ProviderDomain
from door.openid import calls
from door.services.domains import (
    DomainTaken,
    add_domain,
    confirm_domain,
    look_at_due,
    next_look,
    remove_domain,
    token_of,
)
from door.services.providers import set_provider
from notifications.letters import render_letter
from notifications.models import Letter
from tests.cast import DAY, LONG_AGO, NOON, owner_of
from tests.company.conftest import DOMAIN, bound, browser, come_in, member, wanted, who
from tests.markup import markup

pytestmark = pytest.mark.django_db
MONTH = timedelta(days=30)
LAN = f"lan@{DOMAIN}"


@pytest.fixture
def domain(provider) -> ProviderDomain:
    """Confirmed at noon."""
    found = provider.domains.get()
    ProviderDomain.objects.update(looks_at=NOON + MONTH)
    return found


def missing(domain: ProviderDomain, *, until: datetime) -> ProviderDomain | None:
    """Looked at each day, from the first month on, until then."""
    at = NOON + MONTH
    while at <= until:
        look_at_due(at=at)
        at += DAY
    return ProviderDomain.objects.filter(pk=domain.pk).first()


def kinds() -> list[str]:
    return [one.kind for one in Letter.objects.filter(kind__startswith="domain_").order_by("pk")]


def test_the_page_of_a_confirmed_domain_is_looked_at_every_month(domain, idp):
    idp.tell(page=f"{token_of(domain)}\n")
    assert next_look(NOON) == NOON + MONTH
    assert look_at_due(at=NOON + MONTH - DAY).done == 0

    assert look_at_due(at=NOON + MONTH).done == 1

    domain.refresh_from_db()
    assert (domain.looks_at, domain.missing_since) == (NOON + 2 * MONTH, None)
    assert kinds() == []


def test_one_look_in_vain_is_no_news_and_the_second_is(domain, idp, owner):
    first = missing(domain, until=NOON + MONTH)
    assert (first.missing_since, first.looks_at, kinds()) == (NOON + MONTH, NOON + MONTH + DAY, [])

    missing(domain, until=NOON + MONTH + 5 * DAY)

    assert kinds() == ["domain_missing"], "once, and not each day"
    letter = Letter.objects.get(kind="domain_missing")
    assert (letter.recipient, letter.user) == (owner.email, owner)
    assert letter.facts["on"] == "2026-04-23"


def test_shortly_before_it_ends_it_is_said_once_more(domain):
    assert missing(domain, until=NOON + MONTH + 13 * DAY) is not None
    assert kinds() == ["domain_missing"] * 2


def test_missing_for_two_weeks_it_ends_and_with_the_last_one_the_sign_in(domain, provider, alice, idp):
    inside = bound(browser(), member(alice, LAN), idp)
    idp.tell()

    assert missing(domain, until=NOON + MONTH + 14 * DAY) is None

    provider.refresh_from_db()
    assert not provider.is_on
    assert kinds() == ["domain_missing", "domain_missing", "domain_ended"]
    said = render_letter(Letter.objects.get(kind="domain_ended")).text
    assert DOMAIN in said
    assert inside.get("/")["Location"] == "/login/?next=/"
    ended = AuditEntry.objects.get(verb="remove domain")
    assert (ended.actor, ended.customer) == ("job:check-domains", alice)


def test_where_there_are_others_the_sign_in_goes_on_for_them(domain, provider, alice, idp):
    other = add_domain(provider, "other.example", actor=owner_of(alice), at=LONG_AGO)
    ProviderDomain.objects.filter(pk=other.pk).update(confirmed_at=NOON, looks_at=NOON + 10 * MONTH)
    missing(domain, until=NOON + MONTH + 14 * DAY)
    provider.refresh_from_db()
    assert (provider.is_on, provider.speaks_for) == (True, ["other.example"])
    assert "last" not in Letter.objects.get(kind="domain_ended").facts


def test_a_page_that_is_back_is_as_if_it_had_never_gone(domain, idp):
    missing(domain, until=NOON + MONTH + 3 * DAY)
    idp.tell(page=token_of(domain))
    found = missing(domain, until=NOON + MONTH + 4 * DAY)
    assert (found.missing_since, found.looks_at) == (None, NOON + MONTH + 4 * DAY + MONTH)


def test_an_owner_who_put_it_back_has_it_looked_at_at_once(domain, idp, alice):
    missing(domain, until=NOON + MONTH + 3 * DAY)
    idp.tell(page=token_of(domain))
    confirm_domain(domain, actor=owner_of(alice), at=NOON + MONTH + 4 * DAY)
    domain.refresh_from_db()
    assert domain.missing_since is None


def test_a_server_that_does_not_answer_does_not_say_so_either(domain, idp):
    idp.tell(page=token_of(domain), status=500)
    assert missing(domain, until=NOON + MONTH).missing_since == NOON + MONTH


def test_where_we_had_no_time_to_look_nothing_is_missing(domain, idp, monkeypatch):
    monkeypatch.setattr(calls, "AT_ONCE", 0)
    look_at_due(at=NOON + MONTH)
    domain.refresh_from_db()
    assert (domain.looks_at, domain.missing_since) == (NOON + MONTH, None)


def test_what_was_confirmed_before_there_were_looks_is_looked_at_soon(domain, idp):
    ProviderDomain.objects.update(looks_at=None)
    look_at_due(at=NOON)
    domain.refresh_from_db()
    assert (domain.looks_at, domain.missing_since) == (NOON + DAY, NOON)


def test_a_domain_that_is_not_confirmed_is_not_looked_at(provider, alice, idp):
    add_domain(provider, "other.example", actor=owner_of(alice), at=LONG_AGO)
    ProviderDomain.objects.filter(confirmed_at__isnull=False).update(looks_at=NOON + MONTH)
    assert look_at_due(at=NOON).done == 0


def theirs(bob, idp) -> ProviderDomain:
    provider = set_provider(bob, wanted(idp), actor=owner_of(bob), at=NOON)
    return add_domain(provider, DOMAIN, actor=owner_of(bob), at=NOON)


def test_a_domain_is_of_one_customer(domain, bob, idp):
    asked = theirs(bob, idp)
    idp.tell(page=f"{token_of(asked)}\n{token_of(domain)}")
    with pytest.raises(DomainTaken):
        confirm_domain(asked, actor=owner_of(bob), at=NOON)
    assert token_of(asked) != token_of(domain)
    domain.refresh_from_db()
    assert domain.missing_since is None, "the page speaks of both"


def test_who_shows_that_a_domain_is_theirs_now_has_the_former_one_read_of_it(domain, bob, idp):
    """And nobody is thrown out at once: a web server is somebody else's for a minute sooner than a domain is."""
    asked = theirs(bob, idp)
    idp.tell(page=token_of(asked))
    with pytest.raises(DomainTaken):
        confirm_domain(asked, actor=owner_of(bob), at=NOON)
    domain.refresh_from_db()
    assert (domain.missing_since, domain.looks_at) == (NOON, NOON + DAY)

    for day in range(1, 15):
        look_at_due(at=NOON + day * DAY)
    confirm_domain(asked, actor=owner_of(bob), at=NOON + 14 * DAY)

    assert [one.provider.customer for one in ProviderDomain.objects.filter(confirmed_at__isnull=False)] == [bob]


def test_who_is_just_coming_in_by_a_domain_that_is_removed_does_not(provider, alice, idp):
    """They are at the page of the second factor, or between two of ours: the sign-in is on anew from then."""
    other = add_domain(provider, "other.example", actor=owner_of(alice), at=LONG_AGO)
    ProviderDomain.objects.filter(pk=other.pk).update(confirmed_at=LONG_AGO)
    lan = member(alice, LAN)
    bound(browser(), lan, idp)
    idp.says(LAN)
    come_in(client := browser(), LAN)
    assert who(client) == lan
    session = client.session

    remove_domain(provider.domains.get(name=DOMAIN), actor=owner_of(alice), at=NOON + DAY)
    session.save(must_create=True)

    assert client.get("/")["Location"] == "/login/?next=/", "a session that was saved a moment later counts for nothing"
    assert Provider.objects.get().on_since == NOON + DAY


def test_owners_read_which_domains_the_sign_in_speaks_for(provider, owner, alice):
    other = add_domain(provider, "other.example", actor=owner_of(alice), at=LONG_AGO)
    ProviderDomain.objects.filter(pk=other.pk).update(confirmed_at=LONG_AGO)
    remove_domain(ProviderDomain.objects.get(pk=other.pk), actor=owner_of(alice), at=NOON)
    letters = Letter.objects.filter(kind="provider_changed", recipient=owner.email).order_by("pk")
    told = [(one.facts["way_in"], one.facts.get("domain")) for one in letters]
    assert told == [
        ("set", None), ("domain-confirmed", DOMAIN), ("on", None), ("domain-removed", "other.example"),
    ]  # fmt: skip
    assert "other.example" in render_letter(letters.last()).text


def test_the_page_says_what_is_missing_and_what_to_do(domain, owner):
    missing(domain, until=NOON + MONTH + DAY)
    shown = markup(browser(owner).get("/settings/company/"))
    assert "page missing since" in shown
    assert token_of(domain) in shown
