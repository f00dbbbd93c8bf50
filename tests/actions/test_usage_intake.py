"""What product teams report as used: each record answered by itself, taken once for good, corrected by another."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import AuditEntry, Customer
from catalog.models import Item, Product
from invoices.services.month_end import run_month_end
from kernel.errors import DomainError
from kernel.periods import CalendarMonth
from lifecycle.models import Resource
from orders.services.delete import delete_resource
from tests.cast import DAY, JOB, NOON, STAFF, TEAM, create, fresh, make_item, make_metered, make_product, owner_of
from usage.models import Batch, Outcome, Record, RefusedRecord
from usage.services.files import FileTooLong, WrongFile, read_file
from usage.services.forgetting import forget_refused
from usage.services.intake import MOST, TooManyRecords, take_records

LATER = NOON + DAY


@pytest.fixture
def traffic(vserver: Product) -> Item:
    return make_metered(vserver, "traffic", 500)


@pytest.fixture
def server(bob: Customer, small: Item, traffic: Item) -> Resource:
    return create(bob, small)[0]


def use(
    server: Resource, key: str, quantity: Any = 1, *, used_at: datetime | str = NOON, **more: Any
) -> dict[str, Any]:
    at = used_at if isinstance(used_at, str) else used_at.isoformat()
    return {"resource": str(server.pk), "item": "traffic", "key": key, "used_at": at, "quantity": quantity, **more}


def take(server: Resource, *records: object, at: datetime = LATER) -> list[str]:
    taken = take_records(server.product, records, source=Batch.Source.API, actor=TEAM, at=at)
    return [outcome.value for outcome in taken.outcomes]


def kept() -> list[tuple[str, Decimal | None]]:
    return list(Record.objects.order_by("id").values_list("key", "quantity"))


def test_what_is_reported_is_kept_with_its_customer(server: Resource, traffic: Item, bob: Customer) -> None:
    assert take(server, use(server, "a", "1.5"), use(server, "b", 2), use(server, "c", 0.1)) == ["accepted"] * 3
    assert kept() == [("a", Decimal("1.5")), ("b", Decimal(2)), ("c", Decimal("0.1"))]
    record = Record.objects.get(key="a")
    assert (record.customer_id, record.item_id, record.used_at, record.is_late) == (bob.pk, traffic.pk, NOON, False)
    batch = Batch.objects.get()
    assert (batch.records, batch.accepted, batch.late, batch.duplicates, batch.refused) == (3, 3, 0, 0, 0)


def test_what_is_sent_again_adds_nothing_whenever_it_comes(server: Resource) -> None:
    take(server, use(server, "a"))
    assert take(server, use(server, "a"), use(server, "a", "1.000"), at=LATER + DAY) == ["duplicate", "duplicate"]
    assert take(server, use(server, "b"), use(server, "b")) == ["accepted", "duplicate"]
    assert [key for key, _quantity in kept()] == ["a", "b"]


@pytest.mark.parametrize("other", [{"quantity": 2}, {"used_at": NOON + timedelta(hours=1)}, {"used_at": NOON + DAY}])
def test_a_key_that_names_another_use_is_refused(server: Resource, other: dict[str, Any]) -> None:
    """In the same batch and later; the other use is not lost without a word."""
    assert take(server, use(server, "a"), use(server, "a", **other)) == ["accepted", "key-taken"]
    assert take(server, use(server, "a", **other)) == ["key-taken"]
    assert kept() == [("a", Decimal(1))]


def test_the_same_key_names_another_use_of_another_resource_or_item(
    server: Resource, bob: Customer, small: Item, vserver: Product
) -> None:
    make_metered(vserver, "calls", 5)
    other = create(bob, small, name="other")[0]
    assert take(server, use(server, "a"), use(other, "a"), use(server, "a", item="calls")) == ["accepted"] * 3


def test_what_comes_after_its_month_was_closed_is_taken_as_late(server: Resource) -> None:
    """March ends in Hà Nội at 17:00 UTC of the 31st; it is closed when its bills are written."""
    end = datetime(2026, 3, 31, 17, tzinfo=NOON.tzinfo)
    last = use(server, "a", used_at=end - timedelta(minutes=1))
    assert take(server, last, use(server, "b", used_at=end), at=end + timedelta(hours=2)) == ["accepted", "accepted"]
    run_month_end(CalendarMonth(2026, 3), actor=JOB, at=end + timedelta(hours=2))
    assert take(server, last | {"key": "c"}, use(server, "d", used_at=end), at=end + timedelta(hours=2)) == [
        "late",
        "accepted",
    ]
    assert set(Record.objects.filter(is_late=True).values_list("key", flat=True)) == {"c"}


def test_what_comes_after_a_resource_has_left_is_late_and_only_of_its_life(server: Resource, bob: Customer) -> None:
    server.product.days_in_trash_after_deletion = 0
    server.product.save()
    delete_resource(server.pk, actor=owner_of(bob), at=NOON + timedelta(hours=2))
    hours = [use(server, str(hour), used_at=NOON + timedelta(hours=hour)) for hour in (1, 2, 3)]
    assert take(fresh(server), *hours) == ["late", "late", "out-of-range"]


def test_of_strangers_and_of_what_there_is_not_nothing_is_taken(server: Resource, bob: Customer) -> None:
    bucket = make_item(make_product("vstorage"), "bucket", 33_000)
    theirs = create(bob, bucket)[0]
    nobody = use(server, "a", resource="00000000-0000-7000-8000-000000000000")
    sent = [
        use(theirs, "a"),
        nobody,
        use(server, "a", resource="web"),
        use(server, "a", item="small"),
        use(server, "b"),
    ]
    assert take(server, *sent) == ["not-yours", "unknown-resource", "unknown-resource", "unknown-item", "accepted"]
    assert kept() == [("b", Decimal(1))]


@pytest.mark.parametrize(
    "wrong",
    [
        {"used_at": LATER + timedelta(minutes=6)},
        {"used_at": NOON - timedelta(minutes=1)},
        {"quantity": -1},
        {"quantity": 10**12},
        {"quantity": "1e30"},
    ],
)
def test_times_and_quantities_that_cannot_be_are_out_of_range(server: Resource, wrong: dict[str, Any]) -> None:
    assert take(server, use(server, "a", **wrong)) == ["out-of-range"]
    assert kept() == []


def test_what_is_too_old_is_out_of_range(server: Resource) -> None:
    assert take(server, use(server, "a"), at=NOON + 62 * DAY) == ["accepted"]
    assert take(server, use(server, "b"), at=NOON + 63 * DAY) == ["out-of-range"]


MALFORMED: list[Any] = [
    None, 5, "a", [], {}, {"key": ""}, {"key": "k" * 101}, {"key": 7}, {"key": "a\u0000"}, {"item": None}, {"quantity": None},
    {"quantity": True}, {"quantity": "many"}, {"quantity": "NaN"}, {"quantity": "Infinity"}, {"quantity": [1]},
    {"used_at": "2026-03-10"}, {"used_at": "2026-03-10T12:00:00"}, {"used_at": 1773120000}, {"used_at": "2026-13-10T12:00:00Z"},
    {"used_at": "0001-01-01T00:00:00+14:00"}, {"corrects": "a"}, {"subject": "somebody"}, {"price": 5},
]  # fmt: skip


@pytest.mark.parametrize("wrong", MALFORMED)
def test_what_cannot_be_read_is_malformed_and_stops_nothing_else(server: Resource, wrong: Any) -> None:
    sent = use(server, "a") | wrong if isinstance(wrong, dict) and wrong else wrong
    assert take(server, sent, use(server, "b")) == ["malformed", "accepted"]


def test_a_cloud_event_is_a_record(server: Resource) -> None:
    event = {
        "specversion": "1.0", "type": "vn.billing.usage", "source": "/vserver", "id": "a", "subject": str(server.pk),
        "time": "2026-03-10T05:00:00Z", "data": {"item": "traffic", "quantity": "1"}, "datacontenttype": "application/json",
    }  # fmt: skip
    assert take(server, event, use(server, "a")) == ["accepted", "duplicate"]
    for wrong in ({"specversion": "0.3"}, {"type": "other"}, {"data": 5}, {"data": {"more": 1}}, {"source": None}):
        assert take(server, event | {"id": "b"} | wrong) == ["malformed"]


def test_a_correction_stands_in_the_place_of_the_one_that_it_names(server: Resource) -> None:
    take(server, use(server, "a", 5))
    assert take(server, use(server, "b", 3, corrects="a")) == ["accepted"]
    assert take(server, use(server, "b", 3, corrects="a")) == ["duplicate"]
    assert take(server, use(server, "c", 4, corrects="a")) == ["corrected-already"]
    assert take(server, use(server, "c", None, corrects="b")) == ["accepted"]
    assert kept() == [("a", Decimal(5)), ("b", Decimal(3)), ("c", None)]


def test_of_two_corrections_in_a_batch_the_first_is_taken(server: Resource) -> None:
    """One that is known, or has a key that is taken, stands in nobody's way."""
    take(server, use(server, "a", 5), use(server, "z", 1))
    sent = [use(server, "z", 2, corrects="a"), *(use(server, key, 3, corrects="a") for key in "bc"), use(server, "d")]
    assert take(server, *sent) == ["key-taken", "accepted", "corrected-already", "accepted"]
    assert take(server, *sent) == ["key-taken", "duplicate", "corrected-already", "duplicate"]
    batch = Batch.objects.order_by("received_at", "pk").last()
    assert batch
    assert (batch.accepted, batch.duplicates, batch.refused) == (0, 2, 2)


