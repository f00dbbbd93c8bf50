"""People come in by their company's own provider, a process beside the portal."""

from __future__ import annotations

import httpx
import pytest
from allauth.usersessions.models import UserSession

from accounts.models import AuditEntry, Identity, Membership, StaffAct, User
from door import by_provider
from door.models import AddressChange, Agreement
from door.second_factor import PROVEN
from door.services.addresses import AddressOfTheCompany, ask_for_address, confirm_address
from door.services.providers import set_provider, switch_provider
from kernel import clock
from notifications.models import Letter, Notice
from team.services.invitations import accept_invitation, invite
from team.services.members import end_membership, leave
from tests.cast import NOON, make_colleague, make_user, owner_of
from tests.company.conftest import DOMAIN, bound, browser, come_in, go, member, set_up, wanted, way_out, who
from tests.letters import link_in, mail_to
from tests.markup import markup
from tests.portal.seen import said
from tests.portal.test_second_factor import code_of
from tests.portal.test_second_factor import set_up as set_up_factor
from tests.proof import proven

pytestmark = pytest.mark.django_db
LAN = f"lan@{DOMAIN}"
FIRST = "/sign-in/company/first/"


def test_somebody_new_agrees_to_the_terms_and_is_a_viewer_without_a_password(provider, idp, alice, owner):
    client = browser()
    idp.says(LAN)

    answer = come_in(client, LAN)

    assert (answer.status_code, answer["Location"]) == (302, FIRST)
    assert not User.objects.filter(email=LAN).exists(), "nobody is made before they agree"
    assert client.post(FIRST, {}).status_code == 200
    assert not User.objects.filter(email=LAN).exists()
    assert client.post(FIRST, {"agrees": "on"})["Location"] == "/"
    lan = User.objects.get(email=LAN)
    assert (who(client), lan.role, lan.has_usable_password()) == (lan, "viewer", False)
    assert {one.document for one in Agreement.objects.filter(user=lan)} == {"terms", "privacy"}
    told = Letter.objects.filter(kind="joined_by_provider")
    assert [(one.recipient, one.facts["member"]) for one in told] == [(owner.email, LAN)]
    assert {"add member", "bind identity"} <= set(
        AuditEntry.objects.filter(customer=alice).values_list("verb", flat=True)
    )
    assert client.get("/").status_code == 200


def test_whoever_came_once_comes_again_at_once_and_where_they_wanted(provider, idp, alice):
    lan = member(alice, LAN)
    bound(browser(), lan, idp)
    idp.says(LAN)

    again = come_in(client := browser(), LAN, then="/wallet/")

    assert (again.status_code, again["Location"], who(client)) == (302, "/wallet/", lan)


def test_a_way_that_leads_elsewhere_is_not_gone(provider, idp, alice):
    bound(browser(), member(alice, LAN), idp)
    idp.says(LAN)
    assert come_in(browser(), LAN, then="https://evil.example/")["Location"] == "/"


def test_who_has_an_account_shows_its_password_once_before_the_provider_counts(provider, idp, alice):
    """Else whoever runs a provider would take over every account of its domain."""
    lan = member(alice, LAN)
    client = browser()
    idp.says(LAN)

    assert come_in(client, LAN)["Location"] == FIRST
    assert who(client) is None
    assert "has an account here already" in markup(client.get(FIRST))
    assert client.post(FIRST, {"agrees": "on"}).status_code == 200
    assert client.post(FIRST, {"password": "guessed"}).status_code == 200
    assert (who(client), Identity.objects.count()) == (None, 0)
    client.post(FIRST, {"password": "secret"})
    assert (who(client), Identity.objects.get().user) == (lan, lan)
    assert [one.recipient for one in Letter.objects.filter(kind="identity_bound")] == [LAN]


def test_who_has_a_second_factor_shows_it_too_before_the_provider_counts(provider, idp, alice):
    lan = member(alice, LAN)
    secret = set_up_factor(browser(lan))
    client = browser()
    idp.says(LAN)
    come_in(client, LAN)

    assert client.post(FIRST, {"password": "secret"})["Location"] == "/sign-in/code/"
    assert (who(client), Identity.objects.count()) == (None, 0)
    client.post("/sign-in/code/", {"code": code_of(secret)})

    assert (who(client), Identity.objects.get().user) == (lan, lan)


