"""What of a customer's own needs attention, the most pressing first; what is left out of the page is counted and linked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Model, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.may import May, Rights
from accounts.models import Customer
from budgets.models import Hit
from catalog.queries import NoPrice
from invoices.models import Act, DunningStep
from invoices.models.dunning import HARMFUL
from invoices.queries import Debts, Owed
from kernel import display
from kernel.periods import local_day
from kernel.shapes import Json
from lifecycle.models import Resource
from notifications.models import MailTrouble, Notice
from orders.models import Order
from payments.models import Shortage
from payments.queries import Stopping, shortages_of
from store.cut import Cut, cut

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

AT_MOST = 5
SOON = timedelta(days=7)
Row = Json


def what_needs_attention(customer: Customer, debts: Debts | None, at: datetime, *, rights: Rights) -> list[Row]:
    """The most pressing first; each with where to go: whoever may not order is led to look, and `debts` are for who sees bills."""
    sees_bills, may_order = May.VIEW_BILLING in rights, May.ORDER in rights
    return [
        *_undeliverable(customer),
        *(_kept_down(customer) if sees_bills else []),
        *(_capped(customer, at) if sees_bills else []),
        *(_lacking_credit(customer) if sees_bills else []),
        *(_invoices(debts.overdue, "red", "warning", _("Overdue"), "overdue") if debts else []),
        *_ending(customer, at, may_order=may_order),
        *_failed_renewals(customer, at),
        *_in_trash(customer, at, may_order=may_order),
        *_unpaid_orders(customer, at),
        *(_invoices(debts.to_come, "amber", "billing", _("To pay"), "open") if debts else []),
    ]


def _note(tone: str, icon: str, title: str, text: str, link: tuple[str, str]) -> Row:
    return {"tone": tone, "icon": icon, "title": title, "text": text, "url": link[0], "label": link[1]}


def _more(found: Cut[Model], url: str) -> list[Row]:
    """The line that stands for what is left out."""
    if not found.more:
        return []
    words = ngettext("and %(count)d more", "and %(count)d more", found.more) % {"count": found.more}
    return [_note("grey", "info", words, "", (url, _("See all")))]


def _undeliverable(customer: Customer) -> list[Row]:
    """The mail provider says that the customer's own address takes no mail."""
    trouble = MailTrouble.objects.standing().of([customer.email]).order_by("-at").first()
    if trouble is None:
        return []
    words = f"{customer.email}: {trouble.get_why_display()}"
    return [_note("red", "warning", _("Our mails do not reach you"), words, (reverse("recipients"), _("Mend it")))]


def _kept_down(customer: Customer) -> list[Row]:
    """What dunning blocks, stops, or has announced."""
    steps = DunningStep.objects.standing().filter(customer=customer, act__in=HARMFUL).order_by("happens_at", "act")
    pay = (reverse("pay-invoices"), _("Pay"))
    return [_note("red", "warning", *_kept_down_words(step), pay) for step in steps]


def _kept_down_words(step: DunningStep) -> tuple[str, str]:
    """(title, text)"""
    blocks = step.act == Act.BLOCK
    if step.done_at:
        title = _("New orders are blocked") if blocks else _("Your resources that are not paid for are stopped")
        return title, _("until what is overdue is paid")
    assert step.happens_at is not None
    title = _("New orders will be blocked") if blocks else _("Your resources that are not paid for will be stopped")
    return title, _("on %(day)s, unless what is overdue is paid") % {"day": display.day(local_day(step.happens_at))}


def _capped(customer: Customer, at: datetime) -> list[Row]:
    """Caps of the customer's own that are reached, and what they do."""
    hits = Hit.objects.in_force(at).filter(customer=customer).select_related("budget__product", "budget__key")
    look = (reverse("budgets"), _("See the budgets"))
    return [
        _note("red", "lock", _("A cap is reached: %(cap)s") % {"cap": hit.budget}, _capped_words(hit), look)
        for hit in hits.order_by("pk")
    ]


def _capped_words(hit: Hit) -> str:
    refuses = _("new orders are refused") if hit.budget.refuses_orders else ""
    stopped = _("resources stopped: %(count)s") % {"count": hit.stopped} if hit.stopped else ""
    return "; ".join(filter(None, [refuses, stopped]))


def _lacking_credit(customer: Customer) -> list[Row]:
    """What prepaid resources use and credit does not cover."""
    to = (reverse("wallet"), _("Top up"))
    return [
        _note("red" if one.has_stopped else "amber", "warning", str(one.product), _lacking_words(one), to)
        for one in shortages_of(customer)
    ]


def _lacking_words(shortage: WithAnnotations[Shortage, Stopping]) -> str:
    day = {"day": display.day(local_day(shortage.next_stop))} if shortage.next_stop else {}
    if shortage.has_stopped and day:
        return _("stopped, and more stops on %(day)s, for your credit does not cover what it uses") % day
    if shortage.has_stopped:
        return _("stopped, for your credit does not cover what it uses")
    if day:
        return _("stops on %(day)s, for your credit does not cover what it uses") % day
    return _("your credit does not cover what it uses")


