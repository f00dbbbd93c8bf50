"""What a story is, and the refusals and questions that several stories share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog import pricing
from catalog.configuration import Chosen
from catalog.pricing import Charge
from catalog.queries import PriceBook
from catalog.terms import term_of
from invoices.models import Invoice
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.periods import Period
from kernel.shapes import Cleaned
from lifecycle.models import ProvisioningRequest, Resource
from notifications.models import Notice
from orders.deal import Part
from orders.models import Action, OrderItem


class UnknownResource(DomainError):
    code = "unknown-resource"
    status = 404
    message = _("There is no such resource.")


class PrepaidOnly(DomainError):
    code = "prepaid-only"
    message = _("Postpaid customers do not %(action)s resources: usage is billed at the end of the month.")


class NothingToDo(DomainError):
    code = "nothing-to-do"
    message = _("Nothing would change. Choose another configuration or end.")


class NotRunningAnyMore(DomainError):
    code = "not-running-any-more"
    message = _("The resource is not running any more.")


class RenewedMeanwhile(DomainError):
    code = "renewed-meanwhile"
    message = _("The resource was renewed in the meantime, so its paid time ends later than this was offered for.")


class Story(ABC):
    """
    A paid action, from the offer to its end.

    The engine (`fulfil.py`) holds the customer and calls `begin` when the order is paid. Without a request to the product
    team the item is completed at once, else when the team has answered. Then the resource is held, too, and either
    `complete` is called, or, after a refusal or a failure, `give_back`, with a `clean_up` unless it was the team that
    failed. The engine sees to the item's money and its notice.
    """

    action: ClassVar[Action]
    notice: ClassVar[Notice.Kind]
    page: ClassVar[str]
    """Of the portal, on which it is chosen."""
    takes_coupons: ClassVar[bool] = True

    @abstractmethod
    def offer(self, customer: Customer, inputs: Cleaned, *, at: datetime) -> list[Part]:
        """
        What the action would do and cost as of `at`, a part per resource. Nothing is written.

        :param inputs: JSON, as the quote keeps them
        :raises DomainError: refused, or the inputs are wrong
        """

    def way_back(self, inputs: Cleaned) -> str:
        """The address of its page, where what was chosen can be changed."""
        return reverse(self.page, args=[inputs["resource"]])

    def begin(self, item: OrderItem, *, actor: Actor, at: datetime) -> ProvisioningRequest | None:
        """Ask the product team, for a new resource that the item gets; None when there is nothing to ask."""
        return None

    def refusal(self, part: Part, resource: Resource, *, at: datetime) -> type[DomainError] | None:
        """
        Why the resource cannot take any more what was offered. Asked when it is ordered, and again before it is completed.

        Its sentence stands without further facts, for it is kept as a code.
        """
        return None

    @abstractmethod
    def complete(self, item: OrderItem, resource: Resource, *, actor: Actor, at: datetime) -> Invoice | None:
        """Do what was paid for; returns the invoice that covers it, none for postpaid usage and for what POC credit paid."""

    def give_back(self, item: OrderItem, resource: Resource, *, reason: str, actor: Actor, at: datetime) -> None:
        """Not done: leave everything as it was before. Nothing is to do for what the product team was not asked."""
        return None

    def clean_up(self, item: OrderItem, resource: Resource, *, at: datetime) -> None:
        """We gave up, and the product team may have done it, or do it yet: ask it to put things back."""
        return None


def own_resources(customer: Customer, pks: Sequence[str]) -> list[Resource]:
    """The customer's resources, in the order of their ids. :raises UnknownResource: somebody else's, or none"""
    try:
        wanted = {UUID(str(pk)) for pk in pks}
    except ValueError:
        raise UnknownResource from None
    found = list(Resource.objects.filter(customer=customer, pk__in=wanted).select_related("product").order_by("pk"))
    if not wanted or len(found) != len(wanted):
        raise UnknownResource
    return found


def refuse_postpaid(customer: Customer, action: Action) -> None:
    """:raises PrepaidOnly:"""
    if customer.is_postpaid:
        raise PrepaidOnly(action=action.label)


class Pricing:
    """Today's prices of some configurations for one customer, read once."""

    def __init__(self, customer: Customer, configurations: Iterable[list[Chosen]], *, at: datetime) -> None:
        self.customer, self.at = customer, at
        items = {UUID(entry["item"]) for configuration in configurations for entry in configuration}
        self.book = PriceBook([customer.pk], items)

    def charge(self, configuration: list[Chosen], period: Period, *, goes_on: int = 1, ahead: bool = True) -> Charge:
        """
        At the prices of the longest term that `period` reaches, or of the term that goes on in it; unless it is paid `ahead`, as use.

        :raises NoPrice:
        """
        components = self.book.components(
            configuration,
            customer_id=self.customer.pk,
            at=self.at,
            language=self.customer.language,
            months=term_of(period, goes_on=goes_on) if ahead else None,
        )
        return pricing.price(components, period)


def charge_for(
    customer: Customer,
    configuration: list[Chosen],
    period: Period,
    *,
    at: datetime,
    goes_on: int = 1,
    ahead: bool = True,
) -> Charge:
    """What one configuration costs over `period` at the prices of `at`, see `Pricing`. :raises NoPrice:"""
    return Pricing(customer, [configuration], at=at).charge(configuration, period, goes_on=goes_on, ahead=ahead)
