"""
The business calendar. What a job does stands in the `tasks.py` of its app; when it does it, here.

Frequent jobs are sent by beat. Those with a wall-clock time (in the billing zone) are found due by looking at their
rows, every quarter of a minute: so a lost message, a night without power and a clock that staff moved are made up for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _

from accounts import tasks as accounts
from accounts.four_eyes import UNDECIDED_AT_MOST
from accounts.services import KEPT
from billing_portal import auditor
from billing_portal.timetable import Daily, Every, Hourly, Job
from budgets import tasks as budgets
from catalog.commitments import SAID_BEFORE
from door import tasks as door
from door.services.domains import LOOKED_AT_EVERY, MISSING_AT_MOST
from door.services.sign_up import KEPT as SIGN_UPS_KEPT
from invoices import tasks as invoices
from kernel import display
from kernel.shapes import Json, Wording
from lifecycle import tasks as lifecycle
from lifecycle.models.terms import MILESTONES, MORNING
from notifications import tasks as notifications
from notifications.services import LETTERS_KEPT
from orders import tasks as orders
from payments import tasks as payments
from payments.services.poc import ANNOUNCED_BEFORE
from store.outbox import ATTEMPTS
from team import tasks as team
from usage import tasks as usage
from usage.services.forgetting import KEPT as REFUSED_KEPT

MINUTELY = Every(60)


def _told(sentence: Promise, **numbers: int | Sequence[int]) -> Wording:
    """A sentence with numbers that are rules elsewhere, "7, 4, 1 and 0", in the reader's language."""
    return lazy(lambda: str(sentence).format(**{name: display.listed(said) for name, said in numbers.items()}), str)()


def _clean_up(*, at: datetime) -> int:
    return accounts.clean_up(at=at) + door.clean_up(at=at) + team.clean_up(at=at) + usage.clean_up(at=at)


