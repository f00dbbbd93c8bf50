"""Acts of staff that a second person looks at."""

from __future__ import annotations

from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models.people import Customer, User
from kernel.money import MAXIMUM
from kernel.shapes import Wording
from store.personal import Because, kept
from store.triggers import edges_only, frozen, never_deleted

EDGES = frozenset(
    {
        ("waiting", "approved"),
        ("waiting", "refused"),
        ("waiting", "withdrawn"),
        ("waiting", "expired"),
        ("to_review", "reviewed"),
    }
)


class StaffActQuerySet(models.QuerySet["StaffAct"]):
    def waiting(self) -> Self:
        """Nothing has happened yet: somebody else has to approve."""
        return self.filter(state=StaffAct.State.WAITING)

    def to_review(self) -> Self:
        """It has happened, and somebody else has to look at it."""
        return self.filter(state=StaffAct.State.TO_REVIEW)


class StaffAct(models.Model):
    """
    Something that one member of staff does and that is not theirs alone to decide.

    What moves money is done `ALONE` up to a limit; above it, it waits until another person approves or refuses it, who
    asked withdraws it, or nobody cares for so long that it expires:

        WAITING -> APPROVED | REFUSED | WITHDRAWN | EXPIRED

    What opens a customer's account is done at once, and another person reviews it:

        TO_REVIEW -> REVIEWED

    `asked_by` and `decided_by` are the addresses under which people signed in then, `asker` and `decider` the people: the database
    finds them by address, and nobody becomes another person by a new one.

    `act` is the code of one of `accounts.four_eyes.Act`, which carries it out from `facts`; `amount` is signed, in đồng.
    """

    AT_CLOSING: ClassVar = kept(Because.TRAIL)

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for approval")
        APPROVED = "approved", _("approved and done")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")
        ALONE = "alone", _("done within the limit")
        TO_REVIEW = "to_review", _("to be reviewed")
        REVIEWED = "reviewed", _("reviewed")

    act = models.CharField(_("act"), max_length=40)
    state = models.CharField(_("state"), max_length=9, choices=State.choices)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="staff_acts",
        verbose_name=_("customer"),
    )
    subject = models.CharField(_("object"), max_length=200, blank=True)
    amount = models.BigIntegerField(_("amount"), null=True, blank=True)
    facts = models.JSONField(_("facts"), default=dict)
    reason = models.TextField(_("reason"))
    asked_by = models.CharField(_("asked for by"), max_length=200)
    asker = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("who asked")
    )
    asked_at = models.DateTimeField(_("asked for"))
    decided_by = models.CharField(_("decided by"), max_length=200, blank=True)
    decider = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("who decided")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_because = models.CharField(_("decided because"), max_length=500, blank=True)

    objects = StaffActQuerySet.as_manager()

    class Meta:
        verbose_name = _("act for two")
        verbose_name_plural = _("acts for two")
        indexes: ClassVar = [
            models.Index(
                name="acts_that_wait_for_somebody", fields=["state"], condition=Q(state__in=["waiting", "to_review"])
            ),
            models.Index(
                name="what_somebody_did_alone", fields=["act", "asked_by", "asked_at"], condition=Q(state="alone")
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="an_act_moves_a_sane_amount",
                condition=Q(amount__isnull=True) | Q(amount__gte=-MAXIMUM, amount__lte=MAXIMUM) & ~Q(amount=0),
            ),
            models.CheckConstraint(name="an_act_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="what_is_decided_says_by_whom",
                condition=Q(state__in=["waiting", "to_review"], decided_by="", decided_at__isnull=True)
                | (~Q(state__in=["waiting", "to_review"]) & ~Q(decided_by="") & Q(decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="nobody_is_their_own_second_person",
                condition=~Q(state__in=["approved", "refused", "reviewed"], decided_by=F("asked_by"))
                & (
                    ~Q(state__in=["approved", "refused", "reviewed"])
                    | Q(asker__isnull=True)  # of acts before people were kept: their addresses are compared
                    | Q(decider__isnull=True)
                    | ~Q(decider=F("asker"))
                ),
            ),
            models.CheckConstraint(
                name="only_who_asked_withdraws_or_acts_alone",
                condition=~Q(state__in=["withdrawn", "alone"])
                | Q(decided_by=F("asked_by"))
                | Q(asker__isnull=False, decider__isnull=False, decider=F("asker")),
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            edges_only(field="state", initial="waiting", edges=EDGES, born="NEW.state IN ('alone', 'to_review')"),
            pgtrigger.Trigger(
                name="people_are_staff",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("decided_by"),
                func="""
                IF TG_OP = 'INSERT' THEN
                    NEW.asker_id := (SELECT id FROM accounts_user WHERE email = NEW.asked_by AND is_staff);
                END IF;
                NEW.decider_id := (SELECT id FROM accounts_user WHERE email = NEW.decided_by AND is_staff);
                IF NEW.asker_id IS NULL AND TG_OP = 'INSERT'
                    OR NEW.decider_id IS NULL AND NEW.decided_by <> '' AND NEW.state <> 'expired' THEN
                    RAISE EXCEPTION 'an act for two is asked for and decided by people of ours, not by % and %',
                        NEW.asked_by, NEW.decided_by USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
            frozen(
                "is_what_was_asked_for",
                columns=[
                    "act",
                    "customer_id",
                    "subject",
                    "amount",
                    "facts",
                    "reason",
                    "asked_by",
                    "asker_id",
                    "asked_at",
                ],
            ),
            frozen(
                "is_decided_once",
                columns=["decided_by", "decider_id", "decided_at", "decided_because"],
                unless="OLD.decided_at IS NULL",
            ),
        ]

    labels: ClassVar[dict[str, Wording]] = {}
    """What each act is called, told by the apps that declare them."""

    def __str__(self) -> str:
        return f"{capfirst(self.label)}: {self.customer or self.subject}"

    @property
    def label(self) -> str:
        """In words; one that is not known any more stands as it is."""
        return str(self.labels.get(self.act, self.act))
