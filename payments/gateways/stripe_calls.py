"""
How Stripe is called: by its own library, over our client and its deadlines, and with the four answers that we know.

The library retries nothing by itself here: what was not answered is asked about, not sent again blindly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import httpx
import stripe

from store import outgoing

from .base import NOT_FOUND, Failed, Unknown
from .wire import MAX_ANSWER, Told, is_int, part_of

CURRENCY = "vnd"
SECONDS = 30
DECLINED = {
    "insufficient_funds": "insufficient_funds",
    "card_velocity_exceeded": "over_limit",
    "withdrawal_count_limit_exceeded": "over_limit",
    "authentication_required": "needs_customer",
    "expired_card": "revoked",
    "lost_card": "revoked",
    "stolen_card": "revoked",
    "pickup_card": "revoked",
    "processing_error": "bank_error",
    "issuer_not_available": "bank_error",
}
"""The bank's reasons, as they are kept; every other one is "declined"."""


class Transport(stripe.HTTPClient):
    """The library's way to the network: one call, one deadline, an answer of a bounded size."""

    name = "httpx"

    def __init__(self, client: httpx.Client) -> None:
        super().__init__(verify_ssl_certs=True)
        self.client = client

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: bytes | str | None = None,
        **_more: object,
    ) -> tuple[str, int, Mapping[str, str]]:
        try:
            with (
                outgoing.within(SECONDS),
                self.client.stream(
                    method.upper(), url, headers=dict(headers or {}), content=post_data or None, timeout=SECONDS
                ) as response,
            ):
                text = outgoing.read_at_most(response, MAX_ANSWER).decode()
                return text, response.status_code, response.headers
        except (httpx.HTTPError, ValueError) as error:
            raise stripe.APIConnectionError(type(error).__name__) from error  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """The client belongs to who made it."""


def client_for(key: str, url: str, http: httpx.Client) -> stripe.StripeClient:
    return stripe.StripeClient(key, http_client=Transport(http), base_addresses={"api": url}, max_network_retries=0)


def asked(call: Callable[[], object]) -> Told | Unknown:
    """What Stripe answers to a question, as plain values. That it refuses the question says nothing of what was asked about."""
    answer = called(call)
    return Unknown(f"{answer.code}: {answer.message}") if isinstance(answer, Failed) else answer


def called(call: Callable[[], object]) -> Told | Failed | Unknown:
    """What Stripe answers to an order, as plain values; `Failed` only for what moved nothing and never will."""
    try:
        answer = call()
    except stripe.CardError as refusal:
        body: object = refusal.json_body
        return declined(part_of(body, "error") if isinstance(body, dict) else {})
    except stripe.APIConnectionError as error:
        return Unknown(str(error.user_message or type(error).__name__))
    except (stripe.RateLimitError, stripe.IdempotencyError) as error:
        return Unknown(type(error).__name__)
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        return Failed("invalid_credentials", f"HTTP {error.http_status or ''}")
    except stripe.InvalidRequestError as error:
        if error.http_status == 404:
            return Unknown(NOT_FOUND)
        return Failed("refused", str(error.code or error.param or "invalid request")[:200])
    except stripe.StripeError as error:
        return Unknown(f"HTTP {error.http_status}" if error.http_status else type(error).__name__)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Unknown("unreadable answer")
    return plain(answer)


def made_at(told: Told) -> datetime:
    """When it was made, in Stripe's seconds."""
    seconds = told.get("created")
    return datetime.fromtimestamp(seconds if is_int(seconds) else 0, UTC)


def plain(answer: object) -> Told:
    """The library's objects as dictionaries, all the way down."""
    found: object = answer.to_dict(recursive=True) if hasattr(answer, "to_dict") else answer
    return found if isinstance(found, dict) else {}


def declined(error: Told) -> Failed:
    """The same whether it is the answer of a charge or what the charge is remembered by."""
    code = str(error.get("code") or "")
    reason = code if code in DECLINED else str(error.get("decline_code") or code or "declined")
    return Failed(DECLINED.get(reason, "declined"), str(error.get("message") or reason)[:200])