def test_what_the_provider_says_of_a_second_factor_counts_where_the_customer_wants_it(alice, owner, idp):
    provider = set_up(alice, idp, trusts_factor=True)
    lan = member(alice, LAN)
    alice.wants_second_factor = True
    alice.save()
    bound(browser(), lan, idp)

    idp.says(LAN, claims={"amr": ["pwd", "mfa"]})
    come_in(client := browser(), LAN)
    assert client.get("/").status_code == 200
    idp.says(LAN, claims={"amr": ["pwd"]})
    come_in(client := browser(), LAN)
    assert client.get("/")["Location"] == "/settings/second-factor/set-up/"

    type(provider).objects.update(trusts_factor=False)
    idp.says(LAN, claims={"amr": ["pwd", "mfa"]})
    come_in(client := browser(), LAN)
    assert client.get("/")["Location"] == "/settings/second-factor/set-up/"


def test_a_second_factor_of_ours_is_asked_for_unless_the_providers_counts(provider, idp, alice):
    lan = member(alice, LAN)
    bound(browser(), lan, idp)
    set_up_factor(browser(lan))
    idp.says(LAN, claims={"amr": ["mfa"]})

    assert come_in(browser(), LAN)["Location"] == "/sign-in/code/"
    type(provider).objects.update(trusts_factor=True)
    assert come_in(browser(), LAN)["Location"] == "/"


def test_by_invitation_only_nobody_new_joins(alice, owner, idp):
    set_up(alice, idp, joins_as="")
    idp.says(LAN)
    answer = come_in(client := browser(), LAN)
    assert answer.status_code == 403
    assert "Ask an owner to invite you" in markup(answer)
    assert (who(client), User.objects.filter(email=LAN).exists()) == (None, False)


def test_who_belongs_to_the_team_no_more_is_not_let_in(provider, idp, alice):
    lan = member(alice, LAN)
    bound(browser(), lan, idp)
    Membership.objects.filter(user=lan).delete()
    idp.says(LAN)
    answer = come_in(client := browser(), LAN)
    assert (answer.status_code, who(client)) == (403, None)


@pytest.mark.parametrize("has_left_by_themselves", [False, True])
def test_who_was_removed_or_left_does_not_let_themselves_in_again(alice, owner, idp, has_left_by_themselves):
    """The provider knows them still, and the role for who is new may be more than theirs was."""
    set_up(alice, idp, joins_as="billing")
    lan = member(alice, LAN)
    gone = Membership.objects.get(user=lan)
    if has_left_by_themselves:
        leave(gone, actor=lan.actor, at=clock.now())
    else:
        end_membership(gone, actor=owner.actor, at=clock.now())
    idp.says(LAN)

    answer = come_in(client := browser(), LAN)

    assert (answer.status_code, who(client)) == (403, None)
    assert "Ask an owner to invite you" in markup(answer)


def test_who_was_removed_is_refused_by_another_subject_and_another_address_of_theirs(provider, owner, idp, alice):
    lan = member(alice, LAN)
    bound(browser(), lan, idp)
    end_membership(Membership.objects.get(user=lan), actor=owner.actor, at=clock.now())
    idp.says(LAN, sub="another")
    assert come_in(browser(), LAN).status_code == 403
    User.objects.filter(pk=lan.pk).update(email=f"lan.tran@{DOMAIN}")
    for address in (LAN, f"lan.tran@{DOMAIN}"):
        idp.says(address, sub="another")
        assert come_in(browser(), address).status_code == 403, address


def test_who_was_removed_comes_in_again_once_they_are_invited(provider, owner, idp, alice):
    lan = member(alice, LAN)
    end_membership(Membership.objects.get(user=lan), actor=owner.actor, at=clock.now())
    accept_invitation(invite(alice, LAN, "viewer", actor=owner.actor, at=clock.now()), at=clock.now())
    assert bound(browser(), lan, idp).get("/").status_code == 200


