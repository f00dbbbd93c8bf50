"""
OpenID Connect as we speak it with a customer's provider: the code flow, with PKCE, state and nonce.

Nothing of a provider is kept between two sign-ins, so a key that it takes back opens nothing from that moment on. Its addresses are
a customer's to choose: each call is within reach and within time (`store.outgoing`), and nothing is followed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from threading import Lock
from typing import NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import httpx
import jwt
from cryptography.exceptions import InternalError
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from kernel.errors import DomainError
from kernel.shapes import Json
from store import outgoing

SECONDS = 8
"""For all calls of one step together."""
AT_ONCE, AT_ONE_HOST = 3, 2
"""So many steps are under way in one process: it has threads left for everybody else, however slow providers are."""
LONGEST = 256 * 1024
LEEWAY = 60
"""Seconds by which the provider's clock may differ from ours."""
BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Those with a public key: neither none, nor one whose key we would share with whoever sees it."""
PUBLIC: dict[str, tuple[str, dict[str, range]]] = {
    "RS": ("RSA", {"n": range(342, 1369), "e": range(2, 7)}),
    "PS": ("RSA", {"n": range(342, 1369), "e": range(2, 7)}),
    "ES": ("EC", {"crv": range(1, 17), "x": range(1, 97), "y": range(1, 97)}),
    "Ed": ("OKP", {"crv": range(1, 17), "x": range(1, 97)}),
}
"""By the kind of algorithm: the type of its keys, and how long each public member is in characters (RSA: of 2048 to 8192 bits)."""
PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members that no provider publishes. A key is rebuilt from them, which may take minutes."""
GOOGLE = "https://accounts.google.com"
"""Issues for everybody: whose account it is says `hd`, of a company's alone."""


class Flaw(TextChoices):
    """Why what a provider says does not count."""

    ADDRESS = "address", _("One of its addresses is none that we call: they begin with https:// and are public.")
    DISCOVERY = "discovery", _("There is no OpenID Connect provider at this issuer.")
    ISSUER = "issuer", _("It calls itself by another issuer than the one that is set up.")
    CODE = "code", _("It does not take the client id, the secret, or the address to return to.")
    SIGNATURE = "signature", _("What it says is not signed by one of its keys.")
    AUDIENCE = "audience", _("What it says is meant for somebody else than us.")
    EXPIRED = "expired", _("What it says is too old, or its clock is wrong.")
    NONCE = "nonce", _("What it says is the answer to another question than ours.")
    SUBJECT = "subject", _("It does not say who you are.")
    ADDRESS_MISSING = "address-missing", _("It does not say your mail address.")
    ADDRESS_UNVERIFIED = "address-unverified", _("It does not say that your mail address is verified.")
    FOREIGN = "foreign", _("Your mail address there is of a domain for which it does not speak here.")
    SOMEBODY_ELSE = "somebody-else", _("You are signed in there as somebody else than here.")
    LONG_AGO = "long-ago", _("It did not ask you anew who you are. Use your password instead.")


MISSING = {"sub": Flaw.SUBJECT, "iss": Flaw.ISSUER, "aud": Flaw.AUDIENCE}


class ProviderAway(DomainError):
    code = "provider-away"
    status = 503
    message = _("Your company's sign-in does not answer. Please try again in a moment.")


class ProviderBusy(DomainError):
    """Nobody was called."""

    code = "provider-busy"
    status = 503
    message = _("Many sign in by their company at this moment. Please try again in a few seconds.")


class Untrusted(DomainError):
    """What came back is not to be believed; the sentence says why, for whoever set the provider up."""

    code = "provider-untrusted"
    status = 403

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.label, flaw=flaw.value)
        self.flaw = flaw


class Endpoints(NamedTuple):
    issuer: str
    authorization: str
    token: str
    keys: str
    takes_basic: bool


class Claims(NamedTuple):
    """
    What a provider says of who came: verified, and of nobody here yet.

    `hosted` is Google's word for the company whose account it is; `has_factor` that a second factor was shown, `proven_at` when who
    they are (machine time, 0 where it is not said).
    """

    issuer: str
    subject: str
    email: str
    hosted: str = ""
    has_factor: bool = False
    proven_at: int = 0


def endpoints_of(issuer: str) -> Endpoints:
    """
    What the provider says of itself; `issuer` as it is written there, where only a slash at the end differs.

    :raises ProviderAway, ProviderBusy, Untrusted:
    """
    with _calling(issuer):
        return _discover(issuer)


