"""Where gateways reach us, and where they send the customer back to."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from accounts.access import PortalRequest, portal_page
from accounts.may import May, one_of
from kernel import clock
from payments import gateways
from payments.gateways import UnknownGateway
from payments.gateways.base import MAX_NOTICE
from payments.models import Payment
from payments.queries import account_words, gateway_name
from payments.services.asking import check_payment
from payments.services.notices import handle_notice
from payments.services.purposes import purpose_of
from payments.ways import paid_beside
from store.senders import network_of

ASKED_BY_LOOKING = 5
"""So often looking at the page asks the gateway; then its notice decides, or the job that asks about open payments."""


@csrf_exempt
def gateway_notice(request: HttpRequest, code: str) -> HttpResponse:
    """
    A gateway tells us something, in the body or (by GET) in the query: answered in its own words.

    What fails here is answered 500, and the gateway tells it again.
    """
    try:
        method = gateways.gateway(code).caps.notice_method
    except UnknownGateway as unknown:
        raise Http404 from unknown
    if request.method != method:
        return HttpResponseNotAllowed([method])
    body = request.META["QUERY_STRING"].encode() if method == "GET" else request.read(MAX_NOTICE + 1)
    if len(body) > MAX_NOTICE:
        return HttpResponse(status=413)
    status, content_type, reply = handle_notice(code, body, request.headers, sender=network_of(request), at=clock.now())
    return HttpResponse(reply, status=status, content_type=content_type)


@never_cache
@require_GET
@portal_page(one_of(May.VIEW_BILLING, May.PAY, May.ORDER))
def payment_return(request: PortalRequest, payment_id: UUID) -> HttpResponse:
    """
    Back from the gateway. What the address says is not believed: the gateway itself is asked.

    While it is undecided the page looks again by itself; `part` in the address asks for the changing part alone. From a
    success it goes on to the page of what was paid, if that has one and took the money; all else is told here.
    """
    payment = get_object_or_404(Payment.objects.shown_to(request.rights), pk=payment_id, customer=request.customer)
    is_due = payment.check_at is not None and payment.check_at <= request.at
    if payment.check_at and (payment.checks < ASKED_BY_LOOKING or is_due):
        payment = check_payment(payment.pk, actor=request.actor, at=request.at)
    is_part = "part" in request.GET
    if payment.state == Payment.State.SUCCEEDED and (page := purpose_of(payment.payable).page(payment)):
        return _on_to(page, is_part=is_part)
    template = "payments/_outcome.html" if is_part else "payments/return.html"
    words = account_words(payment.linked.known_as) if payment.linked else gateway_name(payment.gateway)
    return render(request, template, {"payment": payment, "means_words": words, "beside": paid_beside(payment)})


def _on_to(page: str, *, is_part: bool) -> HttpResponse:
    """A redirect of the page; the script that asks for its changing part is told to take the page along."""
    return HttpResponse(headers={"HX-Redirect": page}) if is_part else HttpResponseRedirect(page, status=303)


@require_POST
@portal_page(does=one_of(May.PAY, May.ORDER))
def payment_check(request: PortalRequest, payment_id: UUID) -> HttpResponse:
    """Ask the gateway now."""
    payment = get_object_or_404(Payment.objects.shown_to(request.rights), pk=payment_id, customer=request.customer)
    check_payment(payment.pk, actor=request.actor, at=request.at)
    return redirect("payment-return", payment.pk)
