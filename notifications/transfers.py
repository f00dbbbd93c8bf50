"""
The bank transfer that a mail about debts asks for: who reads it pays from the mail, without signing in anywhere.

An app says how it is asked for when the portal starts (`asks_for_transfers`); which kinds ask stands in their entries. It is asked for
when a mail leaves, so that its amount is what is due then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accounts.models import Customer
from kernel.shapes import Json
from notifications.events import Subject, subject_of
from notifications.kinds import KINDS
from notifications.models import Notice

CODE = "vietqr"
"""By which name a mail's text shows its picture."""


class Transfer(NamedTuple):
    """What its sentences and rows name (`bank_account`, `transfer_text`, `to_transfer`), and the code to scan, as a PNG."""

    facts: Json
    code: bytes


About = Mapping[Subject, Collection[UUID]]
_askers: list[Callable[[Customer, About, datetime], Transfer | None]] = []


def asks_for_transfers(ask: Callable[[Customer, About, datetime], Transfer | None]) -> None:
    """An app tells how a customer is asked to transfer what some notices are about; nothing where that is not possible or not needed."""
    _askers[:] = [ask]


def transfer_for(notices: Sequence[Notice], *, at: datetime) -> Transfer | None:
    """What a mail that tells these, to one reader, asks for."""
    about: dict[Subject, set[UUID]] = {}
    for notice in notices:
        kind = KINDS[notice.kind]
        if kind.asks_for_transfer:
            about.setdefault(kind.about, set()).add(UUID(subject_of(notice.event)[1]))
    if not about or not _askers:
        return None
    return _askers[0](notices[0].customer, about, at)
