"""A code of the telephone besides the password: by one's own choice, the owner's, or because one is staff."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client

from accounts.may import Role
from accounts.models import AuditEntry, Customer, StaffAct, User
from door import brake
from door.second_factor import SecondFactor
from notifications.models import Notice
from tests.cast import make_user
from tests.letters import link_in, mail_to, mails
from tests.portal.seen import said
from tests.proof import proven

SET_UP = "/settings/second-factor/set-up/"


@pytest.fixture(autouse=True)
def _nobody_has_tried_before(db, monkeypatch):
    monkeypatch.setattr(brake, "FIRST_WAIT", 3600)
    cache.clear()


@pytest.fixture
def owner(alice):
    return make_user(alice)


@pytest.fixture
def boss(db):
    return User.objects.create_superuser("boss@portal.example", "secret")


NEW = "a-long-new-secret"


def code_of(secret: str) -> str:
    """What the telephone shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sign_in(user: User, client: Client | None = None, then: str = ""):
    client = client or Client(headers={"accept-language": "en"})
    answer = client.post("/login/", {"username": user.email, "password": "secret", "next": then})
    client.cookies["django_language"] = "en"
    return client, answer


def set_up(client: Client) -> str:
    """Returns the secret."""
    again = client.get(SET_UP)
    if again.status_code == 302:
        client.post(again["Location"], {"oldpassword": "secret"})
    secret = client.get(SET_UP).context["form"].secret
    answer = client.post(SET_UP, {"code": code_of(secret)})
    assert answer.status_code == 302, answer.context["form"].errors
    cache.clear()  # each code is good once; the next one comes in half a minute
    return secret


@pytest.fixture
def with_factor(owner):
    client, _answer = sign_in(owner)
    return set_up(client)


def recovery_codes(user: User) -> list[str]:
    return Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()


def test_it_is_set_up_with_the_password_and_a_code(owner):
    client, _answer = sign_in(owner)
    first = client.get(SET_UP)
    assert first["Location"] == f"/settings/again/?next={quote(SET_UP, safe='')}"

    set_up(client)

    codes = client.get("/settings/second-factor/codes/")
    assert codes.context["unused_codes"] == recovery_codes(owner)
    assert len(recovery_codes(owner)) == 10
    assert [message.subject for message in mails()] == ["Yếu tố thứ hai của bạn đã được thiết lập"]


def test_the_password_alone_is_not_enough_then(owner, with_factor):
    client, answer = sign_in(owner, then="/settings/")
    assert answer["Location"] == "/sign-in/code/"
    assert client.get("/settings/").status_code == 302

    answer = client.post("/sign-in/code/", {"code": code_of(with_factor)})

    assert answer["Location"] == "/settings/"
    assert client.get("/settings/").status_code == 200


def test_a_code_is_good_once(owner, with_factor):
    code = code_of(with_factor)
    first, _answer = sign_in(owner)
    first.post("/sign-in/code/", {"code": code})
    second, _answer = sign_in(owner)
    answer = second.post("/sign-in/code/", {"code": code})
    assert "This code is not right." in answer.content.decode()


def test_a_recovery_code_opens_once(owner, with_factor):
    code = recovery_codes(owner)[0]
    client, _answer = sign_in(owner)
    assert client.post("/sign-in/code/", {"code": code}).status_code == 302
    assert client.get("/settings/").status_code == 200
    again, _answer = sign_in(owner)
    assert again.post("/sign-in/code/", {"code": code}).status_code == 200
    assert len(recovery_codes(owner)) == 9


def test_guessing_codes_is_slow(owner, with_factor):
    client, _answer = sign_in(owner)
    for _ in range(6):
        assert client.post("/sign-in/code/", {"code": "000000"}).status_code == 200
    answer = client.post("/sign-in/code/", {"code": code_of(with_factor)})
    assert answer.status_code == 429
    assert "Too many codes were wrong." in answer.content.decode()


def test_codes_are_counted_for_the_person_whoever_signs_in_between(owner, with_factor, monkeypatch):
    monkeypatch.setattr(brake, "FIRST_WAIT", 0)
    client, _answer = sign_in(owner)
    for _ in range(5):
        client.post("/sign-in/code/", {"code": "000000"})
    own, _answer = sign_in(owner)
    assert own.post("/sign-in/code/", {"code": recovery_codes(owner)[0]}).status_code == 302
    monkeypatch.setattr(brake, "FIRST_WAIT", 3600)

    client.post("/sign-in/code/", {"code": "000000"})

    again, _answer = sign_in(owner)
    assert again.post("/sign-in/code/", {"code": "000000"}).status_code == 429


def test_guesses_of_codes_are_remembered_for_a_week(owner, with_factor):
    client, _answer = sign_in(owner)
    client.post("/sign-in/code/", {"code": "000000"})
    (key,) = cache._cache.get_client(write=True).scan_iter(f"*sign-in:code:{owner.pk}:failures")
    assert 6 * 86400 < cache._cache.get_client().ttl(key) <= 7 * 86400


