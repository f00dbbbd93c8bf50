"""Who sells: what documents, pages and mails say of us, from the settings."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings


def seller() -> dict[str, object]:
    """JSON-ready, as documents keep it at their issue. What is not set is left out."""
    bank = {
        "name": settings.SELLER_BANK,
        "account": settings.SELLER_BANK_ACCOUNT,
        "holder": settings.SELLER_BANK_HOLDER,
    }
    facts = {
        "name": settings.SELLER_NAME,
        "tax_code": settings.SELLER_TAX_CODE,
        "address": settings.SELLER_ADDRESS,
        "sales": settings.SELLER_SALES,
        "support": settings.SELLER_SUPPORT,
        "bank": bank if bank["name"] and bank["account"] else {},
    }
    return {name: value for name, value in facts.items() if value}


class BankAccount(NamedTuple):
    """An account of ours that customers can be asked to pay into by a QR code."""

    bin_code: str
    number: str
    bank: str
    holder: str


def account_for_transfers() -> BankAccount | None:
    """Nothing unless bank, number and the bank's BIN are set."""
    if not (settings.SELLER_BANK and settings.SELLER_BANK_ACCOUNT and settings.SELLER_BANK_BIN):
        return None
    return BankAccount(
        settings.SELLER_BANK_BIN, settings.SELLER_BANK_ACCOUNT, settings.SELLER_BANK, settings.SELLER_BANK_HOLDER
    )


def bank_words(bank: dict[str, str]) -> str:
    """An account in a line: "0123456789, Vietcombank, CONG TY ABC"."""
    return ", ".join(part for part in (bank.get("account"), bank.get("name"), bank.get("holder")) if part)
