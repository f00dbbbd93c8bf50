"""
The notices, each told in one place: whom it concerns, what it says, and until when that is true.

A new kind: a member of `Notice.Kind` and an entry here. What is told together says so in its entry (`together.py`, `groups.py`).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from kernel.shapes import Json
from notifications.events import Subject
from notifications.kinds.base import If, NoticeKind, Row, Unless
from notifications.kinds.behalf import ON_BEHALF
from notifications.kinds.bills import BILLS
from notifications.kinds.budgets import BUDGETS
from notifications.kinds.money import MONEY
from notifications.kinds.resources import RESOURCES
from notifications.kinds.shortages import SHORTAGES
from notifications.kinds.together import Together

__all__ = ["KINDS", "If", "NoticeKind", "Row", "Topic", "Unless"]

KINDS: dict[str, NoticeKind] = {**RESOURCES, **BILLS, **MONEY, **BUDGETS, **SHORTAGES, **ON_BEHALF}


def key_of(kind: str, facts: Json, at: datetime) -> str:
    """What a notice of a kind belongs to, by the first of its rules that finds something; empty: it stands alone."""
    return next(filter(None, (rule.key(kind, facts, at) for rule in KINDS[kind].together)), "")


def rule_of(kind: str, key: str) -> Together:
    """The rule that gave a notice of a kind its key."""
    return next(rule for rule in KINDS[kind].together if rule.made(key))


class Topic(StrEnum):
    """What notices are about, for people who look for one."""

    RESOURCES = "resources"
    INVOICES = "invoices"
    PAYMENTS = "payments"
    ACCOUNT = "account"


TOPIC_WORDS = {
    Topic.RESOURCES: _("Resources"),
    Topic.INVOICES: _("Invoices"),
    Topic.PAYMENTS: _("Payments and credit"),
    Topic.ACCOUNT: _("Account"),
}
_OF_SUBJECTS = {
    Subject.RESOURCE: Topic.RESOURCES,
    Subject.INVOICE: Topic.INVOICES,
    Subject.DUNNING: Topic.INVOICES,
    Subject.PAYMENT: Topic.PAYMENTS,
    Subject.CREDIT_NOTE: Topic.PAYMENTS,
    Subject.ADJUSTMENT: Topic.PAYMENTS,
    Subject.SHORTAGE: Topic.PAYMENTS,
    Subject.LINK: Topic.PAYMENTS,
    Subject.REQUEST: Topic.PAYMENTS,
    Subject.BUDGET: Topic.PAYMENTS,
    Subject.BALANCE: Topic.PAYMENTS,
    Subject.POC: Topic.PAYMENTS,
    Subject.CUSTOMER: Topic.ACCOUNT,
    Subject.COMMITMENT: Topic.ACCOUNT,
    Subject.ACT: Topic.ACCOUNT,
}


def topic_of(kind: str) -> Topic:
    return Topic.RESOURCES if kind in RESOURCES else _OF_SUBJECTS[KINDS[kind].about]


def kinds_of(topic: Topic) -> list[str]:
    return [kind for kind in KINDS if topic_of(kind) == topic]


OF_RUNNING = [
    kind
    for kind in kinds_of(Topic.RESOURCES)
    if _OF_SUBJECTS.get(KINDS[kind].about, Topic.RESOURCES) == Topic.RESOURCES
]
"""What may be read by who runs resources and sees no bills: those that tell of no document."""
