"""`manage.py backtest_forecast`: how far the end-of-month forecast would have been off, by day of the month."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Customer
from foresight.backtest import by_day, guesses
from kernel import clock
from kernel.periods import CalendarMonth


class Command(BaseCommand):
    help = "Try the end-of-month forecast on months that are over, as it would have been on each of their days."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--months", type=int, default=3, help="how many months before the present one (1 to 24)")
        parser.add_argument("--customer", default="", help="the e-mail address of one; else the first 100 with bills")

    def handle(self, *args: object, **options: object) -> None:
        """:raises CommandError: there is nothing to try it on"""
        count = options["months"]
        if not isinstance(count, int) or not 1 <= count <= 24:
            raise CommandError("Between 1 and 24 months.")
        months = [CalendarMonth.of(clock.now()).previous]
        while len(months) < count:
            months.append(months[-1].previous)
        customers = Customer.objects.filter(
            invoices__kind="usage", invoices__period_start__gte=months[-1].period.starts_at
        )
        if options["customer"]:
            customers = customers.filter(email=options["customer"])
        days = by_day(guesses(months, list(customers.distinct().order_by("pk")[:100])))
        if not days:
            raise CommandError("No month of these was billed: there is nothing to try the forecast on.")
        self.stdout.write("day  tried  error (mean)  error (middle)   bias   in the band")
        for day in days:
            within = "-" if day.within is None else f"{day.within:.0%}"
            self.stdout.write(
                f"{day.day:3}  {day.count:5}  {day.distance:12.2%}  {day.middle:14.2%}  {day.bias:+6.1%}  {within:>10}"
            )
