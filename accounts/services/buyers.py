"""Buyer profiles: made, changed, chosen as the default, archived."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.audit import Did
from accounts.models import BuyerProfile, Customer
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput

MOST_BUYERS = 50


class Named(NamedTuple):
    """What is said of a buyer; `clean` of the model says which of it belongs to the kind."""

    kind: str
    name: str
    tax_code: str = ""
    personal_id: str = ""
    address: str = ""


class TooManyBuyers(DomainError):
    code = "too-many-buyers"
    message = _("There are %(most)s buyer profiles already. Archive one that is not used any more.")


class BuyerArchived(DomainError):
    code = "buyer-archived"
    message = _("This buyer profile is archived. Choose another one.")


class BuyerIsDefault(DomainError):
    code = "buyer-is-default"
    message = _("This buyer profile is the default. Make another one the default before you archive it.")


class UnknownBuyer(DomainError):
    code = "unknown-buyer"
    status = 404
    message = _("There is no such buyer profile.")


@transaction.atomic
def add_buyer(customer: Customer, said: Named, *, actor: Actor, at: datetime) -> BuyerProfile:
    """
    A new profile; a customer's first one is its default.

    :raises InvalidInput: with the field that is wrong
    :raises TooManyBuyers:
    """
    held = Customer.objects.lock_open(customer.pk)
    count = held.buyers.in_use().count()
    if count >= MOST_BUYERS:
        raise TooManyBuyers(most=MOST_BUYERS)
    buyer = BuyerProfile(customer=held, is_default=count == 0, created_at=at, **said._asdict())
    _check(buyer)
    buyer.save(force_insert=True)
    record_audit(Did.ADD_BUYER, buyer.pk, actor=actor, at=at, reason="", customer=held, **_facts(buyer))
    return buyer


@transaction.atomic
def change_buyer(buyer_id: UUID, said: Named, *, actor: Actor, at: datetime) -> BuyerProfile:
    """
    Invoices to come name it so. Those that are issued keep what they say.

    :raises InvalidInput: with the field that is wrong
    :raises BuyerArchived:
    """
    buyer = _hold(buyer_id)
    former, number = _facts(buyer), buyer.personal_id
    last_digits = buyer.identity
    for name, value in said._asdict().items():
        setattr(buyer, name, value)
    _check(buyer)
    buyer.save(update_fields=Named._fields)
    facts = _facts(buyer)
    if buyer.personal_id != number:
        former, facts = former | {"identity": last_digits}, facts | {"identity": buyer.identity, "number": "changed"}
    if facts != former:
        record_audit(
            Did.CHANGE_BUYER, buyer.pk, actor=actor, at=at, reason="", customer=buyer.customer, **facts, former=former
        )
    return buyer


@transaction.atomic
def make_default(buyer_id: UUID, *, actor: Actor, at: datetime) -> BuyerProfile:
    """
    Taken wherever none is chosen, from now on.

    :raises BuyerArchived:
    """
    buyer = _hold(buyer_id)
    if not buyer.is_default:
        buyer.customer.buyers.filter(is_default=True).update(is_default=False)
        buyer.is_default = True
        buyer.save(update_fields=["is_default"])
        record_audit(Did.DEFAULT_BUYER, buyer.pk, actor=actor, at=at, reason="", customer=buyer.customer)
    return buyer


@transaction.atomic
def archive_buyer(buyer_id: UUID, *, actor: Actor, at: datetime) -> BuyerProfile:
    """
    It cannot be chosen any more; an order that has chosen it is invoiced to it all the same. Archiving again changes nothing.

    :raises BuyerIsDefault: while there are others, one of them is made the default before
    """
    customer_id = BuyerProfile.objects.values_list("customer", flat=True).get(pk=buyer_id)
    customer = Customer.objects.lock(customer_id)
    buyer = BuyerProfile.objects.lock(buyer_id)
    if buyer.archived_at is None:
        if buyer.is_default and customer.buyers.in_use().exclude(pk=buyer.pk).exists():
            raise BuyerIsDefault
        buyer.is_default, buyer.archived_at = False, at
        buyer.save(update_fields=["is_default", "archived_at"])
        record_audit(Did.ARCHIVE_BUYER, buyer.pk, actor=actor, at=at, reason="", customer=customer)
    return buyer


def chosen_buyer(customer: Customer, buyer_id: UUID | None) -> BuyerProfile | None:
    """
    What a customer chose for an order; none means the default at the time of the invoice.

    :raises UnknownBuyer: not this customer's
    :raises BuyerArchived:
    """
    if buyer_id is None:
        return None
    buyer = BuyerProfile.objects.filter(customer=customer, pk=buyer_id).first()
    if buyer is None:
        raise UnknownBuyer
    if buyer.archived_at is not None:
        raise BuyerArchived
    return buyer


def _hold(buyer_id: UUID) -> BuyerProfile:
    """The profile, held after its customer. :raises BuyerArchived:"""
    Customer.objects.lock(BuyerProfile.objects.values_list("customer", flat=True).get(pk=buyer_id))
    buyer = BuyerProfile.objects.lock(buyer_id)
    if buyer.archived_at is not None:
        raise BuyerArchived
    return buyer


def _check(buyer: BuyerProfile) -> None:
    """:raises InvalidInput: the first field that is wrong, with its sentence"""
    buyer.name = buyer.name.strip()  # before it is asked whether there is one
    try:
        buyer.full_clean(exclude=["customer"], validate_unique=False, validate_constraints=False)
    except ValidationError as wrong:
        field, sentences = next(iter(wrong.message_dict.items()))
        raise InvalidInput(sentences[0], field=field) from wrong


def _facts(buyer: BuyerProfile) -> dict[str, str]:
    """What an entry of the audit trail says of it: of a person not the number, which is a secret of theirs; of another number its last digits."""
    return {"name": buyer.name, "kind": str(buyer.kind), "tax_code": buyer.tax_code, "address": buyer.address}
