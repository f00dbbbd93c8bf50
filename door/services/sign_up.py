"""Somebody new: their address is confirmed first, then there are a customer, its owner, and what the owner agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.may import Role
from accounts.models import BuyerProfile, Customer, User
from accounts.services.buyers import Named, add_buyer
from door.models import Agreement, SignUp
from door.services.passwords import find_user
from kernel.errors import DomainError
from notifications.models import Letter
from notifications.services import write_letter

KEPT = timedelta(days=7)


class SignUpIsOver(DomainError):
    code = "sign-up-over"
    message = _("This sign-up is over: the account is made, or it took more than three days.")


@transaction.atomic
def ask_to_sign_up(
    *, kind: str, name: str, tax_code: str, email: str, language: str, versions: Mapping[str, str], at: datetime
) -> None:
    """
    A link to whoever reads `email`. Nothing else that was typed stands in that mail, or strangers would write to strangers by us.

    Has that address an account already, its reader is told so instead, and nobody else is: that is found out when the letter leaves
    (`door.ways`), so that the time it takes here tells nothing either.

    :param versions: of each document that was agreed to
    """
    asked = SignUp.objects.create(
        kind=kind, name=name, tax_code=tax_code, email=email, language=language, versions=dict(versions), asked_at=at
    )
    write_letter(Letter.Kind.SIGN_UP, email, language, at=at, about=asked.pk)


@transaction.atomic
def sign_up(sign_up_id: UUID, password: str, *, at: datetime) -> User:
    """
    Whoever reads the address has set a password: a prepaid customer, and its owner.

    What they agreed to, they agreed to when they asked.

    :raises SignUpIsOver: done before, too late, or the address has an account meanwhile
    """
    asked = SignUp.objects.lock(sign_up_id)
    if not asked.is_open(at) or find_user(asked.email) is not None:
        raise SignUpIsOver
    customer = Customer.objects.create(name=asked.name, email=asked.email, language=asked.language, created_at=at)
    user: User = User.objects.create_user(asked.email, password, customer=customer, role=Role.OWNER)
    add_buyer(customer, _named(asked), actor=user.actor, at=at)
    Agreement.objects.bulk_create(
        Agreement(
            user=user,
            customer=customer,
            document=document,
            version=version,
            language=asked.language,
            at=asked.asked_at,
        )
        for document, version in asked.versions.items()
    )
    asked.done_at = at
    asked.save(update_fields=["done_at"])
    return user


def _named(asked: SignUp) -> Named:
    """The first buyer: a company by its tax code, a person as a consumer until they give a number."""
    is_company = asked.kind == SignUp.Kind.COMPANY
    return Named(
        BuyerProfile.Kind.COMPANY if is_company else BuyerProfile.Kind.CONSUMER, asked.name, tax_code=asked.tax_code
    )


def forget_sign_ups(*, at: datetime) -> int:
    """After a week nothing is left of who did not come in; who did is a customer."""
    forgotten, _by_model = SignUp.objects.older_than(KEPT, at=at).delete()
    return forgotten
