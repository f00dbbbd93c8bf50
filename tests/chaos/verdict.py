"""Told against there: every acknowledged operation exactly once, a refused one not at all, and nothing that nobody was told of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator

from tests.chaos.books import Books, Row
from tests.chaos.record import Operation, Record, Told

ORDERS = ("order to create", "order to renew", "order to resize", "order to recover")
SEVERAL_MAY_ASK = {"ask for transfer"}
"""The same that is waited for already is shown again: two operations, one thing."""
OPEN_PAYMENTS = ("created", "processing", "unknown")
ENDED_NOTICES = ("sent", "overtaken")
PAID = ("succeeded", "refunded")


def findings(record: Record, books: Books) -> list[str]:
    """What is not as it was told, a line each."""
    return [
        *_made(record, ORDERS, books.ours["orders"], "order"),
        *_made(record, ("quote",), books.ours["quotes"], "quote", shown=_fresh_quotes(record)),
        *_made(record, ("top-up", "linked charge"), _top_ups(books), "payment"),
        *_made(record, ("invoice payment",), _for_invoices(books), "payment"),
        *_made(record, ("link account",), books.ours["links"], "linked account"),
        *_made(record, ("ask for transfer",), books.ours["expected"], "expected transfer", all_told=False),
        *_attempts(record, books),
        *_deletions(record, books),
        *_answers(record, books),
        *_bank_lines(record, books),
        *_gateways(books),
        *_teams(books),
        *(
            f"{one['kind']} {one['times']} times by order {one['id']} of {one['resource']}"
            for one in books.ours["twice"]
        ),
    ]


def unsettled(books: Books) -> list[str]:
    """What still has to come to an end: money that moved, what was paid for, what is owed to somebody outside."""
    found = [
        f"order {one['id']} is {one['state']}"
        for one in books.ours["orders"]
        if one["state"] in ("paid", "provisioning")
    ]
    debited = books.debited
    for payment in books.ours["payments"]:
        there = debited.get(payment["reference"])
        if there and there["state"] != "open" and payment["state"] in OPEN_PAYMENTS:
            found.append(f"payment {payment['id']} is {payment['state']}, {there['state']} at {payment['gateway']}")
        if there and there["debits"] and payment["state"] not in PAID and payment["state"] not in OPEN_PAYMENTS:
            found.append(f"payment {payment['id']} is {payment['state']}, but was debited at {payment['gateway']}")
    known = {one["id"] for one in books.asked}
    for request in books.ours["requests"]:
        if request["expects_answer"] and request["state"] in ("pending", "delivered"):
            found.append(f"{request['verb']} {request['id']} of {request['product']} is {request['state']}")
        elif request["product"] == "vserver" and request["id"] not in known:
            found.append(f"{request['verb']} {request['id']} was not told to {request['product']}")
    found += [
        f"bank line {one['reference']} was not looked at" for one in books.ours["transfers"] if not one["seen_at"]
    ]
    found += [
        f"{one['count']} notices are {one['state']}"
        for one in books.ours["notices"]
        if one["state"] not in ENDED_NOTICES
    ]
    return found


def differing_repetition(operation: Operation, before: tuple[int, object]) -> str | None:
    """What the same key was answered, asked again, against what it was answered first."""
    now = (operation.status, operation.answer)
    return None if now == before else f"{operation}: asked again, another answer than {before}"


def _made(
    record: Record,
    what: tuple[str, ...],
    rows: Iterable[Row],
    thing: str,
    *,
    all_told: bool = True,
    shown: Collection[str] = (),
) -> Iterator[str]:
    """Each acknowledged operation made one thing, which is there; and no thing is there that nobody was told of."""
    there = Counter(row["id"] for row in rows)
    told: dict[str, list[Operation]] = defaultdict(list)
    for operation in record.of(*what, told=Told.ACKNOWLEDGED):
        told[operation.id].append(operation)
        if not there[operation.id]:
            yield f"{operation}: but there is no {thing} {operation.id}"
    for pk, operations in told.items():
        if len(operations) > 1 and not SEVERAL_MAY_ASK & set(what):
            yield f"{thing} {pk} was made by {len(operations)} operations: {'; '.join(map(str, operations))}"
    if all_told:
        for pk in there:
            if pk not in told and pk not in shown:
                yield f"{thing} {pk} is there, and nobody was told of it"


def _fresh_quotes(record: Record) -> set[str]:
    """A quote that is over is refused with another one in its place."""
    refused = (one.answer for one in record.of(*ORDERS, told=Told.REFUSED))
    return {str(answer["details"]["quote"]) for answer in refused if "quote" in answer.get("details", {})}


def _top_ups(books: Books) -> list[Row]:
    """Attempts to top up that somebody asked for: for no order and no invoices."""
    ours = (one for one in books.ours["payments"] if one["kind"] == "top_up" and one["means"] == "gateway")
    return [one for one in ours if not one["order_id"] and not one["for_invoices"]]


def _for_invoices(books: Books) -> list[Row]:
    """Attempts to pay invoices, but those by bank transfer, which come from outside."""
    return [
        one
        for one in books.ours["payments"]
        if one["means"] != "bank_transfer" and (one["for_invoices"] or one["kind"] == "invoice")
    ]


def _attempts(record: Record, books: Books) -> Iterator[str]:
    """An attempt to pay an order that received money was shown to somebody, who could go and pay."""
    told = {
        one.answer["payment"]["id"]
        for one in record.of(*ORDERS, "order payment", "cancel order", told=Told.ACKNOWLEDGED)
        if one.answer.get("payment")
    }
    for payment in books.ours["payments"]:
        if payment["order_id"] and payment["means"] == "gateway" and payment["captured"] and payment["id"] not in told:
            yield f"payment {payment['id']} of order {payment['order_id']} received {payment['captured']}, and nobody was told of it"


def _deletions(record: Record, books: Books) -> Iterator[str]:
    there = {one["id"]: one["times"] for one in books.ours["deletions"]}
    told = Counter(one.path.split("/")[1] for one in record.of("delete", told=Told.ACKNOWLEDGED))
    for resource in {*there, *told}:
        if there.get(resource, 0) != told[resource]:
            yield f"resource {resource} was deleted {there.get(resource, 0)} times, acknowledged {told[resource]} times"


def _answers(record: Record, books: Books) -> Iterator[str]:
    states = {one["id"]: one["state"] for one in books.ours["requests"]}
    for one in record.of("answer", told=Told.ACKNOWLEDGED):
        request = one.path.split("/")[1]
        if states.get(request) != one.body["outcome"]:
            yield f"{one}: but the request is {states.get(request)}"


def _bank_lines(record: Record, books: Books) -> Iterator[str]:
    there = {one["reference"]: one for one in books.ours["transfers"]}
    told = {one.key: one for one in record.of("bank line")}
    for key, operation in told.items():
        if operation.told == Told.ACKNOWLEDGED and (
            key not in there or there[key]["amount"] != operation.body["amount"]
        ):
            yield f"{operation}: but there is {there.get(key)}"
        if operation.told == Told.REFUSED and key in there:
            yield f"{operation}: but it is there"
    yield from (f"bank line {key} is there, and nobody told it" for key in there if key not in told)
    total = sum(one["amount"] for one in there.values())
    if abs(books.balance("bank")) != total:
        yield f"the bank's account has {books.balance('bank')}, its lines are {total}"


def _gateways(books: Books) -> Iterator[str]:
    """The sandbox's own record is our captures, one by one and in all."""
    debited = books.debited
    captured = 0
    for payment in books.ours["payments"]:
        if payment["means"] != "gateway":
            continue
        there = debited.get(payment["reference"])
        received = payment["captured"] or 0
        captured += received
        really = there["debited"] if there else 0
        if received != really:
            yield (
                f"payment {payment['id']} ({payment['state']}) {payment['reference']} at {payment['gateway']}: "
                f"we have {received}, really moved {really}"
            )
        if there and there["debits"] > 1:
            yield f"payment {payment['id']} was debited {there['debits']} times"
    ours = {one["reference"] for one in books.ours["payments"]}
    for reference, one in debited.items():
        if one["debits"] and reference not in ours:
            yield f"{one['debited']} moved at the sandbox under {reference}, which no payment of ours has"
    if abs(books.balance("gateway")) != captured:
        yield f"the gateways' account has {books.balance('gateway')}, the payments received {captured}"
    if not books.oracle["conserved"]:
        yield "the sandbox's own books are wrong"


def _teams(books: Books) -> Iterator[str]:
    """What the sandbox's team was asked is what we asked it."""
    ours = {one["id"] for one in books.ours["requests"] if one["product"] == "vserver"}
    yield from (f"the team was asked {one['id']}, which we never did" for one in books.asked if one["id"] not in ours)
