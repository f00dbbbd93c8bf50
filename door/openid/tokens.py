"""What an ID token says, once it is the provider's, for us, of now, and the answer to our question."""

from __future__ import annotations

import hmac
from typing import NamedTuple

import jwt
from cryptography.exceptions import InternalError
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from door.openid.flaws import Flaw, Untrusted
from kernel.shapes import Json

LEEWAY = 60
"""Seconds by which the provider's clock may differ from ours."""
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
MISSING = {"sub": Flaw.SUBJECT, "iss": Flaw.ISSUER, "aud": Flaw.AUDIENCE}


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
