"""The base of every endpoint, and writes that are done once."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, MethodNotAllowed, NotFound
from rest_framework.permissions import SAFE_METHODS, AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from accounts.api.fields import Input, Nothing
from accounts.api.query import Paged, Query
from accounts.idempotency import Answer, KeyMissing, answer_once, check_key, fingerprint
from accounts.may import NOBODY, May, Need, need_of
from accounts.models import Customer, IdempotencyKey
from accounts.principals import Principal
from kernel import clock
from kernel.actors import Actor
from kernel.shapes import Cleaned
from store.senders import address_of_sender

Made = TypeVar("Made", bound=Model)


class LengthRequired(APIException):
    status_code = 411
    default_code = "length_required"
    default_detail = _("Send the body with its Content-Length, in one piece.")


class Endpoint(GenericViewSet[Any]):
    """
    Resources of the API. `sees` is what it takes to read here and `does` to write, `needs` says it of single actions that differ;
    what is not declared is nobody's. `for_products` lists the actions that product teams may use, `only_for_products` those
    of them that are nobody else's; `for_customers` says whether customers may use it at all.

    `visible` gives the rows that the principal may see; everything else is 404.

    `queries` gives the parameters of each action that takes any; the others take none. The body of a write is declared by
    `idempotent` and found, checked, in `wish`.

    An address answers the methods that its route declares and no other. The framework would take any method of the class
    that is named like an HTTP verb for the answer to that verb, at every address of the class: so there is none.
    """

    sees: ClassVar[May | Need] = NOBODY
    does: ClassVar[May | Need] = NOBODY
    needs: ClassVar[Mapping[str, May | Need]] = {}
    for_customers: ClassVar[bool] = True
    for_products: ClassVar[Collection[str]] = ()
    only_for_products: ClassVar[Collection[str]] = ()
    queries: ClassVar[Mapping[str, type[Query]]] = {"list": Paged}
    keyset: ClassVar[tuple[str, ...]] = ("id",)
    lookup_value_converter = "uuid"
    idempotency_record: IdempotencyKey | None = None
    query: Query
    wish: Cleaned

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        taken = set(APIView.http_method_names) & set(vars(cls))
        if taken:
            raise TypeError(f"{cls.__name__}: {', '.join(sorted(taken))} would answer that verb at every address")

    def initialize_request(self, request: HttpRequest, *args: object, **kwargs: object) -> Request:
        self.http_method_names = list(self.action_map)  # what `Allow` tells
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        self.at = clock.now()
        if self.action not in self.action_map.values():
            raise MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)
        if "Transfer-Encoding" in request.headers:  # the server would hand over an empty body
            raise LengthRequired
        shape = self.queries.get(str(self.action), Query)
        self.query = shape(data=request.query_params, context=self.get_serializer_context())
        self.query.is_valid(raise_exception=True)

    @property
    def need(self) -> Need:
        """What the present action takes."""
        return self.need_for(str(self.action), str(self.request.method))

    @classmethod
    def need_for(cls, action: str, method: str) -> Need:
        return need_of(cls.needs.get(action) or (cls.sees if method in SAFE_METHODS else cls.does))

    @property
    def principal(self) -> Principal:
        principal: object = self.request.user
        assert isinstance(principal, Principal)  # `MayUse` let nobody else in
        return principal

    @property
    def actor(self) -> Actor:
        return self.principal.actor.at_address(address_of_sender(self.request))

    @property
    def customer(self) -> Customer:
        assert self.principal.customer is not None, "only customers get here"
        return self.principal.customer

    def visible(self) -> QuerySet[Model]:
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Model]:
        return super().get_queryset() if getattr(self, "swagger_fake_view", False) else self.visible()

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Of a list, the rows that were asked for. One object is found whatever a list would show."""
        return self.query.narrow(queryset) if self.action == "list" else queryset

    def take_body(self, takes: type[Input]) -> None:
        """Keep the request's body in this shape as `wish`. What is not there is not found, whatever the body says."""
        if self.detail:
            self.get_object()
        form = takes(data=self.request.data, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        self.wish = form.validated_data

    def begun(self, rows: QuerySet[Made]) -> Made | None:
        """What an earlier request with this key had made before it died."""
        record = self.idempotency_record
        return rows.filter(pk=record.begun).first() if record and record.begun else None

    def note(self, pk: UUID) -> None:
        """Called in the transaction that makes something: see `begun`."""
        if self.idempotency_record:
            self.idempotency_record.begun = pk
            self.idempotency_record.save(update_fields=["begun"])

    def page(self, rows: QuerySet[Model]) -> Response:
        """A page of rows that belong to one object."""
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(rows), many=True).data)

    def show(self, row: object, *, status: int = 200) -> Response:
        return Response(self.get_serializer(row).data, status=status)


Handler = Callable[..., Response]


def idempotent(
    takes: type[Input] = Nothing, *, required: bool = False, in_steps: bool | Callable[[Request], bool] = False
) -> Callable[[Handler], Handler]:
    """
    A write with a body of the shape `takes`, which may be repeated with its `Idempotency-Key`; `in_steps` as in `answer_once`.

    While the write runs, the view's `idempotency_record` is the record of its key, and `wish` the body.
    """

    def wrap(handler: Handler) -> Handler:
        @wraps(handler)
        def once(view: Endpoint, request: Request, *args: object, **kwargs: object) -> Response:
            key = request.headers.get("Idempotency-Key")
            if key is None:
                if required:
                    raise KeyMissing
                view.take_body(takes)
                return handler(view, request, *args, **kwargs)

            def work(record: IdempotencyKey) -> Answer:
                view.idempotency_record = record
                view.take_body(takes)
                response = handler(view, request, *args, **kwargs)
                return Answer(response.status_code, json.loads(JSONRenderer().render(response.data)))

            answer = answer_once(
                view.principal.id,
                check_key(key),
                fingerprint(str(request.method), request.path, request.data),
                work,
                in_steps=in_steps(request) if callable(in_steps) else in_steps,
                at=view.at,
            )
            headers = {"Idempotent-Replayed": "true"} if answer.replayed else {}
            return Response(answer.body, status=answer.status, headers=headers)

        once.idempotency = "required" if required else "optional"  # type: ignore[attr-defined]  # for the schema
        once.takes = takes  # type: ignore[attr-defined]
        return once

    return wrap


class Nowhere(APIView):
    """Whatever has no endpoint, in the words of the API."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    schema = None

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        raise NotFound
