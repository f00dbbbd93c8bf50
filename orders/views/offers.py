"""Pages on which an offer takes shape: new resources, resize, renew, recover. Each ends in a quote to confirm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from accounts.access import PortalRequest, portal_page
from accounts.for_whom import FIELD
from accounts.may import LOOK, May
from catalog.configuration import Chosen, configuration_text, items_of
from catalog.models import Product
from catalog.queries import NoPrice
from catalog.services import CouponRefused
from catalog.terms import MONTHS
from kernel.errors import DomainError
from kernel.periods import Period, local_day
from lifecycle.models import Resource
from lifecycle.services.acts import Act, refusal_of
from orders.deal import Deal
from orders.models import Action, CheckoutSession
from orders.services.offers import compute_offer
from orders.services.quotes import make_quote
from orders.services.stories.base import NothingToDo, Pricing
from orders.views.forms import (
    AgreedForm,
    ConfigurationForm,
    NamedConfigurationForm,
    NewForm,
    RenewForm,
    months_label,
)
from orders.views.lookups import MOST_CHOSEN, chosen_ids, own_resource, with_way_on
from orders.views.present import priced
from orders.views.tagging import TagsForm

NOT_KEPT = ("csrfmiddlewaretoken", FIELD, "step")


@dataclass
class Wish:
    """What a page lets the customer choose: forms, and how their values become a quote's inputs."""

    action: Action
    forms: list[forms.Form]
    inputs: Callable[[], dict[str, object]]
    template: str
    context: dict[str, object] = field(default_factory=dict)
    session: CheckoutSession | None = None

    @property
    def is_valid(self) -> bool:
        """Every form is asked, so that all mistakes are marked at once."""
        return not [form for form in self.forms if not form.is_valid()]

    def put_error(self, refusal: DomainError) -> bool:
        """Show a refusal at the field that it is about; False when it is about none of them."""
        about = "coupon" if isinstance(refusal, CouponRefused) else refusal.about or ""
        for form in self.forms:
            if about in form.fields:
                form.add_error(about, with_way_on(refusal))
                return True
        return False


def values_of(request: HttpRequest, defaults: Mapping[str, object]) -> QueryDict:
    """What was chosen so far, from the form that was sent or else from the address; defaults for the rest."""
    given = (request.POST if request.method == "POST" else request.GET).copy()
    boxes_count = bool(given)  # an unticked box is only missing when the form has been filled in
    for name, value in defaults.items():
        if name not in given and not (boxes_count and isinstance(value, bool)):
            given[name] = "on" if value is True else "" if value is False else str(value)
    return given


def offer_page(request: PortalRequest, wish: Wish) -> HttpResponse:
    """Show what the choice costs; "continue" turns it into a quote, anything else keeps the choice in the address."""
    if request.method == "POST" and request.POST.get("step") != "continue":
        kept = [(name, value) for name, values in request.POST.lists() for value in values if name not in NOT_KEPT]
        return HttpResponseRedirect(f"{request.path}?{urlencode(kept)}", status=303)
    refusal: DomainError | None = None
    if request.method == "POST" and wish.is_valid:
        try:
            quote = make_quote(
                request.customer, wish.action, wish.inputs(), at=request.at,
                session_id=wish.session.pk if wish.session else None,
            )  # fmt: skip
        except DomainError as refused:
            if refused.status == 404:
                raise
            refusal = refused
        else:
            return HttpResponseRedirect(reverse("quote", args=[quote.pk]), status=303)
    offer, trouble = _offer_now(request, wish)
    refusal = refusal or trouble
    shown = {
        "wish": wish,
        "offer": offer,
        "price": priced(offer, at=request.at) if offer else None,
        "parts": {str(part.resource_id): part for part in offer.parts} if offer else {},
        "periods": _periods(request, wish, offer),
        "refusal": with_way_on(refusal) if refusal and not any(form.errors for form in wish.forms) else "",
        "is_refused": refusal is not None and not isinstance(refusal, NothingToDo),
    }
    status = 200 if request.method == "GET" else refusal.status if refusal else 400
    return render(request, wish.template, wish.context | shown, status=status)


