"""The page on which the customer pays, and where it leads."""

import hashlib
import hmac
from urllib.parse import parse_qsl, urlsplit

import pytest

from .servers import APP_ID, KEY2, until
from .test_protocol import create, query, today

RETURN = '{"redirecturl": "http://shop.test/back?order=7"}'


def returned(answer) -> dict[str, str]:
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("http://shop.test/back?order=7&appid=")
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query, keep_blank_values=True))


@pytest.mark.parametrize(("button", "status"), [("pay", "1"), ("cancel", "-49"), ("otp", "-217"), ("funds", "-63")])
def test_the_customer_returns_with_the_documented_parameters(sandbox, button, status):
    url = create(sandbox, embed_data=RETURN)["order_url"]

    told = returned(sandbox.press(url, button))

    assert told["status"] == status
    text = f"{APP_ID}|{today()}_1|38||50000|0|{status}"
    assert told["checksum"] == hmac.new(KEY2.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_a_second_press_tells_what_the_first_did(sandbox):
    url = create(sandbox, embed_data=RETURN)["order_url"]
    sandbox.press(url, "cancel")

    assert returned(sandbox.press(url, "pay"))["status"] == "-49"
    assert sandbox.debited(f"{today()}_1") == (0, 0)


def test_closing_the_tab_changes_nothing(sandbox):
    url = create(sandbox, embed_data=RETURN)["order_url"]

    answer = sandbox.press(url, "close")

    assert answer.status_code == 200
    assert query(sandbox, f"{today()}_1")["return_code"] == 3
    assert returned(sandbox.press(url, "pay"))["status"] == "1"


def test_paying_and_closing_the_tab_moves_money_without_a_return(sandbox, merchant):
    url = create(sandbox, embed_data=RETURN, callback_url=f"{merchant.url}/callback")["order_url"]

    answer = sandbox.press(url, "pay-close")

    assert answer.headers["location"].startswith("/pay/")
    until(lambda: merchant.received)
    assert sandbox.debited(f"{today()}_1") == (1, 50_000)


def test_an_unknown_button_does_nothing(sandbox):
    url = create(sandbox)["order_url"]

    sandbox.press(url, "steal")

    assert query(sandbox, f"{today()}_1")["return_code"] == 3


def test_the_page_speaks_both_languages(sandbox):
    url = create(sandbox, description="Nạp tiền <script>")["order_url"]

    vietnamese = sandbox.http.get(url, headers={"Accept-Language": "vi"}).text
    english = sandbox.http.get(f"{url}?lang=en").text

    assert 'lang="vi"' in vietnamese
    assert "50.000" in vietnamese
    assert "Không dùng tiền thật" in vietnamese
    assert 'lang="en"' in english
    assert "50,000" in english
    assert "No real money" in english
    assert "&lt;script&gt;" in english
    assert sandbox.http.get(url).text == sandbox.http.get(url, headers={"Accept-Language": "vi"}).text  # remembered


def test_an_unknown_order_is_explained(sandbox):
    assert sandbox.http.get("/pay/nothing").status_code == 404
    assert sandbox.press("/pay/nothing", "pay").status_code == 404


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}])
def test_other_sites_cannot_press_buttons(sandbox, headers):
    url = create(sandbox)["order_url"]

    assert sandbox.http.post(url, data={"action": "pay"}, headers=headers).status_code == 403
    assert sandbox.http.post("/admin/faults", json={}, headers=headers).status_code == 403
    assert sandbox.debited(f"{today()}_1") == (0, 0)
