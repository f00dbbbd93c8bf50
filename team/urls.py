from django.urls import path

from store import secret_paths  # noqa: F401  # makes `<secret:...>` known
from team import views
from team.views import closing

urlpatterns = [
    path("team/", views.team, name="team"),
    path("account/close/", closing.closing, name="closing"),
    path("account/close/cancel/", closing.cancel, name="closing-cancel"),
    path("activity/", views.activity, name="activity"),
    path("activity/export.<str:form>", views.activity_export, name="activity-export"),
    path("team/invite/", views.invite_member, name="team-invite"),
    path("team/invitations/<uuid:invitation_id>/again/", views.send_again, name="invitation-again"),
    path("team/invitations/<uuid:invitation_id>/withdraw/", views.withdraw, name="invitation-withdraw"),
    path("team/members/<int:member_id>/role/", views.member_role, name="member-role"),
    path("team/members/<int:member_id>/remove/", views.remove, name="member-remove"),
    path("team/pass-on/", views.pass_on, name="team-pass-on"),
    path("team/leave/", views.leave_team, name="team-leave"),
    path("team/left/", views.left, name="team-left"),
    path("invitations/<secret:mark>/", views.invitation, name="invitation"),
]
