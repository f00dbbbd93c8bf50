"""As whom a customer is named on invoices: profiles with numbers that are checked, a default, and the choice for an order."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import override

from accounts.models import AuditEntry, BuyerProfile, Customer
from accounts.services.buyers import (
    MOST_BUYERS,
    BuyerArchived,
    BuyerIsDefault,
    Named,
    TooManyBuyers,
    UnknownBuyer,
    archive_buyer,
    change_buyer,
    make_default,
)
from catalog.models import Item
from invoices.services.month_end import bill_ended_months
from kernel.errors import InvalidInput
from kernel.identity import personal_id_of, tax_code_of
from orders.models import Action, Order
from orders.services.buyers import OrderEnded, choose_buyer
from orders.services.checkout import place_order
from tests.actions.books import refused
from tests.cast import (
    DAY,
    JOB,
    LONG_AGO,
    NOON,
    answer,
    chosen,
    create,
    make_buyer,
    make_customer,
    order,
    owner_of,
    quote,
)

pytestmark = pytest.mark.django_db
VIETTEL, BRANCH, OTHER = "0100109106", "0100109106-001", "0101243150"
LAN = "079190123456"


@pytest.fixture
def carol() -> Customer:
    return make_customer("Carol", credit=5_000_000)


def changed(buyer: BuyerProfile, *said: str) -> BuyerProfile:
    return change_buyer(buyer.pk, Named(*said), actor=owner_of(buyer.customer), at=NOON)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (VIETTEL, VIETTEL),
        ("0100.109.106", VIETTEL),
        (" 0100 109 106 - 001 ", BRANCH),
        ("0100109106001", BRANCH),
        ("0100109107", ""),  # the tenth digit checks the others
        ("010010910", ""),
        ("0000000000", ""),
        ("0100109106-000", ""),
        ("01001O9106", ""),
        ("", ""),
    ],
)
def test_a_tax_code_is_kept_in_one_form_if_its_digits_fit(typed: str, kept: str) -> None:
    assert tax_code_of(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (LAN, LAN),
        ("079 190 123 456", LAN),
        ("097190123456", ""),
        ("000190123456", ""),
        ("07919012345", ""),
        ("٠79190123456", ""),
    ],
)
def test_an_identity_number_has_twelve_digits_and_begins_with_a_province(typed: str, kept: str) -> None:
    assert personal_id_of(typed) == kept


def test_the_first_profile_is_the_default_and_another_may_become_it(carol: Customer) -> None:
    first, second = make_buyer(carol, "Công ty Carol", tax_code=VIETTEL), make_buyer(carol, "Carol", personal_id=LAN)
    assert (first.is_default, second.is_default) == (True, False)
    make_default(second.pk, actor=owner_of(carol), at=NOON)
    assert list(carol.buyers.in_order().values_list("name", "is_default")) == [
        ("Carol", True),
        ("Công ty Carol", False),
    ]
    acts = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert acts == ["add buyer", "add buyer", "default buyer"]


def test_a_company_needs_its_tax_code_and_a_person_their_number(carol: Customer) -> None:
    buyer = make_buyer(carol, tax_code=VIETTEL)
    for said, field, words in (
        (("company", "C"), "tax_code", "A company's invoices need its tax code."),
        (("company", "C", "0100109107"), "tax_code", "One digit of this tax code is wrong"),
        (("company", "C", "12"), "tax_code", "A tax code has 10 digits"),
        (("person", "C", VIETTEL), "personal_id", "An identity number has 12 digits"),
        (("robot", "C"), "kind", "not a valid choice"),
        (("consumer", " "), "name", "cannot be blank"),
        (("consumer", "C\u202e"), "name", "U+202E"),
    ):
        with override("en"):
            with refused(InvalidInput, field=field) as wrong:
                changed(buyer, *said)
            assert words in str(wrong.value)


def test_a_number_of_another_kind_is_left_out(carol: Customer) -> None:
    buyer = changed(make_buyer(carol, tax_code=VIETTEL), "person", "Carol", VIETTEL, LAN, "Huế")
    assert (buyer.kind, buyer.tax_code, buyer.personal_id, str(buyer)) == ("person", "", LAN, "Carol (…456)")
    told = AuditEntry.objects.get(verb="change buyer").facts
    assert LAN not in str(told)
    assert told["former"]["tax_code"] == VIETTEL


def test_the_default_is_archived_last_and_what_is_archived_is_not_changed(carol: Customer) -> None:
    first, second = make_buyer(carol, tax_code=VIETTEL), make_buyer(carol, personal_id=LAN)
    actor = owner_of(carol)
    with refused(BuyerIsDefault):
        archive_buyer(first.pk, actor=actor, at=NOON)
    archive_buyer(second.pk, actor=actor, at=NOON)
    for act in (lambda: changed(second, "consumer", "X"), lambda: make_default(second.pk, actor=actor, at=NOON)):
        with refused(BuyerArchived):
            act()
    archive_buyer(first.pk, actor=actor, at=NOON)
    assert not carol.buyers.in_use().exists()
    assert archive_buyer(first.pk, actor=actor, at=NOON + DAY).archived_at == NOON


def test_there_is_a_bound(carol: Customer) -> None:
    one = make_buyer(carol)
    BuyerProfile.objects.bulk_create(
        BuyerProfile(customer=carol, kind="consumer", name=f"C{n}", created_at=LONG_AGO) for n in range(MOST_BUYERS - 1)
    )
    with refused(TooManyBuyers):
        make_buyer(one.customer)


# --- What invoices say ---


def test_an_invoice_names_the_default_of_its_time_and_keeps_it(carol: Customer, small: Item) -> None:
    buyer = make_buyer(carol, "Công ty Carol", tax_code=VIETTEL, address="1 Trần Hưng Đạo")
    [server] = create(carol, small)
    changed(buyer, "company", "Công ty Khác", OTHER)
    said = server.invoices.get().buyer
    assert (said["name"], said["kind"], said["tax_code"], said["address"]) == (
        "Công ty Carol", "company", VIETTEL, "1 Trần Hưng Đạo",
    )  # fmt: skip


def test_no_purchase_waits_for_a_profile(carol: Customer, small: Item) -> None:
    [server] = create(carol, small)
    said = server.invoices.get().buyer
    assert (said["name"], said["kind"], said["tax_code"], said["personal_id"]) == ("Carol", "consumer", "", "")


def ordered(customer: Customer, item: Item, buyer: BuyerProfile | None = None) -> Order:
    offer = quote(
        customer, Action.CREATE, product=str(item.product_id), name="web", items=chosen(item), quantity=1, months=1
    )
    return place_order(
        customer.pk, offer.pk, means="wallet", key="k", buyer_id=buyer and buyer.pk, actor=owner_of(customer), at=NOON
    )


def test_an_order_is_invoiced_to_whom_it_says_even_when_that_is_archived_meanwhile(
    carol: Customer, small: Item
) -> None:
    make_buyer(carol, "Công ty Carol", tax_code=VIETTEL)
    wanted = make_buyer(carol, "Công ty Con", tax_code=BRANCH)
    found = ordered(carol, small, wanted)
    archive_buyer(wanted.pk, actor=owner_of(carol), at=NOON)
    answer(found)
    assert found.items.get().resource.invoices.get().buyer["tax_code"] == BRANCH


def test_it_is_chosen_anew_until_the_order_has_ended(carol: Customer, small: Item) -> None:
    make_buyer(carol, "Công ty Carol", tax_code=VIETTEL)
    wanted = make_buyer(carol, "Lan", personal_id=LAN)
    found = ordered(carol, small)
    choose_buyer(found.pk, wanted.pk, actor=owner_of(carol), at=NOON)
    answer(found)
    assert found.items.get().resource.invoices.get().buyer["personal_id"] == LAN
    assert AuditEntry.objects.get(verb="choose buyer").facts == {"buyer": str(wanted.pk)}
    with refused(OrderEnded):
        choose_buyer(found.pk, None, actor=owner_of(carol), at=NOON)


def test_somebody_elses_profile_and_an_archived_one_are_no_choice(
    carol: Customer, alice: Customer, small: Item
) -> None:
    make_buyer(carol, tax_code=VIETTEL)
    archived = make_buyer(carol, personal_id=LAN)
    archive_buyer(archived.pk, actor=owner_of(carol), at=NOON)
    with refused(BuyerArchived):
        ordered(carol, small, archived)
    strange = make_buyer(alice)
    with refused(UnknownBuyer):
        ordered(carol, small, strange)


def test_the_month_end_names_the_default_of_its_day(bob: Customer, small: Item) -> None:
    make_buyer(bob, "Công ty Bob", tax_code=VIETTEL)
    other = make_buyer(bob, "Chi nhánh Bob", tax_code=BRANCH)
    [server] = create(bob, small)
    make_default(other.pk, actor=owner_of(bob), at=NOON)
    bill_ended_months(actor=JOB, at=NOON + 30 * DAY)
    assert server.invoices.get().buyer["tax_code"] == BRANCH


def test_an_order_cannot_name_another_customers_buyer_in_the_table(
    carol: Customer, alice: Customer, small: Item
) -> None:
    strange = make_buyer(alice)
    found = order(
        quote(carol, Action.CREATE, product=str(small.product_id), name="w", items=chosen(small), quantity=1, months=1)
    )
    with pytest.raises(IntegrityError, match="an_order_is_invoiced_to_its_customers_buyer"), transaction.atomic():
        Order.objects.filter(pk=found.pk).update(buyer=strange)
