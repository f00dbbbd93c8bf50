"""How often the merchant is told, and what makes it stop: documented answer -> number of tries."""

import time

import pytest

from .servers import running_sandbox, until
from .test_protocol import create, today


def pay(sandbox, url):
    return sandbox.press(create(sandbox, callback_url=url)["order_url"], "pay")


def told(sandbox):
    return sandbox.oracle(f"{today()}_1")["callbacks"]


@pytest.mark.parametrize(
    ("answers", "tries", "state"),
    [
        ([1], 1, "delivered"),
        ([2], 1, "refused"),  # duplicate: stop
        ([-1], 1, "refused"),  # any other code: stop
        ([0, 1], 2, "delivered"),  # 0: call again
        ([0, 0, 0, 0], 3, "given up"),  # three times at most
        (["500", 1], 2, "delivered"),
        (["500", "500", "500"], 3, "given up"),
        (["nonsense", 1], 2, "delivered"),
    ],
    ids=str,
)
def test_the_merchants_answer_decides(sandbox, merchant, answers, tries, state):
    merchant.answers = answers

    pay(sandbox, f"{merchant.url}/callback")

    until(lambda: told(sandbox)[0]["state"] == state)
    assert told(sandbox)[0]["tries"] == tries
    assert len(set(merchant.received)) == 1  # each try says the same
    assert len(merchant.received) == tries


def test_a_merchant_that_cannot_be_reached_is_given_up(sandbox):
    pay(sandbox, "http://127.0.0.1:9/callback")

    until(lambda: told(sandbox)[0]["state"] == "given up")
    assert told(sandbox)[0]["tries"] == 3


def test_duplicates_are_sent_at_once(sandbox, merchant):
    sandbox.fault("callback", "duplicate_callbacks", value=5)

    pay(sandbox, f"{merchant.url}/callback")

    until(lambda: len(merchant.received) == 5)
    assert len(set(merchant.received)) == 1, "all five say the same"


def test_dropped_callbacks_never_come(sandbox, merchant):
    sandbox.fault("callback", "drop_callbacks")

    pay(sandbox, f"{merchant.url}/callback")

    time.sleep(0.6)
    assert not merchant.received
    assert told(sandbox)[0]["state"] == "dropped"
    assert sandbox.debited(f"{today()}_1") == (1, 50_000)


def test_delayed_callbacks_come_late(sandbox, merchant):
    sandbox.fault("callback", "delay_callbacks", value=1)

    pay(sandbox, f"{merchant.url}/callback")

    time.sleep(0.5)
    assert not merchant.received
    until(lambda: merchant.received)


def test_no_callback_for_what_was_not_paid(sandbox, merchant):
    sandbox.press(create(sandbox, callback_url=f"{merchant.url}/callback")["order_url"], "cancel")

    time.sleep(0.4)
    assert not merchant.received


def test_a_fault_strikes_as_often_as_planned_and_only_its_reference(sandbox):
    sandbox.fault("create", "maintenance", times=2, reference=f"{today()}_unlucky")

    assert create(sandbox)["return_code"] == 1
    assert [create(sandbox, name="unlucky")["return_code"] for _ in range(3)] == [2, 2, 1]


def test_all_faults_can_be_removed(sandbox):
    sandbox.fault("create", "maintenance", times=None)
    assert create(sandbox)["sub_return_code"] == -999

    assert sandbox.http.delete("/admin/faults").status_code == 204

    assert create(sandbox)["return_code"] == 1


@pytest.mark.parametrize(
    "wish",
    [
        {},
        [],
        {"call": "create"},
        {"call": "create", "fault": "explode"},
        {"call": "query_refund", "fault": "drop_callbacks"},
        {"call": "create", "fault": "truncated", "times": 0},
        {"call": "create", "fault": "truncated", "times": "2"},
        {"call": "create", "fault": "truncated", "value": "long"},
        {"call": "create", "fault": "hang_after", "value": -1},
        {"call": "create", "fault": "truncated", "reference": 7},
    ],
    ids=str,
)
def test_senseless_faults_are_refused_with_a_reason(sandbox, wish):
    answer = sandbox.http.post("/admin/faults", json=wish)

    assert answer.status_code == 400
    assert answer.json()["error"]
    assert sandbox.http.get("/admin/faults").json()["faults"] == []


def test_faults_can_be_planned_on_the_page(sandbox):
    answer = sandbox.http.post(
        "/admin/faults", data={"strike": "hang_after@query", "value": "3", "times": "", "reference": " "}
    )

    assert answer.status_code == 303
    (fault,) = sandbox.http.get("/admin/faults").json()["faults"]
    assert (fault["call"], fault["fault"], fault["value"], fault["times"], fault["reference"]) == (
        "query",
        "hang_after",
        3.0,
        None,
        None,
    )
    assert "hang_after" in sandbox.http.get("/admin/").text
    assert sandbox.http.post("/admin/faults", data={"strike": "x"}).headers["location"].startswith("/admin/?refused=")


def test_a_callback_outlives_a_restart(tmp_path, merchant):
    with running_sandbox(tmp_path) as before:
        before.fault("callback", "delay_callbacks", value=1)
        pay(before, f"{merchant.url}/callback")
    assert not merchant.received

    with running_sandbox(tmp_path) as after:
        until(lambda: merchant.received)
        until(lambda: told(after)[0]["state"] == "delivered")
        assert after.debited(f"{today()}_1") == (1, 50_000)
