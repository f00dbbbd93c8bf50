"""Requests by the law on personal data, and all that is kept as a file."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils.translation import get_language
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Choice, Input, Instant, Text
from accounts.api.files import ZipRenderer
from accounts.api.query import Paged, one_of_many
from accounts.may import MEMBERS, May
from accounts.models import User
from door.by_provider import refuse_without_own_means
from door.kept import zip_of_kept
from door.models import PrivacyRequest
from door.services.privacy import ask_for_privacy, cancel_request, register_hand_over

Kind = PrivacyRequest.Kind


class PrivacyRequestShape(serializers.Serializer[object]):
    """What was asked about personal data, and how it was answered."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    text = serializers.CharField()
    state = serializers.ChoiceField(choices=PrivacyRequest.State.choices)
    asked_at = Instant()
    first_due_at = Instant(help_text="By when the law wants a first answer: the end of the second working day.")
    first_answered_at = Instant(allow_null=True, help_text="When it was said that the request is registered.")
    due_at = Instant(help_text="The last instant of the day by which the law wants it done.")
    answer = serializers.CharField()
    answered_at = Instant(allow_null=True)


class PrivacyWish(Input):
    kind = Choice(choices=[Kind.CORRECT, Kind.WITHDRAW, Kind.ERASE])
    text = Text(max_length=2000, help_text="What is wrong, or what we shall no longer use or keep.")


class PrivacyQuery(Paged):
    state = one_of_many(PrivacyRequest.State.choices)
    lookups: ClassVar = {"state": "state__in"}


class PrivacyRequestViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Requests about personal data: a user's own, or those that the customer's programs have sent."""

    queryset = PrivacyRequest.objects.none()
    serializer_class = PrivacyRequestShape
    queries: ClassVar = {"list": PrivacyQuery}
    keyset = ("asked_at", "id")
    sees = MEMBERS
    does = MEMBERS

    @property
    def user(self) -> User | None:
        """Who asks; a program is nobody."""
        kind, _colon, pk = self.principal.somebody.partition(":")
        return User.objects.get(pk=pk) if kind == "user" else None

    def visible(self) -> QuerySet[PrivacyRequest]:
        return PrivacyRequest.objects.filter(self.principal.scope(), user=self.user)

    @extend_schema(responses={201: PrivacyRequestShape})
    @idempotent(PrivacyWish)
    def create(self, request: Request) -> Response:
        """Ask for something; it is answered by `due_at`."""
        self._refuse_a_providers_word(request)
        wish = self.wish
        for_all = May.MANAGE_PROFILE in self.principal.rights
        asked = ask_for_privacy(
            self.customer, self.user, wish["kind"], wish["text"], for_all=for_all, actor=self.actor, at=self.at
        )
        return self.show(asked, status=201)

    @action(detail=True, methods=["post"])
    @idempotent()
    def cancel(self, request: Request, pk: UUID) -> Response:
        """It is wanted no longer."""
        self._refuse_a_providers_word(request)
        return self.show(cancel_request(self.get_object().pk, actor=self.actor, at=self.at))

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    @action(detail=False, renderer_classes=[ZipRenderer, JSONRenderer], pagination_class=None)
    def take(self, request: Request) -> StreamingHttpResponse:
        """
        All that is kept about the caller, and about the customer for who manages its details: JSON for each table, and a page to
        read. It is registered.
        """
        self._refuse_a_providers_word(request)
        user = self.user
        customer = self.customer if May.MANAGE_PROFILE in self.principal.rights else None
        register_hand_over(self.customer, user, actor=self.actor, at=self.at)
        parts = zip_of_kept(user, customer, language=get_language() or "", at=self.at)
        return StreamingHttpResponse(
            parts, content_type="application/zip", headers={"Content-Disposition": 'attachment; filename="kept.zip"'}
        )

    def _refuse_a_providers_word(self, request: Request) -> None:
        """What a person asks about themselves is theirs; what a program asks, its customer's."""
        if self.user is not None:
            refuse_without_own_means(request._request)
