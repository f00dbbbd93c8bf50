"""A product team's client of the portal's public API."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx

from ..config import Config


class PortalSilent(Exception):
    """The portal cannot be reached, or answers with nonsense."""


class PortalRefused(Exception):
    """The portal's own sentence about what is wrong."""


class NoKey(Exception):
    """The portal has not handed out this product's key yet."""


class Portal:
    def __init__(self, config: Config, product: str) -> None:
        self.product = product
        self._base = config.portal_url
        self._key, _ = config.keys_of(product)

    def offer(self) -> dict[str, Any]:
        """The product with its items and prices."""
        offer = self._ask("GET", f"/api/v1/products/{self.product}/")
        items = offer.get("items") if isinstance(offer, dict) else None
        if not isinstance(items, list) or not all(isinstance(item, dict) and "code" in item for item in items):
            raise PortalSilent("no items in the offer")
        return dict(offer)

    def resources(self) -> list[dict[str, Any]]:
        """This product's resources; the first page is enough for a demo."""
        answer = self._ask("GET", f"/api/v1/resources/?product={self.product}")
        rows = answer.get("results") if isinstance(answer, dict) else answer
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    def open_checkout(self, *, name: str, items: list[dict[str, Any]], return_url: str, key: str) -> str:
        """The address to which the customer has to go. The same `key` never opens a second checkout."""
        wish = {"product": self.product, "name": name, "items": items, "return_url": return_url}
        session = self._ask("POST", "/api/v1/checkout-sessions/", json=wish, key=key)
        url = session.get("url") if isinstance(session, dict) else None
        if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
            raise PortalSilent("no address in the checkout session")
        return url

    def checkout(self, session_id: str) -> dict[str, Any]:
        session = self._ask("GET", f"/api/v1/checkout-sessions/{session_id}/")
        if not isinstance(session, dict):
            raise PortalSilent("no checkout session in the answer")
        return session

    def answer(self, answer_url: str, outcome: dict[str, str], *, key: str) -> httpx.Response:
        """
        Tell how a request ended. Only the path of `answer_url` is used: the key goes to the portal and nowhere else.

        :raises NoKey: not yet
        :raises httpx.HTTPError: the portal cannot be reached
        """
        return self._send("POST", urlsplit(answer_url).path, json=outcome, key=key)

    def _ask(self, method: str, path: str, *, json: Any = None, key: str = "") -> Any:
        try:
            response = self._send(method, path, json=json, key=key)
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise PortalSilent(str(error)) from error
        if response.is_success:
            return answer
        problem = answer if isinstance(answer, dict) else {}
        raise PortalRefused(str(problem.get("detail") or problem.get("title") or f"HTTP {response.status_code}"))

    def _send(self, method: str, path: str, *, json: Any, key: str) -> httpx.Response:
        if not self._key:
            raise NoKey
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        with httpx.Client(base_url=self._base, timeout=httpx.Timeout(8, connect=3), trust_env=False) as client:
            return client.request(method, path, json=json, headers=headers)
