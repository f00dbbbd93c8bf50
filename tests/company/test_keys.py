"""What a provider publishes as its keys is looked at before anything is computed with it, and what it signs is no page that fails."""

from __future__ import annotations

import base64
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from door.openid import Flaw, Untrusted, verify

ISSUER = "https://sso.alice.example"
OURS = rsa.generate_private_key(65537, 2048)


def packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def published(**more: object) -> dict[str, object]:
    return {**jwt.algorithms.RSAAlgorithm.to_jwk(OURS.public_key(), as_dict=True), "kid": "k", **more}


def said(**more: object) -> dict[str, object]:
    now = int(time.time())
    email = {"email": "lan@alice.example", "email_verified": True}
    return {"iss": ISSUER, "aud": "portal", "sub": "lan", "nonce": "n", "iat": now, "exp": now + 60, **email, **more}


def signed(payload: bytes | None = None, **more: object) -> str:
    content = payload or json.dumps(said(**more)).encode()
    return jwt.api_jws.encode(content, OURS, "RS256", {"kid": "k"})


def flaw_of(token: str, key: dict[str, object]) -> Flaw:
    with pytest.raises(Untrusted) as refused:
        verify(token, [key], issuer=ISSUER, client_id="portal", nonce="n")
    return refused.value.flaw


def test_a_key_with_what_is_public_alone_verifies():
    assert verify(signed(), [published()], issuer=ISSUER, client_id="portal", nonce="n").subject == "lan"


def test_an_elliptic_key_verifies():
    own = ec.generate_private_key(ec.SECP256R1())
    key = jwt.algorithms.ECAlgorithm.to_jwk(own.public_key(), as_dict=True)
    token = jwt.encode(said(), own, "ES256")
    assert verify(token, [key], issuer=ISSUER, client_id="portal", nonce="n").subject == "lan"


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_a_key_with_a_private_member_is_refused_before_anything_is_computed(member):
    """A private key is rebuilt from these: with long numbers that holds the whole process for minutes."""
    began = time.monotonic()
    long = packed(b"\xff" * 1023 + b"\xfd")
    assert flaw_of(signed(), published(**{"n": long, member: long})) == Flaw.SIGNATURE
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize(
    "more",
    [
        {"n": packed(b"\xff" * 4096)},
        {"n": packed(b"\xff" * 128)},
        {"e": packed(b"\xff" * 64)},
        {"e": 65537},
        {"n": None},
        {"kty": "EC"},
        {"kty": "oct", "k": packed(b"x" * 64)},
    ],
)
def test_a_key_of_another_type_or_an_unusual_size_is_refused(more):
    assert flaw_of(signed(), published(**more)) == Flaw.SIGNATURE


@pytest.mark.parametrize(
    ("name", "value", "flaw"),
    [
        ("exp", float("inf"), Flaw.SIGNATURE),
        ("iat", float("inf"), Flaw.SIGNATURE),
        ("nonce", "\ud800", Flaw.NONCE),
        ("sub", "lan\x00", Flaw.SUBJECT),
        ("sub", "\ud800", Flaw.SUBJECT),
        ("email", 5, Flaw.ADDRESS_MISSING),
        ("email", {"@": 1}, Flaw.ADDRESS_MISSING),
    ],
)
def test_what_is_signed_and_makes_no_sense_is_not_believed(name, value, flaw):
    assert flaw_of(signed(**{name: value}), published()) == flaw


def test_what_is_nested_without_end_is_not_believed():
    assert flaw_of(signed(b"[" * 100_000), published()) == Flaw.SIGNATURE
