"""The base of every endpoint, and writes that are done once."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed, NotFound
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from accounts.idempotency import Answer, KeyMissing, answer_once, check_key, fingerprint
from accounts.models import Customer, IdempotencyKey
from accounts.principals import Principal
from kernel import clock
from kernel.actors import Actor


class Endpoint(GenericViewSet[Any]):
    """
    Resources of the API. `right` ("order" or "pay") is what customers' users need for writes; `for_products` lists the
    actions that product teams may use, `for_customers` says whether customers may use it at all.

    `visible` gives the rows that the principal may see; everything else is 404.

    An address answers the methods that its route declares and no other. The framework would take any method of the class
    that is named like an HTTP verb for the answer to that verb, at every address of the class: so there is none.
    """

    right: ClassVar[str] = "order"
    for_customers: ClassVar[bool] = True
    for_products: ClassVar[Collection[str]] = ()
    keyset: ClassVar[tuple[str, ...]] = ("id",)
    lookup_value_converter = "uuid"
    idempotency_record: IdempotencyKey

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        taken = set(APIView.http_method_names) & set(vars(cls))
        if taken:
            raise TypeError(f"{cls.__name__}: {', '.join(sorted(taken))} would answer that verb at every address")

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        self.http_method_names = list(self.action_map)  # what `Allow` tells
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.at = clock.now()
        if self.action not in self.action_map.values():
            raise MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)

    @property
    def principal(self) -> Principal:
        principal: Any = self.request.user
        return principal  # `MayUse` let nobody else in

    @property
    def actor(self) -> Actor:
        return self.principal.actor

    @property
    def customer(self) -> Customer:
        assert self.principal.customer is not None, "only customers get here"
        return self.principal.customer

    def visible(self) -> QuerySet[Any]:
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset() if getattr(self, "swagger_fake_view", False) else self.visible()

    def body(self, shape: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The request's body in this shape. :raises ValidationError:"""
        form = shape(data=self.request.data, context=self.get_serializer_context())
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    def show(self, row: Any, *, status: int = 200) -> Response:
        return Response(self.get_serializer(row).data, status=status)


Handler = Callable[..., Response]


def idempotent(
    *, required: bool = False, in_steps: bool | Callable[[Request], bool] = False
) -> Callable[[Handler], Handler]:
    """
    Let a write be repeated with its `Idempotency-Key`; `in_steps` as in `answer_once`.

    While the write runs, the view's `idempotency_record` is the record of its key.
    """

    def wrap(handler: Handler) -> Handler:
        @wraps(handler)
        def once(view: Endpoint, request: Request, *args: Any, **kwargs: Any) -> Response:
            key = request.headers.get("Idempotency-Key")
            if key is None:
                if required:
                    raise KeyMissing
                return handler(view, request, *args, **kwargs)

            def work(record: IdempotencyKey) -> Answer:
                view.idempotency_record = record
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
        return once

    return wrap


class Nowhere(APIView):
    """Whatever has no endpoint, in the words of the API."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound
