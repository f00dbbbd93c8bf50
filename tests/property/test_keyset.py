"""Walking the pages of a list, forward and back: every row once, in order, however many share a value."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accounts.models import Customer
from notifications.models import Notice
from store.keyset import keyset_page
from tests.cast import NOON

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
KEY = ("at", "id")


def notices(customer: Customer, seconds: list[int]) -> None:
    Notice.objects.bulk_create(
        Notice(
            customer=customer, kind=Notice.Kind.REFUND, event=f"event:{number}", recipient="a@b.example",
            at=NOON + second * SECOND, next_attempt_at=NOON,
        )
        for number, second in enumerate(seconds)
    )  # fmt: skip


@settings(max_examples=60)
@given(st.lists(st.integers(0, 4), max_size=30), st.integers(1, 9))
def test_pages_forward_and_back_show_each_row_once(alice: Customer, seconds: list[int], size: int) -> None:
    """At most five instants for up to thirty rows: ties lie across the ends of pages."""
    with transaction.atomic():
        notices(alice, seconds)
        rows = Notice.objects.filter(customer=alice)
        inorder = list(rows.order_by("-at", "-id"))

        page = keyset_page(rows, KEY, size=size)
        forward = [page.rows]
        assert page.newer == ""
        while page.older:
            page = keyset_page(rows, KEY, after=page.older, size=size)
            forward.append(page.rows)
        back = [page.rows]
        while page.newer:
            page = keyset_page(rows, KEY, before=page.newer, size=size)
            back.append(page.rows)

        assert [row for rows in forward for row in rows] == inorder
        assert back[::-1] == forward
        assert all(len(rows) == size for rows in forward[:-1])
        transaction.set_rollback(True)


plain = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(), st.text(max_size=20),
    st.datetimes().map(str), st.datetimes(timezones=st.timezones()).map(str), st.uuids().map(str),
)  # fmt: skip
tokens = st.one_of(
    st.text(max_size=40),
    st.lists(st.tuples(st.sampled_from(["t", "u", "v", "x"]), plain), max_size=3).map(
        lambda values: urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
    ),
)


INFINITE = urlsafe_b64encode(b'[["v", 1e400]]').decode().rstrip("=")


@settings(max_examples=300)
@example(token=INFINITE, forward=True, key=("id",))
@given(tokens, st.booleans(), st.sampled_from([KEY, ("id",)]))
def test_a_key_that_somebody_made_up_gives_a_page_and_no_error(
    alice: Customer, token: str, forward: bool, key: tuple[str, ...]
) -> None:
    way: dict[str, Any] = {"after": token} if forward else {"before": token}
    with transaction.atomic():
        assert keyset_page(Notice.objects.filter(customer=alice), key, **way).rows == []
