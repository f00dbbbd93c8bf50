"""The portal tells a product's page who is in front of it: signed in here, the customer goes back with a code."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.access import PortalRequest, portal_page
from accounts.may import LOOK
from catalog.models import Product
from kernel.errors import InvalidInput
from orders.services.visits import begin_visit

LONGEST_STATE = 200


@never_cache
@require_GET
@portal_page(LOOK)
def visit(request: PortalRequest, product: str) -> HttpResponse:
    """
    Vouch for who is signed in, and lead back to `return_url` with a `code` and the product page's own `state`.

    The page leads on at once instead of redirecting: what comes from the sign-in form may not be redirected to another
    site. Staff who look at the portal as a customer do so here and nowhere else.
    """
    if request.staff_viewing:
        raise PermissionDenied
    state = request.GET.get("state", "")
    if not state or len(state) > LONGEST_STATE:
        raise InvalidInput(_("The product page has to send a state of at most 200 characters."), field="state")
    return_url = request.GET.get("return_url", "")
    found = get_object_or_404(Product, code=product)
    code = begin_visit(
        found,
        request.user,
        request.customer,
        return_url=return_url,
        browser=request.session.session_key or "",
        language=(get_language() or "vi")[:2],
        at=request.at,
    )
    query = urlencode({"code": code, "state": state})
    address = f"{return_url}{'&' if '?' in return_url else '?'}{query}"
    return render(request, "orders/visit.html", {"product": found, "address": address})
