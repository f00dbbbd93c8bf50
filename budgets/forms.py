"""What customers type about budgets."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Unpack
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Customer, CustomerKey
from budgets.models import Budget, Scope, Stops
from budgets.models.balance import LONGEST
from budgets.services.setting import Cap
from catalog.models import Product
from kernel.errors import DomainError
from kernel.fields import DongField, field_of
from kernel.shapes import FormOptions, Sent, Wording
from lifecycle.models import Resource
from lifecycle.queries import tags_in_use
from notifications.kinds.budgets import ABOUT_BUDGETS
from notifications.models import Recipient

MOST_SHOWN = 200
"""Resources to choose from on the page."""


class LimitForm(forms.Form):
    """Another limit; whether it is meant although it is reached already is asked when that is so."""

    limit = DongField(label=_("Limit per month, VAT included"), least=1)
    confirmed = forms.BooleanField(
        label=_("I know that so much is spent already. Warn me at once."), required=False, widget=forms.HiddenInput
    )

    def __init__(self, data: Sent = None, *, budget: Budget | None = None, **options: Unpack[FormOptions]) -> None:
        if budget:
            options["initial"] = {"limit": budget.monthly_limit}
        super().__init__(data, auto_id=f"id_{budget.pk}_%s" if budget else "id_%s", **options)

    def ask(self, refusal: DomainError) -> None:
        """Show what is refused, and the box that confirms it."""
        self.add_error("limit", str(refusal))
        field_of(self, forms.BooleanField, "confirmed").widget = forms.CheckboxInput()


class TriedLimitForm(forms.Form):
    """A limit to look at the month before with."""

    limit = DongField(label=_("With a limit of"), least=1)


class BudgetForm(LimitForm):
    """A new budget, and what it is about."""

    of = forms.ChoiceField(label=_("For"))
    field_order = ("of", "limit", "confirmed")

    def __init__(
        self,
        data: Sent = None,
        *,
        products: Collection[Product],
        keys: Collection[CustomerKey],
        tags: Collection[str],
        **options: Unpack[FormOptions],
    ) -> None:
        super().__init__(data, **options)
        self.tags = {f"{Scope.TAG}:{tag}": tag for tag in tags}
        self.products = {f"{Scope.PRODUCT}:{product.code}": product for product in products}
        self.keys = {f"{Scope.KEY}:{key.pk}": key for key in keys}
        field_of(self, forms.ChoiceField, "of").choices = list(self._choices())

    def _choices(self) -> Iterator[tuple[Wording, object]]:
        yield Scope.EVERYTHING.value, _("Everything")
        if self.products:
            yield _("Products"), [(code, str(product)) for code, product in self.products.items()]
        if self.keys:
            yield _("What an API key orders"), [(code, key.name) for code, key in self.keys.items()]
        if self.tags:
            yield _("What is tagged"), list(self.tags.items())


def budget_form(customer: Customer, data: Sent = None) -> BudgetForm:
    """With what the customer can choose: what is on sale or rented, keys that are not revoked, each name once, and tags that are in use."""
    products = Product.objects.filter(is_on_sale=True) | Product.objects.filter(resources__customer=customer)
    keys = {key.name: key for key in customer.keys.filter(revoked_at=None).order_by("created_at")}
    return BudgetForm(
        data,
        products=list(products.distinct().order_by("code")),
        keys=list(keys.values()),
        tags=tags_in_use(customer, most=MOST_SHOWN),
    )


class ReadersForm(forms.Form):
    """Which of the recipients are told of a budget."""

    readers = forms.MultipleChoiceField(
        label=_("Told beside yourselves; without a choice all of them"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self, data: Sent = None, *, budget: Budget, recipients: Collection[Recipient], **options: Unpack[FormOptions]
    ) -> None:
        options["initial"] = {"readers": [str(pk) for pk in budget.readers]}
        super().__init__(data, auto_id=f"id_readers_{budget.pk}_%s", **options)
        offered = [(str(one.pk), one.email) for one in recipients]
        field_of(self, forms.MultipleChoiceField, "readers").choices = offered


def readers_to_choose(customer: Customer) -> list[Recipient]:
    """Who has agreed to some notice about budgets."""
    some = Recipient.objects.in_use().filter(
        customer=customer, confirmed_at__isnull=False, kinds__overlap=ABOUT_BUDGETS
    )
    return list(some.order_by("email"))


class CapForm(forms.Form):
    """What happens when a budget is spent."""

    refuses_orders = forms.BooleanField(label=_("Refuse new orders that would pass it"), required=False)
    stops = forms.ChoiceField(
        label=pgettext_lazy("verb", "Stop"), choices=Stops.choices, required=False, widget=forms.RadioSelect
    )
    chosen = forms.MultipleChoiceField(label=_("These resources"), required=False, widget=forms.CheckboxSelectMultiple)
    starts_again = forms.TypedChoiceField(
        label=_("When you raise the limit, or the month ends"),
        choices=[("yes", _("what was stopped starts by itself")), ("no", _("I start it myself"))],
        coerce=lambda said: said == "yes",
        widget=forms.RadioSelect,
    )
    confirmed = forms.BooleanField(
        label=_("I know that so much is spent already. Do it at once."), required=False, widget=forms.HiddenInput
    )

    def __init__(
        self,
        data: Sent = None,
        *,
        budget: Budget,
        resources: Collection[Resource],
        **options: Unpack[FormOptions],
    ) -> None:
        options["initial"] = {
            "refuses_orders": budget.refuses_orders,
            "stops": budget.stops,
            "chosen": [str(pk) for pk in budget.chosen],
            "starts_again": "yes" if budget.starts_again else "no",
        }
        super().__init__(data, auto_id=f"id_cap_{budget.pk}_%s", **options)
        offered = [one for one in resources if one.pk in budget.chosen or _may_stop(budget, one)]
        if offered:
            field_of(self, forms.MultipleChoiceField, "chosen").choices = [(str(one.pk), one.name) for one in offered]
        else:
            del self.fields["chosen"]

    def ask(self, refusal: DomainError) -> None:
        """Show what is refused, and the box that confirms it."""
        self.add_error(None, str(refusal))
        field_of(self, forms.BooleanField, "confirmed").widget = forms.CheckboxInput()

    @property
    def cap(self) -> Cap:
        said = self.cleaned_data
        chosen = [UUID(pk) for pk in said.get("chosen", [])]
        return Cap(said["refuses_orders"], Stops(said["stops"]), chosen, said["starts_again"])


def _may_stop(budget: Budget, resource: Resource) -> bool:
    if budget.tag:
        return budget.tag.takes(resource.tags)
    return budget.product_id in (None, resource.product_id)


def resources_to_stop(customer: Customer) -> list[Resource]:
    """Those that can be chosen on the page: the first of them, by name."""
    running = Resource.objects.running().filter(customer=customer)
    return list(running.only("pk", "name", "product_id", "tags").order_by("name", "pk")[:MOST_SHOWN])


class BalanceForm(forms.Form):
    """When somebody wants to be told that the wallet runs low."""

    below = DongField(label=_("When less is available than"), least=1, required=False)
    days = forms.IntegerField(
        label=_("When it lasts for fewer days than"), min_value=1, max_value=LONGEST, required=False
    )
