"""Bank transfers of customers: the code to scan and how it stands, and telling us of one that is not here; the bank's own news."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import PortalRequest, portal_page
from accounts.may import May, one_of
from kernel import clock
from kernel.errors import DomainError, InvalidInput
from kernel.periods import local_day
from kernel.seller import BankAccount, account_for_transfers
from payments.forms import ClaimForm
from payments.models import ExpectedTransfer, TransferClaim
from payments.services.claims import claim_transfer
from payments.services.expected import NoTransfers, give_up_transfer
from payments.services.statements import read_feed
from payments.vietqr import payload, svg
from store.cut import cut
from store.places import address_of

MOST_BYTES = 2_000_000
LATEST = 10
State = ExpectedTransfer.State


@never_cache
@require_GET
@portal_page(one_of(May.VIEW_BILLING, May.PAY, May.ORDER))
def transfer(request: PortalRequest, expected_id: UUID) -> HttpResponse:
    """The code while the transfer is waited for, then what came; `part` in the address asks for the changing part alone."""
    found = get_object_or_404(
        ExpectedTransfer.objects.shown_to(request.rights).with_received(), pk=expected_id, customer=request.customer
    )
    state = found.state(request.at)
    is_waiting = state == State.WAITING
    left = found.amount - found.received
    facts: dict[str, object] = {
        "expected": found,
        "state": state,
        "is_waiting": is_waiting,
        "received": found.received,
        "left": left,
        "payments": cut(found.payments.order_by("created_at", "id"), LATEST),
    }
    if is_waiting:
        account = account_for_transfers()
        if account is None:
            raise NoTransfers
        facts |= {"account": account, "code": code_of(account, left, found.note)}
    template = "payments/_transfer.html" if "part" in request.GET else "payments/transfer.html"
    return render(request, template, facts)


def code_of(account: BankAccount, amount: int, note: str) -> SafeString:
    said = payload(bin_code=account.bin_code, account=account.number, amount=amount, note=note)
    return mark_safe(svg(said, label=_("QR code of the bank transfer")))  # noqa: S308  # drawn by us, its label escaped


@require_POST
@portal_page(does=May.PAY)
def give_up(request: PortalRequest, expected_id: UUID) -> HttpResponse:
    found = get_object_or_404(ExpectedTransfer, pk=expected_id, customer=request.customer)
    if found.order_id:
        return redirect(address_of("order", found.order_id))  # an order is cancelled as a whole
    give_up_transfer(found.pk, at=request.at)
    messages.success(request, _("We do not wait for this transfer any more."))
    return redirect("wallet")


@require_http_methods(["GET", "POST"])
@portal_page(May.VIEW_BILLING, does=May.PAY)
def claim(request: PortalRequest) -> HttpResponse:
    """Tell us of a transfer that is not here, with what was asked for filled in; and what was told before."""
    form, status = ClaimForm(request.POST or None, initial=_proposed(request)), 400
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            claim_transfer(
                request.customer, told["amount"], day=told["day"], note=told["note"], actor=request.actor, at=request.at
            )
        except DomainError as refusal:
            form.add_error(refusal.about, str(refusal))
            status = refusal.status
        else:
            messages.success(request, _("We look for it and tell you what we found."))
            return redirect("transfer-claim")
    claims = cut(TransferClaim.objects.filter(customer=request.customer).order_by("-id"), LATEST)
    facts = {"form": form, "claims": claims}
    return render(request, "payments/claim.html", facts, status=status if form.errors else 200)


def _proposed(request: PortalRequest) -> dict[str, object]:
    proposed: dict[str, object] = {"day": local_day(request.at)}
    try:
        pk = UUID(request.GET.get("transfer", ""))
    except ValueError:
        return proposed
    asked = ExpectedTransfer.objects.filter(pk=pk, customer=request.customer).first()
    return proposed | {"amount": asked.amount, "note": asked.note} if asked else proposed


@csrf_exempt
@require_POST
def bank_feed(request: HttpRequest) -> HttpResponseBase:
    """
    A bank's service tells of transfers that came in. It shows the secret that was agreed, in `X-Bank-Secret` or as the last word of
    `Authorization`; telling the same again changes nothing, so whatever is not answered with 200 can be told again.
    """
    if not settings.BANK_FEED_SECRET:
        raise Http404
    if not _shows_the_secret(request):
        return JsonResponse({"error": "unauthorized"}, status=401)
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        return JsonResponse({"error": "too large"}, status=413)
    try:
        reading = read_feed(body, at=clock.now())
    except InvalidInput as refusal:
        return JsonResponse({"error": str(refusal)}, status=400)
    return JsonResponse({"success": True, "new": reading.new, "known": reading.known, "differing": reading.differing})


def _shows_the_secret(request: HttpRequest) -> bool:
    shown = request.headers.get("X-Bank-Secret") or request.headers.get("Authorization", "").rpartition(" ")[2]
    return constant_time_compare(shown.encode(), settings.BANK_FEED_SECRET.encode())
