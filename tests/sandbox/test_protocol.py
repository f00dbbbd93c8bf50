"""The gateway's calls as a merchant's hand-written client sees them: parameters, signatures, refusals."""

import contextlib
import hashlib
import hmac
import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from sandbox.dialects.zalopay.signing import holds, seal

from .servers import APP_ID, KEY1

VIETNAM = timezone(timedelta(hours=7))


def today() -> str:
    return f"{datetime.now(UTC).astimezone(VIETNAM):%y%m%d}"


def mac(*parts) -> str:
    return hmac.new(KEY1.encode(), "|".join(map(str, parts)).encode(), hashlib.sha256).hexdigest()


def order(name: str = "1", **changes) -> dict:
    """A correctly signed order, then changed; `mac` is made after the changes unless it is among them."""
    form = {
        "app_id": APP_ID,
        "app_trans_id": f"{today()}_{name}",
        "app_user": "acme",
        "amount": 50_000,
        "app_time": int(time.time() * 1000),
        "embed_data": "{}",
        "item": "[]",
        "description": "Order",
        "bank_code": "",
    } | changes
    signed = ("app_id", "app_trans_id", "app_user", "amount", "app_time", "embed_data", "item")
    return {"mac": mac(*(form.get(field, "") for field in signed)), **form}


def create(sandbox, **changes) -> dict:
    return sandbox.http.post("/v2/create", data=order(**changes)).json()


def refund(sandbox, txn, amount=10_000, name="r1", **changes) -> dict:
    form = {
        "app_id": APP_ID,
        "m_refund_id": f"{today()}_{APP_ID}_{name}",
        "zp_trans_id": txn,
        "amount": amount,
        "timestamp": int(time.time() * 1000),
        "description": "why",
    } | changes
    form["mac"] = mac(APP_ID, form["zp_trans_id"], form["amount"], form["description"], form["timestamp"])
    return sandbox.http.post("/v2/refund", data=form).json()


def query(sandbox, reference) -> dict:
    form = {"app_id": APP_ID, "app_trans_id": reference, "mac": mac(APP_ID, reference, KEY1)}
    return sandbox.http.post("/v2/query", data=form).json()


def test_signatures_agree_with_the_published_vectors():
    data = (
        '{"app_id":2553,"app_trans_id":"200904_2553_1598435687208","app_time":1599189392817,"app_user":"demo",'
        '"amount":10000,"embed_data":"{\\"merchantinfo\\":\\"embeddata123\\",\\"promotioninfo\\":\\"\\"}",'
        '"item":"[{\\"itemid\\":\\"knb\\",\\"itemname\\":\\"kim nguyen bao\\",\\"itemprice\\":198400,'
        '\\"itemquantity\\":1}]","zp_trans_id":200904000000389,"server_time":1599189413498,"channel":38,'
        '"merchant_user_id":"7ZMSl3nEg5sOUJzOLSoUFT8xKNQVaLOLXHB--8Eytqc","user_fee_amount":0,"discount_amount":0}'
    )
    documented = "d8d33baf449b31d7f9b94fa50d7c942c08cd4d83f28fa185557da21acb104f67"
    assert holds(documented, "kLtgPl8HHhfvMuDHPwKfgfsY4Ydm9eIz", data)
    assert not holds(documented, "PcY4iZIKFCIdgZvA6ueMcMHHUbRLYjPL", data)
    assert seal(KEY1, 2554, "260131_000001", "acc42", 100_000, 1769792400000, "{}", "[]") == (
        "50fdb81bfe47e76046d3910fb8b9606e096937a463efb49b7966781356e5e79d"
    )
    assert seal(KEY1, 2554, "260131000000001", 50_000, "refund", 1769792400000) == (
        "7e36905364080e1358d132c00ed1db2d77c0e11fcf646da4a4908ab56aa7d002"
    )


