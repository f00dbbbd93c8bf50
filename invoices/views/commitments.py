"""The page of a customer's commitments: how far this month is, what became of those before, what is offered."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import PortalRequest, portal_page
from accounts.may import TO_COMMIT, May, allows
from catalog.commitments import OfferNotOpen, UnknownCommitment, open_offers
from catalog.models import Commitment
from catalog.models.commitments import following_month
from invoices.models import Act, CommittedMonth
from invoices.models.dunning import is_in_force
from invoices.services.committing import set_renewal, take_offer
from invoices.services.shortfalls import progress_of
from kernel import display
from kernel.periods import local_day


@require_GET
@portal_page(May.VIEW_BILLING)
def commitments(request: PortalRequest) -> HttpResponse:
    today = local_day(request.at)
    own = Commitment.objects.filter(customer=request.customer)
    lasting = own.lasting(today).order_by("starts_on")
    decided = CommittedMonth.objects.filter(customer=request.customer).select_related("invoice").order_by("-month")
    is_free = request.customer.is_postpaid and not lasting
    context = {
        "progress": progress_of(request.customer, at=request.at),
        "lasting": lasting,
        "decided": decided,
        "offers": open_offers(request.at).order_by("amount", "months") if is_free else [],
        "starts_on": following_month(request.at),
        "may_commit": allows(TO_COMMIT, request.rights),
        "is_blocked": is_in_force(Act.BLOCK, request.customer.pk),
    }
    return render(request, "invoices/commitments.html", context)


@require_POST
@portal_page(does=TO_COMMIT)
def take(request: PortalRequest) -> HttpResponse:
    made = take_offer(
        request.customer.pk,
        _id_of(request, "offer", OfferNotOpen),
        renews="renews" in request.POST,
        actor=request.actor,
        at=request.at,
    )
    messages.success(request, _("You are committed from %(month)s on.") % {"month": display.month(made.starts_on)})
    return redirect("commitments")


@require_POST
@portal_page(does=TO_COMMIT)
def renewal(request: PortalRequest) -> HttpResponse:
    renews = request.POST.get("renews") == "1"
    commitment_id = _id_of(request, "commitment", UnknownCommitment)
    set_renewal(request.customer.pk, commitment_id, renews=renews, actor=request.actor, at=request.at)
    said = _("It is followed by another like it.") if renews else _("It ends without another.")
    messages.success(request, said)
    return redirect("commitments")


def _id_of(request: HttpRequest, name: str, refusal: type[OfferNotOpen | UnknownCommitment]) -> UUID:
    try:
        return UUID(request.POST.get(name, ""))
    except ValueError:
        raise refusal from None