def test_who_was_removed_while_they_type_their_password_is_not_let_in(provider, owner, idp, alice):
    """They are not signed in by their own means either: nobody would list or end that session."""
    lan = member(alice, LAN)
    secret = set_up_factor(browser(lan))
    idp.says(LAN)
    come_in(client := browser(), LAN)
    assert client.post(FIRST, {"password": "secret"})["Location"] == "/sign-in/code/"
    end_membership(Membership.objects.get(user=lan), actor=owner.actor, at=clock.now())

    answer = client.post("/sign-in/code/", {"code": code_of(secret)})

    assert (answer.status_code, who(client)) == (403, None)
    assert not UserSession.objects.filter(user=lan).exists()


def test_where_the_provider_is_switched_off_meanwhile_no_session_stays(provider, idp, alice):
    member(alice, LAN)
    idp.says(LAN)
    come_in(client := browser(), LAN)
    switch_provider(provider, is_on=False, actor=owner_of(alice), at=clock.now())

    answer = client.post(FIRST, {"password": "secret"})

    assert "is switched off" in markup(answer)
    assert (who(client), Identity.objects.filter(provider=provider).count()) == (None, 0)
    assert client.get("/")["Location"] == "/login/?next=/"


def test_the_answer_is_the_same_for_every_address_of_a_domain(provider, idp, alice):
    """Whether somebody has an account is told to nobody who has not come from the provider."""
    member(alice, LAN)
    known, unknown = (browser().post("/sign-in/company/", {"email": email}) for email in (LAN, f"nobody@{DOMAIN}"))
    strip = lambda answer, email: way_out(answer).partition("state=")[0]  # noqa: E731
    assert strip(known, LAN) == strip(unknown, "")
    assert known.status_code == unknown.status_code == 200


def test_a_domain_without_a_company_sign_in_says_so(provider, idp):
    answer = browser().post("/sign-in/company/", {"email": "lan@elsewhere.example"})
    assert answer.status_code == 422
    assert "There is no company sign-in for this domain" in markup(answer)
    assert idp.called() == []


def test_asking_for_providers_is_braked(provider, idp):
    client = browser()
    answers = [client.post("/sign-in/company/", {"email": "lan@elsewhere.example"}).status_code for _ in range(23)]
    assert answers[:20] == [422] * 20
    assert answers[-1] == 429


def test_a_session_of_the_provider_ends_when_it_is_switched_off(provider, idp, alice):
    lan = member(alice, LAN)
    client = bound(browser(), lan, idp)
    by_password = browser(lan)
    assert UserSession.objects.get(user=lan).data == {"company": str(alice.pk)}

    switch_provider(provider, is_on=False, actor=owner_of(alice), at=NOON)

    assert client.get("/")["Location"] == "/login/?next=/"
    assert by_password.get("/").status_code == 200
    assert not UserSession.objects.filter(user=lan).exists()


def test_a_session_that_slipped_through_while_it_was_switched_counts_for_nothing(provider, idp, alice):
    """What it was opened by is compared at each request, whatever the list of sessions says."""
    client = bound(browser(), member(alice, LAN), idp)
    type(provider).objects.update(on_since=NOON.replace(hour=6))
    assert client.get("/")["Location"] == "/login/?next=/"


def test_a_session_of_a_provider_is_of_its_customer_alone(provider, idp, alice, bob):
    """Whoever works for two customers: the provider of one lets nobody in at the other."""
    lan = member(alice, LAN)
    Membership.objects.create(user=lan, customer=bob, role="owner", joined_at=NOON.replace(year=2020))
    client = bound(browser(), lan, idp)

    assert client.get("/wallet/").context["customer"] == alice
    chosen = client.post("/customer/choose/", {"customer": str(bob.pk)})
    assert chosen.status_code == 404
    session = client.session
    session["customer"] = str(bob.pk)
    session.save()
    assert client.get("/wallet/").context["customer"] == alice
    assert client.get("/api/v1/wallet/").status_code == 200
    assert "Bob" not in client.get("/").content.decode()
    taken = client.post("/settings/data/take/", {"for_customer": str(alice.pk)})
    assert taken["Location"].startswith("/settings/again/"), "what is kept about the person is not Alice's alone"
    assert client.get("/api/v1/privacy-requests/take/").status_code == 403