def test_a_good_order_is_opened_by_form_and_by_json(sandbox):
    by_form = create(sandbox)
    by_json = sandbox.http.post("/v2/create", json=order(name="2")).json()

    for answer in (by_form, by_json):
        assert (answer["return_code"], answer["sub_return_code"]) == (1, 1)
        assert answer["order_url"] == f"{sandbox.url}/pay/{answer['zp_trans_token']}"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"mac": "0" * 64}, -402),
        ({"mac": "chữ ký"}, -402),
        ({"app_id": 1}, -402),
        ({"amount": 999}, -401),
        ({"amount": 100_000_001}, -401),
        ({"amount": -5}, -401),
        ({"amount": "1e6"}, -401),
        ({"amount": "٥٠٠٠"}, -401),
        ({"app_time": "soon"}, -401),
        ({"app_trans_id": "200101_1"}, -401),
        ({"app_trans_id": "1"}, -401),
        ({"app_user": "x" * 51}, -401),
        ({"embed_data": "[]"}, -401),
        ({"embed_data": "{"}, -401),
        ({"embed_data": '{"redirecturl": "javascript:alert(1)"}'}, -401),
        ({"item": "{}"}, -401),
        ({"callback_url": "file:///etc/passwd"}, -401),
        ({"expire_duration_seconds": 299}, -401),
        ({"expire_duration_seconds": 2_592_001}, -401),
    ],
)
def test_bad_orders_are_refused_and_leave_nothing(sandbox, changes, code):
    answer = create(sandbox, **changes)

    assert (answer["return_code"], answer["sub_return_code"]) == (2, code)
    assert sandbox.oracle()["references"] == []
    assert sandbox.oracle()["customers"] == []


@pytest.mark.parametrize("minutes", [-16, 16])
def test_the_callers_clock_may_be_off_by_a_quarter_of_an_hour(sandbox, minutes):
    assert create(sandbox, app_time=int((time.time() + minutes * 60) * 1000))["sub_return_code"] == -401
    assert create(sandbox, app_time=int((time.time() + minutes * 54) * 1000))["return_code"] == 1


def test_a_long_app_trans_id_is_refused(sandbox):
    assert create(sandbox, name="x" * 34)["sub_return_code"] == -401
    assert create(sandbox, name="x" * 33)["return_code"] == 1


@pytest.mark.parametrize(
    "missing", ["app_trans_id", "app_user", "amount", "app_time", "embed_data", "item", "description"]
)
def test_each_parameter_is_required(sandbox, missing):
    form = order()
    del form[missing]

    assert sandbox.http.post("/v2/create", data=form).json()["sub_return_code"] == -401


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"app_trans_id": {"a": 1}}', b"\xff"])
def test_malformed_bodies_are_refused(sandbox, body):
    answer = sandbox.http.post("/v2/create", content=body, headers={"Content-Type": "application/json"})

    assert answer.json()["sub_return_code"] == -401


def test_an_app_trans_id_is_used_once(sandbox):
    assert create(sandbox)["return_code"] == 1

    assert create(sandbox)["sub_return_code"] == -68
    assert create(sandbox, amount=60_000)["sub_return_code"] == -68

    (only,) = sandbox.oracle()["references"]
    assert only["asked"] == 50_000


def test_a_query_needs_the_key_inside_its_signature(sandbox):
    create(sandbox)
    form = {"app_id": APP_ID, "app_trans_id": f"{today()}_1", "mac": mac(APP_ID, f"{today()}_1")}

    assert sandbox.http.post("/v2/query", data=form).json()["sub_return_code"] == -402
    assert query(sandbox, f"{today()}_1")["return_code"] == 3
    assert query(sandbox, f"{today()}_2")["sub_return_code"] == -101


