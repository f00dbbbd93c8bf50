"""Wallets that are linked at MoMo: agreed to, bound, charged and ended, and answers not to believe."""

import base64
import json
from datetime import timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from payments.gateways import momo_protocol as protocol
from payments.gateways.base import (
    BadSignature,
    Failed,
    Linked,
    Linking,
    LinkReport,
    Pending,
    Redirect,
    Succeeded,
    ToCharge,
    ToLink,
    Unknown,
    Unlinked,
)
from payments.gateways.momo_links import LinkingMoMo
from tests.gateways.test_momo import (
    ACCESS_KEY,
    ANSWERED_AT,
    NOON,
    NOTICES,
    PAID,
    PRIVATE_KEY,
    SECRET,
    adapter,
    linking,
    told,
)

# {"value":"tok-1","userAlias":"098***4567"} under AES-256-CBC with the secret and no vector, by openssl.
SEALED = "FnnGtwLjKOP8XwLxTvdSG3FUEeyPJ1aT4ZHkKXqnVkhDLQ6NxOLW7hQv7gJfvDoy"
TOKEN = '{"value": "tok-1", "alias": "098***4567"}'
LINKED = Linked(TOKEN, "098***4567", NOON)


def begin(gateway):
    return gateway.begin_link(
        ToLink(
            reference="260131-1",
            description="Link",
            customer_ref="acme",
            return_url="https://portal.test/return",
            callback_url="https://portal.test/notice",
            at=NOON,
        )
    )


def finish(gateway, proof="cbt"):
    return gateway.finish_link(reference="260131-1", customer_ref="acme", proof=proof, at=NOON)


def charge(gateway):
    return gateway.charge(
        ToCharge(
            reference="260131-2",
            amount=150_000,
            description="Hóa đơn",
            customer_ref="acme",
            token=TOKEN,
            callback_url="https://portal.test/notice",
            at=NOON,
        )
    )


def test_only_a_merchant_that_may_link_has_the_calls_for_it():
    assert isinstance(linking(), Linking)
    assert linking().caps.link
    assert not isinstance(adapter(), Linking)


@pytest.mark.parametrize("key", ["", "!", "AAAA"])
def test_a_merchant_that_links_has_momos_key(key):
    with pytest.raises(ValueError):  # noqa: PT011 - of the library, in its own words
        adapter(kind=LinkingMoMo, public_key=key)


def test_linking_sends_the_customer_to_agree_and_charges_nothing():
    seen = []
    assert begin(linking({"resultCode": 0, "payUrl": "https://pay.test/l"}, seen)) == Redirect("https://pay.test/l")

    ((_path, sent),) = seen
    assert (sent["requestType"], sent["amount"], sent["partnerClientId"]) == ("linkWallet", 0, "acme")
    assert sent["signature"] == "b5d2d3969fa4c0c79619a69000af8f202e19c0152726290487e8e0a2aa031690"


def link_notice(**changed):
    return {
        **{"partnerCode": "MOMO", "orderId": "260131-1", "requestId": "260131-1", "amount": 0, "orderInfo": "Link"},
        **{"orderType": "momo_wallet", "transId": 1, "resultCode": 9000, "message": "Successful.", "payType": ""},
        **{"responseTime": ANSWERED_AT, "extraData": "", "callbackToken": "cbt", "partnerClientId": "acme"},
        "signature": "b6df6313d3856cb64cb12e0b7dd4178a5f1ef8985283f1fc3ad90030e2c45b3f",
        **changed,
    }


def test_a_notice_about_a_link_carries_what_binds_it():
    assert linking().parse_link_notice(json.dumps(link_notice()).encode(), {}) == LinkReport("260131-1", "cbt")
    assert linking().parse_link_notice(json.dumps(NOTICES[0]).encode(), {}) is None


@pytest.mark.parametrize("name", protocol.LINK_NOTICE)
def test_a_notice_about_a_link_that_was_changed_in_any_field_is_refused(name):
    changed = link_notice(**{name: f"{link_notice()[name]}1"})
    with pytest.raises(BadSignature, match="signature not equal"):
        linking().parse_link_notice(json.dumps(changed).encode(), {})


