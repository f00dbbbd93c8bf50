"""How the settings become an adapter."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from payments.gateways import GATEWAYS, UnknownGateway, gateway, notice_url, open_codes
from payments.gateways.base import Linking
from payments.gateways.registry import refuse_half_configured
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


@pytest.mark.usefixtures("_configured")
def test_the_sandbox_sends_its_notices_to_the_address_inside(settings):
    settings.PUBLIC_URL, settings.PORTAL_URL = "https://billing.example.com", "http://web:8000"

    assert notice_url("sandbox") == "http://web:8000/gateways/sandbox/notice/"
    assert notice_url("zalopay") == "https://billing.example.com/gateways/zalopay/notice/"


@pytest.mark.usefixtures("_configured")
def test_zalopay_itself_is_set_up_by_its_number_and_keys_and_comes_first(settings):
    assert open_codes() == ["sandbox"]
    settings.ZALOPAY_APP_ID, settings.ZALOPAY_KEY1, settings.ZALOPAY_KEY2 = "4711", "three", "four"

    assert open_codes() == ["zalopay", "sandbox"]
    zalopay = gateway("zalopay")
    assert isinstance(zalopay, ZaloPay)
    assert (zalopay.base_url, zalopay.app_id, zalopay.page_hosts) == (
        "https://openapi.zalopay.vn",
        4711,
        (".zalopay.vn",),
    )


@pytest.mark.parametrize("code", [code for code, entry in GATEWAYS.items() if len(entry.needs) > 1])
def test_a_gateway_that_is_half_set_up_says_what_is_missing(settings, code):
    entry = GATEWAYS[code]
    for other in GATEWAYS.values():
        setattr(settings, other.needs[0], "")
    refuse_half_configured()

    settings.SANDBOX_GATEWAYS = [entry.dialect]
    for name in entry.needs[1:]:
        setattr(settings, name, "")
    setattr(settings, entry.needs[0], "4711")

    with pytest.raises(ImproperlyConfigured) as problem:
        refuse_half_configured()
    assert str(problem.value) == f"{entry.needs[0]} is set: set {' and '.join(entry.needs[1:])} as well."


def test_an_app_id_is_a_number(settings):
    settings.ZALOPAY_APP_ID, settings.ZALOPAY_KEY1, settings.ZALOPAY_KEY2 = "my shop", "one", "two"

    with pytest.raises(ImproperlyConfigured, match="ZALOPAY_APP_ID must be a number"):
        refuse_half_configured()


@pytest.mark.parametrize("code", GATEWAYS)
def test_every_gateway_has_a_name_its_limits_and_settings_that_exist(settings, code):
    entry = GATEWAYS[code]

    assert str(entry.name)
    assert 0 < entry.caps.min_amount < entry.caps.max_amount
    assert entry.values.keys() >= {*entry.needs}


@pytest.mark.usefixtures("_configured")
@pytest.mark.parametrize("code", [code for code, entry in GATEWAYS.items() if entry.dialect])
def test_an_adapter_can_what_its_entry_says(settings, code):
    settings.SANDBOX_GATEWAYS = [GATEWAYS[code].dialect]
    adapter = gateway(code)

    assert adapter.caps == GATEWAYS[code].caps
    assert isinstance(adapter, Linking) == adapter.caps.link


def test_the_sandbox_plays_whom_the_settings_name(settings):
    settings.SANDBOX_GATEWAYS = []

    assert open_codes() == []


def test_a_merchant_that_may_link_wallets_is_told_when_the_key_is_none(settings):
    settings.MOMO_PARTNER_CODE, settings.MOMO_ACCESS_KEY, settings.MOMO_SECRET = "SHOP", "one", "two"
    refuse_half_configured()
    settings.MOMO_PUBLIC_KEY = "my key"

    with pytest.raises(ImproperlyConfigured, match="MOMO_PUBLIC_KEY must be"):
        refuse_half_configured()
