"""The cast of the tests: products with plain prices, customers with a purse, and what they do, in a line each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from django.db.models import Sum

from accounts import four_eyes
from accounts.may import Role
from accounts.models import (
    BillingMode,
    BillingModeSwitch,
    BuyerProfile,
    Customer,
    Identity,
    Provider,
    ProviderDomain,
    User,
)
from accounts.services.buyers import Named, add_buyer
from catalog.models import Coupon, Item, Price, Product, TaxCategory, TaxRate
from kernel.actors import Actor, ActorKind
from ledger.models import Entry
from ledger.services import Fact, Kind, post
from lifecycle.models import ProvisioningRequest, Resource
from orders.acts import ask_for_switch
from orders.models import Action, Order, Quote
from orders.services.checkout import place_order
from orders.services.fulfil import answer_provisioning
from orders.services.quotes import make_quote
from store.sealed import seal

NOON = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)  # noon in Hà Nội
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MONTH = timedelta(days=30)
STAFF = Actor(ActorKind.STAFF, "staff@portal.example")
TEAM = Actor(ActorKind.PRODUCT_TEAM, "key:vserver")
JOB = Actor.job("test")
_number = count(1)


def make_customer(name: str = "", *, mode: str = BillingMode.PREPAID, credit: int = 0, **fields: Any) -> Customer:
    number = next(_number)
    name = name or f"Customer {number}"
    email = fields.pop("email", f"c{number}@customer.example")
    buyer = {column: fields.pop(column) for column in ("tax_code", "address") if column in fields}
    customer = Customer.objects.create(name=name, email=email, billing_mode=mode, created_at=LONG_AGO, **fields)
    if buyer:
        make_buyer(customer, **buyer)
    if credit:
        fund(customer, credit)
    return customer


def make_buyer(customer: Customer, name: str = "", *, at: datetime = LONG_AGO, **facts: str) -> BuyerProfile:
    """A buyer profile: a company if it has a tax code, a person if it has an identity number. The first is the default."""
    Kind = BuyerProfile.Kind
    kind = Kind.COMPANY if "tax_code" in facts else Kind.PERSON if "personal_id" in facts else Kind.CONSUMER
    return add_buyer(customer, Named(kind, name or customer.name, **facts), actor=owner_of(customer), at=at)


def make_user(customer: Customer | None, *, role: str = Role.OWNER, **fields: Any) -> User:
    return User.objects.create_user(
        f"user{next(_number)}@customer.example", "secret", customer=customer, role=role, **fields
    )


def make_provider(customer: Customer, domain: str = "customer.example") -> Provider:
    """A company sign-in that nobody has tried, and a domain that is not confirmed."""
    provider = Provider.objects.create(
        customer=customer, issuer="https://login.customer.example", client_id="portal", client_secret=seal("secret"),
        set_at=LONG_AGO,
    )  # fmt: skip
    ProviderDomain.objects.create(provider=provider, name=domain, asked_at=LONG_AGO)
    return provider


def bind_to(provider: Provider, user: User, subject: str = "1") -> Identity:
    """`user` has come in by it once."""
    return Identity.objects.create(
        provider=provider, user=user, issuer=provider.issuer, subject=subject, email=user.email, bound_at=LONG_AGO,
        used_at=LONG_AGO,
    )  # fmt: skip


def make_colleague(email: str = STAFF.name) -> Actor:
    """A person of ours: whoever asks for an act for two, or decides about it."""
    User.objects.filter(email=email).exists() or User.objects.create_user(email, "secret", is_staff=True)
    return Actor(ActorKind.STAFF, email)


def switch_mode(
    customer: Customer, to_mode: str, *, reason: str = "asked for it", digest: str | None = None, at: datetime
) -> BillingModeSwitch:
    """Asked for by a person without a limit, and approved by another, at once."""
    asked = ask_for_switch(customer, to_mode, reason=reason, digest=digest, actor=make_colleague(), at=at)
    second = make_colleague("second@portal.example")
    switch = four_eyes.approve(asked.act.pk, actor=second, at=at).result
    assert isinstance(switch, BillingModeSwitch)
    return switch


def owner_of(customer: Customer) -> Actor:
    return Actor(ActorKind.CUSTOMER, customer.email)


def fund(customer: Customer, amount: int, *, at: datetime = LONG_AGO) -> None:
    """Credit from nowhere in particular: as when a wallet is opened with a balance."""
    legs = {Kind.CREDIT: amount, Kind.ADJUSTMENTS: -amount}
    post(Fact.ADJUSTMENT, f"opening:test-{next(_number)}", legs, customer_id=customer.pk, at=at)


def make_product(code: str = "vserver", **policy: Any) -> Product:
    policy.setdefault("provisioner", Product.Provisioner.POLLING)
    return Product.objects.create(code=code, name=code, name_en=code, **policy)


def taxed_at(rate: str | Decimal) -> TaxCategory:
    """A category that has always been taxed at `rate`."""
    category, made = TaxCategory.objects.get_or_create(code=f"vat-{rate}".replace(".", "-"), name="VAT", name_en="VAT")
    if made:
        enter(category, "1999-01-01", rate)
    return category


def enter(category: TaxCategory | str, since: str, rate: str | Decimal) -> TaxRate:
    """From that day on, the category is taxed at `rate`."""
    pk = category if isinstance(category, str) else category.pk
    return TaxRate.objects.create(category_id=pk, since=date.fromisoformat(since), rate=Decimal(rate), source="a law")


def make_item(
    product: Product, code: str, price: int | str, *, kind: str = Item.Kind.FLAVOUR, maximum: int = 1000, **terms: Any
) -> Item:
    """An item with a list price per 30 days, VAT included, since long ago."""
    item = Item.objects.create(
        product=product, code=code, name=code, name_en=code, kind=kind, unit="unit", maximum=maximum
    )
    Price.objects.create(item=item, unit_price=Decimal(price), valid_from=terms.pop("valid_from", LONG_AGO), **terms)
    return item


def make_metered(
    product: Product, code: str, price: int | str, *, aggregation: str = "sum", unit: str = "GB", **terms: Any
) -> Item:
    """A metered item with a list price per unit used, VAT included, since long ago."""
    item = Item.objects.create(
        product=product, code=code, name=code, name_en=code, kind=Item.Kind.METERED, aggregation=aggregation, unit=unit
    )
    terms = {"valid_from": LONG_AGO, "per_minutes": Price.Per.UNIT} | terms
    Price.objects.create(item=item, unit_price=Decimal(price), **terms)
    return item


def make_coupon(code: str, amount: int | None = None, **terms: Any) -> Coupon:
    return Coupon.objects.create(code=code, amount=amount, valid_from=LONG_AGO, **terms)


def chosen(*items: Item | tuple[Item, int]) -> list[dict[str, Any]]:
    pairs = [item if isinstance(item, tuple) else (item, 1) for item in items]
    return [{"item": item.code, "quantity": quantity} for item, quantity in pairs]


def quote(customer: Customer, action: Action, at: datetime = NOON, **inputs: Any) -> Quote:
    customer.refresh_from_db()
    return make_quote(customer, action, inputs, at=at)


def order(quote: Quote, *, at: datetime | None = None, means: str = Order.Means.WALLET, key: str = "") -> Order:
    customer = quote.customer
    key = key or f"key-{next(_number)}"
    return place_order(customer.pk, quote.pk, means=means, key=key, actor=owner_of(customer), at=at or quote.quoted_at)


def answer(order: Order, *, succeed: bool = True, at: datetime | None = None, reason: str = "no capacity") -> Order:
    """The product team answers all that the order asked of it."""
    state = ProvisioningRequest.State.SUCCEEDED if succeed else ProvisioningRequest.State.FAILED
    for item in order.items.exclude(request=None).order_by("position"):
        answer_provisioning(
            item.request_id, state, reason="" if succeed else reason, actor=TEAM, at=at or order.created_at
        )
    return Order.objects.get(pk=order.pk)


def create(
    customer: Customer, *items: Item | tuple[Item, int], at: datetime = NOON, months: int = 1, name: str = "web", quantity: int = 1,
    coupon: str = "", auto_renew_months: int | None = None,
) -> list[Resource]:  # fmt: skip
    """Bought (or, postpaid, ordered) and provisioned at `at`."""
    product = (items[0][0] if isinstance(items[0], tuple) else items[0]).product
    offer = quote(
        customer, Action.CREATE, at, product=str(product.pk), name=name, items=chosen(*items), quantity=quantity, months=months,
        auto_renew_months=auto_renew_months, coupon=coupon,
    )  # fmt: skip
    done = answer(order(offer), at=at)
    return [
        item.resource for item in done.items.select_related("resource__product").order_by("position") if item.resource
    ]


def resize(resource: Resource, *items: Item | tuple[Item, int], at: datetime) -> Order:
    return answer(
        order(quote(resource.customer, Action.RESIZE, at, resource=str(resource.pk), items=chosen(*items))), at=at
    )


def renew(
    *resources: Resource, at: datetime, months: int | None = 1, coupon: str = "", match_end: datetime | None = None
) -> Order:
    inputs: dict[str, Any] = {"resources": [str(resource.pk) for resource in resources], "coupon": coupon}
    inputs |= {"match_end": match_end.isoformat()} if match_end else {"months": months}
    return order(quote(resources[0].customer, Action.RENEW, at, **inputs))


def recover(resource: Resource, *, at: datetime, months: int = 1) -> Order:
    return order(quote(resource.customer, Action.RECOVER, at, resource=str(resource.pk), months=months))


def fresh(resource: Resource | UUID) -> Resource:
    pk = resource if isinstance(resource, UUID) else resource.pk
    return Resource.objects.select_related("product", "customer").get(pk=pk)


def house_balance(kind: Kind) -> int:
    """The balance of a house account, summed over its entries."""
    return Entry.objects.filter(account__kind=kind, account__customer=None).aggregate(total=Sum("amount"))["total"] or 0
