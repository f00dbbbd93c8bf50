"""Bearer keys for programs, the portal's session for its own pages."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import ClassVar, Generic, TypeVar

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts.for_whom import HEADER, refuse_for_another
from accounts.models import ApiKey, CustomerKey, User, digest_of
from accounts.principals import Principal
from kernel import clock
from store.senders import address_of_sender

Address = IPv4Address | IPv6Address


Key = TypeVar("Key", bound=ApiKey)


class KeyAuthentication(BaseAuthentication, Generic[Key]):
    """`Authorization: Bearer <key>` with a key of `model`; revoked and unknown ones are refused."""

    model: type[Key]
    scheme: ClassVar[str]
    related: ClassVar[tuple[str, ...]] = ()

    def principal_of(self, key: Key) -> Principal:
        raise NotImplementedError

    def authenticate(self, request: Request) -> tuple[Principal, Key] | None:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not self.is_ours(secret):
            return None
        at = clock.now()
        key = self.model.working(at).select_related(*self.related).filter(digest=digest_of(secret)).first()
        if key is None:
            raise AuthenticationFailed(
                _("This API key is not valid, or it was revoked, or has expired, or its keeper has left.")
            )
        self.refuse_place(key, address_of_sender(request._request))
        key.note_use(at=at)
        return self.principal_of(key), key

    def refuse_place(self, key: Key, address: Address | None) -> None:
        """:raises AuthenticationFailed: it is not used from there"""

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'

    def is_ours(self, secret: str) -> bool:
        return secret.startswith(self.model.PREFIX)


class CustomerKeyAuthentication(KeyAuthentication[CustomerKey]):
    """Also refuses every bearer token that is no key at all."""

    model = CustomerKey
    scheme = "customer_key"
    related = ("customer",)

    def is_ours(self, secret: str) -> bool:
        return True

    def refuse_place(self, key: CustomerKey, address: Address | None) -> None:
        if not key.is_used_from(address):
            raise AuthenticationFailed(_("This API key is not used from %(address)s.") % {"address": address})

    def principal_of(self, key: CustomerKey) -> Principal:
        return Principal.of_customer_key(key)


class UserAuthentication(SessionAuthentication):
    """
    A signed-in user of the portal, with CSRF protection; who belongs to several customers names the one that a write is for.
    Whoever shows a key is not taken for the browser's user.
    """

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        if "Authorization" in request.headers:
            return None
        found = super().authenticate(request)
        if not found:
            return None
        user: User = found[0]
        if request.method not in SAFE_METHODS:
            refuse_for_another(user, request.headers.get(HEADER))
        return Principal.of_user(user), None
