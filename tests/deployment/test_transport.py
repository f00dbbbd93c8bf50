"""How requests arrive: https outside, plain inside, one address for one session, small on the wire."""

from __future__ import annotations

import gzip
import re

import pytest
from django.test import Client


@pytest.fixture
def _behind_https(settings) -> None:
    settings.PUBLIC_URL = "https://billing.example.com"
    settings.PORTAL_URL = "http://web:8000"
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["billing.example.com", "web", "127.0.0.1"]


@pytest.mark.usefixtures("_behind_https")
def test_strangers_are_sent_to_https(client: Client) -> None:
    found = client.get("/login/", headers={"host": "billing.example.com"})
    assert (found.status_code, found["Location"]) == (301, "https://billing.example.com/login/")


@pytest.mark.usefixtures("_behind_https", "db")
def test_neighbours_inside_are_answered_without_https(client: Client) -> None:
    assert client.get("/api/v1/products/", headers={"host": "web:8000"}).status_code == 401
    assert client.get("/api/v1/products/", headers={"host": "web:8001"}).status_code == 301, "that is not the address"


@pytest.mark.usefixtures("_behind_https", "db")
def test_health_is_asked_at_127_0_0_1(client: Client) -> None:
    assert client.get("/readyz", headers={"host": "127.0.0.1:8000"}).status_code == 200


def test_a_portal_reached_at_https_alone_is_its_own_neighbour_and_still_redirects(client: Client, settings) -> None:
    settings.PUBLIC_URL = settings.PORTAL_URL = "https://billing.example.com"
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["billing.example.com"]
    assert client.get("/login/", headers={"host": "billing.example.com"}).status_code == 301


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]:8000"])
def test_a_page_asked_for_by_another_name_of_this_machine_is_asked_for_at_ours(
    client: Client, settings, host: str
) -> None:
    settings.PUBLIC_URL, settings.PORTAL_URL = "http://localhost:8000", "http://127.0.0.1:8000"
    found = client.get("/checkout/17/?months=3", headers={"host": host})
    assert (found.status_code, found["Location"]) == (302, "http://localhost:8000/checkout/17/?months=3")


@pytest.mark.usefixtures("db")
def test_programs_and_other_ports_stay_where_they_are(client: Client, settings) -> None:
    settings.PUBLIC_URL, settings.PORTAL_URL = "http://localhost:8000", "http://127.0.0.1:8000"
    for path, host in (
        ("/api/v1/products/", "127.0.0.1:8000"),
        ("/readyz", "127.0.0.1:8000"),
        ("/login/", "127.0.0.1:9000"),
    ):
        assert client.get(path, headers={"host": host}).status_code in {200, 401}, path
    assert client.get("/login/", headers={"host": "localhost:8000"}).status_code == 200


@pytest.mark.usefixtures("db")
def test_pages_are_compressed_and_the_token_in_them_is_never_the_same(client: Client) -> None:
    """Whoever measures the size of compressed answers must not learn what stands in each of them."""
    tokens = set()
    for _ in range(2):
        found = client.get("/login/", headers={"accept-encoding": "gzip"})
        assert found["Content-Encoding"] == "gzip"
        page = gzip.decompress(found.content).decode()
        assert len(found.content) < len(page.encode()) / 2
        tokens.update(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[:1])
    assert len(tokens) == 2


@pytest.mark.parametrize("host", ["localhost:99999", "127.0.0.1:99999", "[::1]:0"])
def test_a_port_that_cannot_be_is_not_ours(client: Client, settings, host: str) -> None:
    settings.PUBLIC_URL, settings.PORTAL_URL = "http://localhost:8000", "http://127.0.0.1:8000"
    assert client.get("/login/", headers={"host": host}).status_code == 200
