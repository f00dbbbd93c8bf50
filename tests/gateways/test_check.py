"""`manage.py gateway check`: what is wrong with a gateway, in words."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from payments.gateways import GATEWAYS
from tests.sandbox.servers import APP_ID, KEY1, KEY2

CODES = ["sandbox", "sandbox-vnpay", "sandbox-momo", "sandbox-stripe"]


@pytest.fixture
def _set_up(sandbox, settings):
    settings.SANDBOX_URL = settings.SANDBOX_PUBLIC_URL = sandbox.url
    settings.SANDBOX_APP_ID, settings.SANDBOX_KEY1, settings.SANDBOX_KEY2 = str(APP_ID), KEY1, KEY2
    settings.SANDBOX_GATEWAYS = ["zalopay", "vnpay", "momo", "stripe"]


@pytest.mark.usefixtures("_set_up")
def test_gateways_that_are_well_say_so_and_no_order_is_opened(sandbox, capsys):
    call_command("gateway", "check")

    assert capsys.readouterr().out.splitlines() == [f"{code}: it answers, and knows us" for code in CODES]
    assert sandbox.oracle()["references"] == []


@pytest.mark.usefixtures("_set_up")
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("sandbox", "it does not know the number of our app, or our key1 is wrong"),
        ("sandbox-vnpay", "its answer is signed with another secret than ours"),
        ("sandbox-momo", "our partner code, access key or secret is wrong"),
        ("sandbox-stripe", "it does not know our key"),
    ],
)
def test_a_wrong_key_is_named(settings, capsys, code, words):
    settings.SANDBOX_KEY1 = "of somebody else"

    with pytest.raises(CommandError, match="1 of 1 cannot be used"):
        call_command("gateway", "check", code)

    assert capsys.readouterr().out == f"{code}: {words}\n"


@pytest.mark.usefixtures("_set_up")
@pytest.mark.parametrize("code", CODES)
def test_an_address_where_nobody_answers_is_named(settings, capsys, code):
    settings.SANDBOX_URL = "http://127.0.0.1:9"

    with pytest.raises(CommandError):
        call_command("gateway", "check", code)

    assert capsys.readouterr().out == f"{code}: nobody answers at its address\n"


@pytest.mark.usefixtures("_set_up")
@pytest.mark.parametrize("code", CODES)
def test_an_address_that_is_not_the_gateways_is_named(settings, capsys, code, sandbox):
    settings.SANDBOX_URL = f"{sandbox.url}/shop"

    with pytest.raises(CommandError):
        call_command("gateway", "check", code)

    assert capsys.readouterr().out == f"{code}: what answers there is not the gateway: the address is wrong\n"


def test_a_gateway_that_is_not_set_up_says_what_it_needs():
    with pytest.raises(CommandError, match=r"vnpay is not set up: set VNPAY_TMN_CODE, VNPAY_SECRET\."):
        call_command("gateway", "check", "vnpay")
    with pytest.raises(CommandError, match=r"nobody is not set up\."):
        call_command("gateway", "check", "nobody")


def test_the_list_names_every_gateway_and_what_it_needs(capsys):
    call_command("gateway", "list")

    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == list(GATEWAYS)
    assert "momo           off  MOMO_PARTNER_CODE, MOMO_ACCESS_KEY, MOMO_SECRET" in listed
