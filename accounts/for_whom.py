"""
Somebody who belongs to several customers acts for the one whose page they see, whatever another tab has chosen meanwhile: each
form of the portal names its customer, and so does each write by REST with the portal's session. A link of a mail names whom it
is about, and whoever follows it looks at them.
"""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.language import speak_unless_chosen
from accounts.models import User
from kernel.errors import DomainError

CHOSEN = "customer"
"""Where the session keeps for whom they work."""
FIELD = "for_customer"
"""Where a form names its customer, beside the CSRF token, and a link of a mail in its address."""
HEADER = "X-Customer"
"""Where a write by REST does."""


class ForAnother(DomainError):
    code = "for-another-customer"
    message = _(
        "You work for %(customer)s now, and this was not said to be for them. Nothing was done. Choose the customer in the menu, "
        "then send it again."
    )


def refuse_for_another(user: User, named: str | None) -> None:
    """
    :raises ForAnother: it names another customer than the one they work for, or none where they could mean several, or they
        do not belong any more where they chose to work
    """
    if user.customer is None:
        return
    is_ours = named == str(user.customer.pk) if named is not None else len(user.belongs) == 1
    if user.has_strayed or not is_ours:
        raise ForAnother(customer=user.customer.name)


def path_for(path: str, customer_id: UUID | None) -> str:
    """`path` in a mail about a customer."""
    return f"{path}?{urlencode({FIELD: customer_id})}" if path and customer_id else path


def look_at_named(request: HttpRequest, user: User) -> HttpResponseRedirect | None:
    """Whoever follows a link about another of their customers works for them from now on; the address is plain again."""
    if FIELD not in request.GET:
        return None
    plain = request.GET.copy()
    named = str(plain.pop(FIELD)[-1])
    answer = HttpResponseRedirect(f"{request.path}?{plain.urlencode()}" if plain else request.path)
    found = next((one.customer for one in user.belongs if str(one.customer_id) == named), None)
    if found is None:
        words = gettext("This link is about a customer for whom you do not work, or not by how you have signed in.")
        messages.warning(request, words)
    elif found != user.customer:
        request.session[CHOSEN] = named
        speak_unless_chosen(request, answer, found.language)
    return answer


def lead_back(request: HttpRequest, user: User) -> None:
    """Whoever does not belong any more where they chose to work looks at another of their customers from now on, and is told."""
    if user.has_strayed and user.customer is not None:
        del request.session[CHOSEN]
        user.chosen = None
        words = gettext("You do not work for the customer that you had chosen any more. This is %(customer)s.")
        messages.warning(request, words % {"customer": user.customer.name})


def customer_of_forms(request: HttpRequest | None) -> str:
    """Whom the forms of a page name; empty where nobody's rights count."""
    user = getattr(request, "user", None)
    customer = getattr(request, "customer", None) or (user.customer if isinstance(user, User) else None)
    return str(customer.pk) if customer else ""