def test_a_correction_of_what_there_is_not_is_refused(server: Resource) -> None:
    take(server, use(server, "a"))
    for wrong in ({"corrects": "z"}, {"corrects": "a", "used_at": NOON + timedelta(hours=1)}):
        assert take(server, use(server, "b", **wrong)) == ["unknown-correction"]


def test_what_counts_different_ones_says_which(server: Resource, vserver: Product) -> None:
    make_metered(vserver, "users", 5_000, aggregation="unique")
    assert take(server, use(server, "a", item="users"), use(server, "b", item="users", subject="lan")) == [
        "malformed",
        "accepted",
    ]


def test_what_is_refused_is_kept_as_it_was_sent_for_ninety_days(server: Resource) -> None:
    long = use(server, "a", quantity="x" * 3_000)
    take(server, use(server, "b"), use(server, "c", -1), long)
    refused = RefusedRecord.objects.order_by("position")
    assert [(row.position, row.outcome) for row in refused] == [(1, "out-of-range"), (2, "malformed")]
    assert refused[0].record == use(server, "c", -1)
    assert len(refused[1].record) == 500
    assert forget_refused(at=LATER + 90 * DAY) == 0
    assert forget_refused(at=LATER + 91 * DAY) == 2
    assert Batch.objects.get().refused == 2


