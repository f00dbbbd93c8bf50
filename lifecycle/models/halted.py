"""What keeps a resource stopped without its customer's doing it just now: a mark for each reason, see `services.halts`."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

IS_STOPPED = Q(state="stop")
NOT_HALTED = Q(stopped_for_debt=False, stopped_for_cap__isnull=True, stopped_for_credit=False)


class Start(StrEnum):
    """How what is stopped comes to start when one of its reasons ends."""

    BY_ITSELF = "by-itself"
    BY_HAND = "by-hand"
    LATER = "later"
    """Something else keeps it stopped as well."""


class Halted(models.Model):
    """
    The marks of a resource. It starts when the last one goes, unless its customer is to start it.

    :ivar starts_by_hand: a cap has let go of it that leaves the start to its customer, and something else stops it still
    """

    class For(models.TextChoices):
        DEBT = "debt", _("overdue invoices")
        CAP = "cap", _("a cap")
        CREDIT = "credit", _("lack of credit")

    stopped_for_debt = models.BooleanField(
        _("stopped for debt"), default=False, db_default=False, help_text=_("It starts when the debt is paid.")
    )
    stopped_for_cap = models.UUIDField(
        _("stopped at a cap"),
        null=True,
        blank=True,
        help_text=_("The cap. It starts as the cap says when that is lifted."),
    )
    stopped_for_credit = models.BooleanField(
        _("stopped for lack of credit"),
        default=False,
        db_default=False,
        help_text=_("It starts when credit covers what it uses."),
    )
    starts_by_hand = models.BooleanField(
        _("its customer starts it"),
        default=False,
        db_default=False,
        help_text=_("A cap that stopped it was lifted, and its customer wants to start it when nothing else stops it."),
    )

    class Meta:
        abstract: ClassVar[bool] = True

    @property
    def stopped_for(self) -> list[str]:
        """What keeps it stopped."""
        marks = {
            self.For.DEBT: self.stopped_for_debt,
            self.For.CAP: self.stopped_for_cap is not None,
            self.For.CREDIT: self.stopped_for_credit,
        }
        return [reason.value for reason, is_marked in marks.items() if is_marked]

    @property
    def start_follows(self) -> Start:
        """What comes when the reason that is told of ends; a cap says itself whether it leaves the start to its customer."""
        if len(self.stopped_for) > 1:
            return Start.LATER
        return Start.BY_HAND if self.starts_by_hand else Start.BY_ITSELF

    def let_go(self) -> None:
        """Nothing keeps it stopped any more."""
        self.stopped_for_debt, self.stopped_for_cap, self.stopped_for_credit = False, None, False
        self.starts_by_hand = False


MARKS_ARE_OF_WHAT_IS_STOPPED = (
    models.CheckConstraint(
        name="only_what_is_stopped_is_stopped_for_debt", condition=Q(stopped_for_debt=False) | IS_STOPPED
    ),
    models.CheckConstraint(
        name="only_what_is_stopped_is_stopped_at_a_cap", condition=Q(stopped_for_cap__isnull=True) | IS_STOPPED
    ),
    models.CheckConstraint(
        name="only_what_is_stopped_is_stopped_for_credit", condition=Q(stopped_for_credit=False) | IS_STOPPED
    ),
    models.CheckConstraint(
        name="only_what_is_still_halted_waits_for_its_customer", condition=Q(starts_by_hand=False) | ~NOT_HALTED
    ),
)
WHAT_IS_HALTED = (
    models.Index(name="resources_stopped_for_debt", fields=["customer"], condition=Q(stopped_for_debt=True)),
    models.Index(name="resources_stopped_at_a_cap", fields=["customer"], condition=Q(stopped_for_cap__isnull=False)),
    models.Index(name="resources_stopped_for_credit", fields=["customer"], condition=Q(stopped_for_credit=True)),
)
STOPS_FOR_CREDIT_AS_WAS_TOLD = pgtrigger.Trigger(
    name="stops_for_credit_as_was_told",
    level=pgtrigger.Row,
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("stopped_for_credit"),
    condition=pgtrigger.Q(old__stopped_for_credit=False, new__stopped_for_credit=True),
    func="""
    IF NOT EXISTS (
        SELECT FROM lifecycle_creditwarning w WHERE w.resource_id = NEW.id AND w.ended_at IS NULL AND w.came_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'nobody was told that resource % stops now for lack of credit', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
    """,
)
