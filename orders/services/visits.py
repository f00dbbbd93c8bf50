"""Visits: the portal tells a product's page who is in front of it."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, User, digest_of
from catalog.models import Product
from kernel.errors import DomainError
from orders.models import Visit
from orders.services.sessions import ReturnAddressRefused

CODE_LIFETIME = timedelta(minutes=1)
LIFETIME = timedelta(hours=12)
LONGEST_ADDRESS = 500


class CodeRefused(DomainError):
    code = "code-refused"
    status = 422
    message = _("This code is unknown, used or too old, or it was given out for another return address.")


def begin_visit(
    product: Product, user: User, customer: Customer, *, return_url: str, browser: str, language: str, at: datetime
) -> str:
    """
    Vouch for a signed-in user to the product's page. Returns the code with which the product team takes the visit up.

    `browser` names the browser's session here: signing out of it ends the visit.

    :raises ReturnAddressRefused: not on the product's list
    """
    if len(return_url) > LONGEST_ADDRESS or not product.allows_return_to(return_url):
        raise ReturnAddressRefused
    code = secrets.token_urlsafe(32)
    Visit.objects.create(
        product=product,
        customer=customer,
        user=user,
        digest=digest_of(code),
        browser=digest_of(browser),
        return_url=return_url,
        language=language,
        created_at=at,
        code_ends_at=at + CODE_LIFETIME,
        ends_at=at + LIFETIME,
    )
    return code


def take_up_visit(product_id: UUID, code: str, *, return_url: str, at: datetime) -> Visit:
    """
    The visit behind a code, once. A code that comes a second time was overheard: it ends its visit.

    :raises CodeRefused:
    """
    visits = Visit.objects.filter(product=product_id, digest=digest_of(code))
    good = visits.filter(
        return_url=return_url, taken_up_at__isnull=True, ended_at__isnull=True, code_ends_at__gt=at, created_at__lte=at
    )
    if not good.update(taken_up_at=at):
        visits.filter(taken_up_at__isnull=False, ended_at__isnull=True).update(ended_at=at)
        raise CodeRefused
    return visits.select_related("customer", "user", "product").get()


def end_visit(visit: Visit, *, at: datetime) -> None:
    """The customer signs out on the product's page. Ending it again changes nothing."""
    Visit.objects.filter(pk=visit.pk, ended_at__isnull=True).update(ended_at=at)


def end_visits_of(browser: str, *, at: datetime) -> None:
    """The user signs out of the portal: the product pages of that browser know nobody any more."""
    Visit.objects.filter(browser=digest_of(browser), ended_at__isnull=True).update(ended_at=at)


def end_visits_of_user(user: User, *, at: datetime) -> None:
    """Their password is another one: whoever came by the old one is signed out, wherever that is."""
    Visit.objects.filter(user=user, ended_at__isnull=True).update(ended_at=at)