def test_a_link_that_the_customer_refused_is_over():
    fields = link_notice(resultCode=3001)
    fields["signature"] = protocol.sign(ACCESS_KEY, SECRET, protocol.LINK_NOTICE, fields)

    assert linking().parse_link_notice(json.dumps(fields).encode(), {}).is_over


def test_binding_gives_a_token_and_a_masked_name():
    seen = []
    assert finish(linking({"resultCode": 0, "aesToken": SEALED, "responseTime": ANSWERED_AT}, seen)) == LINKED
    assert "tok-1" not in repr(LINKED)

    ((path, sent),) = seen
    assert path == "/v2/gateway/api/tokenization/bind"
    assert sent["signature"] == "59e533b79af91c7e50ada88399c30d5c917d9084cee2342042360cabe0aa82fc"


@pytest.mark.usefixtures("fixed_request")
def test_a_lost_notice_about_a_link_is_made_good_by_asking():
    seen = []
    answers = [{"resultCode": 0, "callbackToken": "cbt"}, {"resultCode": 0, "aesToken": SEALED}]
    assert finish(linking(answers, seen), proof="") == LINKED
    assert [path.rpartition("/")[2] for path, _sent in seen] == ["cbQuery", "bind"]
    assert seen[0][1]["signature"] == "16114c22f2299a6517fdf30ae63422e038cf1c614f129098f9be77e7a02dfd4b"

    assert finish(linking({"resultCode": 1000}), proof="") == Pending(timedelta(minutes=1))
    assert finish(linking({"resultCode": 3001}), proof="") == Failed("cancelled", "")


@pytest.mark.parametrize("sealed", [None, "", "!", "AAAA", SEALED[:-4], base64.b64encode(bytes(32)).decode()])
def test_a_token_that_cannot_be_opened_is_no_link(sealed):
    assert isinstance(finish(linking({"resultCode": 0, "aesToken": sealed})), Unknown)


def test_a_charge_sends_the_token_under_momos_own_key():
    seen = []
    assert charge(linking(PAID, seen)) == Succeeded("3105694606", 150_000, NOON)

    ((path, sent),) = seen
    assert path == "/v2/gateway/api/tokenization/pay"
    opened = PRIVATE_KEY.decrypt(base64.b64decode(sent["token"]), PKCS1v15())
    assert json.loads(opened) == {"value": "tok-1", "requireSecurityCode": False}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([{"resultCode": 7002}], Pending(timedelta(minutes=1))),
        ([{"resultCode": 1001}], Failed("insufficient_funds", "")),
        ([{"resultCode": 2007}], Failed("revoked", "")),
        ([{"resultCode": 4010}], Failed("needs_customer", "")),
        ([{"resultCode": 13}], Unknown("code 13")),
        ([httpx.ReadTimeout("no answer")], Unknown("ReadTimeout")),
        ([{"resultCode": 41}, PAID], Succeeded("3105694606", 150_000, NOON)),
    ],
    ids=str,
)
def test_what_a_charge_says(answers, expected):
    assert charge(linking(answers)) == expected


@pytest.mark.parametrize(("code", "why"), [(2001, "revoked"), (2007, "revoked"), (4010, "needs_customer")])
def test_a_decline_of_a_charge_says_the_same_by_question_and_by_notice(code, why):
    said = {"resultCode": code, "extraData": "eyJjaGFyZ2UiOiJsaW5rZWQifQ=="}  # {"charge":"linked"}
    assert linking(said).query(reference="260131-1", at=NOON) == Failed(why, "")
    assert linking().parse_notice(told(message="", **said), {}).outcome == Failed(why, "")


def test_unlinking_ends_a_link_and_so_does_finding_it_ended():
    def unlink(answer):
        return linking(answer).unlink(reference="260131-1", customer_ref="acme", token=TOKEN, at=NOON)

    assert unlink({"resultCode": 0}) == Unlinked()
    assert unlink({"resultCode": 2007}) == Unlinked()
    assert unlink({"resultCode": 3004}) == Unknown("code 3004")


def test_a_link_is_asked_about():
    def ask(answer):
        return linking(answer).query_link(reference="260131-1", customer_ref="acme", token=TOKEN, at=NOON)

    assert ask({"resultCode": 0}) == LINKED
    assert ask({"resultCode": 2007}) == Unlinked()
    assert ask({"resultCode": 99}) == Unknown("code 99")
