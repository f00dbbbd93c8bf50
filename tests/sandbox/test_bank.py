"""The bank: what a customer's transfer becomes, and how the merchant hears of it."""

import json
from datetime import UTC, date, datetime

import pytest
from flask import Flask, Response, request

from payments.bank_lines import read_csv, read_feed, read_mt940
from payments.vietqr import payload
from sandbox.bank import qr
from sandbox.bank.views import mistyped
from sandbox.ledger import VIETNAM
from sandbox.store import Store

from .servers import Merchant, running_sandbox, serving, until

REFERENCE = "ABCDEFGHJA"


def code(amount: int = 150_000, note: str = REFERENCE) -> str:
    return payload(bin_code="970436", account="1017595600", amount=amount, note=note)


def transfers(sandbox, way="exact", **form):
    answer = sandbox.http.post("/bank/", data={"code": code(), "way": way, **form})
    assert answer.status_code == 303, answer.text
    return sandbox.oracle()["transfers"]


def today() -> str:
    return f"{datetime.now(UTC).astimezone(VIETNAM):%Y%m%d}"


def test_its_checksum_agrees_with_the_published_vectors():
    napas = "00020101021138570010A00000072701270006970403011200110123456780208QRIBFTTA53037045802VN6304"

    assert qr.checksum(b"123456789") == 0x29B1
    assert qr.checksum(napas.encode()) == 0xF4E5


def test_it_reads_what_the_portal_draws_and_nothing_that_was_changed():
    assert qr.read(code()) == qr.Code("1017595600", 150_000, REFERENCE)
    with pytest.raises(qr.NoCode):
        qr.read(code().replace("150000", "150001"))


@pytest.mark.parametrize(
    ("way", "amounts"),
    [
        ("exact", [150_000]),
        ("short", [140_000]),
        ("over", [160_000]),
        ("twice", [150_000, 150_000]),
        ("unknown", [150_000]),
    ],
)
def test_what_each_button_transfers(sandbox, way, amounts):
    found = transfers(sandbox, way)

    assert [line["amount"] for line in found] == amounts
    assert len({line["number"] for line in found}) == len(amounts)
    assert [REFERENCE in line["note"] for line in found] == [way != "unknown"] * len(amounts)


def test_what_is_no_transfer_is_refused_and_said(sandbox):
    for form in ({"code": "000201"}, {"code": code(), "amount": "-5"}, {"account": "123", "amount": "0"}):
        assert sandbox.http.post("/bank/", data={"way": "exact", **form}).status_code == 400
    assert sandbox.http.post("/bank/", data={"code": code(), "way": "thrice"}).status_code == 400
    assert sandbox.oracle()["transfers"] == []


def test_the_statement_says_the_same_in_both_forms_and_as_it_was_told(tmp_path):
    bank = Merchant()
    with serving(bank.app) as url, running_sandbox(tmp_path, portal_url=url, bank_secret="agreed") as sandbox:
        del url
        transfers(sandbox)
        transfers(sandbox, amount="1.640.000", note="Trả nợ " + REFERENCE)
        day = {"account": "1017595600", "day": today()}
        by_csv = read_csv(sandbox.http.get("/bank/statement.csv", params=day).content)
        by_mt940 = read_mt940(sandbox.http.get("/bank/statement.mt940", params=day).content)
        with sandbox_store(sandbox) as db:
            told = [json.loads(row["body"]) for row in db.execute("SELECT body FROM callbacks ORDER BY id")]
        by_feed = [line for body in told for line in read_feed(json.dumps(body).encode())]

    assert [(line.number, line.amount, line.note, line.day) for line in by_csv] == [
        (line.number, line.amount, line.note, line.day) for line in by_mt940
    ]
    assert [(line.number, line.amount, line.note, line.payer, line.day) for line in by_csv] == [
        (line.number, line.amount, line.note, line.payer, line.day) for line in by_feed
    ]
    assert [line.amount for line in by_csv] == [150_000, 1_640_000]
    assert isinstance(by_csv[0].day, date)


def test_the_bank_tells_until_it_is_heard_and_shows_the_secret(tmp_path):
    heard: list[str] = []

    def portal(url: str) -> Flask:
        app = Flask("portal")

        @app.post("/bank/transfers/")
        def feed() -> Response:
            heard.append(request.headers["X-Bank-Secret"])
            return Response("", 500 if len(heard) == 1 else 200)

        return app

    with serving(portal) as url, running_sandbox(tmp_path, portal_url=url, bank_secret="agreed") as sandbox:
        transfers(sandbox)
        until(lambda: [one["state"] for one in sandbox.oracle()["callbacks"]] == ["delivered"])

    assert heard == ["agreed", "agreed"]


def test_without_a_secret_it_tells_nobody(sandbox):
    transfers(sandbox)

    assert sandbox.oracle()["callbacks"] == []


def test_a_mistyped_text_is_another_one():
    assert mistyped(REFERENCE) == "BBCDEFGHJA"
    assert mistyped("") == "chuyen tien"


def sandbox_store(sandbox):
    return Store(sandbox.config.db).read()
