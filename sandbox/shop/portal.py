"""A product team's client of the portal's public API."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import httpx

from sandbox.shapes import Json

from ..config import Config

MOST_PAGES = 10


class PortalSilent(Exception):
    """The portal cannot be reached, or answers with nonsense."""


class PortalRefused(Exception):
    """The portal's own sentence about what is wrong, and its code."""

    def __init__(self, sentence: str, *, code: str = "", status: int = 0) -> None:
        super().__init__(sentence)
        self.code, self.status = code, status


class NoKey(Exception):
    """The portal has not handed out this product's key yet."""


class Portal:
    """Names and refusals come in `language`: whoever looks at our page reads them."""

    def __init__(self, config: Config, product: str, *, language: str = "en") -> None:
        self.product, self._language = product, language
        self._base, self._public = config.portal_url, config.portal_public_url
        self._key, _ = config.keys_of(product)

    def offer(self) -> Json:
        """The product with its policies, items and prices."""
        offer = self._object("GET", f"/api/v1/products/{self.product}/")
        items = offer.get("items")
        if not isinstance(items, list) or not all(isinstance(item, dict) and "code" in item for item in items):
            raise PortalSilent("no items in the offer")
        return offer

    def sign_in_url(self, *, return_url: str, state: str) -> str:
        """Where the portal finds out who is there, and sends them back with a code."""
        return f"{self._public}/visit/{self.product}/?{urlencode({'return_url': return_url, 'state': state})}"

    def take_up_visit(self, code: str, *, return_url: str) -> Json:
        """Who was sent back with this code."""
        return self._object("POST", "/api/v1/visits/", json={"code": code, "return_url": return_url})

    def visit(self, visit_id: str) -> Json | None:
        """Who is there; nobody any more when the visit is over."""
        try:
            return self._object("GET", f"/api/v1/visits/{visit_id}/")
        except PortalRefused as refusal:
            if refusal.status == 404:
                return None
            raise

    def end_visit(self, visit_id: str) -> None:
        self._ask("POST", f"/api/v1/visits/{visit_id}/end/", json={})

    def resources(self, customer: str) -> list[Json]:
        """This customer's resources of this product."""
        path: str = f"/api/v1/resources/?{urlencode({'product': self.product, 'customer': customer, 'page_size': 100})}"
        found: list[Json] = []
        for _page in range(MOST_PAGES):
            answer = self._object("GET", path)
            found += [row for row in answer.get("results") or [] if isinstance(row, dict)]
            following = urlsplit(str(answer.get("next") or ""))
            if not following.query:
                break
            path = f"{following.path}?{following.query}"
        return found

    def open_checkout(self, wish: Json, *, key: str) -> str:
        """The address to which the customer has to go. The same `key` never opens a second checkout."""
        session = self._object("POST", "/api/v1/checkout-sessions/", json=wish, key=key)
        url = session.get("url")
        if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
            raise PortalSilent("no address in the checkout session")
        return url

    def checkout(self, session_id: str) -> Json:
        return self._object("GET", f"/api/v1/checkout-sessions/{session_id}/")

    def answer(self, answer_url: str, outcome: dict[str, str], *, key: str) -> httpx.Response:
        """
        Tell how a request ended. Only the path of `answer_url` is used: the key goes to the portal and nowhere else.

        :raises NoKey: not yet
        :raises httpx.HTTPError: the portal cannot be reached
        """
        return self._send("POST", urlsplit(answer_url).path, json=outcome, key=key)

    def _object(self, method: str, path: str, *, json: object = None, key: str = "") -> Json:
        answer = self._ask(method, path, json=json, key=key)
        if not isinstance(answer, dict):
            raise PortalSilent("no object in the answer")
        return answer

    def _ask(self, method: str, path: str, *, json: object = None, key: str = "") -> object:
        try:
            response = self._send(method, path, json=json, key=key)
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise PortalSilent(str(error)) from error
        if response.is_success:
            return answer
        problem = answer if isinstance(answer, dict) else {}
        sentence = str(problem.get("detail") or problem.get("title") or f"HTTP {response.status_code}")
        raise PortalRefused(sentence, code=str(problem.get("code", "")), status=response.status_code)

    def _send(self, method: str, path: str, *, json: object, key: str) -> httpx.Response:
        if not self._key:
            raise NoKey
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Accept": "application/json",
            "Accept-Language": self._language,
        }
        if key:
            headers["Idempotency-Key"] = key
        with httpx.Client(base_url=self._base, timeout=httpx.Timeout(8, connect=3), trust_env=False) as client:
            return client.request(method, path, json=json, headers=headers)