def test_whose_codes_are_guessed_is_told_once_that_somebody_knows_the_password(owner, with_factor, monkeypatch):
    monkeypatch.setattr(brake, "FIRST_WAIT", 0)
    mails().clear()
    client, _answer = sign_in(owner)
    for _ in range(12):
        assert client.post("/sign-in/code/", {"code": "000000"}).status_code == 200
    assert [(message.to, message.subject) for message in mails()] == [([owner.email], "Có người biết mật khẩu của bạn")]


def test_a_new_password_does_not_begin_the_guesses_of_codes_anew(owner, with_factor, monkeypatch):
    monkeypatch.setattr(brake, "FIRST_WAIT", 3600)
    client, _answer = sign_in(owner)
    for _ in range(6):
        client.post("/sign-in/code/", {"code": "000000"})
    reader = Client(headers={"accept-language": "en"})
    reader.post("/password/forgotten/", {"email": owner.email})
    link = reader.get(link_in(mail_to(owner.email)))
    assert reader.post(link["Location"], {"password1": NEW, "password2": NEW}).status_code == 302
    reader.post("/login/", {"username": owner.email, "password": NEW})

    assert reader.post("/sign-in/code/", {"code": "000000"}).status_code == 429


def test_who_guesses_codes_keeps_nobody_out_of_a_browser_they_have_used(owner, with_factor):
    own, _answer = sign_in(owner)
    own.post("/sign-in/code/", {"code": recovery_codes(owner)[0]})
    own.post("/logout/")
    thief, _answer = sign_in(owner)
    for _ in range(7):
        thief.post("/sign-in/code/", {"code": "000000"})
    assert thief.post("/sign-in/code/", {"code": "000000"}).status_code == 429

    sign_in(owner, own)

    assert own.post("/sign-in/code/", {"code": recovery_codes(owner)[0]}).status_code == 302


def test_no_code_is_looked_at_while_nobody_counts_the_guesses(owner, with_factor, settings):
    code = recovery_codes(owner)[0]  # needs no cache to be found right
    client, _answer = sign_in(owner)
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"socket_connect_timeout": 0.2},
        }
    }
    answer = client.post("/sign-in/code/", {"code": code})
    assert answer.status_code == 200
    assert "Please try again in a moment." in answer.content.decode()
    assert code in recovery_codes(owner)


def test_nobody_comes_to_the_code_without_the_password(owner, with_factor):
    assert Client().get("/sign-in/code/")["Location"] == "/login/"


def test_it_is_switched_off_with_the_password_and_told(owner, with_factor):
    client, _answer = sign_in(owner)
    client.post("/sign-in/code/", {"code": recovery_codes(owner)[0]})
    off = "/settings/second-factor/off/"
    client.post(client.get(off)["Location"], {"oldpassword": "secret"})
    assert client.post(off).status_code == 302
    assert not Authenticator.objects.exists()
    assert mails()[-1].subject == "Yếu tố thứ hai của bạn đã được tắt"


def test_it_is_not_switched_off_when_the_letter_cannot_be_written(owner, with_factor, monkeypatch):
    def breaks(*_args: object, **_named: object) -> None:
        raise RuntimeError("the power is gone")

    client, _answer = sign_in(owner)
    client.post("/sign-in/code/", {"code": recovery_codes(owner)[0]})
    off = "/settings/second-factor/off/"
    client.post(client.get(off)["Location"], {"oldpassword": "secret"})
    monkeypatch.setattr("door.adapter.tell_user", breaks)
    with pytest.raises(RuntimeError):
        client.post(off)
    assert Authenticator.objects.filter(user=owner).count() == 2


@pytest.mark.parametrize("page", [SET_UP, "/settings/second-factor/codes/new/"])
def test_nothing_is_changed_when_the_letter_cannot_be_written(owner, page, monkeypatch):
    def breaks(*_args: object, **_named: object) -> None:
        raise RuntimeError("the power is gone")

    client, _answer = sign_in(owner)
    if page == SET_UP:
        proven(client)
        code = {"code": code_of(client.get(SET_UP).context["form"].secret)}
    else:
        set_up(client)
        code = {}
    before = list(Authenticator.objects.values_list("type", "data"))
    monkeypatch.setattr("door.views.second_factor.tell_user", breaks)
    with pytest.raises(RuntimeError):
        client.post(page, code)
    assert list(Authenticator.objects.values_list("type", "data")) == before


def test_new_recovery_codes_end_the_former_ones(owner, with_factor):
    former = recovery_codes(owner)
    client, _answer = sign_in(owner)
    client.post("/sign-in/code/", {"code": former[0]})
    new = "/settings/second-factor/codes/new/"
    client.post(client.get(new)["Location"], {"oldpassword": "secret"})
    assert client.post(new).status_code == 302
    assert not {*recovery_codes(owner)} & {*former}


