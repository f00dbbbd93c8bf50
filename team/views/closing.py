"""The page on which an owner closes the account, or cancels that."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import PortalRequest, portal_page
from accounts.may import May
from accounts.proof import ask_for_proof
from kernel import display
from kernel.shapes import Sent
from team.closing import in_the_way
from team.models import LEAST, Closing
from team.services.closing import ask_to_close, cancel_closing, still_in_the_way


class CloseForm(forms.Form):
    sure = forms.BooleanField(
        label=gettext_lazy("I want this account to be closed for good."),
        error_messages={"required": gettext_lazy("Say that you mean it.")},
    )

    def __init__(self, data: Sent = None, *, credit: int) -> None:
        super().__init__(data)
        if credit:
            gives = gettext_lazy("I give up the credit of %(amount)s. Nobody pays it out later.")
            self.fields["gives_up"] = forms.TypedChoiceField(
                label=gettext_lazy("The credit that is left"),
                choices=[
                    ("", _("It goes back to where it came from first; the account waits for that.")),
                    (str(credit), gives % {"amount": display.money(credit)}),
                ],
                required=False,
                coerce=int,
                empty_value=None,
                widget=forms.RadioSelect,
                error_messages={"invalid_choice": gettext_lazy("The credit has changed meanwhile. Look at it again.")},
            )


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(May.MANAGE_TEAM, does=May.MANAGE_TEAM)
def closing(request: PortalRequest) -> HttpResponse:
    """What stands in the way, with where to see to it; the form when nothing does; or the day, and how to cancel."""
    waiting = Closing.objects.waiting().select_related("customer").filter(customer=request.customer).first()
    if waiting is not None and request.method != "POST":
        found = still_in_the_way(waiting, request.at)
        return render(request, "team/closing_waits.html", {"closing": waiting, "obstacles": found})
    found = in_the_way(request.customer, request.at)
    serious = [one for one in found if not one.can_be_given_up]
    credit = sum(one.amount for one in found if one.can_be_given_up)
    form = CloseForm(request.POST or None, credit=credit)
    if request.method == "POST":
        ask_for_proof(request)
        if form.is_valid():
            gives_up = form.cleaned_data.get("gives_up")
            made = ask_to_close(
                request.customer, user=request.user, gives_up=gives_up, actor=request.actor, at=request.at
            )
            messages.success(request, _("The account closes on %(day)s.") % {"day": display.instant(made.closes_at)})
            return redirect("closing")
    context = {"form": form, "obstacles": serious, "credit": credit, "days": LEAST.days}
    return render(request, "team/close.html", context, status=400 if form.errors else 200)


@require_POST
@portal_page(does=May.MANAGE_TEAM)
def cancel(request: PortalRequest) -> HttpResponse:
    waiting = get_object_or_404(Closing.objects.waiting(), customer=request.customer)
    cancel_closing(waiting, actor=request.actor, at=request.at)
    messages.success(request, _("The account stays open."))
    return redirect("home")
