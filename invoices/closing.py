"""What of invoices keeps an account open: what is due, what is questioned, and what is not billed yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Sum
from django.utils.translation import ngettext

from accounts.models import Customer
from invoices.models import Invoice, ParkedBilling, Question
from kernel import display
from store.places import address_of
from team.closing import Obstacle


def bills_left(customer: Customer, at: datetime) -> Iterator[Obstacle]:
    del at
    due = Invoice.objects.open().filter(customer=customer)
    if count := due.count():
        words = ngettext("%(count)d invoice to pay: %(amount)s", "%(count)d invoices to pay: %(amount)s", count)
        total = due.aggregate(sum=Sum("due"))["sum"] or 0
        yield Obstacle(
            "invoices", words % {"count": count, "amount": display.money(total)}, address_of("pay-invoices"), total
        )
    if count := Question.objects.open().filter(customer=customer).count():
        words = ngettext(
            "%(count)d question about an invoice, which we look into",
            "%(count)d questions about invoices, which we look into",
            count,
        )
        yield Obstacle("questions", words % {"count": count}, address_of("billing-history"))
    held = ParkedBilling.objects.filter(customer=customer).exclude(state=ParkedBilling.State.BILLED)
    if count := held.count():
        words = ngettext(
            "%(count)d month whose use we are still to bill", "%(count)d months whose use we are still to bill", count
        )
        yield Obstacle("unbilled", words % {"count": count}, address_of("usage-report"))
