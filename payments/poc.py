"""POC credit as customers and staff read it: what was granted for which products and dates, and what it has paid."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from catalog.models import Item, Product
from kernel import display
from kernel.shapes import Wording
from ledger.models import Entry, Grant, Transaction
from payments.models import PocTime

STATES: dict[str, Wording] = {
    "ahead": pgettext_lazy("POC credit", "not begun"),
    "running": pgettext_lazy("POC credit", "running"),
    "stopped": pgettext_lazy("POC credit", "stopped"),
    "ended": pgettext_lazy("POC credit", "ended"),
}
MOVES: dict[str, Wording] = {
    Transaction.Kind.GRANT: gettext_lazy("Granted"),
    Transaction.Kind.POC_PAYMENT: gettext_lazy("Paid"),
    Transaction.Kind.POC_RETURN: gettext_lazy("Returned"),
    Transaction.Kind.GRANT_EXPIRY: gettext_lazy("Taken back"),
}


@dataclass(frozen=True, slots=True)
class PocCredit:
    """A grant of POC credit with the names of its products, and how it stands at an instant."""

    grant: Grant
    products: list[Product]
    state: str
    times: list[PocTime] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.state in {"ahead", "running"}

    @property
    def reason(self) -> str:
        return self.grant.reason

    @property
    def state_words(self) -> str:
        return str(STATES[self.state])

    @property
    def product_names(self) -> str:
        return ", ".join(map(str, self.products))

    @property
    def in_words(self) -> str:
        """ "2,000,000 ₫ left of 5,000,000 ₫, until 15 December 2026"."""
        return _("%(rest)s left of %(amount)s, for %(products)s, until %(until)s") % {
            "rest": display.money(self.grant.rest),
            "amount": display.money(self.grant.amount),
            "products": self.product_names,
            "until": display.instant(self.grant.expires_at),
        }


def poc_credit_of(
    customer_id: UUID, *, at: datetime, only: UUID | None = None, with_times: bool = False
) -> list[PocCredit]:
    """A customer's grants of POC credit, the latest first; with what each has paid, the latest first, where that is wanted."""
    grants = Grant.objects.filter(customer=customer_id, kind=Grant.Kind.POC).order_by("-pk")
    if only is not None:
        grants = grants.filter(key=only)
    if with_times:
        times = PocTime.objects.select_related("product").order_by("-starts_at", "-id")
        grants = grants.prefetch_related(Prefetch("times", times))
    found = list(grants)
    if with_times:
        name_lines([time for grant in found for time in grant.times.all()])
    products = Product.objects.in_bulk({pk for grant in found for pk in grant.products})
    return [
        PocCredit(
            grant,
            sorted((products[pk] for pk in grant.products), key=lambda product: product.code),
            state_of(grant, at=at),
            list(grant.times.all()) if with_times else [],
        )
        for grant in found
    ]


def name_lines(times: Collection[PocTime]) -> None:
    """What they paid, called as the reader's language calls it: `said`, a line's name and its total."""
    items = Item.objects.in_bulk({line["item"] for time in times for line in time.lines})
    by_id = {str(pk): item for pk, item in items.items()}
    for time in times:
        time.said = [
            (by_id[line["item"]].as_issued(line["name"]) if line["item"] in by_id else line["name"], line["total"])
            for line in time.lines
        ]


def state_of(grant: Grant, *, at: datetime) -> str:
    if grant.stopped_at is not None:
        return "stopped"
    if grant.has_ended(at):
        return "ended"
    return "running" if grant.is_running(at) else "ahead"


@dataclass(frozen=True, slots=True)
class PocMove:
    """What moved of a grant, and what was left of it then."""

    at: datetime
    words: Wording
    reference: str
    amount: int
    left: int


def moves_of(grant: Grant) -> list[PocMove]:
    """Everything that moved of a grant, the earliest first."""
    kinds = Transaction.OF_GRANTS
    entries = Entry.objects.filter(
        account__customer=grant.customer_id, account__kind=Grant.Kind.POC, transaction__kind__in=kinds
    )
    own = [
        entry
        for entry in entries.select_related("transaction").order_by("pk")
        if entry.transaction.source.partition(":")[0] == str(grant.pk)
    ]
    found, left = [], 0
    for entry in own:
        left += entry.amount
        said = entry.transaction
        found.append(PocMove(said.at, MOVES[said.kind], said.reference, entry.amount, left))
    return found


# What notices say, see `notifications.render` and `notifications.truth`


def facts_of_poc(keys: set[UUID]) -> dict[UUID, dict[str, object]]:
    return {grant.key: {"stopped": grant.stopped_at is not None} for grant in Grant.objects.filter(key__in=keys)}


def products_words(pks: Collection[str]) -> str:
    return ", ".join(map(str, Product.objects.filter(pk__in=pks).order_by("code")))


def runs_words(runs: Collection[Mapping[str, str]]) -> str:
    """ "web-01 (until 15 December 2026), web-02 (until ...)"."""
    said = _("%(name)s (until %(until)s)")
    ends = ((run["name"], display.instant(datetime.fromisoformat(run["until"]))) for run in runs)
    return ", ".join(said % {"name": name, "until": until} for name, until in ends)