@pytest.mark.parametrize("page", ["/settings/passkeys/new/", "/settings/second-factor/set-up/"])
def test_the_provider_changes_no_factor_of_anybodys(provider, idp, alice, page):
    """They are the person's, not the customer's: tomorrow they open what another customer invites them to."""
    lan = member(alice, LAN)
    client = bound(browser(), lan, idp)
    idp.says(LAN)
    go(client, client.post("/settings/again/company/", {"next": "/"}))
    assert client.get(page)["Location"].startswith("/settings/again/?")
    client.post("/settings/again/", {"oldpassword": "secret"})
    assert client.get(page).status_code == 200


def test_the_provider_shows_no_recovery_codes_and_takes_no_factor_away(provider, idp, alice):
    lan = member(alice, LAN)
    set_up_factor(browser(lan))
    type(provider).objects.update(trusts_factor=True)
    Identity.objects.create(
        provider=provider, user=lan, issuer=idp.url, subject=f"sub of {LAN}", email=LAN, bound_at=NOON, used_at=NOON
    )
    idp.says(LAN, claims={"amr": ["mfa"]})
    come_in(client := browser(), LAN)
    assert who(client) == lan
    go(client, client.post("/settings/again/company/", {"next": "/"}))
    for page in ("codes/", "codes/new/", "off/"):
        assert client.get(f"/settings/second-factor/{page}")["Location"].startswith("/settings/again/"), page


def test_who_has_no_means_of_their_own_gets_a_link_by_mail_before_they_set_up_a_factor(provider, idp, alice):
    idp.says(LAN)
    come_in(client := browser(), LAN)
    client.post(FIRST, {"agrees": "on"})
    go(client, client.post("/settings/again/company/", {"next": "/"}))
    assert client.get("/settings/passkeys/new/")["Location"].startswith("/password/forgotten/")


def test_what_a_provider_proved_is_not_the_next_ones_word(provider, idp, alice, bob):
    """In one browser, by two providers, the same person."""
    lan = member(alice, LAN)
    session = bound(browser(), lan, idp).session
    first = by_provider.opened_by(session)
    by_provider.note_opening(session, lan, first, has_factor=True)
    assert session[PROVEN] == lan.pk
    by_provider.note_opening(session, lan, {**first, "customer": str(bob.pk)}, has_factor=False)
    assert (PROVEN in session, by_provider.opened_by(session)["customer"]) == (False, str(bob.pk))


def test_whose_session_is_of_their_own_means_is_not_shown_anew_by_the_provider(provider, idp, alice):
    lan = member(alice, LAN)
    client = bound(browser(), lan, idp)
    leave_page = client.post("/settings/again/company/", {"next": "/"})
    session = client.session
    del session["company"]
    session.save()
    assert go(client, leave_page).status_code == 403


def test_where_its_second_factor_counts_no_more_the_sessions_that_it_opened_end(alice, owner, idp):
    set_up(alice, idp, trusts_factor=True)
    client = bound(browser(), member(alice, LAN), idp)
    set_provider(alice, wanted(idp, client_secret="", trusts_factor=False), actor=owner.actor, at=clock.now())
    assert client.get("/")["Location"] == "/login/?next=/"


def test_signed_out_one_is_told_where_one_is_still_signed_in(provider, idp, alice):
    client = bound(browser(), member(alice, LAN), idp)
    client.cookies["django_language"] = "en"
    client.post("/logout/")
    assert who(client) is None
    assert "you may be signed in still" in markup(client.get("/login/"))


def test_a_password_that_is_shown_in_the_same_browser_ends_what_the_provider_opened(provider, idp, alice, bob):
    lan = member(alice, LAN)
    Membership.objects.create(user=lan, customer=bob, role="viewer", joined_at=NOON)
    client = bound(browser(), lan, idp)
    client.post("/login/", {"username": LAN, "password": "secret"})
    assert client.post("/customer/choose/", {"customer": str(bob.pk)}).status_code == 302


# --- Required ---


@pytest.fixture
def required(alice, owner, idp):
    return set_up(alice, idp, is_required=True)


def test_where_it_is_required_a_password_is_not_enough(required, idp, alice):
    member(alice, LAN)
    client = browser()
    answer = client.post("/login/", {"username": LAN, "password": "secret"})
    assert answer["Location"] == f"/sign-in/company/?email=lan%40{DOMAIN}"
    assert who(client) is None
    assert said(answer) == ["Your company wants you to come in by its own sign-in."]


