"""MoMo's wallet as a linked account: agreed once at MoMo, then charged by a token."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from . import momo_protocol as protocol
from .base import (
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
from .momo import CAPS, MoMo, instant_of, outcome_of, refusal
from .wire import CHECK_AFTER, is_name, json_object, leads_to, text_of

LINK_CAPS = replace(CAPS, link=True)


@dataclass(frozen=True)
class LinkingMoMo(MoMo):
    """
    MoMo for a merchant that may link wallets.

    :ivar public_key: MoMo's RSA key, under which tokens are sent, as `rsa_key` reads it
    """

    public_key: str = ""
    caps: Caps = LINK_CAPS

    def __post_init__(self) -> None:
        super().__post_init__()
        protocol.rsa_key(self.public_key)

    def begin_link(self, to_link: ToLink) -> Redirect | LinkOutcome:
        answer = self.call(
            "create",
            to_link.reference,
            signs="create link",
            amount=0,
            orderInfo=to_link.description[:200] or to_link.reference,
            redirectUrl=to_link.return_url,
            ipnUrl=to_link.callback_url,
            requestType="linkWallet",
            extraData="",
            partnerClientId=to_link.customer_ref,
        )
        if isinstance(answer, Unknown):
            return answer
        if (code := answer["resultCode"]) == protocol.SUCCESS:
            url = text_of(answer, "payUrl")
            return Redirect(url) if leads_to(url, self.page_hosts) else Unknown("payUrl leads elsewhere")
        if code in (protocol.REPEATED_REQUEST, protocol.REPEATED_ORDER):
            return self.finish_link(
                reference=to_link.reference, customer_ref=to_link.customer_ref, proof="", at=to_link.at
            )
        return refusal(protocol.CREATE_REFUSED, answer)

    def parse_link_notice(self, body: bytes, headers: Mapping[str, str]) -> LinkReport | None:
        if "partnerClientId" not in json_object(body):
            return None
        told = self.signed_notice(body, protocol.LINK_NOTICE)
        reference = told.get("orderId")
        if not is_name(reference):
            raise BadSignature("order missing")
        agreed = told["resultCode"] in (protocol.SUCCESS, protocol.AUTHORISED)
        return LinkReport(reference, text_of(told, "callbackToken"), is_over=not agreed)

    def finish_link(self, *, reference: str, customer_ref: str, proof: str, at: datetime) -> LinkOutcome:
        """Without a notice's token MoMo is asked for it."""
        if not proof:
            answer = self._ask_about_link(reference, customer_ref)
            if isinstance(answer, Unknown):
                return answer
            if answer["resultCode"] in protocol.OPEN - {protocol.AUTHORISED}:
                return Pending(CHECK_AFTER)
            proof = text_of(answer, "callbackToken")
            if not proof:
                return refusal(protocol.LINK_REFUSED, answer)
        answer = self.call("tokenization/bind", reference, callbackToken=proof, partnerClientId=customer_ref)
        if isinstance(answer, Unknown):
            return answer
        if answer["resultCode"] != protocol.SUCCESS:
            return refusal(protocol.LINK_REFUSED, answer)
        return self._linked(answer, at)

    def query_link(self, *, reference: str, customer_ref: str, token: str, at: datetime) -> LinkOutcome:
        answer = self._ask_about_link(reference, customer_ref)
        if isinstance(answer, Unknown):
            return answer
        if answer["resultCode"] in protocol.LINK_OVER:
            return Unlinked()
        if answer["resultCode"] in (protocol.SUCCESS, protocol.AUTHORISED):
            return Linked(token, _parts(token)["alias"], at)
        return Unknown(f"code {answer['resultCode']}")

    def charge(self, to_charge: ToCharge) -> Outcome:
        answer = self.call(
            "tokenization/pay",
            to_charge.reference,
            amount=to_charge.amount,
            orderInfo=to_charge.description[:200] or to_charge.reference,
            redirectUrl=to_charge.callback_url,
            ipnUrl=to_charge.callback_url,
            extraData=protocol.CHARGE_MARK,
            partnerClientId=to_charge.customer_ref,
            token=self._sealed(to_charge.token),
            autoCapture=True,
        )
        if isinstance(answer, Unknown):
            return answer
        if answer["resultCode"] in (protocol.REPEATED_REQUEST, protocol.REPEATED_ORDER):
            return self.query(reference=to_charge.reference, at=to_charge.at)
        return outcome_of(answer, protocol.CHARGE_FAILED, to_charge.at)

    def unlink(self, *, reference: str, customer_ref: str, token: str, at: datetime) -> LinkOutcome:
        answer = self.call(
            "tokenization/delete",
            reference,
            request_id=uuid.uuid4().hex,
            partnerClientId=customer_ref,
            token=self._sealed(token),
        )
        if isinstance(answer, Unknown):
            return answer
        if answer["resultCode"] == protocol.SUCCESS or answer["resultCode"] in protocol.LINK_OVER:
            return Unlinked()
        return Unknown(f"code {answer['resultCode']}")

    def _ask_about_link(self, reference: str, customer_ref: str) -> dict[str, object] | Unknown:
        return self.call("tokenization/cbQuery", reference, request_id=uuid.uuid4().hex, partnerClientId=customer_ref)

    def _sealed(self, token: str) -> str:
        return protocol.sealed(_parts(token)["value"], protocol.rsa_key(self.public_key))

    def _linked(self, answer: Mapping[str, object], at: datetime) -> Linked | Failed | Unknown:
        try:
            told = protocol.opened(text_of(answer, "aesToken"), self.secret)
        except ValueError:
            return Unknown("unreadable token")
        value, alias = told.get("value"), told.get("userAlias")
        if not isinstance(value, str) or not value:
            return Unknown("bound without a token")
        alias = alias if is_name(alias) else ""
        return Linked(json.dumps({"value": value, "alias": alias}), alias, instant_of(answer) or at)


def _parts(token: str) -> dict[str, str]:
    parts: dict[str, str] = json.loads(token)
    return parts
