"""Guessing passwords is slow; mistyping one's own is not, and no stranger keeps a customer out."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core import signing
from django.core.cache import cache
from django.db import connection
from django.test import Client, RequestFactory

from accounts.models import User
from door import brake
from store.senders import network_of
from tests.cast import make_user
from tests.letters import link_in, mail_to

RIGHT, WRONG = "secret", "guessed"
HOME, ELSEWHERE = "198.51.100.7", "203.0.113.9"


@pytest.fixture(autouse=True)
def _nobody_has_tried_before(monkeypatch):
    """And every wait is as long as it can be, so that no slow machine sits it out."""
    monkeypatch.setattr(brake, "FIRST_WAIT", 3600)
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def owner(alice):
    return make_user(alice)


@pytest.fixture
def boss(db):
    return User.objects.create_user("boss@portal.example", RIGHT, is_staff=True, is_superuser=True)


def browser(address: str = HOME, language: str = "en") -> Client:
    return Client(headers={"accept-language": language}, REMOTE_ADDR=address)


def tries(client: Client, name: str, password: str):
    return client.post("/login/", {"username": name, "password": password})


def fails(times: int, name: str, *, address: str = HOME) -> None:
    """So many attempts, as far apart as it takes."""
    for _ in range(times):
        the_waits_are_over()
        assert tries(browser(address), name, WRONG).status_code == 200


def the_waits_are_over() -> None:
    redis = cache._cache.get_client(write=True)  # type: ignore[attr-defined]  # there is no public way to look for keys
    for key in redis.scan_iter("*sign-in:*:wait"):
        redis.delete(key)


def is_in(answer) -> bool:
    return answer.status_code == 302 and "_auth_user_id" in answer.client.session


def test_five_slips_cost_nothing_and_the_next_have_to_wait(boss):
    for _ in range(6):
        assert tries(browser(), boss.email, WRONG).status_code == 200

    answer = tries(browser(), boss.email, RIGHT)

    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    assert "Too many attempts to sign in failed. Please wait" in answer.content.decode()
    assert not is_in(answer)


def test_the_wait_is_told_in_vietnamese(boss):
    fails(6, boss.email)

    answer = tries(browser(language="vi"), boss.email, RIGHT)

    assert "Đăng nhập không thành công quá nhiều lần. Vui lòng chờ" in answer.content.decode()
    assert "giây rồi thử lại." in answer.content.decode()


def test_after_the_wait_the_right_password_opens_and_the_slips_are_forgotten(boss):
    fails(6, boss.email)
    the_waits_are_over()

    assert is_in(tries(browser(), boss.email, RIGHT))
    for _ in range(6):
        assert tries(browser(), boss.email, WRONG).status_code == 200


def test_there_is_one_door_for_staff_as_well(boss):
    answer = browser().get("/admin/invoices/invoice/?state=open")
    answer = browser().get(answer["Location"])

    assert answer["Location"] == "/login/?next=/admin/invoices/invoice/%3Fstate%3Dopen"
    client = browser()
    answer = client.post(
        answer["Location"], {"username": boss.email, "password": RIGHT, "next": "/admin/invoices/invoice/?state=open"}
    )
    assert answer["Location"] == "/admin/invoices/invoice/?state=open"
    assert is_in(answer)
    assert client.post("/admin/login/", {"username": boss.email, "password": RIGHT}).status_code == 302


def test_waits_double_and_end():
    limit = brake.Limit(free=5, longest=60)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(brake, "FIRST_WAIT", 5)
        assert [limit.wait_after(failures) for failures in (1, 5, 6, 7, 8, 9, 10, 10_000)] == [
            0, 0, 5, 10, 20, 40, 60, 60,
        ]  # fmt: skip


def test_a_name_nobody_has_is_held_up_alike(db):
    fails(6, "nobody@alice.example")

    assert tries(browser(), "nobody@alice.example", WRONG).status_code == 429


def test_a_name_written_otherwise_is_the_same_name(owner):
    fails(6, owner.email)

    assert tries(browser(), f" {owner.email.upper()} ", RIGHT).status_code == 429


@pytest.mark.parametrize("name", ["N\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}NA@b.example", "NINA@b.example"])
def test_nor_is_one_that_the_database_finds_all_the_same(alice, name):
    User.objects.create_user("nina@b.example", RIGHT, customer=alice)
    fails(6, "nina@b.example")

    assert tries(browser(), name, WRONG).status_code == 429


def test_whatever_the_database_takes_for_one_address_is_counted_as_one(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT chr(i), lower(chr(i)) FROM generate_series(1, 65535) i WHERE i NOT BETWEEN 55296 AND 57343 AND lower(chr(i)) <> chr(i)"
        )
        pairs = cursor.fetchall()
    assert len(pairs) > 25
    known = [pair for pair in pairs if unicodedata.category(pair[0]) != "Cn"]  # the database may know newer letters
    assert [pair for pair in known if brake.as_one(pair[0]) != brake.as_one(pair[1])] == []


def test_changing_the_address_does_not_help_against_one_name(owner):
    for number in range(6):
        fails(1, owner.email, address=f"203.0.113.{number}")

    assert tries(browser(ELSEWHERE), owner.email, WRONG).status_code == 429


def test_changing_the_name_does_not_help_from_one_address(owner, boss):
    for number in range(21):
        fails(1, f"person{number}@alice.example", address=ELSEWHERE)

    assert tries(browser(ELSEWHERE), owner.email, RIGHT).status_code == 429
    assert is_in(tries(browser(HOME), owner.email, RIGHT)), "others are not concerned"


def test_an_account_of_ones_own_does_not_wipe_out_guesses_for_others(owner, boss):
    for number in range(21):
        fails(1, f"person{number}@alice.example", address=ELSEWHERE)
        the_waits_are_over()
        assert is_in(tries(browser(ELSEWHERE), boss.email, RIGHT))
    fails(1, "one.more@alice.example", address=ELSEWHERE)

    assert tries(browser(ELSEWHERE), "another@alice.example", WRONG).status_code == 429


def test_a_stranger_does_not_keep_a_customer_out_of_a_browser_they_have_used(owner):
    own = browser()
    assert is_in(tries(own, owner.email, RIGHT))
    own.post("/logout/")
    fails(30, owner.email, address=ELSEWHERE)
    fails(30, owner.email, address=HOME)

    assert is_in(tries(own, owner.email, RIGHT))


def test_who_cannot_wait_for_a_stranger_sets_a_new_password_and_is_in(owner):
    fails(30, owner.email, address=ELSEWHERE)
    own = browser()
    assert tries(own, owner.email, RIGHT).status_code == 429
    own.post("/password/forgotten/", {"email": owner.email})
    form = own.get(link_in(mail_to(owner.email)))["Location"]
    own.post(form, {"password1": "a-long-new-secret", "password2": "a-long-new-secret"})

    assert is_in(tries(own, owner.email, "a-long-new-secret"))


def test_marks_that_were_gathered_do_not_guess_the_next_password(owner):
    gathered = [browser(ELSEWHERE) for _ in range(3)]
    for client in gathered:
        assert is_in(tries(client, owner.email, RIGHT))
        client.post("/logout/")
    owner.set_password("a-long-new-secret")
    owner.save()
    fails(6, owner.email)

    assert [tries(client, owner.email, WRONG).status_code for client in gathered] == [429, 429, 429]


def test_a_known_browser_is_the_same_one_however_often_it_signs_in(owner):
    own = browser()
    for _ in range(6):
        own.post("/logout/")
        assert is_in(tries(own, owner.email, RIGHT))
        own.post("/logout/")
        tries(own, owner.email, WRONG)
    marks = {signing.loads(own.cookies[brake.DEVICE_COOKIE].value, salt=brake.DEVICE_COOKIE)[2]}
    tries(own, owner.email, RIGHT)
    assert {signing.loads(own.cookies[brake.DEVICE_COOKIE].value, salt=brake.DEVICE_COOKIE)[2]} == marks


def test_a_known_browser_does_not_guess_for_ever_either(owner):
    own = browser()
    tries(own, owner.email, RIGHT)
    for _ in range(6):
        assert tries(own, owner.email, WRONG).status_code == 200

    assert tries(own, owner.email, WRONG).status_code == 429


@pytest.mark.parametrize("mark", ["", "x", "W10:1abcde:forged", "\x00", "é"])
def test_a_forged_mark_of_a_known_browser_is_none(owner, mark):
    fails(6, owner.email)
    guesser = browser(ELSEWHERE)
    guesser.cookies[brake.DEVICE_COOKIE] = mark

    assert tries(guesser, owner.email, WRONG).status_code == 429


def test_the_mark_of_one_user_is_none_for_another(owner, boss):
    fails(6, owner.email)
    guesser = browser(ELSEWHERE)
    tries(guesser, boss.email, RIGHT)
    guesser.post("/logout/")

    assert tries(guesser, owner.email, WRONG).status_code == 429


def test_guesses_sent_at_once_are_counted_one_by_one():
    request = RequestFactory(REMOTE_ADDR=HOME).post("/login/")

    def guess(_number: int) -> int:
        return brake.Attempts.to_sign_in(request, "owner@alice.example").begin()

    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(guess, range(24)))

    assert waits.count(0) == 6
    assert all(0 < wait <= 60 for wait in waits if wait)


def test_without_redis_nobody_is_held_up(owner, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"socket_connect_timeout": 0.2},
        }
    }
    for _ in range(8):
        assert tries(browser(), owner.email, WRONG).status_code == 200

    assert is_in(tries(browser(), owner.email, RIGHT))


@pytest.mark.parametrize(
    ("behind_proxy", "remote", "forwarded", "network"),
    [
        (False, "198.51.100.7", "203.0.113.9", "198.51.100.7"),
        (True, "10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),  # what the client wrote stands before it
        (True, "10.0.0.1", None, "10.0.0.1"),
        (False, "2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64"),
        (False, "::ffff:198.51.100.7", None, "198.51.100.7"),
        (True, "10.0.0.1", "no address", "no address"),
        (False, "", None, ""),
    ],
)
def test_where_a_request_comes_from(settings, behind_proxy, remote, forwarded, network):
    settings.BEHIND_PROXY = behind_proxy
    request = RequestFactory(REMOTE_ADDR=remote).post("/login/")
    if forwarded:
        request.META["HTTP_X_FORWARDED_FOR"] = forwarded

    assert network_of(request) == network
