"""The page of the team, and the one on which an invitation is accepted."""

from __future__ import annotations

from uuid import UUID

from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import PortalRequest, portal_page
from accounts.downloads import export_links, table_response
from accounts.for_whom import CHOSEN
from accounts.may import MEMBERS, ROLES, May, Role, also, one_of
from accounts.models import Membership, User
from accounts.proof import ask_for_proof
from door import documents
from door.marks import read_mark
from door.services.passwords import find_user
from kernel import clock
from kernel.errors import DomainError
from store.keyset import keyset_page
from store.shown import open_rows
from team.activity import COLUMNS, rows_of, told
from team.forms import ActivityFilters, InviteForm, JoinForm, PassOwnershipForm, RoleForm
from team.models import GOOD_FOR, Invitation
from team.services import shown_name
from team.services.invitations import (
    accept_invitation,
    invitation_of,
    invite,
    invite_again,
    undecided_of,
    withdraw_invitation,
)
from team.services.members import end_membership, leave, pass_ownership, set_role
from team.ways import PURPOSE


@require_GET
@portal_page(MEMBERS)
def team(request: PortalRequest) -> HttpResponse:
    return team_page(request)


def team_page(request: PortalRequest, form: InviteForm | None = None, status: int = 200) -> HttpResponse:
    members = list(request.customer.memberships.select_related("user").order_by("joined_at", "pk"))
    invitations = undecided_of(request.customer)
    for one in open_rows(invitations):
        one.is_valid = one.is_open(request.at)
    others = request.customer.memberships.select_related("user").exclude(user=request.user)
    context = {
        "members": members,
        "roles": [(role, [right.label for right in May if right in ROLES[role]]) for role in Role],
        "role_choices": Role.choices,
        "invitations": invitations,
        "form": form or InviteForm(),
        "own": next((one for one in members if one.user_id == request.user.pk), None),
        "pass_form": PassOwnershipForm(others=others.filter(user__is_active=True)),
        "good_for": GOOD_FOR.days,
    }
    return render(request, "team/team.html", context, status=status)


@require_GET
@portal_page(May.SEE_ACTIVITY)
def activity(request: PortalRequest) -> HttpResponse:
    """Who did what, the latest first."""
    filters = ActivityFilters(request.GET, customer=request.customer)
    page = keyset_page(
        filters.found(), ("id",), before=request.GET.get("before", ""), after=request.GET.get("after", "")
    )
    context = {
        "filters": filters,
        "page": page,
        "acts": list(told(page.rows, request.customer)),
        "exports": export_links(request, "activity-export"),
    }
    return render(request, "team/activity.html", context)


@require_GET
@portal_page(also(May.EXPORT, one_of(May.SEE_ACTIVITY)))
def activity_export(request: PortalRequest, form: str) -> HttpResponseBase:
    """Exactly what the filters show."""
    found = ActivityFilters(request.GET, customer=request.customer).found()
    rows = rows_of(found.order_by("-id"), request.customer)
    return table_response(request, form, COLUMNS, rows, name="activity", count=found.count)


@require_POST
@portal_page(does=May.MANAGE_TEAM)
def invite_member(request: PortalRequest) -> HttpResponse:
    """Somebody who may sign in outlasts this session: who invites shows anew who they are."""
    ask_for_proof(request)
    form = InviteForm(request.POST)
    if form.is_valid():
        asked = form.cleaned_data
        try:
            invite(request.customer, asked["email"], asked["role"], actor=request.actor, at=request.at)
        except DomainError as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, _("%(email)s is invited.") % {"email": asked["email"]})
            return redirect("team")
    return team_page(request, form, status=400)


@require_POST
@portal_page(does=May.MANAGE_TEAM)
def send_again(request: PortalRequest, invitation_id: UUID) -> HttpResponse:
    again = invite_again(own_invitation(request, invitation_id), actor=request.actor, at=request.at)
    messages.success(request, _("%(email)s has a new mail; the links of before are over.") % {"email": again.email})
    return redirect("team")


@require_POST
@portal_page(does=May.MANAGE_TEAM)
def withdraw(request: PortalRequest, invitation_id: UUID) -> HttpResponse:
    gone = withdraw_invitation(own_invitation(request, invitation_id), actor=request.actor, at=request.at)
    messages.success(request, _("The invitation of %(email)s is withdrawn.") % {"email": gone.email})
    return redirect("team")


def own_invitation(request: PortalRequest, pk: UUID) -> Invitation:
    return get_object_or_404(Invitation, pk=pk, customer=request.customer)


