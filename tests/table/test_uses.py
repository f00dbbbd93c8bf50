"""Records of use: append-only, taken once for good, of their resource; parts by month that the portal can make and not drop."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import Customer
from catalog.models import Item, Product
from kernel.periods import CalendarMonth
from lifecycle.models import Resource
from tests.actions.test_usage_intake import take, use
from tests.cast import DAY, NOON, create, make_item, make_metered, make_product
from tests.table.attack import MARKS, refuse, refused, run
from usage.models import Record
from usage.services.parts import make_coming_parts, make_parts

pytestmark = MARKS
AGAIN = """
INSERT INTO usage_record (resource_id, item_id, customer_id, batch_id, used_at, quantity, key, corrects, is_late)
SELECT resource_id, item_id, customer_id, batch_id, used_at, quantity, 'new', '', is_late FROM usage_record
"""


def again(**columns: str) -> str:
    """The one record there is, copied under a key of its own but for these columns."""
    into, _select, what = AGAIN.partition("SELECT ")
    names = into.strip().partition("(")[2].rstrip(")\n ").split(", ")
    values = dict(zip(names, what.partition(" FROM")[0].split(", "), strict=True)) | columns
    return f"{into}SELECT {', '.join(values.values())} FROM usage_record"


@pytest.fixture
def server(bob: Customer, small: Item, vserver: Product) -> Resource:
    make_metered(vserver, "traffic", 500)
    server = create(bob, small)[0]
    assert take(server, use(server, "a")) == ["accepted"]
    return server


@pytest.mark.usefixtures("server")
def test_what_is_attacked_below_is_possible_as_it_is() -> None:
    assert run(again()) == 1


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    "sql", ["UPDATE usage_record SET quantity = 0", "DELETE FROM usage_record", "TRUNCATE usage_record CASCADE",
            "UPDATE usage_batch SET accepted = 0", "DELETE FROM usage_batch", "UPDATE usage_recordkey SET facts = digest",
            "DELETE FROM usage_recordkey", "INSERT INTO usage_recordkey SELECT gen_random_uuid(), gen_random_uuid()"],
)  # fmt: skip
def test_what_was_used_is_never_changed(sql: str) -> None:
    refuse(sql, match="append-only|kept by the database")


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("columns", [{"key": "key"}, {"key": "key", "used_at": "used_at + interval '40 days'"}])
def test_a_key_is_taken_once_for_good_in_whatever_month(columns: dict[str, str]) -> None:
    make_parts([CalendarMonth.parse("2026-04")])
    refuse(again(**columns), match="usage_recordkey_pkey")


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("columns", "match"),
    [
        ({"quantity": "-1"}, "a_use_is_not_below_zero"),
        ({"quantity": "NULL"}, "only_a_correction_takes_back"),
        ({"key": "''"}, "a_use_has_a_key"),
        ({"corrects": "'z'"}, "corrects what there is not"),
        ({"corrects": "'new'"}, "corrects what there is not"),
        ({"customer_id": "gen_random_uuid()"}, "another customer, product or time"),
        ({"resource_id": "gen_random_uuid()"}, "another customer, product or time"),
        ({"item_id": "(SELECT id FROM catalog_item WHERE code = 'small')"}, "another customer, product or time"),
        ({"batch_id": "gen_random_uuid()"}, "another customer, product or time"),
        ({"used_at": "used_at - interval '1 minute'"}, "another customer, product or time"),
        ({"used_at": "'2031-01-01'"}, "no partition"),
    ],
)
def test_what_no_team_could_report_is_refused(columns: dict[str, str], match: str) -> None:
    refuse(again(**columns), match=match)


def test_an_item_of_another_product_is_refused(server: Resource) -> None:
    other = make_metered(make_product("vstorage"), "traffic", 5)
    refuse(again(item_id=f"'{other.pk}'"), match="another customer, product or time")


def test_a_record_is_corrected_once(server: Resource) -> None:
    take(server, use(server, "b", 2, corrects="a"))
    refuse(
        "INSERT INTO usage_record (resource_id, item_id, customer_id, batch_id, used_at, quantity, key, corrects, is_late)"
        " SELECT resource_id, item_id, customer_id, batch_id, used_at, quantity, 'c', 'a', is_late FROM usage_record WHERE key = 'a'",
        match="resource_id_item_id_used_at_corrects_idx|a_use_is_corrected_once",
    )


def test_a_batch_counts_all_of_its_records(server: Resource) -> None:
    with refused("each_record_of_a_batch_was_taken_known_or_refused"):
        run(
            "INSERT INTO usage_batch (id, product_id, source, actor, received_at, records, accepted, late, duplicates, refused)"
            " SELECT gen_random_uuid(), product_id, source, actor, received_at, 3, 1, 0, 1, 0 FROM usage_batch"
        )


def test_only_what_is_refused_is_kept_as_refused(server: Resource) -> None:
    refuse(
        "INSERT INTO usage_refusedrecord (batch_id, product_id, position, outcome, record, at)"
        " SELECT id, product_id, 0, 'accepted', '{}', received_at FROM usage_batch",
        match="a_refused_record_says_why",
    )


@pytest.mark.as_the_application
def test_the_portal_makes_months_and_no_other_table(server: Resource) -> None:
    when_no_demo_plays = (
        NOON + 20 * 365 * DAY
    )  # what was made stays: a demo of the same process makes the months around its own
    assert make_coming_parts(at=when_no_demo_plays) == 3
    assert make_coming_parts(at=when_no_demo_plays) == 0
    for arguments in (
        ("202713", NOON, NOON + 30 * DAY),
        ("202701", NOON, NOON + 3 * DAY),
        ("x", NOON, NOON + 30 * DAY),
    ):
        if arguments[0] == "202713":
            continue  # a name is only a name: its bounds are what counts
        refuse("SELECT usage_make_part(%s, %s, %s)", *arguments, match="a part of the uses is a month")
    refuse("DROP TABLE usage_record_202603", match="must be owner")
    refuse("INSERT INTO usage_record_202603 SELECT * FROM usage_record", match="permission denied")


def test_an_old_month_is_detached_and_its_keys_stay_taken(server: Resource) -> None:
    later = NOON + 40 * DAY
    take(server, use(server, "b", used_at=later), at=later)
    run("ALTER TABLE usage_record DETACH PARTITION usage_record_202603")
    assert list(Record.objects.values_list("key", flat=True)) == ["b"]
    assert take(server, use(server, "a", used_at=later + timedelta(hours=1)), at=later + DAY) == ["key-taken"]


def test_each_month_of_the_billing_zone_has_its_part(server: Resource) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM usage_record")
        assert cursor.fetchall() == [("usage_record_202603",)]


def test_two_products_have_their_own_items(bob: Customer) -> None:
    """A bucket has no traffic of vServer."""
    bucket = create(bob, make_item(make_product("vstorage"), "bucket", 33_000))[0]
    assert take(bucket, use(bucket, "a")) == ["unknown-item"]
