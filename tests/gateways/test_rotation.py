"""New keys at the gateway while a payment is under way: with the old ones no money is lost, and with the new ones all is found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kernel import clock
from payments.gateways import gateway
from payments.gateways.base import Succeeded, Unknown
from payments.services.asking import check_payment
from tests.cast import JOB
from tests.gateways.test_front_door import TopUp, customer, sandbox, top_up
from tests.sandbox.servers import until

__all__ = ["customer", "sandbox", "top_up"]
pytestmark = pytest.mark.django_db(transaction=True)
NEW = {"key1": "a-new-first-key-of-forty-characters-or-so", "key2": "a-new-second-key-of-forty-characters-also"}


def ask(top_up: TopUp) -> Any:
    return gateway(top_up.code).query(reference=top_up.payment.reference, at=clock.now())


def settle_on_new_keys(settings: Any) -> None:
    settings.SANDBOX_KEY1, settings.SANDBOX_KEY2 = NEW["key1"], NEW["key2"]


def test_in_the_overlap_the_old_key_opens_what_it_did_and_afterwards_nothing(top_up: TopUp, settings: Any) -> None:
    sandbox = top_up.sandbox
    sandbox.fault("callback", "drop_callbacks", times=None)
    top_up.press("pay-close")
    sandbox.rotate(overlap_s=1000, **NEW)
    during = ask(top_up)
    if top_up.code == "sandbox-vnpay":  # signs its answers, with the new one
        assert during == Unknown("hash not equal")
    else:
        assert isinstance(during, Succeeded)

    sandbox.config.rotation.until = 0
    after = check_payment(top_up.payment.pk, actor=JOB, at=clock.now())
    assert isinstance(ask(top_up), Unknown)
    assert (after.state, top_up.credit) == ("unknown", 0)

    settle_on_new_keys(settings)
    after = check_payment(top_up.payment.pk, actor=JOB, at=clock.now() + timedelta(minutes=1))
    assert (after.state, top_up.credit) == ("succeeded", 500_000)


def test_a_notice_that_is_signed_with_the_new_key_is_made_good_by_asking(top_up: TopUp, settings: Any) -> None:
    sandbox = top_up.sandbox
    sandbox.rotate(overlap_s=0, key2=NEW["key2"], key1=NEW["key1"])
    page = str(top_up.payment.redirect_url)
    if top_up.code == "sandbox-vnpay":  # the browser carries what the old key has signed
        assert sandbox.http.get(page).status_code == 400
        return
    sandbox.press(page, "pay-close")
    until(lambda: any(told["tries"] for told in sandbox.oracle()["callbacks"]))
    assert (top_up.state, top_up.credit) == ("processing", 0)

    settle_on_new_keys(settings)
    until(lambda: check_payment(top_up.payment.pk, actor=JOB, at=clock.now()).state == "succeeded")
    assert top_up.credit == 500_000
    assert sandbox.debited(top_up.payment.reference) == (1, 500_000)


@pytest.mark.parametrize("wish", [{}, {"key1": "short"}, {"key1": "x" * 40, "overlap_s": -1}, {"key1": 1}])
def test_keys_that_are_none_are_refused(sandbox: Any, wish: Any) -> None:
    assert sandbox.http.post("/admin/keys", json=wish).status_code == 400


def test_while_stripes_secret_is_rolled_both_sign(customer: Any, sandbox: Any) -> None:
    top_up = TopUp(customer, sandbox, "sandbox-stripe")
    sandbox.rotate(overlap_s=1000, key2=NEW["key2"])
    top_up.press("pay-close")
    until(lambda: top_up.state == "succeeded")
    assert top_up.credit == 500_000