def test_what_the_database_keeps_opens_nothing(owner, with_factor):
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert with_factor not in kept
    assert not any(code in kept for code in recovery_codes(owner))


def test_a_new_key_of_the_portal_locks_nobody_out(owner, with_factor, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key, long enough that Django has nothing to say about it, and new"
    kept = Authenticator.objects.get(user=owner, type="totp").data["secret"]
    assert SecondFactor().decrypt(kept) == with_factor


# --- Who needs one ---


def test_staff_need_one_where_it_is_set_up_so(boss, settings):
    settings.STAFF_SECOND_FACTOR = True
    client, answer = sign_in(boss)
    assert answer["Location"] == "/admin/"
    assert client.get("/admin/")["Location"] == SET_UP
    set_up(client)
    assert client.get("/admin/").status_code == 200

    later, answer = sign_in(boss)
    assert answer["Location"] == "/sign-in/code/"
    later.post("/sign-in/code/", {"code": recovery_codes(boss)[0]})
    assert later.get("/admin/").status_code == 200


def test_staff_need_none_elsewhere(boss):
    client, _answer = sign_in(boss)
    assert client.get("/admin/").status_code == 200


def test_an_owner_decides_for_everybody(owner, alice):
    colleague = make_user(alice, role=Role.VIEWER)
    client, _answer = sign_in(owner)
    proven(client).post("/settings/second-factor/team/", {"wanted": "on"})
    assert Customer.objects.get(pk=alice.pk).wants_second_factor
    assert AuditEntry.objects.get(verb="require second factor").facts == {"is_on": True}

    theirs, _answer = sign_in(colleague)
    assert theirs.get("/")["Location"] == SET_UP
    assert said(theirs.get("/"))[-1] == "A second factor is required here: please set one up."
    set_up(theirs)
    assert theirs.get("/").status_code == 200


def test_the_api_asks_for_it_too(owner):
    Customer.objects.update(wants_second_factor=True)
    client, _answer = sign_in(owner)
    answer = client.get("/api/v1/invoices/")
    assert (answer.status_code, answer.json()["code"]) == (403, "second-factor-required")


def test_who_is_in_when_it_is_set_up_elsewhere_signs_in_again(owner):
    Customer.objects.update(wants_second_factor=True)
    here, _answer = sign_in(owner)
    elsewhere, _answer = sign_in(owner)
    set_up(elsewhere)
    assert here.get("/settings/")["Location"] == "/login/?next=/settings/"


def test_who_has_shown_the_password_alone_reads_no_recovery_codes(owner, with_factor):
    Customer.objects.update(wants_second_factor=True)
    here = Client()
    here.force_login(owner)  # as a session from before it was set up
    codes = "/settings/second-factor/codes/"
    assert here.get(codes)["Location"] == f"/login/?next={codes}"


def test_setting_it_up_signs_out_the_other_browsers_and_not_this_one(owner):
    here, elsewhere = sign_in(owner)[0], sign_in(owner)[0]
    set_up(here)
    assert [client.get("/settings/").status_code for client in (here, elsewhere)] == [200, 302]


def test_what_is_required_cannot_be_switched_off(owner, with_factor):
    Customer.objects.update(wants_second_factor=True)
    client, _answer = sign_in(owner)
    client.post("/sign-in/code/", {"code": recovery_codes(owner)[0]})
    off = "/settings/second-factor/off/"
    client.post(client.get(off)["Location"], {"oldpassword": "secret"})
    client.post(off)
    assert Authenticator.objects.filter(type="totp").exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.BILLING])
def test_nobody_else_decides_for_everybody(alice, role):
    client, _answer = sign_in(make_user(alice, role=role))
    assert client.post("/settings/second-factor/team/", {"wanted": "on"}).status_code == 403
    assert not Customer.objects.get(pk=alice.pk).wants_second_factor


def test_support_lets_in_again_who_has_lost_everything(owner, with_factor, boss):
    staff, _answer = sign_in(boss)
    factor = Authenticator.objects.get(user=owner, type="totp")

    answer = proven(staff).post(
        f"/admin/door/secondfactor/{factor.pk}/task/take/", {"reason": "called, known voice", "key": "k"}
    )

    assert answer.status_code == 302
    assert not Authenticator.objects.exists()
    assert StaffAct.objects.get().act == "take-second-factor"
    assert Notice.objects.get().kind == Notice.Kind.ACCESS_CHANGED
    told = mails()[-1]
    assert (told.to, told.subject) == ([owner.email], "Yếu tố thứ hai của bạn đã được tắt")
    _client, answer = sign_in(owner)
    assert answer["Location"] == "/"
