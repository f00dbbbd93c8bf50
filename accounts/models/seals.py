"""
The seal of history: rows that are written for good are chained, so that none can be changed, removed or slipped in later.

Each seal is the digest of the one before it and of its row, as text. Whoever has kept the last one (printed, mailed) can tell
that nothing before it is other than it was then, with `docs/check_seals.py` and without trusting this machine.
"""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from store.triggers import triggers_only

INSTANT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
HEAD = "encode(sha256(convert_to({before} || {content}, 'UTF8')), 'hex')"


def content(kind: str, instants: tuple[str, ...], columns: tuple[str, ...], *, of: str) -> str:
    """SQL for what is sealed of the row `of`: a JSON array, as text."""
    written = [INSTANT.format(f"{of}.{name}") if name in instants else f"{of}.{name}" for name in columns]
    return f"jsonb_build_array('{kind}', {of}.id, {', '.join(written)})::text"


def sealed(kind: str, instants: tuple[str, ...], columns: tuple[str, ...]) -> pgtrigger.Trigger:
    """
    Each new row of the table is sealed when its transaction commits.

    Only then, for the chain is held from the seal to the commit: whoever seals has got all other locks by then, and waits for
    nobody who waits for the chain.
    """
    head = HEAD.format(before="coalesce(latest.head, '')", content=content(kind, instants, columns, of="NEW"))
    return pgtrigger.Trigger(
        name="is_sealed",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        declare=[("latest", "accounts_seal%ROWTYPE")],
        func=f"""
        PERFORM pg_advisory_xact_lock(hashtextextended('seals', 0));
        SELECT * INTO latest FROM accounts_seal ORDER BY number DESC LIMIT 1;
        INSERT INTO accounts_seal (number, kind, row_id, head) VALUES (coalesce(latest.number, 0) + 1, '{kind}', NEW.id, {head});
        RETURN NULL;
        """,
    )


class Seal(models.Model):
    """One link of the chain. `head` is the digest up to and including its row."""

    number = models.BigIntegerField(_("number"), primary_key=True)
    kind = models.CharField(_("kind"), max_length=5)
    row_id = models.BigIntegerField(_("row"))
    head = models.CharField(_("head"), max_length=64)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        constraints: ClassVar = [models.UniqueConstraint(name="a_row_is_sealed_once", fields=["kind", "row_id"])]
        triggers: ClassVar = [triggers_only()]

    def __str__(self) -> str:
        return f"{self.number}:{self.head}"