def _invoices(owed: Owed, tone: str, icon: str, title: str, status: str) -> list[Row]:
    if owed.first is None:
        return []
    count = ngettext("%(count)d invoice", "%(count)d invoices", owed.count) % {"count": owed.count}
    text = _("%(count)s, %(amount)s; the first is due on %(day)s") % {
        "count": count,
        "amount": display.money(owed.due),
        "day": display.day(local_day(owed.first)),
    }
    return [_note(tone, icon, title, text, (f"{reverse('billing-history')}?status={status}", _("Pay")))]


def _ending(customer: Customer, at: datetime, *, may_order: bool) -> list[Row]:
    """Running resources that end soon or have ended, and are not renewed by themselves."""
    by_hand = Q(auto_renew_months__isnull=True) | Q(paid_until__lte=at)
    ending = Resource.objects.on_paid_time().filter(by_hand, customer=customer, paid_until__lt=at + SOON)
    found = cut(ending.order_by("paid_until", "pk"), AT_MOST)
    notes = [
        _note(
            "red" if resource.is_expired(at) else "amber",
            "clock",
            resource.name,
            _ending_words(resource, at),
            (f"{reverse('renew')}?resource={resource.pk}", _("Renew")) if may_order else (_page(resource), _("See")),
        )
        for resource in found
    ]
    return notes + _more(found, f"{reverse('resources')}?sort=end&renewal=manual")


def _ending_words(resource: Resource, at: datetime) -> str:
    left = {"left": display.time_left(_end(resource), at)}
    if not resource.is_expired(at):
        return _("%(left)s of its paid time; not renewed automatically") % left
    if resource.suspend_at is None:
        return _("paid time %(left)s") % left
    return _("paid time %(left)s; runs on until %(day)s, then it goes to the trash") % {
        **left,
        "day": display.day(resource.suspend_at),
    }


def _failed_renewals(customer: Customer, at: datetime) -> list[Row]:
    """Auto-renewals that failed for resources whose end is still to come."""
    failed = Notice.objects.filter(customer=customer, kind=Notice.Kind.AUTO_RENEW_FAILED, at__gte=at - SOON * 2)
    named: QuerySet[Any] = failed.with_subject_id()
    still = Resource.objects.running().filter(
        customer=customer,
        pk__in=named.values("about"),
        auto_renew_months__isnull=False,
        paid_until__gt=at,
        paid_until__lt=at + SOON * 2,
    )
    found = cut(still.order_by("paid_until", "pk"), AT_MOST)
    shown = [resource.pk for resource in found]
    last = {notice.about: notice for notice in named.filter(about__in=shown).order_by("at")} if shown else {}
    notes = [_failed_renewal(resource, last[resource.pk]) for resource in found]
    return notes + _more(found, f"{reverse('resources')}?sort=end&renewal=auto")


def _failed_renewal(resource: Resource, notice: Notice) -> Row:
    """What to do depends on why it failed."""
    days = {"day": display.day(notice.at), "end": display.day(_end(resource))}
    if notice.facts.get("reason_code") == NoPrice.code:
        words = (
            _("auto-renewal failed on %(day)s for want of a price: contact support before it ends on %(end)s") % days
        )
        return _note(
            "red", "renew", resource.name, words, (reverse("resource", args=[resource.pk]), _("See the resource"))
        )
    words = _("auto-renewal failed on %(day)s: top up before it ends on %(end)s") % days
    return _note("red", "renew", resource.name, words, (reverse("wallet"), _("Top up")))


def _in_trash(customer: Customer, at: datetime, *, may_order: bool) -> list[Row]:
    thrown = Resource.objects.in_trash().filter(customer=customer, purge_at__gt=at)
    found = cut(thrown.order_by("purge_at", "pk"), AT_MOST)
    notes = [
        _note(
            "amber",
            "trash",
            resource.name,
            _("in the trash, %(left)s") % {"left": display.time_left(resource.purge_at or at, at)},
            (reverse("recover", args=[resource.pk]), _("Recover"))
            if customer.is_prepaid and may_order
            else (_page(resource), _("See")),
        )
        for resource in found
    ]
    return notes + _more(found, reverse("trash"))


def _unpaid_orders(customer: Customer, at: datetime) -> list[Row]:
    waiting = Order.objects.filter(customer=customer, state=Order.State.AWAITING_PAYMENT, expires_at__gt=at)
    found = cut(waiting.order_by("-id"), AT_MOST)
    notes = [
        _note(
            "blue",
            "cart",
            _("Order: %(what)s") % {"what": order.get_action_display()},
            _("%(amount)s, awaiting payment") % {"amount": display.money(order.total)},
            (reverse("order", args=[order.pk]), _("Go on")),
        )
        for order in found
    ]
    return notes + _more(found, f"{reverse('orders')}?state=awaiting_payment")


def _page(resource: Resource) -> str:
    return reverse("resource", args=[resource.pk])


def _end(resource: Resource) -> datetime:
    assert resource.paid_until is not None
    return resource.paid_until
