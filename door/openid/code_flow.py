"""The code flow, with PKCE, state and nonce. Nothing of a provider is kept between two sign-ins."""

from __future__ import annotations

import base64
import hashlib
from typing import NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from door.openid.calls import call_for_json, calling, checked
from door.openid.flaws import Flaw, Untrusted
from door.openid.tokens import Claims, verify

GOOGLE = "https://accounts.google.com"
"""Issues for everybody: whose account it is says `hd`, of a company's alone."""
EVERYBODYS = frozenset(
    {
        *("https://gitlab.com", "https://slack.com", "https://appleid.apple.com", "https://account.apple.com"),
        *("https://www.facebook.com", "https://www.linkedin.com/oauth", "https://access.line.me"),
        *("https://api.login.yahoo.com", "https://id.twitch.tv/oauth2", "https://www.paypal.com"),
        "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
    }
)
"""Issue for everybody and say of none whose account it is: a company's address that was theirs once lets them in for good."""


class Endpoints(NamedTuple):
    issuer: str
    authorization: str
    token: str
    keys: str
    takes_basic: bool


def endpoints_of(issuer: str) -> Endpoints:
    """
    What the provider says of itself; `issuer` as it is written there, where only a slash at the end differs.

    :raises ProviderAway, ProviderBusy, Untrusted:
    """
    with calling(issuer):
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
    with calling(issuer):
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
        token = call_for_json("POST", endpoints.token, Flaw.CODE, asked=asked, shown=shown).get("id_token")
        keys = call_for_json("GET", endpoints.keys, Flaw.SIGNATURE).get("keys")
    return verify(
        token if isinstance(token, str) else "",
        keys if isinstance(keys, list) else [],
        issuer=issuer,
        client_id=client_id,
        nonce=nonce,
    )


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _discover(issuer: str) -> Endpoints:
    said = call_for_json("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration", Flaw.DISCOVERY)
    own = said.get("issuer")
    if not isinstance(own, str) or own.rstrip("/") != issuer.rstrip("/"):
        raise Untrusted(Flaw.ISSUER)
    if own.rstrip("/") in EVERYBODYS:
        raise Untrusted(Flaw.EVERYBODYS)
    ways = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Endpoints(
        own,
        checked(said.get("authorization_endpoint")),
        checked(said.get("token_endpoint")),
        checked(said.get("jwks_uri")),
        takes_basic="client_secret_basic" in ways,
    )
