"""Where the letters of a team lead."""

from __future__ import annotations

from django.urls import reverse

from door.marks import mark_of
from kernel import clock
from notifications.letters import leads, leads_to
from notifications.models import Letter
from team.models import Invitation

PURPOSE = "invitation"


def _to_accept(letter: Letter) -> str:
    """The link of the latest mail alone, while somebody may still accept it."""
    invitation = Invitation.objects.filter(pk=letter.about).first() if letter.about else None
    if invitation is None or not invitation.is_open(clock.now()) or letter.facts["times"] != str(invitation.times):
        return ""
    return reverse("invitation", args=[mark_of(PURPOSE, invitation.pk, str(invitation.times))])


_to_the_team, _to_the_closing, _home = leads_to("team"), leads_to("closing"), leads_to("home")
leads(Letter.Kind.INVITED, _to_accept)
leads(Letter.Kind.MEMBER_JOINED, _to_the_team)
leads(Letter.Kind.MEMBER_LEFT, _to_the_team)
leads(Letter.Kind.ROLE_CHANGED, _home)
leads(Letter.Kind.MEMBER_REMOVED, lambda letter: reverse("home"))
leads(Letter.Kind.OWNERSHIP_PASSED, _to_the_team)
leads(Letter.Kind.JOINED_BY_PROVIDER, _to_the_team)
leads(Letter.Kind.CLOSING_ASKED, _to_the_closing)
leads(Letter.Kind.CLOSING_CANCELLED, _home)
leads(Letter.Kind.CLOSING_WAITS, _to_the_closing)
leads(Letter.Kind.ACCOUNT_CLOSED, lambda letter: reverse("privacy"))