def _offer_now(request: PortalRequest, wish: Wish) -> tuple[Deal | None, DomainError | None]:
    """The offer for what is chosen and why it is not to be had; a refused coupon is named and left aside."""
    if not wish.is_valid:
        return None, None
    inputs = wish.inputs()
    try:
        return compute_offer(request.customer, wish.action, inputs, at=request.at), None
    except CouponRefused as refusal:
        wish.put_error(refusal)
        trouble: DomainError = refusal
    except DomainError as refusal:
        if refusal.status == 404:
            raise
        return None, None if wish.put_error(refusal) else refusal
    try:
        return compute_offer(request.customer, wish.action, inputs | {"coupon": ""}, at=request.at), trouble
    except DomainError as refusal:
        return None, refusal


def _periods(request: PortalRequest, wish: Wish, offer: Deal | None) -> list[dict[str, object]]:
    """The periods to choose from, each with what it would cost before coupons, and what its term saves."""
    form = next((form for form in wish.forms if "months" in form.fields), None)
    if form is None:
        return []
    chosen = form["months"].value()
    costs = _by_months(request, offer) if offer else {}
    return [
        {
            "months": months,
            "label": months_label(months),
            "checked": str(months) == str(chosen),
            **(costs.get(months) or {"amount": None}),
        }
        for months in MONTHS
    ]


def _by_months(request: PortalRequest, offer: Deal) -> dict[int, dict[str, int]]:
    """What each period costs for all that is offered; one for which something has no price is left out."""
    alike = Counter((repr(part.configuration), part.period.starts_at) for part in offer.parts)
    configurations = {repr(part.configuration): part.configuration for part in offer.parts}
    prices = Pricing(request.customer, configurations.values(), at=request.at)
    found = {}
    for months in MONTHS:
        with suppress(NoPrice):
            charges = [
                (prices.charge(configurations[what], Period.of_months(months, starting=start)), count)
                for (what, start), count in alike.items()
            ]
            found[months] = {
                "amount": sum(charge.subtotal * count for charge, count in charges),
                "saved": sum(charge.saved * count for charge, count in charges),
            }
    return found


# New resources


@portal_page(LOOK)
def choose_product(request: PortalRequest) -> HttpResponse:
    """Which product a new resource is of."""
    products = Product.objects.filter(is_on_sale=True, items__isnull=False).distinct().order_by("code")
    return render(request, "orders/new.html", {"products": products})


@portal_page(LOOK, does=May.ORDER)
def new_resource(request: PortalRequest, product: str) -> HttpResponse:
    """Configure a new resource here instead of on the product's page."""
    found = get_object_or_404(Product, code=product, is_on_sale=True)
    probe = NamedConfigurationForm(product=found, customer_id=request.customer.pk, at=request.at)
    number = Resource.objects.filter(customer=request.customer, product=found).count() + 1
    defaults = {"name": f"{found.code}-{number}", "quantity": 1, "months": 1, "auto_renew_months": 1} | _first(probe)
    values = values_of(request, defaults)
    chosen = NamedConfigurationForm(values, product=found, customer_id=request.customer.pk, at=request.at)
    terms = NewForm(values, postpaid=request.customer.is_postpaid)
    tags = TagsForm(values)
    return offer_page(
        request,
        Wish(
            Action.CREATE,
            [chosen, terms, tags],
            lambda: {
                "product": str(found.pk),
                "name": chosen.cleaned_data["name"],
                "items": chosen.items(),
                "tags": tags.given,
                **terms.terms(),
            },
            "orders/new_resource.html",
            {"product": found, "configuration": chosen, "form": terms, "tags": tags, "options": _options(chosen)},
        ),
    )


# What exists already


@portal_page(LOOK, does=May.ORDER)
def resize(request: PortalRequest, pk: UUID) -> HttpResponse:
    return offer_page(request, resize_wish(request, own_resource(request, pk)))


