"""What the audit trail can say is declared, said in both languages, and found under one name, however it was once written."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils.translation import override

from accounts import audit
from accounts.models import AuditEntry
from accounts.services import record_audit
from tests.cast import NOON, STAFF

HERE = Path(__file__).parents[2]
APPS = [
    "accounts",
    "catalog",
    "door",
    "team",
    "notifications",
    "lifecycle",
    "invoices",
    "payments",
    "orders",
    "billing_portal",
]


def declared():
    return sorted(audit._known)


@pytest.mark.parametrize("code", declared())
def test_every_act_has_words_in_both_languages(code):
    with override("en"):
        english = audit.words_of(code)
    with override("vi"):
        vietnamese = audit.words_of(code)
    assert english
    assert vietnamese != english


def test_the_acts_of_every_app_are_known():
    """`ready` makes them so: what is listed here is asked for by nobody in this test."""
    assert {
        "switch billing mode", "correct invoice", "release parked bill", "restore resource", "retry notice", "retry letter", "change own address",
        "reopen price", "revoke API key", "move clock", "change customer", "add user",
    } <= set(declared())  # fmt: skip


def test_nobody_writes_an_act_that_is_not_declared():
    """The first argument of `record_audit` is a member of an enum (or a parameter that is one), or the edit of a row: never a word made on the spot."""
    written = []
    for path in (each for app in APPS for each in (HERE / app).rglob("*.py") if "migrations" not in each.parts):
        tree = ast.parse(path.read_text())
        members = {
            node.arg for node in ast.walk(tree) if isinstance(node, ast.arg) and node.annotation and ast.unparse(node.annotation) in {"Did", "Verb", "audit.Verb"}
        }  # fmt: skip
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record_audit":
                written.append((path.name, ast.unparse(node.args[0])))
                if written[-1][1] in members:
                    written[-1] = (path.name, "Did.of a parameter")
    odd = [call for call in written if not call[1].startswith(("Did.", "edit_of("))]
    assert len(written) > 20
    assert odd == []


def test_two_acts_never_share_a_verb():
    with pytest.raises(AssertionError, match="one act, one verb"):
        type("Did", (audit.Verb,), _members("revoke API key"))


def _members(code):
    body = type(audit.Verb).__prepare__("Did", (audit.Verb,))
    body["REVOKE"] = code, "revoked"
    return body


def _written_long_ago(verb):
    AuditEntry.objects.create(at=NOON, actor="lan@provider.example", verb=verb, subject="key 1", reason="lost")


def test_an_act_written_under_its_former_name_reads_as_the_act_that_it_is(superuser):
    _written_long_ago("revoke key")
    record_audit(audit.Did.REVOKE_KEY, "key 2", actor=STAFF, at=NOON, reason="lost too")
    trail = reverse("admin:accounts_auditentry_changelist")

    page = superuser.get(trail, headers={"accept-language": "en"}).content.decode()
    found = superuser.get(trail, {"verb": "revoke API key"}).content.decode()

    assert page.count("?verb=revoke+API+key") == 1
    assert "revoke+key" not in page
    assert page.count("revoked an API key</td>") == 2
    assert "key 1" in found
    assert "key 2" in found


def test_a_filter_finds_its_act_alone(superuser):
    _written_long_ago("revoke key")
    record_audit(audit.Did.ISSUE_KEY, "key 2", actor=STAFF, at=NOON, reason="new")
    found = superuser.get(reverse("admin:accounts_auditentry_changelist"), {"verb": "issue API key"}).content.decode()
    assert "key 2" in found
    assert "key 1" not in found


def test_what_nobody_knows_any_more_stands_as_it_was_written(superuser):
    _written_long_ago("polish brass")
    assert "polish brass" in superuser.get(reverse("admin:accounts_auditentry_changelist")).content.decode()
