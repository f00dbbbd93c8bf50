"""Asking a gateway something harmless, and what is wrong in words for whoever sets it up."""

from __future__ import annotations

from datetime import datetime

from .base import NOT_FOUND, Gateway, Unknown

REFUSALS = {
    "code -401": "it refuses the form of our question",
    "code -402": "it does not know the number of our app, or our key1 is wrong",
    "code 02": "it does not know our terminal (TmnCode)",
    "code 97": "our secret is wrong",
    "code 11": "it denies us access: the merchant is not switched on for this, or the access key is wrong",
    "code 13": "our partner code, access key or secret is wrong",
    "code -999": "it is under maintenance: try again later",
    "code 10": "it is under maintenance: try again later",
    "hash not equal": "its answer is signed with another secret than ours",
    "invalid_credentials: HTTP 401": "it does not know our key",
    "invalid_credentials: HTTP 403": "our key may not do this: give it the rights for payments, cards, refunds and the balance",
    "ConnectError": "nobody answers at its address",
    "ConnectTimeout": "nobody answers at its address",
    "ReadTimeout": "it took our question and gave no whole answer in time",
    **dict.fromkeys(("unreadable answer", "HTTP 404"), "what answers there is not the gateway: the address is wrong"),
}


def trouble_with(gateway: Gateway, *, at: datetime) -> str:
    """
    What is wrong, or nothing.

    The question is what became of an order that nobody has opened. A gateway that can be reached, knows us, and is known to
    us says that there is none.
    """
    answer = gateway.query(reference=gateway.new_reference(at), at=at)
    if not isinstance(answer, Unknown):
        return f"it knows an order that nobody has opened: {answer}"
    if answer.reason == NOT_FOUND:
        return ""
    return REFUSALS.get(answer.reason, f"it answers {answer.reason}, which says nothing")
