"""Tags: who ordered it, what customers write, and what invoices keep of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.models import Customer
from catalog.models import Item
from invoices.models import InvoiceLine
from invoices.services.month_end import run_month_end
from kernel.errors import InvalidInput
from kernel.periods import CalendarMonth
from kernel.tags import TooManyTags, text_of
from lifecycle.models import Resource, ResourceEvent
from lifecycle.services.acts import WrongState
from lifecycle.services.tags import change_tags
from orders.models import Action
from orders.services.bulk import tag_many
from orders.services.delete import delete_resource
from orders.services.sessions import open_session
from tests.actions.books import nothing_changes, refused
from tests.cast import DAY, JOB, NOON, answer, chosen, create, fresh, order, owner_of, quote, renew

pytestmark = pytest.mark.django_db
MARCH = CalendarMonth.of(NOON)


def buy(customer: Customer, item: Item, tags: Any = None, **more: Any) -> list[Resource]:
    offer = quote(
        customer, Action.CREATE, product=str(item.product_id), name="web", items=chosen(item), tags=tags or {},
        **{"quantity": 1, "months": 1, **more},
    )  # fmt: skip
    done = answer(order(offer), at=NOON)
    return [item.its_resource for item in done.items.order_by("position")]


def tag(resource: Resource, *, at: Any = NOON, **change: str | None) -> dict[str, str]:
    found: dict[str, str] = change_tags(resource.pk, change, actor=owner_of(resource.customer), at=at).tags
    return found


def test_a_resource_says_who_ordered_it(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    assert server.tags == {"createdBy": alice.email}


def test_what_was_ordered_together_is_tagged_alike(alice: Customer, small: Item) -> None:
    servers = buy(alice, small, {"department": " Kế  toán ", "Team": "web"}, quantity=2)
    assert [server.tags for server in servers] == [
        {"Department": "Kế toán", "Team": "web", "createdBy": alice.email}
    ] * 2, "the fixed key as it is spelt, spaces one way"


def test_the_tags_that_are_named_change_and_the_others_stay(alice: Customer, small: Item) -> None:
    [server] = buy(alice, small, {"Company": "Hoa Sen", "Team": "web"})
    assert tag(server, Environment="production", team=None) == {
        "Company": "Hoa Sen",
        "Environment": "production",
        "createdBy": alice.email,
    }
    event = ResourceEvent.objects.get(kind="tagged")
    assert (event.actor, event.reason) == (alice.email, "Environment=production; team=")
    tag(server, Environment="production")
    assert ResourceEvent.objects.filter(kind="tagged").count() == 1, "nothing changed"


def test_a_key_in_another_spelling_is_the_same_key(alice: Customer, small: Item) -> None:
    [server] = buy(alice, small, {"dự án": "Sao"})
    assert tag(server, **{"DỰ ÁN": "Mai"}) == {"DỰ ÁN": "Mai", "createdBy": alice.email}


@pytest.mark.parametrize(
    "change",
    [
        {"": "x"}, {"  ": "x"}, {"k" * 61: "x"}, {"Team": ""}, {"Team": "v" * 121}, {"Team": 3}, {"a=b": "x"}, {"!a": "x"},
        {"createdBy": "me"}, {"CREATEDBY": None}, {"provider/x": "x"}, {"Team": "\u202e"}, {"T\x00": "x"},
        {"Team": "a", "TEAM": "b"}, {f"k{number}": "x" for number in range(41)},
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_and_nothing_changes(alice: Customer, small: Item, change: Any) -> None:
    [server] = create(alice, small)
    with refused(InvalidInput):
        change_tags(server.pk, change, actor=owner_of(alice), at=NOON)
    with refused(InvalidInput):
        tag_many(alice, [server.pk], change, actor=owner_of(alice), at=NOON)


def test_there_is_room_for_twenty_besides_who_ordered_it(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    tag(server, **{f"k{number}": "x" for number in range(20)})
    with refused(TooManyTags):
        tag(server, one_more="x")
    assert len(tag(server, one_more="x", k0=None)) == 21


def test_what_is_in_the_trash_can_be_tagged_and_what_is_gone_cannot(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + DAY)
    tag(server, at=NOON + DAY, Team="web")
    small.product.days_in_trash_after_deletion = 0
    small.product.save()
    [gone] = create(alice, small)
    delete_resource(gone.pk, actor=owner_of(alice), at=NOON + DAY)
    with refused(WrongState):
        tag(gone, Team="web")


def test_many_are_tagged_at_once_each_for_itself(alice: Customer, bob: Customer, small: Item) -> None:
    full, other = buy(alice, small, {f"k{number}": "x" for number in range(20)}), create(alice, small, name="db")
    [stranger] = create(bob, small)
    pks = [full[0].pk, other[0].pk, stranger.pk]
    done, refusals = tag_many(alice, pks, {"Environment": "test"}, actor=owner_of(alice), at=NOON)
    assert (done, [one.name for one in refusals]) == (1, ["web"])
    assert fresh(other[0]).tags["Environment"] == "test"
    assert "Environment" not in fresh(stranger).tags


def test_a_line_keeps_the_tags_of_its_issue(alice: Customer, small: Item, disk: Item) -> None:
    [server] = buy(alice, small, {"Environment": "test"})
    tag(server, Environment="production")
    renew(server, at=NOON + DAY)
    lines = InvoiceLine.objects.order_by("invoice__issued_at")
    assert [line.tags["Environment"] for line in lines] == ["test", "production"]


def test_the_month_end_copies_the_tags_of_each_resource(bob: Customer, small: Item) -> None:
    [first] = buy(bob, small, {"Environment": "test"})
    [second] = buy(bob, small)
    tag(second, Team="web", Environment="Sản xuất")
    run_month_end(MARCH, actor=JOB, at=MARCH.period.ends_at)
    tag(first, at=MARCH.period.ends_at, Environment="production")
    assert {line.invoice.resource_id: text_of(line.tags) for line in InvoiceLine.objects.select_related("invoice")} == {
        first.pk: f"Environment=test; createdBy={bob.email}",
        second.pk: f"Environment=Sản xuất; Team=web; createdBy={bob.email}",
    }


def test_a_quote_without_tags_is_sealed_as_it_always_was(alice: Customer, small: Item) -> None:
    offer = quote(
        alice, Action.CREATE, product=str(small.product_id), name="web", items=chosen(small), quantity=1, months=1
    )
    assert "tags" not in json.dumps(offer.content)


def test_a_product_page_proposes_tags_and_they_are_looked_at(alice: Customer, small: Item) -> None:
    small.product.return_urls = ["https://shop.example/"]
    small.product.save()
    wish: dict[str, Any] = {"name": "web", "items": chosen(small), "return_url": "https://shop.example/", "at": NOON}
    session = open_session(small.product, tags={"environment": "test"}, **wish)
    assert session.tags == {"Environment": "test"}
    with nothing_changes(), refused(InvalidInput):
        open_session(small.product, tags={"createdBy": "me"}, **wish)
