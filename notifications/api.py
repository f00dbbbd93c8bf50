"""Notices: what the portal told a customer, and whom else it is told."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Lower
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Choice, Flag, Input, Instant, Several
from accounts.api.query import Paged, one_of_many
from accounts.may import LOOK, May
from kernel.shapes import Json
from notifications.kinds import TOPIC_WORDS, Topic, kinds_of, topic_of
from notifications.models import MailTrouble, Notice, Recipient
from notifications.models.notices import NoticeQuerySet
from notifications.recipients import ask_again, ask_recipient, change_recipient, choosable, remove_recipient
from notifications.services import mark_read, shown_to, told_facts
from notifications.troubles import mend_address


class NoticeShape(serializers.Serializer[object]):
    """A message to the customer; `facts` are its figures, by `kind`. Those with the same `together` went out in one mail."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Notice.Kind.choices)
    title = serializers.CharField()
    topic = serializers.SerializerMethodField()
    together = serializers.CharField()
    at = Instant()
    read_at = Instant(allow_null=True)
    facts = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(choices=list(TOPIC_WORDS.items())))
    def get_topic(self, notice: Notice) -> str:
        return topic_of(notice.kind)

    @extend_schema_field(serializers.DictField())
    def get_facts(self, notice: Notice) -> Json:
        return told_facts(notice, self.context["view"].principal.rights)


class NoticeQuery(Paged):
    kind = one_of_many(Notice.Kind.choices)
    unread = Flag(required=False)
    topic = serializers.ChoiceField(choices=list(TOPIC_WORDS.items()), required=False)
    together = serializers.CharField(required=False, max_length=80)
    lookups: ClassVar = {"kind": "kind__in", "unread": "read_at__isnull", "together": "together"}

    def narrow(self, rows: QuerySet[Notice]) -> QuerySet[Notice]:
        rows, topic = super().narrow(rows), self.validated_data.get("topic")
        return rows.filter(kind__in=kinds_of(Topic(topic))) if topic else rows


class AllRead(serializers.Serializer[object]):
    """After all were marked."""

    unread = serializers.IntegerField()


class NoticeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Notices of a customer, newest first; those about bills and payments only for who may see these."""

    queryset = Notice.objects.none()
    serializer_class = NoticeShape
    sees = LOOK
    does = LOOK
    queries: ClassVar = {"list": NoticeQuery}
    lookup_value_converter = "int"

    def visible(self) -> NoticeQuerySet:
        return shown_to(self.customer, self.principal.rights)

    @extend_schema(operation_id="notices_read_all", responses={200: AllRead})
    @action(detail=False, methods=["post"], url_path="read", serializer_class=AllRead)
    @idempotent()
    def read_all(self, request: Request) -> Response:
        """Mark all notices as read."""
        mark_read(self.visible(), at=self.at)
        return self.show({"unread": self.visible().filter(read_at=None).count()})

    @action(detail=True, methods=["post"])
    @idempotent()
    def read(self, request: Request, pk: int) -> Response:
        """Mark a notice as read."""
        self.visible().filter(pk=pk, read_at=None).update(read_at=self.at)
        return self.show(self.get_object())


CHOOSABLE = [kind for of_topic in choosable().values() for kind in of_topic]


class RecipientShape(serializers.Serializer[object]):
    """An address that also receives some kinds of notices, once its reader has agreed."""

    id = serializers.UUIDField()
    email = serializers.CharField()
    language = serializers.ChoiceField(choices=["vi", "en"])
    kinds = serializers.ListField(child=serializers.ChoiceField(choices=CHOOSABLE))
    asked_at = Instant()
    confirmed_at = Instant(allow_null=True)
    removed_at = Instant(allow_null=True)
    trouble = serializers.ChoiceField(
        choices=MailTrouble.Why.choices,
        allow_null=True,
        help_text="Why it takes no mail; null when it does, as far as we know.",
    )


class RecipientChange(Input):
    """What it receives, as a whole."""

    language = Choice(choices=["vi", "en"])
    kinds = Several(child=Choice(choices=CHOOSABLE), most=len(CHOOSABLE))


class RecipientWish(RecipientChange):
    """Its reader is asked by a link, good for three days."""

    email = serializers.EmailField()


class RecipientViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Whom else we write to for a customer."""

    queryset = Recipient.objects.none()
    serializer_class = RecipientShape
    keyset = ("asked_at", "id")
    sees = LOOK
    does = May.MANAGE_PROFILE

    def visible(self) -> QuerySet[Recipient]:
        told = MailTrouble.objects.standing().alias(address=Lower("email")).filter(address=Lower(OuterRef("email")))
        return Recipient.objects.filter(self.principal.scope()).annotate(
            trouble=Subquery(told.order_by("-at").values("why")[:1])
        )

    def shown(self, pk: UUID, *, status: int = 200) -> Response:
        """As it is by now."""
        return self.show(self.visible().get(pk=pk), status=status)

    @extend_schema(responses={201: RecipientShape})
    @idempotent(RecipientWish)
    def create(self, request: Request) -> Response:
        """Ask the reader of an address whether they agree."""
        wish = self.wish
        made = ask_recipient(
            self.customer, wish["email"], wish["language"], wish["kinds"], actor=self.actor, at=self.at
        )
        return self.shown(made.pk, status=201)

    @action(detail=True, methods=["post"])
    @idempotent(RecipientChange)
    def change(self, request: Request, pk: UUID) -> Response:
        """Change what it receives, and its language."""
        wish = self.wish
        change_recipient(self.get_object().pk, wish["language"], wish["kinds"], actor=self.actor, at=self.at)
        return self.shown(pk)

    @action(detail=True, methods=["post"])
    @idempotent()
    def ask(self, request: Request, pk: UUID) -> Response:
        """Send another link, in the place of the one before."""
        ask_again(self.get_object().pk, actor=self.actor, at=self.at)
        return self.shown(pk)

    @action(detail=True, methods=["post"])
    @idempotent()
    def remove(self, request: Request, pk: UUID) -> Response:
        """It receives nothing any more."""
        remove_recipient(self.get_object().pk, actor=self.actor, at=self.at)
        return self.shown(pk)

    @action(detail=True, methods=["post"], url_path="works-again")
    @idempotent()
    def works_again(self, request: Request, pk: UUID) -> Response:
        """Write to an address again that took no mail."""
        mend_address(self.get_object().email, customer=self.customer, actor=self.actor, at=self.at)
        return self.shown(pk)