@pytest.mark.parametrize("count", [0, MOST + 1])
def test_a_batch_has_records_and_not_too_many(server: Resource, count: int) -> None:
    with pytest.raises(TooManyRecords):
        take(server, *[None] * count)
    assert not Batch.objects.exists()


CSV = b"resource,item,key,used_at,quantity,subject,corrects\n"


def test_staff_read_a_file_line_by_line_and_can_read_it_again(server: Resource) -> None:
    lines = f"{server.pk},traffic,a,2026-03-10T12:00:00+07:00,1.5,,\n{server.pk},traffic,b,yesterday,1,,\n".encode()
    for counted in ({Outcome.ACCEPTED: 1, Outcome.MALFORMED: 1}, {Outcome.DUPLICATE: 1, Outcome.MALFORMED: 1}):
        assert read_file(server.product, CSV + lines, reason="the exporter was down", actor=STAFF, at=LATER) == counted
    assert kept() == [("a", Decimal("1.5"))]
    assert Batch.objects.filter(source="file").count() == 2
    entry = AuditEntry.objects.latest("pk")
    assert (entry.verb, entry.reason) == ("import usage", "the exporter was down")


WRONG_FILES = [
    pytest.param(b"", WrongFile, id="nothing"),
    pytest.param(CSV, WrongFile, id="no line"),
    pytest.param(b"\xff\xfe", WrongFile, id="no UTF-8"),
    pytest.param(b"resource,item\na,b\n", WrongFile, id="columns missing"),
    pytest.param(CSV.replace(b"subject", b"price") + b"1,2,3,4,5,6,7\n", WrongFile, id="a column too many"),
    pytest.param(CSV + b'"a\n', WrongFile, id="a quote left open"),
    pytest.param(CSV + b"a,b,c,d,e,f,g\n" * 100_001, FileTooLong, id="too long"),
]


@pytest.mark.parametrize(("content", "refusal"), WRONG_FILES)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(
    server: Resource, content: bytes, refusal: type[DomainError]
) -> None:
    with pytest.raises(refusal):
        read_file(server.product, content, reason="asked", actor=STAFF, at=LATER)
    assert not Batch.objects.exists()
