"""When a prepaid customer is told that the wallet runs low."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import PortalRequest, portal_page
from accounts.may import May
from budgets.forms import BalanceForm
from budgets.services.balance import set_balance_alert
from budgets.views.budgets import budgets_page


@require_POST
@portal_page(does=May.MANAGE_WALLET)
def set_alert(request: PortalRequest) -> HttpResponse:
    form = BalanceForm(request.POST)
    if not form.is_valid():
        return budgets_page(request, balance=form)
    said = form.cleaned_data
    alert = set_balance_alert(
        request.customer, below=said["below"], days=said["days"], actor=request.actor, at=request.at
    )
    told = (
        _("We tell you when your wallet runs low.")
        if alert.is_on
        else _("We do not tell you when your wallet runs low.")
    )
    messages.success(request, told)
    return redirect("budgets")