def authorization_url(
    endpoints: Endpoints, *, client_id: str, back: str, state: str, nonce: str, verifier: str, hint: str, anew: bool
) -> str:
    """
    Where the browser goes.

    :param anew: whoever is signed in there shows again who they are
    """
    asked = {
        "response_type": "code",
        "scope": "openid email",
        "client_id": client_id,
        "redirect_uri": back,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
        **({"login_hint": hint} if hint else {}),
        **({"prompt": "login", "max_age": "0"} if anew else {}),
    }
    glue = "&" if urlsplit(endpoints.authorization).query else "?"
    return f"{endpoints.authorization}{glue}{urlencode(asked)}"


def redeem(
    code: str, *, issuer: str, client_id: str, client_secret: str, back: str, nonce: str, verifier: str
) -> Claims:
    """
    Who came, for the code that the browser brought.

    :raises ProviderAway, ProviderBusy, Untrusted:
    """
    with _calling(issuer):
        endpoints = _discover(issuer)
        if endpoints.issuer != issuer:
            raise Untrusted(Flaw.ISSUER)
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": client_id,
            "code_verifier": verifier,
        }
        shown = {}
        if endpoints.takes_basic:
            pair = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"
            shown["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            asked["client_secret"] = client_secret
        token = _json("POST", endpoints.token, Flaw.CODE, asked=asked, shown=shown).get("id_token")
        keys = _json("GET", endpoints.keys, Flaw.SIGNATURE).get("keys")
    return verify(
        token if isinstance(token, str) else "",
        keys if isinstance(keys, list) else [],
        issuer=issuer,
        client_id=client_id,
        nonce=nonce,
    )


def verify(token: str, keys: list[object], *, issuer: str, client_id: str, nonce: str) -> Claims:
    """
    What an ID token says, once it is the provider's, for us, of now, and the answer to our question.

    :param keys: the provider's of this moment, as JWKs
    :raises Untrusted:
    """
    try:
        header = jwt.get_unverified_header(token)
        said = jwt.decode(
            token,
            _key_of(header, keys),
            algorithms=[header["alg"]],
            audience=client_id,
            issuer=issuer,
            leeway=LEEWAY,
            options={"require": ["iss", "aud", "exp", "iat", "sub"]},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise Untrusted(Flaw.EXPIRED) from error
    except jwt.InvalidIssuerError as error:
        raise Untrusted(Flaw.ISSUER) from error
    except jwt.InvalidAudienceError as error:
        raise Untrusted(Flaw.AUDIENCE) from error
    except jwt.MissingRequiredClaimError as error:
        raise Untrusted(MISSING.get(error.claim, Flaw.EXPIRED)) from error
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, ArithmeticError, RecursionError, InternalError) as error:
        raise Untrusted(Flaw.SIGNATURE) from error
    several = isinstance(said["aud"], list) and len(said["aud"]) > 1
    if said.get("azp", None if several else client_id) != client_id:
        raise Untrusted(Flaw.AUDIENCE)
    if not hmac.compare_digest(str(said.get("nonce", "")).encode(errors="replace"), nonce.encode()):
        raise Untrusted(Flaw.NONCE)
    return _claims(said)


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def host_of(issuer: str) -> str:
    """How people know a provider."""
    return urlsplit(issuer).netloc


def read_page(url: str) -> str:
    """
    The text of a short page.

    :raises ProviderAway, ProviderBusy, Untrusted:
    """
    with _calling(url):
        return _call("GET", url, Flaw.DISCOVERY).decode(errors="replace").strip()


_under_way: Counter[str] = Counter()
_counting = Lock()


@contextmanager
def _calling(url: str) -> Iterator[None]:
    """:raises ProviderBusy, Untrusted: enough of us wait for answers, of this host or altogether; it is no address that we call"""
    host = host_of(_checked(url))
    with _counting:
        if _under_way.total() >= AT_ONCE or _under_way[host] >= AT_ONE_HOST:
            raise ProviderBusy
        _under_way[host] += 1
    try:
        with outgoing.within(SECONDS):
            yield
    finally:
        with _counting:
            _under_way[host] -= 1
            if not _under_way[host]:
                del _under_way[host]


def _claims(said: Json) -> Claims:
    subject, email = said["sub"], said.get("email")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        raise Untrusted(Flaw.SUBJECT)
    try:
        validate_email(email if isinstance(email, str) else "")
    except ValidationError as error:
        raise Untrusted(Flaw.ADDRESS_MISSING) from error
    if not any(_is_true(said.get(name)) for name in ("email_verified", "xms_edov")):  # the second is how Entra says it
        raise Untrusted(Flaw.ADDRESS_UNVERIFIED)
    ways, proven_at = said.get("amr"), said.get("auth_time")
    return Claims(
        said["iss"],
        subject,
        str(email),
        hosted=str(said.get("hd", "")),
        has_factor=isinstance(ways, list) and "mfa" in ways,
        proven_at=proven_at if isinstance(proven_at, int) else 0,
    )


def _is_true(said: object) -> bool:
    return said is True or str(said).lower() in {"true", "1"}


def _key_of(header: Json, keys: list[object]) -> jwt.PyJWK:
    """:raises ValueError: none of the provider's keys signs so"""
    alg, kid = header["alg"], header.get("kid")
    if alg not in ALGORITHMS:
        raise ValueError(alg)
    fit = [
        key
        for key in keys
        if isinstance(key, dict)
        and key.get("use", "sig") == "sig"
        and key.get("alg", alg) == alg
        and (kid is None or key.get("kid") == kid)
    ]
    if len(fit) != 1:
        raise ValueError(f"{len(fit)} keys fit")
    return jwt.PyJWK(_public(fit[0], alg), algorithm=alg)


def _public(key: Json, alg: str) -> Json:
    """
    What of a key verifies, of a size that does so at once.

    :raises ValueError: it is of another type, holds what is private, or is too short or too long
    """
    kind, lengths = PUBLIC[alg[:2]]
    if key.get("kty") != kind or PRIVATE & key.keys():
        raise ValueError(f"no public {kind} key")
    members = {name: key[name] for name in lengths}
    if not all(isinstance(said, str) and len(said) in lengths[name] for name, said in members.items()):
        raise ValueError(f"{kind} key of an unusual size")
    return {"kty": kind, **members}


def _discover(issuer: str) -> Endpoints:
    said = _json("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration", Flaw.DISCOVERY)
    own = said.get("issuer")
    if not isinstance(own, str) or own.rstrip("/") != issuer.rstrip("/"):
        raise Untrusted(Flaw.ISSUER)
    ways = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Endpoints(
        own,
        _checked(said.get("authorization_endpoint")),
        _checked(said.get("token_endpoint")),
        _checked(said.get("jwks_uri")),
        takes_basic="client_secret_basic" in ways,
    )


def _json(
    method: str, url: str, flaw: Flaw, *, asked: dict[str, str] | None = None, shown: dict[str, str] | None = None
) -> Json:
    try:
        said = json.loads(_call(method, url, flaw, asked=asked, shown=shown))
    except (ValueError, RecursionError) as error:
        raise Untrusted(flaw) from error
    if not isinstance(said, dict):
        raise Untrusted(flaw)
    return said


def _call(
    method: str, url: str, flaw: Flaw, *, asked: dict[str, str] | None = None, shown: dict[str, str] | None = None
) -> bytes:
    client = _client(tuple(settings.PROVIDER_INSIDE_NETWORKS))
    headers = {"Accept": "application/json", **(shown or {})}
    try:
        with client.stream(method, _checked(url), data=asked, headers=headers, timeout=SECONDS) as answer:
            if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status_code in BUSY:
                raise ProviderAway
            if answer.status_code != HTTPStatus.OK:
                raise Untrusted(flaw)
            return outgoing.read_at_most(answer, LONGEST)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ProviderAway from error


@cache
def _client(inside: tuple[str, ...]) -> httpx.Client:
    return outgoing.client(outgoing.within_reach_of(inside))


def _checked(url: object) -> str:
    """
    An address with TLS, without a name and password in it; without TLS only by number, of a network inside that was allowed.

    :raises Untrusted:
    """
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        is_plain = parts.scheme == "http" and any(
            ip_address(parts.hostname or "") in ip_network(network) for network in settings.PROVIDER_INSIDE_NETWORKS
        )
        if not parts.hostname or "@" in parts.netloc or (parts.scheme != "https" and not is_plain):
            raise Untrusted(Flaw.ADDRESS)
        _port = parts.port
    except ValueError as error:
        raise Untrusted(Flaw.ADDRESS) from error
    return str(url)
