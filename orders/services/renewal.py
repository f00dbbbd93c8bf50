"""
Auto-renewal: the wallet renews what its customer asked to be renewed, the earliest end first.

Done for many customers at a time: one transaction reads what is due, prices it with the one pricing function, decides who
can pay, and writes everything in a few statements. The facts are those of any renewal: a payment, an invoice, a period.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from random import shuffle
from uuid import UUID

from django.db import transaction
from django.db.models import Count, QuerySet

from accounts.models import Customer
from budgets.services.watching import watch
from catalog.pricing import Charge, price
from catalog.queries import NoPrice, PriceBook
from catalog.terms import term_of
from invoices.models import Invoice
from invoices.services.issue import Billed, Draft, issue_invoices
from kernel.actors import Actor
from kernel.periods import Period
from kernel.ranges import ranges_of
from lifecycle.models import ProvisioningRequest, Resource
from lifecycle.models.terms import MILESTONES, milestone
from lifecycle.services.acts import ChangePending
from lifecycle.services.running import extend_resources
from notifications.events import Subject, event_key
from notifications.models import Notice
from notifications.services import News, notice_of, tell_all, tell_news
from orders.models import OrderItem
from orders.services.checkout import OrderOpen
from payments.services.renewals import Renewal, allocate_renewals, charge_renewals
from payments.services.wallet import InsufficientCredit, Wallet, hold_wallets
from store.bulk import check_as_we_go

logger = logging.getLogger(__name__)

HORIZON = timedelta(days=max(MILESTONES) + 1, hours=1)
"""So far ahead an end can be that is spoken of this morning; `milestone` decides."""
LAST = min(MILESTONES)
RESOURCES_AT_ONCE = 500  # small, for the reason of the month end's chunks


@dataclass(slots=True)
class Due:
    """A resource to renew, the milestone that makes it due, and what the next period costs."""

    resource: Resource
    paid_until: datetime
    milestone: int
    period: Period
    charge: Charge | None
    hindrance: str = ""
    promotional: int = 0

    @property
    def marks(self) -> tuple[datetime, str]:
        """What tells this try from others, in its notice."""
        return self.paid_until, f"T-{self.milestone}"

    @property
    def event(self) -> str:
        return event_key(Subject.RESOURCE, self.resource.pk, *self.marks)


@dataclass(slots=True)
class Counts:
    """How many resources were renewed and how many failed; how many customers somebody else holds right now."""

    renewed: int = 0
    failed: int = 0
    busy: int = 0

    def add(self, other: Counts) -> None:
        self.renewed += other.renewed
        self.failed += other.failed
        self.busy += other.busy


def renew_automatically(
    *, actor: Actor, at: datetime, until: float = inf, planned: Callable[[int], None] = lambda groups: None
) -> tuple[int, int]:
    """
    Try every resource that is due today; returns how many were renewed and how many failed, by this run.

    Any number of these may run at the same time: each takes customers that nobody holds, and in the end waits for those
    that were held, by another run or by the customer's own business.

    :param until: on the machine's monotonic clock; then no further group is begun, and something may be left
    :param planned: told of the number of ranges of customers before work begins, so that others can be called to help
    """
    total = Counts()
    due = Resource.objects.due_for_auto_renew(at, within=HORIZON)
    ranges = list(ranges_of_customers(due))
    planned(len(ranges))
    shuffle(ranges)  # whoever works at the same time begins elsewhere
    held_by_others = []
    for bounds in ranges:
        if time.monotonic() < until and (customers := customers_within(due, *bounds)):
            counts = _renew_group(customers, waiting=False, actor=actor, at=at)
            total.add(counts)
            if counts.busy:
                held_by_others.append(bounds)
    for bounds in held_by_others:
        if time.monotonic() < until and (customers := customers_within(due, *bounds)):
            total.add(_renew_group(customers, waiting=True, actor=actor, at=at))
    return total.renewed, total.failed


def _renew_group(customer_ids: Sequence[UUID], *, waiting: bool, actor: Actor, at: datetime) -> Counts:
    """After a failure whoever fails is logged and tried again at the next run, the others are renewed."""
    try:
        return renew_resources_of(customer_ids, waiting=waiting, actor=actor, at=at)
    except Exception:
        logger.exception("auto-renewal of %s customers broke off, first %s", len(customer_ids), customer_ids[0])
    total = Counts()
    if len(customer_ids) > 1:
        for customer_id in customer_ids:
            total.add(_renew_group([customer_id], waiting=True, actor=actor, at=at))
    return total


@transaction.atomic
def renew_resources_of(customer_ids: Sequence[UUID], *, waiting: bool, actor: Actor, at: datetime) -> Counts:
    """
    Renew what is due of these customers as far as their wallets go.

    One success ends the cycle, for it moves the end. A failure is told once per milestone, and that notice is the record
    that the milestone was tried. A resource with an open order is left for the next time, which its customer is told; on the
    last morning one that only waits for payment does not keep it from being renewed.

    :param waiting: for customers that somebody holds; otherwise they are `busy`
    """
    check_as_we_go()
    held = Customer.objects.select_for_update(no_key=True, skip_locked=not waiting).filter(pk__in=customer_ids)
    found = {customer.pk: customer for customer in held.order_by("pk")}
    if not found:
        return Counts(busy=len(customer_ids))
    customers = {pk: customer for pk, customer in found.items() if customer.is_prepaid}
    wallets = hold_wallets(list(customers))
    paying: list[Due] = []
    failing: list[tuple[Due, str, int]] = []
    for due in hold_due(customers, at):
        code, lacking = take(due, wallets)
        if code:
            failing.append((due, code, lacking))
        else:
            paying.append(due)
    _renew(paying, customers, actor=actor, at=at)
    _tell_failures(failing, customers, at=at)
    return Counts(len(paying), len(failing), len(customer_ids) - len(found))


def take(due: Due, wallets: dict[UUID, Wallet]) -> tuple[str, int]:
    """
    Take what `due` costs out of its customer's wallet in `wallets`, promotional credit first.

    Returns why it cannot be renewed, and what is missing; ("", 0) when it can.
    """
    wallet = wallets.get(due.resource.customer_id, Wallet())
    if due.hindrance:
        return due.hindrance, 0
    if due.charge is None:
        return NoPrice.code, 0
    if due.charge.total > wallet.available:
        return InsufficientCredit.code, due.charge.total - wallet.available
    due.promotional = min(wallet.promotional, due.charge.total)
    bought = due.charge.total - due.promotional
    wallets[due.resource.customer_id] = Wallet(
        wallet.credit - bought, wallet.promotional - due.promotional, wallet.held
    )
    return "", 0


def hold_due(customers: dict[UUID, Customer], at: datetime) -> list[Due]:
    """What is to be tried now, priced, by customer and end; held."""
    resources = Resource.objects.due_for_auto_renew(at, within=HORIZON).filter(customer__in=customers)
    return due_of(resources.select_for_update(of=("self",), no_key=True), customers, at)


def due_of(resources: QuerySet[Resource], customers: dict[UUID, Customer], at: datetime) -> list[Due]:
    """What of `resources` is to be tried on the day of `at` and was not yet, priced, by customer and end."""
    ordered_by_end = list(resources.order_by("customer", "paid_until", "pk"))
    book = PriceBook(customers.keys())
    changing, ordered = _pending(ordered_by_end)
    found = []
    for resource in ordered_by_end:
        reached = milestone(_end(resource), at=at)
        if reached is not None:
            due = _priced(resource, reached, book, customers[resource.customer_id], at)
            waits = ordered.get(resource.pk)
            if resource.pk in changing or waits == OrderItem.State.PROVISIONING:
                due.hindrance = ChangePending.code
            elif waits and reached > LAST:
                due.hindrance = OrderOpen.code
            found.append(due)
    tried = set(
        Notice.objects.filter(
            customer__in=customers, kind=Notice.Kind.AUTO_RENEW_FAILED, event__in=[due.event for due in found]
        ).values_list("event", flat=True)
    )
    return [due for due in found if due.event not in tried]


def _pending(resources: Sequence[Resource]) -> tuple[set[UUID], dict[UUID, str]]:
    """Which of them the product team owes an answer for, and the state of the open order item that others have."""
    requests = ProvisioningRequest.objects.unanswered().filter(resource__in=resources)
    items = OrderItem.objects.open().filter(resource__in=resources)
    return set(requests.values_list("resource", flat=True)), dict(items.values_list("resource", "state"))


def _priced(resource: Resource, milestone: int, book: PriceBook, customer: Customer, at: datetime) -> Due:
    assert resource.auto_renew_months is not None
    end = _end(resource)
    period = Period.of_months(resource.auto_renew_months, starting=end)
    try:
        components = book.components(
            resource.configuration,
            customer_id=customer.pk,
            at=at,
            language=customer.language,
            months=term_of(period),
        )
    except NoPrice:
        return Due(resource, end, milestone, period, None)
    return Due(resource, end, milestone, period, price(components, period))


def _renew(paying: Sequence[Due], customers: dict[UUID, Customer], *, actor: Actor, at: datetime) -> None:
    """Bill, pay, extend, tell: for all of them at once."""
    if not paying:
        return
    drafts = [
        Draft(
            customers[due.resource.customer_id],
            Billed.of(due.resource),
            f"auto-renewal:{due.period.starts_at:%Y-%m-%dT%H:%MZ}",
            due.period,
            due.charge,
            term_months=term_of(due.period),
            taxed_at=at,
        )
        for due in paying
        if due.charge is not None
    ]
    renewals = [
        Renewal(draft.customer.pk, draft.pk, draft.charge.total, due.promotional, draft.resource.name)
        for due, draft in zip(paying, drafts, strict=True)
        if draft.charge.total
    ]
    charge_renewals(renewals, actor=actor, at=at)
    extend_resources({due.resource.pk: due.period.ends_at for due in paying}, actor=actor, at=at)
    tell_news((_success(draft) for draft in drafts), at=at)
    issue_invoices(drafts, Invoice.Kind.PREPAID, at=at)  # late: from here to the commit other runs wait for the numbers
    allocate_renewals(renewals, at=at)
    watch({renewal.customer_id for renewal in renewals}, at=at)


def _success(draft: Draft) -> News:
    facts = {
        "resource": draft.resource.name,
        "product": str(draft.resource.product_id),
        "total": draft.charge.total,
        "from": draft.period.starts_at,
        "until": draft.period.ends_at,
    }
    return News(draft.customer, Notice.Kind.AUTO_RENEW_DONE, draft.pk, facts)


def _tell_failures(failing: Sequence[tuple[Due, str, int]], customers: dict[UUID, Customer], *, at: datetime) -> None:
    """
    The notice is the record of the try. What the announcement of the same try has said already is not mailed once more.
    """
    if not failing:
        return
    announced = Notice.objects.filter(
        customer__in=customers,
        kind=Notice.Kind.AUTO_RENEW_ANNOUNCED,
        event__in=[announcement_of(due) for due, *_ in failing],
    )
    said = {(notice.event, notice.facts.get("try"), notice.facts.get("reason_code")) for notice in announced}
    notices = []
    for due, code, lacking in failing:
        notice = notice_of(
            customers[due.resource.customer_id],
            Notice.Kind.AUTO_RENEW_FAILED,
            due.resource.pk,
            *due.marks,
            at=at,
            reason_code=code,
            total=due.charge.total if due.charge else 0,
            shortfall=lacking,
            resource=due.resource.name,
            paid_until=due.paid_until,
        )
        if (announcement_of(due), due.marks[1], code) in said:
            notice.state = Notice.State.OVERTAKEN
        notices.append(notice)
    tell_all(notices)


def announcement_of(due: Due) -> str:
    """The event of the announcement that speaks of what would be taken now."""
    return event_key(Subject.RESOURCE, due.resource.pk, *announced_by(due))


def announced_by(due: Due) -> tuple[datetime, int]:
    """What tells announcements apart: the end of paid time, and the price, which can change between two tries."""
    return due.paid_until, due.charge.total if due.charge else 0


def ranges_of_customers(due: QuerySet[Resource]) -> Iterator[tuple[UUID, UUID]]:
    """Ranges of customers with about RESOURCES_AT_ONCE resources that are due."""
    counted = due.order_by("customer").values("customer").annotate(resources=Count("pk"))
    return ranges_of(
        counted.values_list("customer", "resources").iterator(chunk_size=10_000), at_most=RESOURCES_AT_ONCE
    )


def customers_within(due: QuerySet[Resource], first: UUID, last: UUID) -> list[UUID]:
    """Those of a range who have something due now."""
    within = due.filter(customer__gte=first, customer__lte=last)
    return list(within.order_by("customer").values_list("customer", flat=True).distinct())


def _end(resource: Resource) -> datetime:
    assert resource.paid_until is not None, "what is due has an end"
    return resource.paid_until
