"""Moves: time goes by, and its jobs run, on time, late and twice."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from billing_portal.schedule import BY_NAME
from kernel.periods import CalendarMonth, local_day, start_of_day
from ledger.models import Grant
from lifecycle.models import Resource
from orders.models import Order
from store.tally import Tally
from tests.actions.books import books
from tests.property.stage import DAY, Broken, Stage

NIGHTLY = ("expire-credit", "bill-month")
MORNING = ("remind-about-ends", "announce-renewals", "dunning", "auto-renew", "pay-invoices")
FREQUENT = ("time-out-requests", "check-payments", "expire-orders", "expire-resources", "purge-resources")


class MovesOfTime(Stage):
    def wait(self) -> None:
        """Hours or days go by; what is due happens on its day."""
        self._live_until(self.at + self.random.choice([timedelta(hours=1), DAY, 3 * DAY]))

    def wait_for_something(self) -> None:
        """Until about the instant at which something ends: paid time, grace, time in the trash, a month, an order."""
        ends = [
            i for r in Resource.objects.order_by("created_at", "name") for i in (r.paid_until, r.suspend_at, r.purge_at)
        ]
        ends += [
            CalendarMonth.of(self.at).period.ends_at,
            *Order.objects.order_by("pk").values_list("expires_at", flat=True),
        ]
        ahead = sorted({end for end in ends if end and self.at < end < self.at + 33 * DAY})
        end = self.random.choice(ahead[:4])
        self._live_until(max(self.at, end + timedelta(seconds=self.random.choice([-90, -20, 0, 20, 3600]))))

    def outage(self) -> None:
        """Nothing runs for a while, but everything else goes on; later steps come before the jobs catch up."""
        self.at += self.random.choice([timedelta(hours=3), DAY, 9 * DAY, 33 * DAY])

    def catch_up(self) -> None:
        names = [*FREQUENT, *NIGHTLY, *MORNING]
        self.random.shuffle(names)
        self._run(*names)
        self._run("bill-month")
        self._months_are_billed()

    def _live_until(self, until: datetime) -> None:
        """At 8 each morning all of the calendar, half an hour after the end of a month the bills, in the end what is due then."""
        while (stop := self._next_stop()) <= until:
            self.at = stop
            self._run(*FREQUENT, *NIGHTLY, *MORNING)
            self._months_are_billed()
        self.at = max(self.at, until)
        self._run(*FREQUENT)

    def _next_stop(self) -> datetime:
        morning = start_of_day(local_day(self.at), time(8))
        if morning <= self.at:
            morning = start_of_day(local_day(self.at) + DAY, time(8))
        midnight = CalendarMonth.of(self.at).period.ends_at + timedelta(minutes=30)
        return min(morning, midnight) if self.at < midnight else morning

    def _run(self, *names: str) -> None:
        for name in names:
            if name == "expire-credit":
                self._expect_expired_credit()
            done = BY_NAME[name].work(at=self.at)
            self.must(not (isinstance(done, Tally) and done.failed), f"{name}: {done}")
            if name in {"auto-renew", "pay-invoices"}:
                self.books.read_on()
            if name == "pay-invoices":
                for pk in self.books.customers:
                    self.must(min(self.books.purse[pk], self.books.debt[pk]) == 0, "credit and debt beside each other")
        self.books.read_on()
        if self.random.random() < 0.1:
            self._run_again(names)

    def _run_again(self, names: tuple[str, ...]) -> None:
        """Every job a second time, at the same instant: nothing is left to do."""
        for name in names:
            BY_NAME[name].work(at=self.at)  # what one job did may be the next one's cause
        before = books()
        for name in names:
            BY_NAME[name].work(at=self.at)
            after = books()
            self.must(after == before, f"{name} again changed {[t for t in before if before[t] != after[t]]}")
        self.books.read_on()

    def _expect_expired_credit(self) -> None:
        for pk in self.books.customers:
            ended = Grant.objects.filter(customer=pk, expires_at__lte=self.at)
            self.books.purse[pk] -= sum(ended.values_list("rest", flat=True))

    def _months_are_billed(self) -> None:
        try:
            self.books.nothing_unbilled(self.at)
        except AssertionError as wrong:
            raise Broken(str(wrong)) from wrong
