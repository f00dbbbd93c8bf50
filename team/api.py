"""The team, for who manages it by REST: members and invitations."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Choice, Input, Instant, Money, Text
from accounts.api.query import Paged
from accounts.may import MEMBERS, May, Role
from accounts.models import AuditEntry, Membership, User
from accounts.proof import refuse_without_proof
from team.activity import activity_of, told
from team.closing import in_the_way
from team.models import Closing, Invitation
from team.services.closing import ask_to_close, cancel_closing
from team.services.invitations import invite, invite_again, withdraw_invitation
from team.services.members import end_membership, set_role


class MemberShape(serializers.Serializer[object]):
    """Somebody who works for the customer."""

    id = serializers.IntegerField(source="user_id")
    email = serializers.CharField(source="user.email")
    role = serializers.ChoiceField(choices=Role.choices)
    is_active = serializers.BooleanField(source="user.is_active")
    joined_at = Instant()


class RoleWish(Input):
    role = Choice(choices=Role.choices)


class MemberViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Members of the team. The ownership is passed on in the portal."""

    queryset = Membership.objects.none()
    serializer_class = MemberShape
    sees = MEMBERS
    does = May.MANAGE_TEAM
    lookup_field = "user_id"
    lookup_url_kwarg = "pk"
    lookup_value_converter = "int"

    def visible(self) -> QuerySet[Membership]:
        return Membership.objects.filter(self.principal.scope()).select_related("user", "customer")

    @action(detail=True, methods=["post"])
    @idempotent(RoleWish)
    def role(self, request: Request, pk: int) -> Response:
        """Give a member another role. Whoever does it has shown lately who they are."""
        refuse_without_proof(request._request)
        set_role(self.get_object(), self.wish["role"], actor=self.actor, at=self.at)
        return self.show(self.get_object())

    @extend_schema(responses={200: MemberShape})
    @action(detail=True, methods=["post"])
    @idempotent()
    def remove(self, request: Request, pk: int) -> Response:
        """They belong to the team no more, are signed out, and their keys stop."""
        member = self.get_object()
        end_membership(member, actor=self.actor, at=self.at)
        return self.show(member)


class InvitationShape(serializers.Serializer[object]):
    """Somebody who is asked to belong to the team."""

    id = serializers.UUIDField()
    email = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    invited_by = serializers.CharField()
    sent_at = Instant()
    ends_at = Instant(help_text="Until when the link of the latest mail is good.")
    accepted_at = Instant(allow_null=True)
    withdrawn_at = Instant(allow_null=True)


class InvitationWish(Input):
    email = Text(max_length=254, help_text="Where the link goes.")
    role = Choice(choices=Role.choices)

    def validate_email(self, email: str) -> str:
        return str(serializers.EmailField().run_validation(email))


class InvitationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Invitations of the team, the latest first."""

    queryset = Invitation.objects.none()
    serializer_class = InvitationShape
    sees = does = May.MANAGE_TEAM

    def visible(self) -> QuerySet[Invitation]:
        return Invitation.objects.filter(self.principal.scope()).select_related("customer")

    @extend_schema(responses={201: InvitationShape})
    @idempotent(InvitationWish)
    def create(self, request: Request) -> Response:
        """Invite somebody by mail. Whoever does it has shown lately who they are."""
        refuse_without_proof(request._request)
        made = invite(self.customer, self.wish["email"], self.wish["role"], actor=self.actor, at=self.at)
        return self.show(made, status=201)

    @action(detail=True, methods=["post"])
    @idempotent()
    def again(self, request: Request, pk: UUID) -> Response:
        """Send the mail again: good for another week, and the links of before are over."""
        return self.show(invite_again(self.get_object(), actor=self.actor, at=self.at))

    @action(detail=True, methods=["post"])
    @idempotent()
    def withdraw(self, request: Request, pk: UUID) -> Response:
        """Its links open nothing any more."""
        return self.show(withdraw_invitation(self.get_object(), actor=self.actor, at=self.at))


class ActShape(serializers.Serializer[object]):
    """Something that was done for the customer."""

    id = serializers.IntegerField(source="pk")
    at = Instant()
    who = serializers.CharField(help_text="A member, a key, our staff, in words.")
    what = serializers.CharField(help_text="In words, in the language of Accept-Language.")
    details = serializers.CharField(help_text="What it was done to, where that has a name.")


class ActivityQuery(Paged):
    who = Text(max_length=200, required=False, help_text="lan@example.vn, key:import, or staff.")
    what = Text(max_length=60, required=False, help_text="The code of an act.")

    def narrow(self, rows: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        wanted = self.validated_data
        customer = self.context["view"].customer
        return activity_of(customer, who=wanted.get("who", ""), what=wanted.get("what", ""))


class ActivityViewSet(Endpoint):
    """What members, keys and our staff did, the latest first."""

    queryset = AuditEntry.objects.none()
    serializer_class = ActShape
    sees = May.SEE_ACTIVITY
    queries: ClassVar = {"list": ActivityQuery}

    def visible(self) -> QuerySet[AuditEntry]:
        return activity_of(self.customer)

    def list(self, request: Request) -> Response:
        """What was done."""
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer([*told(rows or [], self.customer)], many=True).data)


class ClosingShape(serializers.Serializer[object]):
    """The end of an account: asked for, and cancelled or carried out."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Closing.State.choices)
    gives_up = serializers.IntegerField(allow_null=True, help_text="Credit that the owner does without, in đồng.")
    asked_by = serializers.CharField()
    asked_at = Instant()
    closes_at = Instant(help_text="Not before, and not as long as something stands in the way.")
    ended_at = Instant(allow_null=True)


class ObstacleShape(serializers.Serializer[object]):
    """Something that has to be over before the account closes."""

    code = serializers.CharField()
    words = serializers.CharField(source="label", help_text="What it is, in the language of Accept-Language.")
    page = serializers.CharField(
        help_text="The path of the portal's page where somebody sees to it; empty: our staff do."
    )
    amount = serializers.IntegerField(help_text="In đồng, of money.")
    can_be_given_up = serializers.BooleanField(help_text="The owner may do without it: see `gives_up`.")


class ClosingWish(Input):
    gives_up = Money(
        required=False,
        allow_null=True,
        help_text="All credit that is left, which you do without. Left out: the account waits until it has gone back.",
    )


class ClosingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """The end of the account. Keys do not carry the right to it."""

    queryset = Closing.objects.none()
    serializer_class = ClosingShape
    sees = does = May.MANAGE_TEAM

    def visible(self) -> QuerySet[Closing]:
        return Closing.objects.filter(self.principal.scope()).select_related("customer")

    @extend_schema(responses={201: ClosingShape})
    @idempotent(ClosingWish)
    def create(self, request: Request) -> Response:
        """Have the account closed in three days. Whoever does it has shown lately who they are."""
        refuse_without_proof(request._request)
        user = User.objects.get(pk=self.principal.somebody.removeprefix("user:"))  # keys do not get here
        made = ask_to_close(self.customer, user=user, gives_up=self.wish.get("gives_up"), actor=self.actor, at=self.at)
        return self.show(made, status=201)

    @action(detail=True, methods=["post"])
    @idempotent()
    def cancel(self, request: Request, pk: UUID) -> Response:
        """The account stays."""
        return self.show(cancel_closing(self.get_object(), actor=self.actor, at=self.at))

    @extend_schema(responses={200: ObstacleShape(many=True)})
    @action(detail=False, serializer_class=ObstacleShape, pagination_class=None, url_path="in-the-way")
    def in_the_way(self, request: Request) -> Response:
        """What has to be over first."""
        return Response(ObstacleShape(in_the_way(self.customer, self.at), many=True).data)
