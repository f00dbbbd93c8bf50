"""ZaloPay's agreements: a wallet that the customer lets us charge. What became of a charge, `/v2/query` alone says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from .base import (
    NOT_FOUND,
    BadSignature,
    Caps,
    Failed,
    Linked,
    LinkOutcome,
    LinkReport,
    Outcome,
    Pending,
    Redirect,
    ToCharge,
    ToLink,
    Unknown,
    Unlinked,
)
from .wire import CHECK_AFTER, is_amount, is_int, is_name, leads_to, text_of
from .zalopay import CAPS, ZaloPay, codes_of, milliseconds, refusal
from .zalopay_protocol import (
    AGREEMENT,
    CANCELLED,
    CONFIRMED,
    CREATE_REFUSED,
    DISABLED,
    DUPLICATE_ORDER,
    NO_SUCH_ORDER,
    PROCESSING,
    SUCCESS,
)

LINK_CAPS = replace(CAPS, link=True)


@dataclass(frozen=True)
class LinkingZaloPay(ZaloPay):
    """ZaloPay for a merchant whose contract allows agreements."""

    caps: Caps = LINK_CAPS

    def begin_link(self, to_link: ToLink) -> Redirect | LinkOutcome:
        """Without a limit of ours: the wallet's own holds. Documents and answers name the page's address differently."""
        answer = self.call(
            "agreement/bind",
            app_trans_id=to_link.reference,
            identifier=to_link.customer_ref,
            binding_type="WALLET",
            binding_data="{}",
            max_amount=0,
            req_date=milliseconds(to_link.at),
            redirect_url=to_link.return_url,
            callback_url=to_link.callback_url,
            description=to_link.description[:256],
        )
        if isinstance(answer, Unknown):
            return answer
        status, detail = codes_of(answer)
        if status == SUCCESS:
            pages = [text_of(answer, name) for name in ("short_link", "binding_url", "binding_qr_link", "deep_link")]
            found = next((page for page in pages if leads_to(page, self.page_hosts)), None)
            return Redirect(found) if found else Unknown("the page to agree on leads elsewhere")
        if detail == DUPLICATE_ORDER:
            return self.finish_link(
                reference=to_link.reference, customer_ref=to_link.customer_ref, proof="", at=to_link.at
            )
        return refusal(CREATE_REFUSED, detail, answer)

    def parse_link_notice(self, body: bytes, headers: Mapping[str, str]) -> LinkReport | None:
        kind, told = self.signed_data(body)
        if kind != AGREEMENT:
            return None
        reference = told.get("app_trans_id")
        if not is_name(reference) or not is_int(told.get("status")):
            raise BadSignature("agreement or status missing")
        return LinkReport(reference, is_over=told["status"] in (CANCELLED, DISABLED))

    def finish_link(self, *, reference: str, customer_ref: str, proof: str, at: datetime) -> LinkOutcome:
        """Needs no proof: asking gives all that a notice says."""
        answer = self.call("agreement/query", app_trans_id=reference, req_date=milliseconds(at))
        if isinstance(answer, Unknown):
            return answer
        status, detail = codes_of(answer)
        if detail == NO_SUCH_ORDER:
            return Unknown(NOT_FOUND)
        nested = answer.get("data")
        told = nested if isinstance(nested, dict) else answer
        if told.get("status") in (CANCELLED, DISABLED):
            return Unlinked()
        if status == PROCESSING or (status == SUCCESS and told.get("status") != CONFIRMED):
            return Pending(CHECK_AFTER)
        return _linked(told, at) if status == SUCCESS else Unknown(f"code {detail}")

    def query_link(self, *, reference: str, customer_ref: str, token: str, at: datetime) -> LinkOutcome:
        return self.finish_link(reference=reference, customer_ref=customer_ref, proof="", at=at)

    def charge(self, to_charge: ToCharge) -> Outcome:
        """An order, and then its payment. An order that is there already may have been paid: it is asked about."""
        order = self._create(to_charge, {}, product_code="AGREEMENT")
        if isinstance(order, Unknown):
            return order
        status, detail = codes_of(order)
        if detail == DUPLICATE_ORDER:
            return self.query(reference=to_charge.reference, at=to_charge.at)
        if status != SUCCESS:
            return refusal(CREATE_REFUSED, detail, order)
        answer = self.call(
            "agreement/pay",
            identifier=to_charge.customer_ref,
            zp_trans_token=text_of(order, "zp_trans_token"),
            pay_token=_parts(to_charge.token)["pay_token"],
            req_date=milliseconds(to_charge.at),
        )
        if isinstance(answer, Unknown):
            return answer
        if answer["return_code"] == PROCESSING:
            return Pending(CHECK_AFTER)
        outcome = self.query(reference=to_charge.reference, at=to_charge.at)
        if answer["return_code"] == SUCCESS or not isinstance(outcome, Pending):
            return outcome
        return Failed("declined", text_of(answer, "sub_return_message")[:200])

    def unlink(self, *, reference: str, customer_ref: str, token: str, at: datetime) -> LinkOutcome:
        answer = self.call(
            "agreement/unbind",
            identifier=customer_ref,
            binding_id=_parts(token)["binding_id"],
            req_date=milliseconds(at),
        )
        if isinstance(answer, Unknown):
            return answer
        status, detail = codes_of(answer)
        if status == SUCCESS:
            return Unlinked()
        found = self.finish_link(reference=reference, customer_ref=customer_ref, proof="", at=at)
        return found if isinstance(found, Unlinked) else Unknown(f"code {detail}")


def _linked(told: Mapping[str, object], at: datetime) -> Linked | Unknown:
    binding, pay_token = text_of(told, "binding_id"), text_of(told, "pay_token")
    if not binding or not pay_token:
        return Unknown("confirmed without a token")
    names = [text_of(told, name) for name in ("masked_user_phone", "masked_phone", "phone")]
    shown = next((name for name in names if is_name(name) and "*" in name), "")  # only what is masked is shown
    limit = told.get("max_amount")
    token = json.dumps({"binding_id": binding, "pay_token": pay_token})
    return Linked(token, shown, at, limit=limit if is_amount(limit) else None)


def _parts(token: str) -> dict[str, str]:
    parts: dict[str, str] = json.loads(token)
    return parts
