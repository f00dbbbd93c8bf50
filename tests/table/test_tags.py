"""Tags in plain SQL: what resources cannot be tagged with, and what lines cannot say."""

from __future__ import annotations

import json

import pytest
from django.db import connection

from accounts.models import Customer
from catalog.models import Item
from invoices.models import InvoiceLine
from kernel.tags import folded
from kernel.text import is_printable
from lifecycle.models import Resource
from tests.cast import create, fresh
from tests.table.attack import MARKS, refuse, run

pytestmark = MARKS


@pytest.fixture
def server(alice: Customer, small: Item) -> Resource:
    [server] = create(alice, small)
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("SET CONSTRAINTS ALL DEFERRED")
    return server


def test_who_ordered_it_is_frozen(server: Resource) -> None:
    for tags in ({}, {"createdBy": "mallory"}, {"Team": "web"}):
        refuse("UPDATE lifecycle_resource SET tags = %s", json.dumps(tags), match="who ordered it is frozen")
    refuse("UPDATE lifecycle_resource SET tags = tags - 'createdBy'", match="who ordered it is frozen")
    run("""UPDATE lifecycle_resource SET tags = tags || '{"Team": "web"}'""")
    assert fresh(server).tags == {"Team": "web", "createdBy": server.customer.email}


BROKEN = [
    {"a": 1}, {"a": None}, {"a": {"b": "c"}}, {"a": ""}, {"": "a"}, {"k" * 61: "a"}, {"a": "v" * 121}, {"a=b": "c"}, {"!a": "c"},
    {"a\n": "c"}, {"a": "\x1b"}, {"Provider/x": "c"}, {"CreatedBy": "c"}, {"environment": "c"},
]  # fmt: skip


@pytest.mark.parametrize("tags", BROKEN, ids=repr)
def test_a_tag_that_cannot_be_kept_is_refused(server: Resource, tags: dict[str, object]) -> None:
    both = json.dumps({**server.tags, **tags})
    refuse("UPDATE lifecycle_resource SET tags = %s", both, match="cannot be kept like that|one of them twice")


def test_tags_are_an_object_of_at_most_twenty_different_keys(server: Resource) -> None:
    refuse("""UPDATE lifecycle_resource SET tags = '["createdBy"]' """, match="are keys with values|frozen")
    twice = json.dumps({**server.tags, "Team": "a", "tEAM": "b"})
    refuse("UPDATE lifecycle_resource SET tags = %s", twice, match="more than 20 tags, or one of them twice")
    many = {**server.tags, **{f"k{number}": "x" for number in range(21)}}
    refuse("UPDATE lifecycle_resource SET tags = %s", json.dumps(many), match="more than 20 tags")
    many.pop("k0")
    run("UPDATE lifecycle_resource SET tags = %s", json.dumps(many))


COPY_OF = """
INSERT INTO invoices_invoiceline (invoice_id, customer_id, position, item_id, price_id, name, unit, starts_at, ends_at, minutes, quantity,
    unit_price, per_minutes, discount, includes_vat, vat_rate, taxed_at, amount, tax, total{column})
SELECT invoice_id, customer_id, 7, item_id, price_id, name, unit, starts_at, ends_at, minutes, quantity, unit_price, per_minutes, discount,
    includes_vat, vat_rate, taxed_at, amount, tax, total{value} FROM invoices_invoiceline
"""


@pytest.mark.usefixtures("server")
def test_a_line_says_the_tags_of_its_resource_and_no_others() -> None:
    run(f"ALTER TABLE invoices_invoiceline DISABLE TRIGGER pgtrigger_lines_add_up_to_their_invoice_{_suffix()}")
    refuse(COPY_OF.format(column=", tags", value=", '{}'"), match="says other tags than its resource has")
    refuse(
        COPY_OF.format(column=", tags", value=""", '{"Team": "x"}'"""), match="says other tags than its resource has"
    )
    refuse("UPDATE invoices_invoiceline SET tags = '{}'", match="append-only")
    run(COPY_OF.format(column="", value=""))
    first, second = InvoiceLine.objects.order_by("position").values_list("tags", flat=True)
    assert first == second != {}, "who leaves them out gets those of the resource"


def _suffix() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'pgtrigger_lines_add_up_to_their_invoice_%'")
        name: str = cursor.fetchone()[0]
    return name.rpartition("_")[2]


def test_tags_are_compared_in_the_tables_as_they_are_by_the_application(db: None) -> None:
    """Every character that a tag may have, and the word that differs in how its end is written in lower case."""
    known = [*filter(is_printable, map(chr, range(1, 0x20000))), "ΟΔΟΣ", "Straße", "STRASSE", "İstanbul", "KẾ TOÁN"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT t, lower(t) FROM unnest(%s::text[]) t", [known])
        differ = [text for text, lower in cursor.fetchall() if folded(text) != lower]
    assert differ == []
    assert (folded("KẾ TOÁN"), folded("Straße") == folded("STRASSE")) == ("kế toán", False)


@pytest.mark.parametrize(
    ("key", "found"), [("Environment", "test"), ("ENVIRONMENT", "test"), ("DỰ ÁN", "Sao"), ("Team", None)]
)
def test_a_key_is_found_in_upper_or_lower_case(db: None, key: str, found: str | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tag_value(%s, %s)", [json.dumps({"Environment": "test", "dự án": "Sao"}), key])
        assert cursor.fetchone()[0] == found
