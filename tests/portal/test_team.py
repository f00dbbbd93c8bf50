"""A team: invitations, roles, removal, leaving, and who is its owner."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.may import Role
from accounts.models import AuditEntry, CustomerKey, Membership, User
from accounts.services.keys import issue_customer_key
from accounts.services.team import LastOwner, add_member, remove_member
from door.models import Agreement
from kernel import clock
from notifications.models import Letter
from team.models import Invitation
from team.services.invitations import (
    InvitationIsOver,
    InvitedAlready,
    SentJustNow,
    accept_invitation,
    invite,
    invite_again,
)
from tests.cast import NOON, make_user
from tests.letters import link_in, mail_to, mails
from tests.portal.seen import said, the_time_being
from tests.proof import proven
from tests.table.attack import refuse

pytestmark = pytest.mark.django_db
MINH = "minh@example.vn"
PASSWORD = "Hoa-sen-2026-nở"
RESOURCES = "/api/v1/resources/"


@pytest.fixture(autouse=True)
def _nobody_has_tried_before():
    cache.clear()


@pytest.fixture
def lan(alice):
    alice.language = "en"
    alice.save()
    return make_user(alice)


def browser_of(user: User | None = None) -> Client:
    client = Client(headers={"accept-language": "en"})
    if user:
        client.force_login(user)
        proven(client)
    return client


def at_the_door(user: User) -> Client:
    """Signed in by password, as a browser is."""
    client = Client(headers={"accept-language": "en"})
    assert client.post("/login/", {"username": user.email, "password": "secret"}).status_code == 302
    return client


def invited(lan: User, email: str = MINH, role: str = "technical") -> str:
    """The link that was mailed."""
    answer = browser_of(lan).post(reverse("team-invite"), {"email": email, "role": role})
    assert said(answer) == [f"{email} is invited."]
    return link_in(mail_to(email))


def member_of(customer, user) -> Membership:
    return Membership.objects.get(customer=customer, user=user)


def test_somebody_new_is_invited_chooses_a_password_and_is_in(alice, lan):
    link = invited(lan)
    assert not User.objects.filter(email=MINH).exists()
    mail = mail_to(MINH)
    assert mail.subject == f"{lan.email} invites you to the team of Alice"
    assert "to work for Alice, as technical" in mail.body

    client = browser_of()
    assert f"{lan.email} invites you to work for Alice" in client.get(link).content.decode()
    answer = client.post(link, {"password1": PASSWORD, "password2": PASSWORD, "agrees": "on"})

    assert (answer.status_code, answer["Location"]) == (302, "/")
    minh = User.objects.get(email=MINH)
    assert (minh.customer, minh.role) == (alice, Role.TECHNICAL)
    assert Agreement.objects.filter(user=minh, customer=alice).count() == 2
    assert client.get(reverse("home")).status_code == 200
    assert mail_to(lan.email).subject == f"{MINH} has joined the team of Alice"


def test_without_agreement_nobody_new_is_in(lan):
    link = invited(lan)
    browser_of().post(link, {"password1": PASSWORD, "password2": PASSWORD})
    assert not User.objects.filter(email=MINH).exists()


def test_somebody_who_has_an_account_signs_in_and_belongs_to_both(alice, bob, lan):
    quang = make_user(bob)
    link = invited(lan, quang.email, "billing")
    assert browser_of().get(link)["Location"].startswith("/login/?next=/invitations/")

    client = browser_of(quang)
    assert client.get(link).status_code == 200
    assert quang.memberships.count() == 1, "a machine that follows the link joins nothing"
    client.post(link)

    assert {(one.customer, one.role) for one in quang.memberships.all()} == {(bob, "owner"), (alice, "billing")}
    assert client.get(reverse("home")).context["customer"] == alice


def test_a_link_that_was_passed_on_lets_nobody_else_in(bob, lan):
    quang, other = make_user(bob), make_user(bob)
    link = invited(lan, quang.email)
    client = browser_of(other)
    assert f"The invitation is for {quang.email}" in client.get(link).content.decode()
    client.post(link)
    assert other.memberships.count() == quang.memberships.count() == 1


def test_an_invitation_is_good_once_and_for_seven_days(alice, lan):
    made = invite(alice, MINH, "viewer", actor=lan.actor, at=NOON)
    with pytest.raises(InvitationIsOver):
        accept_invitation(made, password=PASSWORD, at=NOON + timedelta(days=7))
    accept_invitation(made, password=PASSWORD, at=NOON + timedelta(days=7, seconds=-1))
    with pytest.raises(InvitationIsOver):
        accept_invitation(made, at=NOON + timedelta(days=1))
    assert User.objects.get(email=MINH).memberships.count() == 1


def test_a_used_or_withdrawn_link_says_that_it_is_over(lan):
    link = invited(lan)
    browser_of(lan).post(reverse("invitation-withdraw", args=[Invitation.objects.get().pk]))
    assert browser_of().get(link).status_code == 410
    assert browser_of().post(link, {"password1": PASSWORD, "password2": PASSWORD, "agrees": "on"}).status_code == 410
    assert browser_of().get(f"{link[:-5]}xxxx/").status_code == 410


def test_sending_it_again_ends_the_links_of_before(alice, lan):
    former = invited(lan)
    later = clock.now() + timedelta(minutes=11)
    made = Invitation.objects.get()
    with pytest.raises(SentJustNow):
        invite_again(made, actor=lan.actor, at=clock.now())
    with the_time_being(later):
        invite_again(made, actor=lan.actor, at=later)
        link = link_in(mail_to(MINH))
        assert link != former
        assert browser_of().get(former).status_code == 410
        assert browser_of().get(link).status_code == 200


def test_nothing_that_opens_an_invitation_is_kept(lan):
    link = invited(lan)
    mark = link.split("/")[2]
    kept = str([*Invitation.objects.values_list(), *Letter.objects.values_list(), *AuditEntry.objects.values_list()])
    assert mark not in kept


def test_an_address_is_invited_once_and_a_member_not_at_all(alice, lan):
    invite(alice, MINH, "viewer", actor=lan.actor, at=NOON)
    with pytest.raises(InvitedAlready):
        invite(alice, MINH.upper(), "viewer", actor=lan.actor, at=NOON)
    page = browser_of(lan).post(reverse("team-invite"), {"email": lan.email, "role": "viewer"})
    assert "This person belongs to the team already." in page.content.decode()
    assert page.status_code == 400


def test_who_manages_no_team_invites_nobody_and_who_has_not_shown_lately_who_they_are(alice, lan):
    said_of = {"email": MINH, "role": "owner"}
    assert browser_of(make_user(alice, role="billing")).post(reverse("team-invite"), said_of).status_code == 403
    unproven = Client()
    unproven.force_login(lan)
    assert unproven.post(reverse("team-invite"), said_of).status_code == 302
    assert not Invitation.objects.exists()


def test_another_role_counts_at_once_and_is_told(alice, lan):
    minh = make_user(alice, role=Role.VIEWER)
    browser_of(lan).post(reverse("member-role", args=[member_of(alice, minh).pk]), {"role": "technical"})
    assert member_of(alice, minh).role == "technical"
    assert mail_to(minh.email).subject == "You are technical at Alice now"
    entry = AuditEntry.objects.get(verb="change role")
    assert (entry.actor, entry.subject, entry.facts) == (
        lan.email,
        minh.email,
        {"role": "technical", "former_role": "viewer"},
    )


@pytest.mark.parametrize("by", ["page", "API"])
def test_who_is_removed_is_signed_out_everywhere_their_keys_stop_and_they_are_told(alice, lan, by):
    minh = make_user(alice, role=Role.TECHNICAL)
    key, secret = issue_customer_key(alice, "ci", actor=minh.actor, at=NOON)
    browsers, program = [at_the_door(minh), at_the_door(minh)], Client(headers={"authorization": f"Bearer {secret}"})
    assert [one.get(RESOURCES).status_code for one in (*browsers, program)] == [200, 200, 200]

    if by == "page":
        browser_of(lan).post(reverse("member-remove", args=[member_of(alice, minh).pk]))
    else:
        address = f"/api/v1/users/{minh.pk}/remove/"
        asked = browser_of(lan).post(address, {}, "application/json", headers={"idempotency-key": "once"})
        assert asked.status_code == 200, asked.content

    assert not Membership.objects.filter(user=minh).exists()
    assert [one.get(RESOURCES).status_code for one in (*browsers, program)] == [401, 401, 401]
    assert all(one.get(reverse("home"))["Location"].startswith("/login/") for one in browsers)
    assert key in CustomerKey.objects.all()
    assert mail_to(minh.email).subject == "You do not belong to the team of Alice any more"


def test_whoever_leaves_stays_signed_in_for_their_other_customers(alice, bob, lan):
    minh = make_user(alice, role=Role.BILLING)
    add_member(bob, minh, Role.VIEWER, actor=lan.actor, at=clock.now())
    client = proven(at_the_door(minh))
    client.post(reverse("team-leave"), {"for_customer": alice.pk})
    assert [one.customer for one in minh.memberships.all()] == [bob]
    assert client.get(reverse("home")).context["customer"] == bob


def test_whoever_leaves_is_gone_and_the_owners_are_told(alice, lan):
    minh = make_user(alice, role=Role.BILLING)
    answer = browser_of(minh).post(reverse("team-leave"))
    assert answer["Location"] == reverse("team-left")
    assert not minh.memberships.exists()
    assert mail_to(lan.email).subject == f"{minh.email} has left the team of Alice"


def test_the_last_owner_neither_leaves_nor_is_made_less(alice, lan):
    make_user(alice, role=Role.BILLING)
    client = browser_of(lan)
    answer = client.post(reverse("team-leave"))
    assert answer.status_code == 409
    assert "Somebody has to stay owner" in answer.content.decode()
    with pytest.raises(LastOwner):
        remove_member(member_of(alice, lan), actor=lan.actor, at=NOON)
    assert member_of(alice, lan).role == "owner"
    assert mails() == []


def test_the_ownership_is_passed_on_with_fresh_proof(alice, lan):
    minh = make_user(alice, role=Role.BILLING)
    asked = {"to": member_of(alice, minh).pk, "keeps": "viewer"}
    unproven = Client(headers={"accept-language": "en"})
    unproven.force_login(lan)
    assert unproven.post(reverse("team-pass-on"), asked).status_code == 302
    assert member_of(alice, lan).role == "owner"

    browser_of(lan).post(reverse("team-pass-on"), asked)

    assert (member_of(alice, minh).role, member_of(alice, lan).role) == ("owner", "viewer")
    for user in (lan, minh):
        assert mail_to(user.email).subject == f"{minh.email} is owner of Alice now"


def test_another_customers_member_or_invitation_is_not_found(alice, bob, lan):
    stranger = make_user(bob)
    made = invite(bob, MINH, "viewer", actor=stranger.actor, at=NOON)
    client = browser_of(lan)
    for name, pk in (
        ("member-role", member_of(bob, stranger).pk), ("member-remove", member_of(bob, stranger).pk),
        ("invitation-again", made.pk), ("invitation-withdraw", made.pk),
    ):  # fmt: skip
        assert client.post(reverse(name, args=[pk]), {"role": "viewer"}).status_code == 404, name


@pytest.mark.breaks_the_books
def test_an_invitation_stays_what_it_was_whatever_is_written_past_us(alice, lan):
    made = invite(alice, MINH, "viewer", actor=lan.actor, at=NOON)
    refuse("UPDATE team_invitation SET role = 'owner' WHERE id = %s", made.pk, match="frozen")
    refuse("UPDATE team_invitation SET email = 'x@y.example' WHERE id = %s", made.pk, match="frozen")
    refuse("DELETE FROM team_invitation WHERE id = %s", made.pk)
    refuse(
        "UPDATE team_invitation SET accepted_at = sent_at + interval '7 days', accepted_by_id = %s WHERE id = %s",
        lan.pk, made.pk, match="an_invitation_is_accepted_in_time",
    )  # fmt: skip
    refuse("UPDATE team_invitation SET accepted_at = sent_at WHERE id = %s", made.pk, match="accepted_by_somebody")
    accept_invitation(made, password=PASSWORD, at=NOON)
    refuse(
        "UPDATE team_invitation SET accepted_at = NULL, accepted_by_id = NULL WHERE id = %s", made.pk, match="frozen"
    )
    Invitation.objects.create(
        customer=alice, email="b@b.example", role="viewer", invited_by="x", asked_at=NOON, sent_at=NOON
    )
    with pytest.raises(IntegrityError, match="one_undecided_invitation"), transaction.atomic():
        Invitation.objects.create(
            customer=alice, email="B@b.example", role="viewer", invited_by="x", asked_at=NOON, sent_at=NOON
        )
