"""How the settings become an adapter."""

import pytest

from payments.gateways import UnknownGateway, gateway
from payments.gateways.zalopay import ZaloPay


@pytest.fixture
def _configured(settings):
    settings.SANDBOX_URL = "http://sandbox.internal:8010/"
    settings.SANDBOX_PUBLIC_URL = "https://pay.example.test"
    settings.SANDBOX_APP_ID = "2554"
    settings.SANDBOX_KEY1, settings.SANDBOX_KEY2 = "one", "two"


@pytest.mark.usefixtures("_configured")
def test_the_sandbox_is_built_from_the_settings_once():
    sandbox = gateway("sandbox")

    assert isinstance(sandbox, ZaloPay)
    assert (sandbox.base_url, sandbox.app_id) == ("http://sandbox.internal:8010", 2554)
    assert sandbox.page_hosts == ("pay.example.test",)
    assert (sandbox.client.timeout.connect, sandbox.client.timeout.read) == (3, 30)
    assert gateway("sandbox") is sandbox


@pytest.mark.usefixtures("_configured")
def test_changed_keys_give_another_adapter(settings):
    before = gateway("sandbox")
    settings.SANDBOX_KEY2 = "three"

    assert gateway("sandbox") is not before


@pytest.mark.usefixtures("_configured")
@pytest.mark.parametrize("code", ["", "zalopay", "../sandbox"])
def test_other_gateways_are_not_set_up(code):
    with pytest.raises(UnknownGateway):
        gateway(code)


def test_a_sandbox_without_address_is_not_set_up(settings):
    settings.SANDBOX_URL = ""

    with pytest.raises(UnknownGateway):
        gateway("sandbox")
