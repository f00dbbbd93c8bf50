"""What is not as it was told is found, whichever way round."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos.books import OURS, Books
from tests.chaos.record import Operation, Record, Told
from tests.chaos.verdict import differing_repetition, findings, unsettled


def told(what: str, answer: dict[str, Any], *, path: str = "", body: dict[str, Any] | None = None) -> Operation:
    acknowledged = {"told": Told.ACKNOWLEDGED, "first": Told.UNKNOWN, "status": 201}
    return Operation(1, "Customer 1", what, path or what, body or {}, "key 1", answer=answer, **acknowledged)


def books(
    *, oracle: list[dict[str, Any]] | None = None, asked: list[dict[str, Any]] | None = None, **ours: Any
) -> Books:
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in OURS} | ours
    return Books(rows, {"references": oracle or [], "conserved": True}, asked or [])


def payment(**facts: Any) -> dict[str, Any]:
    usual = {
        "id": "p1",
        "kind": "top_up",
        "means": "gateway",
        "gateway": "sandbox",
        "reference": "ref",
        "order_id": None,
    }
    more = {"captured": 50_000, "state": "succeeded", "for_invoices": False}
    return {**usual, **more, **facts}


def debit(**facts: Any) -> dict[str, Any]:
    return {"reference": "ref", "state": "paid", "debits": 1, "debited": 50_000, **facts}


HOUSE = [{"kind": "gateway", "balance": -50_000}]
TOP_UP = told("top-up", {"id": "p1"})


def test_a_top_up_that_is_there_once_and_moved_once_is_no_finding():
    there = books(payments=[payment()], oracle=[debit()], house=HOUSE)

    assert findings(Record([TOP_UP]), there) == []
    assert unsettled(there) == []


@pytest.mark.parametrize(
    ("record", "there", "said"),
    [
        ([TOP_UP], books(), "but there is no payment p1"),
        (
            [],
            books(payments=[payment()], oracle=[debit()], house=HOUSE),
            "payment p1 is there, and nobody was told of it",
        ),
        (
            [TOP_UP, TOP_UP],
            books(payments=[payment()], oracle=[debit()], house=HOUSE),
            "payment p1 was made by 2 operations",
        ),
        ([TOP_UP], books(payments=[payment()], house=HOUSE), "we have 50000, really moved 0"),
        ([TOP_UP], books(payments=[payment()], oracle=[debit(debited=60_000)], house=HOUSE), "really moved 60000"),
        ([], books(oracle=[debit()]), "50000 moved at the sandbox under ref"),
        ([TOP_UP], books(payments=[payment()], oracle=[debit()]), "the gateways' account has 0"),
        ([told("delete", {}, path="resources/r1/delete/")], books(), "r1 was deleted 0 times, acknowledged 1 times"),
        ([], books(deletions=[{"id": "r1", "times": 1}]), "r1 was deleted 1 times, acknowledged 0 times"),
        (
            [told("answer", {}, path="provisioning-requests/q1/answer/", body={"outcome": "succeeded"})],
            books(requests=[{"id": "q1", "product": "vstorage", "state": "failed"}]),
            "but the request is failed",
        ),
        ([told("bank line", {}, body={"amount": 5})], books(), "but there is None"),
        ([], books(transfers=[{"reference": "FT1", "amount": 5}]), "bank line FT1 is there, and nobody told it"),
        ([], books(asked=[{"id": "q9"}]), "the team was asked q9, which we never did"),
        (
            [],
            books(twice=[{"id": "o1", "resource": "r1", "kind": "renewed", "times": 2}]),
            "renewed 2 times by order o1 of r1",
        ),
    ],
)
def test_what_is_not_as_it_was_told_is_found(record, there, said):
    assert any(said in finding for finding in findings(Record(record), there))


def test_money_that_moved_and_is_not_booked_is_no_rest():
    there = books(payments=[payment(state="processing", captured=None)], oracle=[debit()])

    assert unsettled(there) == ["payment p1 is processing, paid at sandbox"]


def test_what_was_paid_for_and_is_not_there_is_no_rest():
    there = books(orders=[{"id": "o1", "state": "provisioning"}], notices=[{"state": "pending", "count": 3}])

    assert unsettled(there) == ["order o1 is provisioning", "3 notices are pending"]


def test_another_answer_to_the_same_key_is_found():
    assert differing_repetition(TOP_UP, (201, {"id": "p1"})) is None
    assert "another answer" in str(differing_repetition(TOP_UP, (201, {"id": "p2"})))