JOBS = (
    Job("deliver-requests", lifecycle.deliver_requests, Every(3),
        _("Hands provisioning requests to the product teams, in order per resource; retried with back-off."),
        lifecycle.next_delivery, calls_outside=True),
    Job("deliver-notices", notifications.deliver_mails, Every(5),
        _told(_("Sends mails; each is retried with back-off and parked after {failures} failures."), failures=ATTEMPTS),
        notifications.next_delivery, calls_outside=True),
    Job("time-out-requests", orders.time_out_requests, MINUTELY,
        _("Gives up provisioning requests without an answer and returns the money."),
        orders.next_time_out),
    Job("check-payments", payments.check_payments, MINUTELY,
        _("Asks the gateways about payments that nobody has heard of for too long."),
        payments.next_check, calls_outside=True),
    Job("see-to-refunds", payments.see_to_refunds, MINUTELY,
        _("Sends what two people have decided back to its source, and asks the gateways what became of it."),
        payments.next_refund, calls_outside=True),
    Job("see-to-links", payments.see_to_links, MINUTELY,
        _("Asks gateways about linked accounts, ends there what has ended here, and warns before one expires."),
        payments.next_link_question, calls_outside=True),
    Job("charge-linked-accounts", payments.charge_linked_accounts, MINUTELY,
        _("Charges linked accounts as their customers allowed: wallets that are low, and invoices beyond the wallet."),
        payments.next_charge, calls_outside=True),
    Job("give-transfers", payments.give_transfers, MINUTELY,
        _("Gives bank transfers that were put on record and not given yet to those whom their text names."),
        payments.next_transfer),
    Job("expire-payment-requests", payments.expire_payment_requests, MINUTELY,
        _("Ends the links by which somebody else could pay, three days after they were sent."),
        payments.next_request_expiry),
    Job("expire-orders", orders.expire_unpaid_orders, MINUTELY,
        _("Ends orders that were not paid in time; their coupons can be used again."),
        orders.next_order_expiry),
    Job("expire-resources", lifecycle.expire_resources, MINUTELY,
        _("Moves resources to the trash at the end of their paid time, or on into postpaid usage."),
        lifecycle.next_expiry),
    Job("purge-resources", lifecycle.purge_resources, MINUTELY,
        _("Deletes resources for good at the end of their time in the trash."),
        lifecycle.next_purge),
    Job("watch-budgets", budgets.watch_budgets, MINUTELY,
        _("Looks how much of each budget is spent, tells its customers, and lets caps stop and start what they chose."),
        budgets.next_watch),
    Job("watch-balances", budgets.watch_balances, MINUTELY,
        _("Tells prepaid customers who want it that their wallet runs low, with the days that it lasts."),
        budgets.next_balances),
    Job("close-accounts", team.close_accounts, MINUTELY,
        _("Closes accounts whose owners have had their days to think better of it, and forgets who was there."),
        team.next_closing),
    Job("expire-credit", payments.expire_granted_credit, Daily(0, 5),
        _("Takes back what is left of promotional and POC credit at its end.")),
    Job("expire-acts", accounts.expire_acts, Daily(0, 5),
        _told(_("Closes what staff asked for and nobody has approved or refused for {days} days."),
              days=UNDECIDED_AT_MOST.days)),
    Job("bill-month", invoices.bill_ended_months, Hourly(30),
        _("Bills the postpaid usage of the month that ended and what lacks to commitments, and makes up for months that were missed."),
        invoices.next_month_end),
    Job("pay-for-use", payments.pay_for_use, Hourly(40),
        _("Pays what prepaid resources used in the month that ended: from what is held for it, then from what is available."),
        payments.next_use_bills),
    Job("hold-credit", payments.hold_credit, Daily(7, 0),
        _("Holds credit for what prepaid resources use: what it costs so far, and the days ahead.")),
    Job("see-to-shortages", payments.see_to_shortages, MINUTELY,
        _("Starts what lack of credit had stopped as soon as credit covers it again, and what could not start at once."),
        payments.next_shortage),
    Job("fetch-statements", payments.fetch_statements, Hourly(20),
        _("Fetches what the gateways say that they moved on the days that ended, and compares it with our books."),
        payments.next_statement, calls_outside=True),
    Job("check-domains", door.check_domains, Hourly(45),
        _told(_("Looks whether the domains of company sign-ins still say so, each every {often} days; one that does not for {days} days ends."),
              often=LOOKED_AT_EVERY.days, days=MISSING_AT_MOST.days),
        door.next_look, calls_outside=True),
    Job("clean-up", _clean_up, Daily(0, 5),
        _told(_("Forgets sessions that ended, answers to REST writes that are older than {days} days, sign-ups after {strangers} days,"
                " letters that left {letters} days ago and uses that were refused {refused} days ago."),
              days=KEPT.days, strangers=SIGN_UPS_KEPT.days, letters=LETTERS_KEPT.days, refused=REFUSED_KEPT.days)),
    Job("make-usage-parts", usage.make_parts, Daily(0, 5),
        _("Makes the parts of the table of uses for the months that come.")),
    Job("audit", auditor.audit_the_books, Daily(4, 0),
        _("Checks what must be true of the books, claim by claim; whatever is not fails this job and names the rows.")),
    Job("audit-touched", auditor.audit_the_touched, Every(300),
        _("Checks the same of the customers with whom something has happened in the last minutes."),
        auditor.next_look),
    Job("remind-about-ends", lifecycle.remind_about_ends, Daily(7, 30),
        _("Announces ends of paid time and deletions for good.")),
    Job("announce-poc-ends", payments.announce_poc_ends, Daily(7, 30),
        _told(_("Announces {days} days before its end what is left of POC credit, and what runs on it."),
              days=sorted(ANNOUNCED_BEFORE, reverse=True))),
    Job("announce-renewals", orders.announce_renewals, Daily(7, 30),
        _("Announces auto-renewals with their price and what is missing in the wallet, before they are tried.")),
    Job("commitments", invoices.see_to_commitments, Daily(7, 30),
        _told(_("Lets commitments that ended be followed by another where that was agreed, and tells of an end {days} days before."),
              days=SAID_BEFORE.days)),
    Job("dunning", invoices.climb_ladder, Daily(7, 30),
        _("Takes debts up the dunning ladder: reminds, has staff call, announces what will be blocked or stopped, and does it.")),
    Job("auto-renew", orders.renew_automatically, Daily(MORNING.hour, MORNING.minute),
        _told(_("Renews resources from the wallet, {days} days before their end, the earliest end first."),
              days=sorted(MILESTONES, reverse=True))),
    Job("pay-invoices", payments.pay_open_invoices, Daily(9, 0),
        _("Pays open invoices from the wallets of those who want it, the older invoice first.")),
)  # fmt: skip

BY_NAME = {job.name: job for job in JOBS}


def beat_schedule() -> dict[str, Json]:
    """What beat sends. A message that waits until the next one comes is dropped, so nothing piles up."""
    entries = {
        job.name: _entry("billing_portal.tasks.run_job", job.when.seconds, job.name, queue=queue_of(job))
        for job in JOBS
        if isinstance(job.when, Every)
    }
    entries["calendar"] = _entry("billing_portal.tasks.run_calendar", 15)
    if settings.CLOCK_MOVABLE:
        entries["move-clock"] = _entry("billing_portal.tasks.move_clock", 2)
    return entries


def queue_of(job: Job) -> str:
    return settings.COURIERS if job.calls_outside else settings.CELERY_TASK_DEFAULT_QUEUE


def _entry(task: str, seconds: int, *args: str, queue: str = settings.CELERY_TASK_DEFAULT_QUEUE) -> dict[str, object]:
    return {"task": task, "schedule": seconds, "args": args, "options": {"expires": seconds, "queue": queue}}
