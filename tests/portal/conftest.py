"""What tests of several pages begin with."""

import pytest

from payments.models import Payment
from tests.cast import NOON
from tests.portal.at_the_gateway import FakeGateway, top_up
from tests.portal.seen import signed_in, the_time_being


@pytest.fixture
def gateway(monkeypatch):
    fake = FakeGateway()
    from payments.gateways import UnknownGateway

    def named(code):
        if code != "sandbox":
            raise UnknownGateway(code)
        return fake

    monkeypatch.setattr("payments.queries.gateway_named", named)
    monkeypatch.setattr("payments.gateways.gateway", named)
    with the_time_being(NOON):
        yield fake


@pytest.fixture
def started(alice, gateway):
    top_up(signed_in(alice), preset="500000")
    return Payment.objects.get(customer=alice)
