"""What people ask by the law on personal data, and by when it is answered."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, User
from accounts.models.closed import OF_CLOSED
from kernel.ids import new_id
from kernel.text import validate_printable_lines
from store.carried import unique_with
from store.personal import Because, blanked
from store.triggers import edges_only, frozen, never_deleted

EDGES = frozenset({("open", "done"), ("open", "refused"), ("open", "cancelled")})


class PrivacyRequestQuerySet(models.QuerySet["PrivacyRequest"]):
    def lock(self, pk: UUID) -> PrivacyRequest:
        return self.select_for_update(of=("self",), no_key=True).select_related("customer", "user").get(pk=pk)

    def open(self) -> Self:
        return self.filter(state=PrivacyRequest.State.OPEN)

    def overdue(self, at: datetime) -> Self:
        """The law's day has passed."""
        return self.open().filter(due_at__lte=at)


class PrivacyRequest(models.Model):
    """
    Somebody wants what is kept about them seen, corrected, used no longer or deleted: a register that proves when it was
    asked, and when and how it was answered.

        OPEN -> DONE | REFUSED | CANCELLED

    What the portal does by itself (handing over) is born done. `user` is nobody for what a program asked. The first answer, which
    says that it is registered and by when it is done, is a letter, or the answer to the program.
    """

    AT_CLOSING: ClassVar = blanked(
        *("text", "asked_by"), because=Because.PROOF, answer="CASE t.answer WHEN '' THEN '' ELSE '…' END"
    )

    class Kind(models.TextChoices):
        HAND_OVER = "hand_over", _("hand over what is kept")
        CORRECT = "correct", _("correct what is wrong")
        WITHDRAW = "withdraw", _("withdraw an agreement")
        ERASE = "erase", _("delete what need not be kept")
        CLOSE = "close", _("close the account")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")
        CANCELLED = "cancelled", _("cancelled")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="privacy_requests", verbose_name=_("customer")
    )
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="privacy_requests", verbose_name=_("user")
    )
    kind = models.CharField(_("what is asked"), max_length=9, choices=Kind.choices)
    text = models.TextField(_("in their words"), max_length=2000, blank=True, validators=[validate_printable_lines])
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.OPEN)
    asked_by = models.CharField(_("asked for by"), max_length=200)
    asked_at = models.DateTimeField(_("asked"))
    first_due_at = models.DateTimeField(
        _("first answer due"),
        db_default=Now(),  # what a process writes that does not know it yet, while it is rolled out
        help_text=_("The last instant of the second working day: by then the law wants a first answer."),
    )
    first_answered_at = models.DateTimeField(_("first answer"), null=True, blank=True)
    due_at = models.DateTimeField(_("due"), help_text=_("The last instant of the day by which the law wants it done."))
    answer = models.TextField(_("answer"), blank=True)
    answered_by = models.CharField(_("answered by"), max_length=200, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    objects = PrivacyRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("privacy request")
        verbose_name_plural = _("privacy requests")
        indexes: ClassVar = [
            models.Index(name="open_privacy_requests_by_due", fields=["due_at"], condition=Q(state="open"))
        ]
        constraints: ClassVar = [
            unique_with(name="a_privacy_request_is_one_customers"),
            models.CheckConstraint(
                name="what_is_answered_says_by_whom",
                condition=Q(state="open", answered_at__isnull=True, answered_by="")
                | ~Q(state="open") & Q(answered_at__isnull=False) & ~Q(answered_by=""),
            ),
            models.CheckConstraint(name="what_is_refused_says_why", condition=~Q(state="refused") | ~Q(answer="")),
        ]
        triggers: ClassVar = [
            never_deleted(),
            edges_only(
                field="state", initial="open", edges=EDGES, born="NEW.kind = 'hand_over' AND NEW.state = 'done'"
            ),
            frozen(
                "stays_as_it_was_asked",
                columns=["customer_id", "user_id", "kind", "asked_at", "first_due_at", "due_at"],
            ),
            frozen(
                "keeps_their_words_until_the_account_closes",
                columns=["text", "asked_by"],
                unless=f"NEW.text = '' AND NEW.asked_by = '' AND {OF_CLOSED}",
            ),
            frozen("is_first_answered_once", columns=["first_answered_at"], unless="OLD.first_answered_at IS NULL"),
            frozen("is_answered_once", columns=["answered_by", "answered_at"], unless="OLD.answered_at IS NULL"),
            frozen(
                "its_answer_stands_until_the_account_closes",
                columns=["answer"],
                unless=f"OLD.answered_at IS NULL OR NEW.answer = '…' AND {OF_CLOSED}",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.asked_by}"
