"""
A company's OpenID Connect provider, as a process of its own: Authlib's, which shares no code with what is tested.

It knows one client and lets in whoever it was told last (`POST /-/says`), without asking. Told to be hostile, it answers as nobody
should: see `tampered`. Its first line says where it is.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import sys
import time
from types import SimpleNamespace
from typing import Any

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # between two ports of this machine

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from flask import Flask, Response, jsonify, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "portal", "a secret: with / and ü"
PAGE = "/.well-known/billing-portal-sign-in.txt"


class Client(ClientMixin):
    def get_client_id(self) -> str:
        return CLIENT

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return not state.back or redirect_uri == state.back

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == state.auth_method

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"

    def get_allowed_scope(self, scope: str) -> str:
        return scope


class Code(SimpleNamespace, AuthorizationCodeMixin):
    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> list[str] | None:
        return state.says.get("amr")


class Codes(AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

    def save_authorization_code(self, code: str, request: Any) -> None:
        said = request.payload
        state.codes[code] = Code(
            code=code,
            redirect_uri=said.redirect_uri,
            scope=said.scope,
            nonce=said.data.get("nonce"),
            code_challenge=said.data.get("code_challenge"),
            code_challenge_method=said.data.get("code_challenge_method"),
            user=request.user,
            auth_time=int(time.time()) if said.data.get("prompt") == "login" else state.since,
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        return state.codes.get(code)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        del state.codes[authorization_code.code]

    def authenticate_user(self, authorization_code: Code) -> Any:
        return authorization_code.user


class Tokens(OpenIDCode):
    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return any(code.nonce == nonce for code in state.codes.values())

    def resolve_client_private_key(self, client: Client) -> RSAKey:
        return state.key

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": state.url, "aud": [CLIENT], "exp": int(time.time()) + 300}

    def get_encode_header(self, client: Client) -> dict[str, str]:
        return {"alg": "RS256", "kid": state.key.kid}

    def generate_user_info(self, user: dict[str, Any], scope: str) -> dict[str, Any]:
        return {name: value for name, value in user.items() if name != "amr"}

    def process_token(self, grant: Any, response: Any) -> dict[str, Any]:
        token = super().process_token(grant, response)
        token["id_token"] = tampered(token["id_token"], state.hostile)
        return token


def tampered(token: str, how: str) -> str:
    """The token as a hostile, broken or misled provider would send it."""
    said = jwt.decode(token, state.key).claims
    header, key = {"alg": "RS256", "kid": state.key.kid}, state.key
    match how:
        case "nonce":
            said["nonce"] = "of-somebody-else"
        case "no nonce":
            del said["nonce"]
        case "audience":
            said["aud"] = "another-client"
        case "several audiences":
            said["aud"] = [CLIENT, "another-client"]
        case "other party":
            said["azp"] = "another-client"
        case "issuer":
            said["iss"] = "https://accounts.google.com"
        case "expired":
            said["exp"] = int(time.time()) - 120
        case "not yet":
            said["iat"] = int(time.time()) + 600
        case "clock a little wrong":
            said["iat"], said["exp"] = int(time.time()) + 40, int(time.time()) + 300
        case "no subject":
            del said["sub"]
        case "other key":
            key = RSAKey.generate_key(2048)
        case "unknown key":
            key = RSAKey.generate_key(2048, parameters={"kid": "unknown"})
            header["kid"] = "unknown"
        case "public key as secret":  # what everybody can read, taken for a shared secret
            parts = token.split(".")
            told = f"{_packed(json.dumps({**header, 'alg': 'HS256'}).encode())}.{parts[1]}"
            shared = state.key.as_pem(private=False)
            return f"{told}.{_packed(hmac.digest(shared, told.encode(), 'sha256'))}"
        case "none":
            parts = token.split(".")
            return f"eyJhbGciOiJub25lIn0.{parts[1]}."
        case "changed":
            parts = token.split(".")
            return f"{parts[0]}.{parts[1]}.{'A' * len(parts[2])}"
        case "":
            return token
        case _:
            raise AssertionError(how)
    return jwt.encode(header, said, key, [header["alg"]])


def _packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


state: Any = SimpleNamespace(
    url="", key=RSAKey.generate_key(2048, parameters={"kid": "first"}), codes={}, says={}, hostile="", back="",
    status=0, auth_method="client_secret_basic", page="", names={}, since=int(time.time()) - 7200, called=[],
)  # fmt: skip
app = Flask("provider")
server = AuthorizationServer(
    app, query_client=lambda name: Client() if name == CLIENT else None, save_token=lambda *_: None
)
server.register_grant(Codes, [Tokens(require_nonce=True), CodeChallenge(required=True)])


@app.before_request
def note() -> Response | None:
    if not request.path.startswith("/-/"):
        state.called.append(request.path)
        if state.status:
            return Response("", state.status)
    return None


@app.get("/.well-known/openid-configuration")
def discovery() -> Response:
    own = {
        "issuer": state.url,
        "authorization_endpoint": f"{state.url}/authorize",
        "token_endpoint": f"{state.url}/token",
        "jwks_uri": f"{state.url}/keys",
        "token_endpoint_auth_methods_supported": [state.auth_method],
    }
    return jsonify({**own, **state.names})


@app.get("/keys")
def keys() -> Response:
    encrypts = RSAKey.generate_key(2048, parameters={"kid": state.key.kid, "use": "enc"})
    return jsonify(keys=[encrypts.as_dict(private=False), state.key.as_dict(private=False)])


@app.get("/authorize")
def authorize() -> Any:
    grant = server.get_consent_grant(end_user=state.says)
    return server.create_authorization_response(grant=grant, grant_user=state.says if state.says else None)


@app.post("/token")
def token() -> Any:
    return server.create_token_response()


@app.get(PAGE)
def page() -> Response:
    return Response(state.page, mimetype="text/plain")


@app.post("/-/says")
def says() -> Response:
    """Who comes next, and how it is told; what is not said is as at the start."""
    told = request.get_json()
    for name, usual in {"says": {}, "hostile": "", "back": "", "status": 0, "page": "", "names": {}}.items():
        setattr(state, name, told.get(name, usual))
    state.auth_method = told.get("auth_method", "client_secret_basic")
    state.called.clear()
    if told.get("new_key"):
        state.key = RSAKey.generate_key(2048, parameters={"kid": told["new_key"]})
    return Response("", 204)


@app.get("/-/called")
def called() -> Response:
    return jsonify(state.called)


if __name__ == "__main__":
    listener = make_server("127.0.0.1", 0, app, threaded=True)
    state.url = f"http://127.0.0.1:{listener.server_port}"
    sys.stdout.write(f"{state.url}\n")
    sys.stdout.flush()
    listener.serve_forever()
