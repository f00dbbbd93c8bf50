"""What a customer means to spend in a month, and how much of it is spent."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import PortalRequest, demand, portal_page
from accounts.may import May
from budgets.forms import (
    MOST_SHOWN,
    BalanceForm,
    BudgetForm,
    CapForm,
    LimitForm,
    ReadersForm,
    TriedLimitForm,
    budget_form,
    readers_to_choose,
    resources_to_stop,
)
from budgets.models import Alert, BalanceAlert, Budget, Hit
from budgets.queries import Standing, standings
from budgets.services.balance import balances_of
from budgets.services.replay import replay
from budgets.services.setting import (
    ActsAtOnce,
    BelowSpent,
    NotYourResources,
    change_budget,
    changes_what_it_stops,
    remove_budget,
    set_budget,
    set_cap,
    set_readers,
    stops_sooner,
)
from catalog.models import Product
from kernel import display
from kernel.periods import CalendarMonth
from kernel.shapes import Json

WIDTH = 1000
"""Of the bar of a budget, in user units of SVG."""


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(May.VIEW_BILLING, does=May.MANAGE_WALLET)
def budgets(request: PortalRequest) -> HttpResponse:
    """All of them, and another one."""
    form = budget_form(request.customer, request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            set_budget(
                request.customer,
                said["limit"],
                product=form.products.get(said["of"]),
                key=form.keys.get(said["of"]),
                tag=form.tags.get(said["of"], ""),
                confirmed=said["confirmed"],
                actor=request.actor,
                at=request.at,
            )
        except BelowSpent as asks:
            form.ask(asks)
            return budgets_page(request, form)
        messages.success(request, _("The budget is set."))
        return redirect("budgets")
    return budgets_page(request, form)


@require_POST
@portal_page(does=May.MANAGE_WALLET)
def change(request: PortalRequest, budget_id: UUID) -> HttpResponse:
    budget = _own(request, budget_id)
    form = LimitForm(request.POST, budget=budget)
    if form.is_valid():
        said = form.cleaned_data
        if stops_sooner(budget, said["limit"]):
            demand(May.MANAGE_RESOURCES, request.rights, customer=request.customer)
        try:
            change_budget(budget.pk, said["limit"], confirmed=said["confirmed"], actor=request.actor, at=request.at)
        except BelowSpent as asks:
            form.ask(asks)
        else:
            messages.success(request, _("The limit is %(limit)s now.") % {"limit": display.money(said["limit"])})
            return redirect("budgets")
    return budgets_page(request, changed=(budget.pk, form))


@require_POST
@portal_page(does=May.MANAGE_WALLET)
def cap(request: PortalRequest, budget_id: UUID) -> HttpResponse:
    """What happens when it is spent."""
    budget = _own(request, budget_id)
    form = CapForm(request.POST, budget=budget, resources=resources_to_stop(request.customer))
    if form.is_valid():
        confirmed = form.cleaned_data["confirmed"]
        if changes_what_it_stops(budget, form.cap):
            demand(May.MANAGE_RESOURCES, request.rights, customer=request.customer)
        try:
            set_cap(budget.pk, form.cap, confirmed=confirmed, actor=request.actor, at=request.at)
        except ActsAtOnce as asks:
            form.ask(asks)
        except NotYourResources as refusal:
            form.add_error("stops", str(refusal))
        else:
            messages.success(request, _("What happens when the budget is spent is changed."))
            return redirect("budgets")
    return budgets_page(request, capped=(budget.pk, form))


@require_POST
@portal_page(does=May.MANAGE_WALLET)
def readers(request: PortalRequest, budget_id: UUID) -> HttpResponse:
    """Which of the recipients are told."""
    budget = _own(request, budget_id)
    form = ReadersForm(request.POST, budget=budget, recipients=readers_to_choose(request.customer))
    if form.is_valid():
        chosen = [UUID(pk) for pk in form.cleaned_data["readers"]]
        set_readers(budget.pk, chosen, actor=request.actor, at=request.at)
        messages.success(request, _("Who is told is changed."))
    return redirect("budgets")


@require_POST
@portal_page(does=May.MANAGE_WALLET)
def remove(request: PortalRequest, budget_id: UUID) -> HttpResponse:
    remove_budget(_own(request, budget_id).pk, actor=request.actor, at=request.at)
    messages.success(request, _("The budget is removed."))
    return redirect("budgets")


@require_GET
@portal_page(May.VIEW_BILLING)
def last_month(request: PortalRequest, budget_id: UUID) -> HttpResponse:
    """Had it stood in the month before, with its limit or another one."""
    budget = _own(request, budget_id)
    form = TriedLimitForm(request.GET or None, initial={"limit": budget.monthly_limit})
    limit = form.cleaned_data["limit"] if form.is_bound and form.is_valid() else None
    found = replay(budget, limit=limit, at=request.at)
    products = {
        product.pk: product for product in Product.objects.filter(pk__in={one.product_id for one in found.refused})
    }
    context = {
        "budget": budget,
        "replay": found,
        "form": form,
        "month": found.month.period.starts_at,
        "refused": [{"row": one, "product": products[one.product_id]} for one in found.refused[:MOST_SHOWN]],
    }
    return render(request, "budgets/last_month.html", context)


def _own(request: PortalRequest, budget_id: UUID) -> Budget:
    return get_object_or_404(Budget.objects.with_what_they_are_about(), pk=budget_id, customer=request.customer)


def budgets_page(
    request: PortalRequest,
    form: BudgetForm | None = None,
    *,
    changed: tuple[UUID, LimitForm] | None = None,
    capped: tuple[UUID, CapForm] | None = None,
    balance: BalanceForm | None = None,
) -> HttpResponse:
    """With a form that is to be mended, if any; `changed` and `capped` are about one of them."""
    mine = Budget.objects.standing().filter(customer=request.customer).with_what_they_are_about().order_by("pk")
    found = standings(list(mine), at=request.at)
    month = CalendarMonth.of(request.at)
    told: dict[UUID, list[Alert]] = {}
    for alert in Alert.objects.filter(customer=request.customer, month=month.key).order_by("pk"):
        told.setdefault(alert.budget_id, []).append(alert)
    hits = {hit.budget_id: hit for hit in Hit.objects.standing().filter(customer=request.customer)}
    offered = resources_to_stop(request.customer) if found else []
    recipients = readers_to_choose(request.customer) if found else []
    limits, caps = dict([changed] if changed else []), dict([capped] if capped else [])
    context = {
        "budgets": [
            _shown(one, request.at)
            | {
                "told": told.get(one.budget.pk, []),
                "hit": hits.get(one.budget.pk),
                "form": limits.get(one.budget.pk) or LimitForm(budget=one.budget),
                "is_open": one.budget.pk in limits,
                "cap_form": caps.get(one.budget.pk) or CapForm(budget=one.budget, resources=offered),
                "cap_is_open": one.budget.pk in caps,
                "readers_form": ReadersForm(budget=one.budget, recipients=recipients) if recipients else None,
            }
            for one in found
        ],
        "form": form or budget_form(request.customer),
        **(_balance(request, balance) if request.customer.is_prepaid else {}),
    }
    status = 400 if (form and form.errors) or changed or capped or balance else 200
    return render(request, "budgets/budgets.html", context, status=status)


def _balance(request: PortalRequest, form: BalanceForm | None) -> Json:
    """How long the wallet lasts, and when its customer is told."""
    alert = BalanceAlert.objects.filter(customer=request.customer).first() or BalanceAlert()
    return {
        "balance": balances_of([request.customer], at=request.at)[request.customer.pk],
        "balance_alert": alert,
        "balance_form": form
        or BalanceForm(initial={"below": alert.below, "days": alert.days}, auto_id="id_balance_%s"),
    }


def _shown(one: Standing, at: datetime) -> Json:
    """As the page shows one: its bar ends at the limit, and what is expected beyond what is spent is drawn lighter."""
    limit = one.budget.monthly_limit
    spent = min(one.spent * WIDTH // limit, WIDTH)
    expected = min((one.expected or 0) * WIDTH // limit, WIDTH)
    return {
        "budget": one.budget,
        "standing": one,
        "is_lifted": one.budget.is_cap and not one.budget.is_acting(at),
        "spent_width": spent,
        "expected_width": max(expected - spent, 0),
        "tone": "red" if one.is_reached else "amber" if one.percent >= 80 else "green",
        "passes": one.expected is not None and one.expected > limit,
    }
