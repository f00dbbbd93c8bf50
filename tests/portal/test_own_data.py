"""What is kept about somebody: handed over, corrected, used no longer or deleted on request, by the days that the law sets."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.apps import apps
from django.urls import reverse

from accounts.may import Role
from accounts.models import AuditEntry, Customer, User
from billing_portal.admin.attention import count_matters, matters
from door.kept import kept_about
from door.models import PrivacyRequest
from door.services.privacy import MOST_OPEN, PrivacyRequestOver, TooManyPrivacyRequests, answer_request, ask_for_privacy
from kernel.errors import InvalidInput
from kernel.periods import local_day
from notifications.models import Letter
from tests.actions.books import refused
from tests.api.conftest import Caller, caller_of, done
from tests.api.conftest import refused as answered_with
from tests.cast import NOON, STAFF, create, make_buyer, make_customer, make_user
from tests.markup import markup
from tests.portal.seen import the_time_being

PAGE, TAKE = reverse("own-data"), reverse("own-data-take")
WISH = {"kind": "correct", "text": "My name is written Lân."}


@pytest.fixture(autouse=True)
def _noon():
    with the_time_being(NOON):
        yield


@pytest.fixture
def lan(alice) -> User:
    return make_user(alice)


@pytest.fixture
def browser(lan, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(lan)
    return client


def unzipped(answer) -> zipfile.ZipFile:
    assert answer.status_code == 200
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


# --- Handing over ---


def test_all_that_is_kept_is_handed_over_for_programs_and_to_read(browser, lan, alice, small):
    make_buyer(alice, "Lan", personal_id="079190123456")
    create(alice, small, name="web-of-lan")
    archive = unzipped(browser.post(TAKE))
    names = set(archive.namelist())
    assert {"kept.html", "json/accounts.user.json", "json/invoices.invoice.json", "json/ledger.entry.json"} <= names
    (user,) = json.loads(archive.read("json/accounts.user.json"))
    assert user["email"] == lan.email
    assert "password" not in user
    (buyer,) = json.loads(archive.read("json/accounts.buyerprofile.json"))
    assert buyer["personal_id"] == "079190123456"
    (invoice,) = json.loads(archive.read("json/invoices.invoice.json"))
    assert invoice["total"] == 181_000
    page = archive.read("kept.html").decode()
    assert "web-of-lan" in page
    assert "Invoices" in page
    registered = PrivacyRequest.objects.get()
    assert (registered.kind, registered.state, registered.user) == ("hand_over", "done", lan)
    assert "Downloaded all that is kept" in markup(browser.get(reverse("activity")))


def test_who_does_not_manage_the_details_gets_their_own_alone(alice, client):
    make_user(alice)
    viewer = make_user(alice, role=Role.VIEWER)
    client.force_login(viewer)
    archive = unzipped(client.post(TAKE))
    assert "json/accounts.customer.json" not in archive.namelist()
    assert [row["email"] for row in json.loads(archive.read("json/accounts.user.json"))] == [viewer.email]


def test_nothing_of_anybody_else_is_in_it(browser, alice, small):
    create(make_customer("Mallory", credit=1_000_000), small, name="web-of-mallory")
    archive = unzipped(browser.post(TAKE))
    assert all("allory" not in archive.read(name).decode() for name in archive.namelist())


def test_no_table_about_a_customer_is_forgotten(lan, alice):
    """Whatever has a key to the customer, or to the user, is found by itself."""
    found = {table.model for table in kept_about(lan, alice)}
    keyed = {
        model
        for model in apps.get_models()
        if not model._meta.proxy
        and any(
            field.is_relation and field.name in {"customer", "user"} and field.related_model in {Customer, User}
            for field in model._meta.concrete_fields
        )
    }
    assert found >= keyed
    assert len(keyed) > 30


def test_no_secret_that_opens_something_is_in_it(lan, alice):
    columns = {column.column for table in kept_about(lan, alice) for column in table.columns}
    assert columns.isdisjoint({"password", "digest", "token", "session_key", "webhook_secret", "proof"})


# --- Asking ---


def test_a_request_is_registered_with_its_day_and_answered(browser, lan):
    assert browser.post(PAGE, WISH).status_code == 302
    asked = PrivacyRequest.objects.get()
    assert (asked.state, asked.user, local_day(asked.due_at)) == ("open", lan, local_day(NOON + timedelta(days=10)))
    assert "My name is written Lân." in markup(browser.get(PAGE))
    answer_request(asked.pk, is_done=True, answer="It is Lân now.", actor=STAFF, at=NOON)
    assert "It is Lân now." in markup(browser.get(PAGE))
    assert [one.kind for one in Letter.objects.order_by("pk")] == ["privacy_registered", "privacy_answered"]
    assert AuditEntry.objects.get(verb="answer privacy request").reason == "It is Lân now."
    with refused(PrivacyRequestOver):
        answer_request(asked.pk, is_done=False, answer="no", actor=STAFF, at=NOON)


@pytest.mark.parametrize(("kind", "days"), [("correct", 10), ("withdraw", 15), ("erase", 20)])
def test_each_kind_has_the_days_of_the_law(alice, lan, kind, days):
    asked = ask_for_privacy(alice, lan, kind, "please", actor=lan.actor, at=NOON)
    assert local_day(asked.due_at) == local_day(NOON + timedelta(days=days))


def test_a_request_is_cancelled_by_who_asked_alone(browser, alice):
    browser.post(PAGE, WISH)
    asked = PrivacyRequest.objects.get()
    cancel = reverse("own-data-cancel", args=[asked.pk])
    colleague = Caller(user=make_user(alice))
    assert colleague.client.post(cancel).status_code == 404
    assert browser.post(cancel).status_code == 302
    asked.refresh_from_db()
    assert asked.state == "cancelled"


def test_what_says_nothing_is_refused_in_its_field(browser, alice, lan):
    for wrong in ({"text": ""}, {"kind": "hand_over"}, {"text": "a\u202eb"}):
        answer = browser.post(PAGE, {**WISH, **wrong})
        assert (answer.status_code, list(answer.context["form"].errors)) == (400, list(wrong))
    for kind, words, field in (("hand_over", "x", "kind"), ("erase", " ", "text"), ("erase", "x\u202e", "text")):
        with refused(InvalidInput, field=field):
            ask_for_privacy(alice, lan, kind, words, actor=lan.actor, at=NOON)


def test_there_is_a_bound(alice, lan):
    for _number in range(MOST_OPEN):
        ask_for_privacy(alice, lan, "erase", "all", actor=lan.actor, at=NOON)
    with refused(TooManyPrivacyRequests):
        ask_for_privacy(alice, lan, "erase", "all", actor=lan.actor, at=NOON)


def test_staff_are_told_what_is_open_and_what_is_overdue(alice, lan):
    ask_for_privacy(alice, lan, "correct", "x", actor=lan.actor, at=NOON)

    def counted(at) -> tuple[int, int]:
        counts = count_matters(matters(at))
        return counts.get("privacy requests", 0), counts.get("overdue privacy requests", 0)

    assert counted(NOON + timedelta(days=10)) == (1, 0)
    assert counted(NOON + timedelta(days=11)) == (0, 1)


def test_staff_answer_in_the_register(alice, lan, client, django_user_model):
    asked = ask_for_privacy(alice, lan, "erase", "x", actor=lan.actor, at=NOON)
    client.force_login(django_user_model.objects.create_superuser("boss@portal.example", "x"))
    address = reverse("admin:door_privacyrequest_task", args=[asked.pk, "answer"])
    assert client.post(address, {"done": "no", "reason": "The law on accounting keeps it."}).status_code == 302
    asked.refresh_from_db()
    assert (asked.state, asked.answer, asked.answered_by) == (
        "refused", "The law on accounting keeps it.", "boss@portal.example",
    )  # fmt: skip


def test_programs_ask_and_take_too(alice):
    caller = caller_of(alice)
    asked = done(caller.post("privacy-requests/", WISH, key="k"), 201)
    assert asked["state"] == "open"
    assert done(caller.post(f"privacy-requests/{asked['id']}/cancel/"))["state"] == "cancelled"
    answered_with(caller.post(f"privacy-requests/{asked['id']}/cancel/"), 409, "privacy-request-over")
    assert "json/accounts.customer.json" in unzipped(caller.get("privacy-requests/take/")).namelist()
    assert [one["kind"] for one in done(caller.get("privacy-requests/", state="done"))["results"]] == ["hand_over"]
