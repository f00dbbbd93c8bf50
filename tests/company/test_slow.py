"""Providers that take their time keep neither the portal nor one another waiting, and nobody has them called without end."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from door.brake import Limit
from door.openid import ProviderBusy, calls
from tests.company.conftest import DOMAIN, browser
from tests.markup import markup
from tests.proof import proven

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_has_asked_before():
    cache.clear()


def busy(url: str) -> None:
    with pytest.raises(ProviderBusy), calls.calling(url):
        pass


def test_two_wait_for_one_host_and_three_altogether():
    slow, other, third = (f"https://{name}.example/realm" for name in ("slow", "other", "third"))
    with calls.calling(slow), calls.calling(slow):
        busy(slow)
        with calls.calling(other):
            busy(third)
        with calls.calling(third):
            pass
    assert not calls._under_way


def test_whoever_comes_while_enough_wait_is_told_to_try_again(provider, idp):
    idp.tell()
    with calls.calling(idp.url), calls.calling(idp.url):
        answer = browser().post("/sign-in/company/", {"email": f"lan@{DOMAIN}"})
    assert (answer.status_code, idp.called()) == (503, [])
    assert "Please try again in a few seconds" in markup(answer)
    assert browser().post("/sign-in/company/", {"email": f"lan@{DOMAIN}"}).status_code == 200


@pytest.mark.parametrize("way", ["try", "check", "set-up"])
def test_a_customer_has_its_provider_called_only_so_often(provider, idp, owner, monkeypatch, way):
    client = proven(browser(owner))
    idp.tell()
    domain = provider.domains.get()
    address = f"domains/{domain.pk}/check" if way == "check" else way
    monkeypatch.setattr("door.brake.COMPANIES", Limit(free=2, longest=300, forgiving=False))
    answers = [client.post(f"/settings/company/{address}/").status_code for _ in range(4)]
    assert answers[-1] == 429
    assert 429 not in answers[:2]