@require_POST
@portal_page(does=May.MANAGE_TEAM)
def member_role(request: PortalRequest, member_id: int) -> HttpResponse:
    """Another role; who becomes owner lets themselves in for good, so this asks for proof."""
    member = own_member(request, member_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return team_page(request, status=400)
    ask_for_proof(request)
    changed = set_role(member, form.cleaned_data["role"], actor=request.actor, at=request.at)
    messages.success(
        request,
        _("%(email)s has the role “%(role)s” now.") % {"email": changed.user.email, "role": changed.get_role_display()},
    )
    return redirect("team")


@require_POST
@portal_page(does=May.MANAGE_TEAM)
def remove(request: PortalRequest, member_id: int) -> HttpResponse:
    member = own_member(request, member_id)
    end_membership(member, actor=request.actor, at=request.at)
    messages.success(
        request, _("%(email)s is no member any more and is signed out everywhere.") % {"email": member.user.email}
    )
    return redirect("team")


def own_member(request: PortalRequest, pk: int) -> Membership:
    return get_object_or_404(Membership.objects.select_related("user", "customer"), pk=pk, customer=request.customer)


@require_POST
@portal_page(does=MEMBERS)
def leave_team(request: PortalRequest) -> HttpResponse:
    """By oneself: further customers stay, and so does the way of signing in."""
    leave(get_object_or_404(request.customer.memberships, user=request.user), actor=request.actor, at=request.at)
    request.session.pop(CHOSEN, None)
    messages.success(request, _("You have left the team of %(customer)s.") % {"customer": request.customer})
    return redirect("home" if request.user.memberships.exists() else "team-left")


@require_POST
@portal_page(does=May.MANAGE_TEAM)
def pass_on(request: PortalRequest) -> HttpResponse:
    """The ownership, to another member."""
    own = get_object_or_404(request.customer.memberships.select_related("user", "customer"), user=request.user)
    others = request.customer.memberships.select_related("user", "customer").exclude(pk=own.pk)
    form = PassOwnershipForm(request.POST, others=others.filter(user__is_active=True))
    if not form.is_valid():
        return team_page(request, status=400)
    ask_for_proof(request)
    asked = form.cleaned_data
    pass_ownership(own, asked["to"], keeps=asked["keeps"], actor=request.actor, at=request.at)
    messages.success(request, _("%(email)s is owner now.") % {"email": asked["to"].user.email})
    return redirect("team")


@require_GET
def left(request: HttpRequest) -> HttpResponse:
    """Whoever belongs to nobody any more."""
    return render(request, "team/left.html")


@never_cache
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, mark: str) -> HttpResponseBase:
    """
    A link of a mail: nothing happens before its button is pressed. Who has an account signs in first, as who was invited; who has
    none chooses a password.
    """
    found = _open_one(mark)
    if found is None:
        return render(request, "team/invitation_over.html", status=410)
    user = find_user(found.email)
    if user is None:
        return _as_somebody_new(request, found)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if request.method == "POST" and request.user == user:
        member = accept_invitation(found, at=clock.now())
        return _welcome(request, member)
    return render(request, "team/join.html", {**_in_words(found), "is_other": request.user != user})


def _open_one(mark: str) -> Invitation | None:
    """The invitation that the link names, as long as it may be accepted by this very link."""
    read = read_mark(PURPOSE, mark, within=GOOD_FOR)
    found = invitation_of(read[0]) if read else None
    if read is None or found is None or not found.is_open(clock.now()) or read[1] != [str(found.times)]:
        return None
    return found


def _in_words(found: Invitation) -> dict[str, object]:
    """Who asks whom to work for whom, and as what."""
    return {
        "invitation": found,
        "team": shown_name(found.customer),
        "inviter": found.invited_by,
        "role": found.get_role_display(),
    }


def _as_somebody_new(request: HttpRequest, found: Invitation) -> HttpResponseBase:
    form = JoinForm(request.POST or None, user=User(email=found.email))
    if not form.is_valid():
        return render(request, "team/join_new.html", {**_in_words(found), "form": form})
    password = form.cleaned_data["password1"]
    member = accept_invitation(found, password=password, versions=documents.versions(), at=clock.now())
    answer: HttpResponseBase = perform_login(request, member.user, redirect_url=reverse("home"), signup=True)
    messages.success(request, _("Welcome to the team of %(customer)s.") % {"customer": member.customer})
    return answer


def _welcome(request: HttpRequest, member: Membership) -> HttpResponse:
    request.session[CHOSEN] = str(member.customer_id)
    messages.success(request, _("Welcome to the team of %(customer)s.") % {"customer": member.customer})
    return redirect("home")