def test_a_session_that_was_opened_by_a_password_before_counts_no_more(required, alice):
    client = browser(member(alice, LAN))
    assert client.get("/")["Location"] == "/login/?next=/"
    assert browser(User.objects.get(email=LAN)).get("/api/v1/wallet/").status_code == 401


def test_by_the_provider_they_come_in_as_ever(required, idp, alice):
    client = bound(browser(), member(alice, LAN), idp)
    assert client.get("/").status_code == 200
    assert client.get("/api/v1/wallet/").status_code == 200


def test_who_is_of_another_domain_signs_in_by_password_for_the_provider_knows_them_not(required, alice):
    client = browser()
    guest = member(alice, "guest@elsewhere.example")
    client.post("/login/", {"username": guest.email, "password": "secret"})
    assert who(client) == guest
    assert client.get("/").status_code == 200


def test_nobody_changes_away_the_address_by_which_they_have_to_come(required, alice):
    """Else a password alone would open what only the provider is to open, also after they were dismissed there."""
    lan = member(alice, LAN)
    with pytest.raises(AddressOfTheCompany):
        ask_for_address(lan, "lan@gmail.example", at=clock.now(), language="en")
    ask_for_address(lan, f"lan.tran@{DOMAIN}", at=clock.now(), language="en")


def test_a_change_of_address_that_was_asked_for_before_it_was_required_is_not_carried_out(provider, alice):
    lan = member(alice, LAN)
    change = ask_for_address(lan, "lan@gmail.example", at=clock.now(), language="en")
    type(provider).objects.update(is_required=True)
    confirm_address(change.pk, AddressChange.Side.FORMER, at=clock.now(), language="en")
    with pytest.raises(AddressOfTheCompany):
        confirm_address(change.pk, AddressChange.Side.NEW, at=clock.now(), language="en")
    assert User.objects.get(pk=lan.pk).email == LAN


def test_an_owner_with_password_and_second_factor_always_gets_in(alice, owner, idp):
    secret = set_up_factor(browser(owner))
    set_up(alice, idp, is_required=True)
    idp.tell(status=500)
    client = browser()

    assert client.post("/login/", {"username": owner.email, "password": "secret"})["Location"] == "/sign-in/code/"
    client.post("/sign-in/code/", {"code": code_of(secret)})

    assert client.get("/settings/company/").status_code == 200


def test_an_owner_without_a_second_factor_comes_by_the_provider(required, owner):
    client = browser()
    client.post("/login/", {"username": owner.email, "password": "secret"})
    assert who(client) is None


def test_whoever_works_for_another_too_goes_on_there_by_password(required, alice, bob):
    lan = member(alice, LAN)
    Membership.objects.create(user=lan, customer=bob, role="viewer", joined_at=NOON)
    client = browser()
    client.post("/login/", {"username": LAN, "password": "secret"})
    assert client.get("/").context["customer"] == bob
    assert client.post("/customer/choose/", {"customer": str(alice.pk)}).status_code == 404


def test_staff_are_led_nowhere_by_a_customers_provider(required, idp):
    """An address of theirs at the customer's domain is still theirs."""
    boss = User.objects.create_superuser(f"boss@{DOMAIN}", "secret")
    idp.says(boss.email)
    answer = come_in(client := browser(), boss.email)
    assert (answer.status_code, who(client)) == (403, None)
    client.post("/login/", {"username": boss.email, "password": "secret"})
    assert who(client) == boss


# --- To show anew that it is you ---


def test_who_came_by_the_provider_shows_there_anew_that_it_is_they(provider, idp, alice):
    lan = member(alice, LAN, role="owner")
    client = bound(browser(), lan, idp)
    User.objects.filter(pk=lan.pk).update(password="!")
    session = client.session
    session["_auth_user_hash"] = User.objects.get(pk=lan.pk).get_session_auth_hash()
    session.save()
    asked = client.post(
        "/team/invite/", {"email": "new@other.example", "role": "viewer", "for_customer": str(alice.pk)}
    )
    assert asked["Location"] == "/settings/again/company/?next=%2Fteam%2Finvite%2F"

    idp.says(LAN)
    leave = client.post("/settings/again/company/", {"next": "/team/invite/"})
    assert "prompt=login" in way_out(leave)
    answer = go(client, leave)

    assert answer.status_code == 302
    assert [one.email for one in alice.invitations.all()] == ["new@other.example"]


