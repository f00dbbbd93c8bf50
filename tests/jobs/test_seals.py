"""The sealed history: what is changed, removed or slipped in is named, here and by an outsider with forty lines of Python."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import AuditEntry, Customer, Seal
from accounts.services import record_audit
from billing_portal.auditor import audit_the_books, audit_the_touched, contradictions
from billing_portal.auditor.history import HISTORY, chain
from billing_portal.models import Close
from orders.audit import Did
from tests.cast import DAY, NOON, STAFF, fund
from tests.owner import around_all_guards
from tests.table.attack import refuse, run

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]
SCRIPT = Path(__file__).parents[2] / "docs" / "check_seals.py"


def recorded(customer: Customer, reason: str) -> AuditEntry:
    record_audit(
        Did.SWITCH_BILLING_MODE, customer.pk, actor=STAFF, at=NOON, reason=reason, customer=customer, note="Tết"
    )
    connection.check_constraints()  # as the commit does
    return AuditEntry.objects.latest("pk")


@pytest.fixture
def history(alice: Customer) -> list[AuditEntry]:
    """Three acts, then a night."""
    acts = [recorded(alice, reason) for reason in ("first", "second\nline", "thứ ba")]
    audit_the_books(at=NOON)
    connection.check_constraints()
    return acts


def plant(sql: str, *arguments: object) -> None:
    with around_all_guards():
        run(sql, *arguments)


def named() -> set[str]:
    return {violation.label for violation in contradictions(HISTORY, at=NOON)}


def outsider(folder: Path, *heads: str) -> tuple[int, str]:
    export = folder / "seals.jsonl"
    call_command("seals", export=export, stdout=StringIO())
    done = subprocess.run(
        [sys.executable, "-I", SCRIPT, export, *heads], capture_output=True, text=True, check=False, timeout=20
    )
    return done.returncode, done.stdout + done.stderr


def head() -> str:
    said = StringIO()
    call_command("seals", stdout=said)
    return said.getvalue().strip()


def test_acts_and_closes_are_links_of_one_chain(history: list[AuditEntry]) -> None:
    assert [*Seal.objects.order_by("number").values_list("number", "kind")] == [
        (1, "audit"), (2, "audit"), (3, "audit"), (4, "close"),
    ]  # fmt: skip
    assert named() == set()


def test_whoever_keeps_the_head_can_tell_that_nothing_has_changed(history: list[AuditEntry], tmp_path: Path) -> None:
    kept = head()
    recorded(history[0].customer, "later")
    code, said = outsider(tmp_path, kept)
    assert (code, said.strip()) == (0, f"As it was written, 5 seals; the last head is {head().split(':')[1]}")


def test_an_outsider_needs_forty_lines() -> None:
    assert len(SCRIPT.read_text().splitlines()) <= 40


def test_a_row_that_was_changed_is_named(history: list[AuditEntry], tmp_path: Path) -> None:
    plant("UPDATE accounts_auditentry SET reason = 'nothing' WHERE id = %s", history[1].pk)
    assert named() == {f"audit {history[1].pk} was changed"}
    code, said = outsider(tmp_path)
    assert code == 1
    assert said.startswith("the row of seal 2 was changed")
    assert len(said.splitlines()) == 1


def test_a_row_that_was_removed_is_named(history: list[AuditEntry], tmp_path: Path) -> None:
    plant("DELETE FROM accounts_auditentry WHERE id = %s", history[1].pk)
    assert named() == {f"audit {history[1].pk} was removed"}
    assert outsider(tmp_path) == (1, "the row of seal 2 was removed\n")


def test_a_row_that_was_removed_with_its_seal_is_missed(history: list[AuditEntry], tmp_path: Path) -> None:
    plant("DELETE FROM accounts_auditentry WHERE id = %s", history[1].pk)
    plant("DELETE FROM accounts_seal WHERE number = 2")
    assert named() == {"seal 2 was removed", f"audit {history[2].pk} was changed"}
    code, said = outsider(tmp_path)
    assert code == 1
    assert said.startswith("seals 2 to 2 were removed\n")


def test_a_row_that_was_slipped_in_is_named(history: list[AuditEntry]) -> None:
    plant(
        "INSERT INTO accounts_auditentry (at, actor, verb, subject, reason, facts) VALUES (now(), 'x', 'switch billing mode', '', '', '{}')"
    )
    newest = AuditEntry.objects.latest("pk").pk
    assert f"audit {newest} was slipped in" in named()


def test_a_close_that_was_changed_is_named(history: list[AuditEntry]) -> None:
    plant("UPDATE billing_portal_close SET found = 5")
    assert named() == {f"close {Close.objects.get().pk} was changed"}


def test_history_that_was_written_anew_has_another_head(history: list[AuditEntry], tmp_path: Path) -> None:
    """Somebody with all rights changes a row and makes the chain right again: inside, nothing can tell. The printed head does."""
    kept = head()
    plant("UPDATE accounts_auditentry SET reason = 'nothing' WHERE id = %s", history[1].pk)
    before = ""
    for seal in list(chain()):
        before = sha256(f"{before}{seal['content']}".encode()).hexdigest()
        plant("UPDATE accounts_seal SET head = %s WHERE number = %s", before, seal["number"])
    assert named() == set()
    said = "history before seal 4 was written anew: its head was another one\n"
    assert outsider(tmp_path, kept) == (1, said)


def test_the_latest_acts_cannot_be_cut_off(history: list[AuditEntry], tmp_path: Path) -> None:
    kept = head()
    plant("DELETE FROM accounts_seal WHERE number >= 3")
    plant("DELETE FROM accounts_auditentry WHERE id = %s", history[2].pk)
    plant("DELETE FROM billing_portal_close")
    assert named() == set()  # from inside it cannot be told: it is as if it had never been
    assert outsider(tmp_path, kept) == (1, "seal 4 was removed with all that came after it\n")


def test_nobody_writes_a_seal(history: list[AuditEntry]) -> None:
    for sql in (
        "INSERT INTO accounts_seal (number, kind, row_id, head) VALUES (9, 'audit', 9, '')",
        "UPDATE accounts_seal SET head = ''",
        "DELETE FROM accounts_seal",
    ):
        refuse(sql, match="kept by the database|permission denied")


def test_a_closed_entry_does_not_change_behind_the_close(alice: Customer) -> None:
    audit_the_touched(at=NOON)
    audit_the_touched(at=NOON)
    audit_the_books(at=NOON + DAY)
    close = Close.objects.get()
    assert close.figures["accounts"] == {"credit": 10_000_000, "adjustments": -10_000_000}
    assert (close.figures["opened"], close.figures["moved"], close.figures["entries"]) == (10_000_000, 20_000_000, 2)
    fund(alice, 5)
    assert named() == set()
    plant("UPDATE ledger_entry SET amount = amount * 2 WHERE id = (SELECT min(id) FROM ledger_entry)")
    assert named() == {f"close {close.pk}"}
