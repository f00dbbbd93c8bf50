"""
What somebody without an account sees whom a customer asked to pay: what is to pay, and how it stands. Nothing else of the customer.

The link in the mail is a door: its token goes into the session, and the pages behind it have addresses without it, so that no
gateway, no log and no history learns it. Whoever has not come through the door finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from redis.exceptions import RedisError

from accounts.language import speak
from kernel import clock
from kernel.actors import Actor
from kernel.seller import account_for_transfers
from payments.means import Means, by_transfer, chosen_of, whole_by
from payments.models import ExpectedTransfer, Payment, PaymentRequest
from payments.queries import BY_TRANSFER, gateway_name, open_gateways
from payments.services.asking import check_payment
from payments.services.behalf import note_opened
from payments.services.paying_on_behalf import pay_on_behalf, transfer_on_behalf
from payments.services.purposes import kept_of
from payments.services.shareable import due_on_behalf, shareable
from payments.views.transfers import code_of
from store.links import digest_of
from store.senders import is_within, network_of

DOOR = "pays_for"
"""Where the session keeps the ids of the requests whose links were followed."""
REMEMBERED = 20
WRONG_AN_HOUR = 60
BEGUN_AN_HOUR = 30
"""Of one request: each may open a payment at a gateway."""
ASKED_BY_LOOKING = 5


def behind_the_door(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view gets the request whose link was followed in this browser; any other address says to follow it again, as a 404."""

    @wraps(view)
    def guarded(request: HttpRequest, request_id: UUID) -> HttpResponse:
        found = None
        if str(request_id) in request.session.get(DOOR, []):
            found = PaymentRequest.objects.filter(pk=request_id).first()
        if found is None:
            return render(request, "payments/payer_gone.html", {"customer": None}, status=404)
        return view(request, found)

    return guarded


@require_GET
def door(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the mail. A wrong one is no page, and whoever tries many has to wait."""
    found = PaymentRequest.objects.filter(digest=digest_of(token)).first()
    if found is None:
        if not _may_be_wrong(request):
            return HttpResponse(status=429, headers={"Retry-After": "3600"})
        raise Http404
    note_opened(found, at=clock.now())
    known = [pk for pk in request.session.get(DOOR, []) if pk != str(found.pk)]
    request.session[DOOR] = [*known, str(found.pk)][-REMEMBERED:]
    answer = redirect("payer", found.pk)
    answer.headers["Referrer-Policy"] = "no-referrer"
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        speak(answer, found.language)
    return answer


@require_http_methods(["GET", "POST"])
@behind_the_door
def payer(request: HttpRequest, asked: PaymentRequest) -> HttpResponse:
    """What is to pay and how; by POST on to the gateway's page, or to the code of a bank transfer."""
    if request.method == "POST" and not _may_begin(asked):
        return HttpResponse(status=429, headers={"Retry-After": "3600"})
    at = clock.now()
    due = due_on_behalf([asked], at=at).get(asked.pk, 0) if asked.is_open(at) else 0
    means = _means(due)
    if request.method == "POST":
        chosen = chosen_of(means, request.POST.get("means"))
        if chosen and chosen.is_possible:
            return _begin(asked, chosen)
        messages.error(request, _("Choose a means of payment."))
        return redirect("payer", asked.pk)
    parts = shareable(asked.kind).parts(asked) if due else []
    facts: dict[str, object] = {"due": due, "parts": parts, "means": means, "begun": _latest(asked)}
    return _page(request, asked, "payments/payer.html", **facts)


@require_GET
@behind_the_door
def payer_return(request: HttpRequest, asked: PaymentRequest) -> HttpResponse:
    """Back from the gateway. What the address says is not believed: the gateway itself is asked."""
    at = clock.now()
    payment = _latest(asked)
    if payment is None:
        return redirect("payer", asked.pk)
    is_due = payment.check_at is not None and payment.check_at <= at
    if payment.check_at and (payment.checks < ASKED_BY_LOOKING or is_due):
        payment = check_payment(payment.pk, actor=Actor.payer(asked.email), at=at)
        asked.refresh_from_db()
    template = "payments/_payer_outcome.html" if "part" in request.GET else "payments/payer_return.html"
    may_again = asked.is_open(at) and bool(due_on_behalf([asked], at=at))
    facts = {
        "payment": payment,
        "kept": kept_of(payment),
        "means_words": gateway_name(payment.gateway),
        "may_again": may_again,
    }
    return _page(request, asked, template, **facts)


@require_GET
@behind_the_door
def payer_transfer(request: HttpRequest, asked: PaymentRequest) -> HttpResponse:
    """The code to scan, until the transfer has come."""
    at = clock.now()
    expected = ExpectedTransfer.objects.with_received().filter(request=asked).order_by("-created_at").first()
    account = account_for_transfers()
    if expected is None or account is None:
        return redirect("payer", asked.pk)
    left = max(expected.amount - expected.received, 0)
    is_waiting = expected.state(at) == ExpectedTransfer.State.WAITING
    facts = {
        "transfer": expected,
        "is_waiting": is_waiting,
        "left": left,
        "account": account,
        "code": code_of(account, left, expected.note) if is_waiting else "",
    }
    template = "payments/_payer_transfer.html" if "part" in request.GET else "payments/payer_transfer.html"
    return _page(request, asked, template, **facts)


def _begin(asked: PaymentRequest, chosen: Means) -> HttpResponse:
    if chosen.means == BY_TRANSFER:
        transfer_on_behalf(asked.pk, at=clock.now())
        return redirect("payer-transfer", asked.pk)
    payment = pay_on_behalf(asked.pk, gateway=chosen.gateway, at=clock.now())
    if payment.is_open and payment.redirect_url:
        return HttpResponseRedirect(payment.redirect_url, status=303)
    return redirect("payer-return", asked.pk)


def _latest(asked: PaymentRequest) -> Payment | None:
    """The payer's last attempt at a gateway."""
    begun = Payment.objects.filter(request=asked, means=Payment.Means.GATEWAY)
    return begun.order_by("-created_at", "-id").first()


def _means(due: int) -> list[Means]:
    """Each gateway with what it can take, and a bank transfer: nothing of the customer's."""
    return [*(whole_by(gate, due) for gate in open_gateways()), *by_transfer(due)] if due else []


def _page(request: HttpRequest, asked: PaymentRequest, template: str, **facts: object) -> HttpResponse:
    """`customer` is empty: whoever is signed in here looks at a page of somebody else's."""
    common = {"asked": asked, "is_open": asked.is_open(clock.now()), "customer": None}
    answer = render(request, template, common | facts)
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer


def _may_be_wrong(request: HttpRequest) -> bool:
    try:
        return is_within(f"payer-door:{network_of(request)}", most=WRONG_AN_HOUR, seconds=3600)
    except RedisError:  # nobody counts: what cannot be guessed need not be
        return True


def _may_begin(asked: PaymentRequest) -> bool:
    try:
        return is_within(f"payer-begins:{asked.pk}", most=BEGUN_AN_HOUR, seconds=3600)
    except RedisError:  # nobody counts: who wants to pay is let
        return True
