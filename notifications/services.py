"""Owing a message, and paying that debt once."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from accounts.may import May
from accounts.models import Customer, User
from kernel.shapes import Json
from notifications.events import event_key, event_sql, stamp
from notifications.kinds import KINDS, OF_RUNNING, key_of
from notifications.kinds.together import GATHERS, By
from notifications.models import Letter, Notice
from notifications.models.notices import NoticeQuerySet
from store.bulk import copy_rows
from store.outbox import WAITING

DOCUMENTS = frozenset({"invoice", "number"})
"""The facts that name an invoice or credit note."""
LETTERS_KEPT = timedelta(days=90)
COLUMNS = "customer_id, kind, event, recipient, facts, at, state, attempts, next_attempt_at, error, together"


def tell(
    customer: Customer, kind: Notice.Kind, about: UUID | int, *marks: object, at: datetime, **facts: object
) -> None:
    """
    Owe `customer` a message of a kind about a row; telling the same again changes nothing.

    :param marks: what tells occurrences apart, when the same can happen to the row again
    :param facts: JSON-ready values for the text: amounts as int, ids as str; instants are written as `stamp` does
    """
    tell_all([notice_of(customer, kind, about, *marks, at=at, **facts)])


def notice_of(
    customer: Customer, kind: Notice.Kind, about: UUID | int, *marks: object, at: datetime, **facts: object
) -> Notice:
    """The unsaved notice, for callers that write many at once."""
    ready = _json_ready(facts)
    together = key_of(kind, ready, at)
    return Notice(
        customer=customer,
        kind=kind,
        event=event_key(KINDS[kind].about, about, *marks),
        together=together,
        recipient=customer.email,
        facts=ready,
        at=at,
        next_attempt_at=at + _gathers(together),
    )


def owed_again(notice: Notice, *, at: datetime) -> Notice:
    """The unsaved same notice to the customer's address of today."""
    return Notice(
        customer=notice.customer,
        kind=notice.kind,
        event=notice.event,
        together=notice.together,
        recipient=notice.customer.email,
        facts=notice.facts,
        at=notice.at,
        next_attempt_at=at,
    )


def tell_all(notices: Iterable[Notice]) -> None:
    """Write many notices in one statement; those that are owed already are skipped."""
    Notice.objects.bulk_create(list(notices), ignore_conflicts=True, batch_size=1000)


def tell_gathered(customer_id: UUID, by: By, pk: UUID, *, at: datetime) -> None:
    """All that belongs together has happened: what waited for the rest leaves now."""
    waiting = Notice.objects.filter(customer=customer_id, together=f"{by}:{pk}", attempts=0, next_attempt_at__gt=at)
    waiting.filter(WAITING).update(next_attempt_at=at)


def _gathers(together: str) -> timedelta:
    return next((wait for by, wait in GATHERS.items() if together.startswith(f"{by}:")), timedelta())


def write_letter(
    kind: Letter.Kind,
    recipient: str,
    language: str,
    *,
    at: datetime,
    user: User | None = None,
    about: UUID | None = None,
    event: str | None = None,
    **facts: str | int | datetime,
) -> None:
    """
    Owe one person a letter, in `language`.

    :param about: the row that it leads to; which page that is, and by which link, is found out when it leaves
    :param event: of this one they read once
    """
    letter = Letter(
        kind=kind,
        recipient=recipient,
        language=language,
        user=user,
        about=about,
        event=event,
        facts=_json_ready(facts),
        at=at,
        next_attempt_at=at,
    )
    Letter.objects.bulk_create([letter], ignore_conflicts=event is not None)


def forget_letters(*, at: datetime) -> int:
    """Those that have left, or are overtaken, after 90 days, farewells at once; what is parked waits for staff."""
    left = Letter.objects.filter(state__in=[Letter.State.SENT, Letter.State.OVERTAKEN])
    forgotten, _by_model = left.filter(Q(at__lt=at - LETTERS_KEPT) | Q(kind__in=Letter.FAREWELLS)).delete()
    return forgotten


class News(NamedTuple):
    """A notice of an event that cannot have been told yet."""

    customer: Customer
    kind: Notice.Kind
    about: UUID
    facts: dict[str, object]
    marks: tuple[object, ...] = ()


def tell_news(news: Iterable[News], *, at: datetime) -> None:
    """
    Write many notices the fastest way.

    :raises IntegrityError: one of them has been told
    """
    copy_rows(f"COPY notifications_notice ({COLUMNS}) FROM STDIN", (_row_of(one, at=at) for one in news))


def _row_of(news: News, *, at: datetime) -> tuple[object, ...]:
    facts, kind = _json_ready(news.facts), news.kind.value
    together = key_of(kind, facts, at)
    return (
        news.customer.pk,
        kind,
        event_key(KINDS[kind].about, news.about, *news.marks),
        news.customer.email,
        json.dumps(facts, ensure_ascii=False),
        at,
        Notice.State.PENDING.value,
        0,
        at + _gathers(together),
        "",
        together,
    )


def telling_sql(kind: Notice.Kind, *marks: str, facts: str, rows: str = "moved") -> str:
    """
    As `tell_all`, for the rows of a statement: an INSERT that owes a notice about each.

    :param rows: a relation with `id` and `customer_id`, called `m` in the expressions; the statement takes `%(at)s`
    """
    rules = KINDS[kind].together
    together = rules[0].key_sql(kind) if rules else "''"
    return f"""
    INSERT INTO notifications_notice ({COLUMNS})
    SELECT m.customer_id, '{kind}', {event_sql(KINDS[kind].about, "m.id", *marks)}, c.email, {facts}, %(at)s, 'pending', 0, %(at)s, '',
           {together}
    FROM {rows} m JOIN accounts_customer c ON c.id = m.customer_id
    ON CONFLICT DO NOTHING"""


def _json_ready(facts: Mapping[str, object]) -> dict[str, object]:
    return {name: stamp(value) if isinstance(value, datetime) else value for name, value in facts.items()}


def shown_to(customer: Customer, rights: Collection[May]) -> NoticeQuerySet:
    """What of a customer's notices stands in the portal for whoever has these rights: what was billed and paid only to who may see it."""
    found = Notice.objects.to_customers().filter(customer=customer)
    return found if May.VIEW_BILLING in rights else found.filter(kind__in=OF_RUNNING)


def told_facts(notice: Notice, rights: Collection[May]) -> Json:
    """What was told, but to who sees no bills the names of documents."""
    hidden = frozenset() if May.VIEW_BILLING in rights else DOCUMENTS
    return {name: fact for name, fact in notice.facts.items() if name not in hidden}


def mark_read(shown: NoticeQuerySet, *, at: datetime) -> None:
    """They have been seen by now; the first time counts."""
    shown.filter(read_at=None, at__lte=at).update(read_at=at)


def told_with(notice: Notice) -> Q:
    """The notice itself and what belongs together with it."""
    return Q(together=notice.together) if notice.together else Q(pk=notice.pk)