def resize_wish(request: PortalRequest, resource: Resource, *, proposed: Sequence[Chosen] = ()) -> Wish:
    """`proposed` is chosen at first, else the present configuration."""
    product, customer = resource.product, request.customer.pk
    probe = ConfigurationForm(product=product, customer_id=customer, at=request.at)
    first = probe.no_extras() | ConfigurationForm.values_of(
        list(proposed) or resource.configuration, {option[0] for option in probe.options}
    )
    chosen = ConfigurationForm(values_of(request, first), product=product, customer_id=customer, at=request.at)
    items = items_of([resource.configuration])
    return Wish(
        Action.RESIZE,
        [chosen],
        lambda: {"resource": str(resource.pk), "items": chosen.items()},
        "orders/resize.html",
        {
            "resource": resource,
            "configuration": chosen,
            "options": _options(chosen),
            "present": configuration_text(resource.configuration, items),
        },
    )


@portal_page(LOOK, does=May.ORDER)
def renew(request: PortalRequest) -> HttpResponse:
    """One resource or many, by months or to a common end; `resource` in the address names them."""
    wanted = chosen_ids([*request.GET.getlist("resource"), *request.POST.getlist("resource")])
    resources = list(
        Resource.objects.filter(customer=request.customer, pk__in=wanted).select_related("product").order_by("pk")
    )
    if not wanted or len(resources) != len(wanted):
        return render(request, "orders/nothing_chosen.html", status=404 if wanted else 200)
    return offer_page(request, renew_wish(request, resources))


def renew_wish(request: PortalRequest, found: list[Resource]) -> Wish:
    """Of many, what cannot be renewed is left out of the offer, with its reason beside it."""
    refusals = {resource.pk: refusal_of(Act.RENEW, resource, at=request.at) for resource in found}
    resources = [resource for resource in found if not refusals[resource.pk]] or found
    left_out = [(resource, refusals[resource.pk]) for resource in found if resource not in resources]
    latest = max((resource.paid_until for resource in resources if resource.paid_until), default=None)
    defaults = {"mode": "months", "months": 1, "end": local_day(latest).isoformat() if latest else ""}
    form = RenewForm(values_of(request, defaults), latest_end=latest)
    return Wish(
        Action.RENEW,
        [form],
        lambda: {"resources": [str(resource.pk) for resource in resources], **form.terms()},
        "orders/renew.html",
        {"resources": resources, "left_out": left_out, "form": form, "latest": latest, "most": MOST_CHOSEN},
    )


@portal_page(LOOK, does=May.ORDER)
def recover(request: PortalRequest, pk: UUID) -> HttpResponse:
    return offer_page(request, recover_wish(request, own_resource(request, pk)))


def recover_wish(request: PortalRequest, resource: Resource) -> Wish:
    form = AgreedForm(values_of(request, {"months": 1, "auto_renew_months": 1}))
    items = items_of([resource.configuration])
    return Wish(
        Action.RECOVER,
        [form],
        lambda: {"resource": str(resource.pk), **form.terms()},
        "orders/recover.html",
        {
            "resource": resource,
            "form": form,
            "what": configuration_text(resource.configuration, items),
            "late": _late_renewal(request, resource, form),
        },
    )


def _late_renewal(request: PortalRequest, resource: Resource, form: AgreedForm) -> dict[str, object] | None:
    """
    The other way out of the trash, where the product has it: for the same months and coupon, from the old end on.

    Its `part` and `total`, or the `refusal`: what ended long ago is not brought back by a short period.
    """
    if not resource.is_renewable_from_trash(request.at) or not form.is_valid():
        return None
    inputs = {"resources": [str(resource.pk)], "months": form.cleaned_data["months"]}
    for coupon in (form.cleaned_data["coupon"], ""):
        try:
            deal = compute_offer(request.customer, Action.RENEW, inputs | {"coupon": coupon}, at=request.at)
        except CouponRefused:
            continue
        except DomainError as refusal:
            return {"refusal": with_way_on(refusal)}
        return {"part": deal.parts[0], "total": deal.total, "months": inputs["months"]}
    return None


def _first(form: ConfigurationForm) -> dict[str, object]:
    """What is proposed at first: the first flavour or package, and nothing besides."""
    return ({"choice": form.options[0][0]} if form.options else {}) | form.no_extras()


def _options(form: ConfigurationForm) -> list[dict[str, object]]:
    """The flavours or packages, each with its price."""
    chosen = form["choice"].value() if form.options else None
    return [
        {"value": value, "label": label, "prices": form.prices_of(value), "checked": value == chosen}
        for value, label, _component in form.options
    ]