def test_twenty_presses_of_pay_debit_once(sandbox):
    url = create(sandbox)["order_url"]

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: sandbox.press(url, "pay"), range(20)))

    assert sandbox.debited(f"{today()}_1") == (1, 50_000)
    oracle = sandbox.oracle()
    assert oracle["customers"][0]["balance"] == 100_000_000 - 50_000
    assert oracle["conserved"] is True


def test_more_than_the_balance_is_refused(sandbox):
    sandbox.press(create(sandbox, amount=60_000_000)["order_url"], "pay")
    sandbox.press(create(sandbox, name="2", amount=60_000_000)["order_url"], "pay")

    assert query(sandbox, f"{today()}_1")["return_code"] == 1
    assert query(sandbox, f"{today()}_2")["sub_return_code"] == -63
    assert sandbox.oracle()["customers"][0]["balance"] == 40_000_000


def test_refunds_are_checked_and_never_exceed_the_payment(sandbox):
    sandbox.press(create(sandbox)["order_url"], "pay")
    txn = query(sandbox, f"{today()}_1")["zp_trans_id"]

    assert refund(sandbox, txn, 30_000)["return_code"] == 3
    assert refund(sandbox, txn, 30_000)["sub_return_code"] == -23
    assert refund(sandbox, txn, 20_001, name="r2")["sub_return_code"] == -14
    assert refund(sandbox, txn, 0, name="r2")["sub_return_code"] == -14
    assert refund(sandbox, txn + 1, name="r2")["sub_return_code"] == -101
    assert refund(sandbox, txn, name="r2", m_refund_id=f"{today()}_99_r2")["sub_return_code"] == -401
    assert refund(sandbox, txn, name="r2", m_refund_id=f"200101_{APP_ID}_r2")["sub_return_code"] == -401
    assert refund(sandbox, txn, name="r2", timestamp=int((time.time() - 960) * 1000))["sub_return_code"] == -13
    assert refund(sandbox, txn, 20_000, name="r2")["return_code"] == 3


def test_twenty_refunds_at_once_stay_within_the_payment(sandbox):
    sandbox.press(create(sandbox)["order_url"], "pay")
    txn = query(sandbox, f"{today()}_1")["zp_trans_id"]

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: refund(sandbox, txn, 10_000, name=f"r{n}"), range(20)))

    assert sorted(answer["sub_return_code"] for answer in answers) == [-14] * 15 + [3] * 5


def test_other_addresses_do_not_exist(sandbox):
    assert sandbox.http.post("/v2/agreement").status_code == 404
    assert sandbox.http.get("/v2/create").status_code == 405


def test_large_bodies_are_refused(sandbox):
    body = json.dumps({"description": "x" * 300_000})

    answer = sandbox.http.post("/v2/create", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 413
    assert sandbox.oracle()["references"] == []


def rewind(sandbox, seconds: float) -> None:
    """Let the only order have been made so long ago."""
    with sqlite3.connect(sandbox.config.db) as db:
        db.execute("UPDATE orders SET created_at = created_at - ?, expires_at = expires_at - ?", [seconds, seconds])
    db.close()


def test_an_order_expires_after_fifteen_minutes(sandbox):
    url = create(sandbox)["order_url"]
    rewind(sandbox, 901)

    sandbox.press(url, "pay")

    assert query(sandbox, f"{today()}_1")["sub_return_code"] == -54
    assert sandbox.debited(f"{today()}_1") == (0, 0)


def test_an_order_is_forgotten_after_two_days(sandbox):
    create(sandbox)
    rewind(sandbox, 48 * 3600 + 1)

    assert query(sandbox, f"{today()}_1")["sub_return_code"] == -101


def test_the_books_cannot_be_rewritten(sandbox):
    sandbox.press(create(sandbox)["order_url"], "pay")

    with contextlib.closing(sqlite3.connect(sandbox.config.db)) as db:
        for attack in ("UPDATE entries SET amount = 1", "DELETE FROM entries"):
            with pytest.raises(sqlite3.IntegrityError, match="entries are never"):
                db.execute(attack)