def test_a_provider_that_asked_long_ago_proves_nothing(provider, idp, alice):
    lan = member(alice, LAN, role="owner")
    client = bound(browser(), lan, idp)
    idp.says(LAN)
    leave = client.post("/settings/again/company/", {"next": "/"})
    stale = way_out(leave).replace("prompt=login", "prompt=none")
    answer = httpx.get(stale, trust_env=False)
    back = answer.headers["Location"].partition("://")[2].partition("/")[2]
    assert client.get(f"/{back}").status_code == 403


def test_somebody_else_there_proves_nothing(provider, idp, alice):
    client = bound(browser(), member(alice, LAN, role="owner"), idp)
    other = member(alice, f"other@{DOMAIN}")
    bound(browser(), other, idp)
    idp.says(other.email)
    assert go(client, client.post("/settings/again/company/", {"next": "/"})).status_code == 403


def test_a_link_with_another_state_does_not_end_a_sign_in_under_way(provider, idp, alice):
    lan = member(alice, LAN)
    bound(browser(), lan, idp)
    idp.says(LAN)
    leave_page = (client := browser()).post("/sign-in/company/", {"email": LAN, "next": ""})
    assert client.get(f"/sign-in/company/{provider.pk}/back/?state=x&code=y").status_code == 410
    assert (go(client, leave_page).status_code, who(client)) == (302, lan)


def test_without_a_session_of_a_provider_the_password_is_asked_for(alice):
    assert browser(make_user(alice)).get("/settings/again/company/")["Location"] == "/settings/again/"


def test_who_is_invited_where_it_is_required_shows_the_new_password_once_at_the_provider(alice, owner, idp):
    set_up(alice, idp, is_required=True, joins_as="")
    invite(alice, LAN, "technical", actor=owner.actor, at=clock.now())
    client = browser()
    asked = {"password1": "a-long-new-secret", "password2": "a-long-new-secret", "agrees": "on"}
    joined = client.post(link_in(mail_to(LAN)), asked)
    assert joined["Location"].startswith("/sign-in/company/")
    assert who(client) is None
    idp.says(LAN)
    come_in(client, LAN)
    client.post(FIRST, {"password": "a-long-new-secret"})
    assert who(client).role == "technical"


def test_staff_take_a_domain_back_that_is_somebody_elses_by_now(provider, idp, alice, client):
    inside = bound(browser(), member(alice, LAN), idp)
    client.force_login(User.objects.create_superuser("boss@portal.example", "secret"))
    proven(client)
    domain = provider.domains.get()

    answer = client.post(
        f"/admin/accounts/providerdomain/{domain.pk}/task/take/", {"reason": "it was sold", "key": "once"}
    )

    assert answer["Location"] == "/admin/accounts/providerdomain/"
    assert client.get(answer["Location"]).status_code == 200
    provider.refresh_from_db()
    assert (provider.is_on, provider.domains.count()) == (False, 0)
    assert inside.get("/")["Location"] == "/login/?next=/"
    assert Notice.objects.get(customer=alice).facts["reason"] == "it was sold"
    assert StaffAct.objects.get().act == "take-domain"


def test_staff_let_people_in_by_password_again_and_the_customer_hears_why(required, alice, client):
    boss = User.objects.create_superuser("boss@portal.example", "secret")
    make_colleague()
    client.force_login(boss)
    proven(client)
    page = f"/admin/accounts/provider/{required.pk}/task/open/"

    assert client.get(page).status_code == 200
    answer = client.post(page, {"reason": "their provider is down", "key": "once"})

    assert answer.status_code == 302
    required.refresh_from_db()
    assert (required.is_required, required.is_on) == (False, True)
    assert Notice.objects.get(customer=alice).facts["reason"] == "their provider is down"
    assert StaffAct.objects.get().state == "to_review"
    assert AuditEntry.objects.filter(customer=alice, verb="switch company sign-in", actor_kind="staff").exists()
