"""The credit statement: what was in the wallet, what moved, what is in it now, as a document."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Customer
from invoices.pdf import fact, frame_as_of, render, sum_row
from kernel import display
from kernel.errors import DomainError
from kernel.periods import Period, billing_zone
from ledger.models import Entry
from payments.queries import WantedMovements, movements_of, of_the_wallet

MOST_MOVEMENTS = 5_000


class StatementTooLong(DomainError):
    """More movements than a document holds."""

    code = "statement-too-long"
    status = 422
    message = gettext_lazy("There are too many movements for one document. Choose fewer days, or take the CSV or XLSX.")


def statement_pdf(customer: Customer, period: Period | None, *, at: datetime) -> bytes:
    """
    Every movement of `period` (None: of all time), the earliest first, between the balances before and after it.

    :raises StatementTooLong: more than MOST_MOVEMENTS of them
    """
    entries = list(movements_of(customer, WantedMovements(period=period)).order_by("pk")[: MOST_MOVEMENTS + 1])
    if len(entries) > MOST_MOVEMENTS:
        raise StatementTooLong(most=MOST_MOVEMENTS)
    opening = _balance_before(customer, period)
    came = sum(entry.amount for entry in entries if entry.amount > 0)
    went = sum(entry.amount for entry in entries if entry.amount < 0)
    days = _days(customer, period, at=at)
    return render(
        frame_as_of(customer, _("Credit statement"), days, at=at)
        | {
            "facts": [
                fact(_("Statement period"), days),
                fact(_("Movements"), display.grouped(len(entries))),
                fact(_("Opening balance"), display.money(opening)),
                fact(_("Closing balance"), display.money(opening + came + went)),
            ],
            "columns": [_("Movement"), _("Date"), _("Kind of credit"), _("Amount"), _("All credit after")],
            "groups": [{"title": "", "lines": list(_lines(entries, opening))}],
            "sums": [
                sum_row(_("Opening balance"), opening),
                sum_row(_("Came in"), came),
                sum_row(_("Went out"), went),
                sum_row(_("Closing balance"), opening + came + went, strong=True),
            ],
            "words": "",
            "notes": [
                _("The balance is that of both kinds of credit together; promotional credit is used first."),
                _("Days and times are those of the zone %(zone)s.") % {"zone": billing_zone().key},
            ],
        }
    )


def _balance_before(customer: Customer, period: Period | None) -> int:
    if period is None:
        return 0
    earlier = Entry.objects.filter(customer=customer, transaction__at__lt=period.starts_at)
    return of_the_wallet(earlier, customer.pk).aggregate(total=Sum("amount"))["total"] or 0


def _lines(entries: list[Entry], balance: int) -> Iterator[list[tuple[str, str]]]:
    for entry in entries:
        balance += entry.amount
        action = entry.transaction.get_kind_display()
        yield [
            (action[:1].upper() + action[1:], entry.transaction.reference),
            (display.instant(entry.transaction.at), ""),
            (entry.account.get_kind_display(), ""),
            (display.signed_money(entry.amount), ""),
            (display.money(balance), ""),
        ]


def _days(customer: Customer, period: Period | None, *, at: datetime) -> str:
    """The days that were asked for, as far as there was a wallet and time has come."""
    first = customer.created_at if period is None else max(period.starts_at, customer.created_at)
    last = at if period is None else min(period.ends_at, at)
    if period and (first, last) == (period.starts_at, period.ends_at):
        return display.span(first, last)
    days = display.day(first), display.day(last)
    return days[0] if days[0] == days[1] else " – ".join(days)
