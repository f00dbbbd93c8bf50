"""A device that keeps passkeys, as browsers speak for one: it makes keys, and signs when its owner has shown a finger."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


class Device:
    def __init__(self, origin: str = "http://localhost", *, finger: bool = True) -> None:
        self.origin = origin
        self.flags = PRESENT | (VERIFIED if finger else 0)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.user = b""

    def makes(self, options: dict[str, Any]) -> str:
        asked = options["publicKey"]
        assert asked["authenticatorSelection"]["residentKey"] == "required"
        self.user = websafe_decode(asked["user"]["id"])
        public = cbor.encode(ES256.from_cryptography_key(self.key.public_key()))
        about = (
            self._about(asked["rp"]["id"], WITH_KEY) + bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public
        )
        made = cbor.encode({"fmt": "none", "attStmt": {}, "authData": about})
        return self._said({"attestationObject": made, "clientDataJSON": self._told("webauthn.create", asked)})

    def signs(self, options: dict[str, Any]) -> str:
        asked = options["publicKey"]
        told, about = self._told("webauthn.get", asked), self._about(asked["rpId"], 0)
        signature = self.key.sign(about + hashlib.sha256(told).digest(), ec.ECDSA(hashes.SHA256()))
        said = {"clientDataJSON": told, "authenticatorData": about, "signature": signature, "userHandle": self.user}
        return self._said(said)

    def _about(self, site: str, more: int) -> bytes:
        return hashlib.sha256(site.encode()).digest() + bytes([self.flags | more]) + bytes(4)

    def _told(self, kind: str, asked: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": asked["challenge"], "origin": self.origin}).encode()

    def _said(self, response: dict[str, bytes]) -> str:
        name = websafe_encode(self.id)
        said = {part: websafe_encode(value) for part, value in response.items()}
        return json.dumps(
            {"id": name, "rawId": name, "type": "public-key", "clientExtensionResults": {}, "response": said}
        )
