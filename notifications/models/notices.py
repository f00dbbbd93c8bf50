"""What we tell: one row per message owed to a customer, written in the transaction of its cause."""

from __future__ import annotations

from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, User
from accounts.models.closed import OF_CLOSED
from notifications.models.recipients import Recipient
from store.outbox import WAITING
from store.personal import deleted
from store.triggers import frozen

COPIED_TO_RECIPIENTS = pgtrigger.Trigger(
    name="is_copied_to_its_recipients",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    referencing=pgtrigger.Referencing(new="told"),
    func="""
    IF NOT EXISTS (SELECT FROM told WHERE copy_to_id IS NULL) THEN
        RETURN NULL;  -- copies are not copied
    END IF;
    INSERT INTO notifications_notice (customer_id, kind, event, together, recipient, copy_to_id, facts, at, state, attempts, next_attempt_at, error)
    SELECT t.customer_id, t.kind, t.event, t.together, r.email, r.id, t.facts, t.at, 'pending', 0, t.next_attempt_at, ''
    FROM told t JOIN notifications_recipient r ON r.customer_id = t.customer_id AND t.kind = ANY (r.kinds)
    WHERE t.copy_to_id IS NULL AND t.state = 'pending' AND r.confirmed_at IS NOT NULL AND r.removed_at IS NULL
        AND coalesce(t.facts -> 'readers' @> to_jsonb(r.id::text), TRUE)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
    """,
)
"""
Where the facts name `readers`, to these alone. A copy is told once like everything else: what is written again, or goes to an address that
has it already, changes nothing.
"""


NOT_WITHOUT_AN_ADDRESS = pgtrigger.Trigger(
    name="nobody_is_told_without_an_address",
    level=pgtrigger.Row,
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    condition=pgtrigger.Q(new__recipient=""),
    func="RETURN NULL;",
)
"""An account that has closed has none. What still happens to it (money that arrives late) is told to staff alone."""
KEPT_UNTIL_THE_CLOSING = pgtrigger.Trigger(
    name="is_kept_until_the_account_closes",
    level=pgtrigger.Row,
    when=pgtrigger.Before,
    operation=pgtrigger.Delete,
    func=f"""
    IF NOT {OF_CLOSED} THEN
        RAISE EXCEPTION 'notice % is kept as long as its account is open', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
    """,
)


class NoticeQuerySet(models.QuerySet["Notice"]):
    def to_customers(self) -> Self:
        """What stands in the portal: not the copies that recipients are sent."""
        return self.filter(copy_to=None)

    def with_subject_id(self) -> models.QuerySet[models.Model]:
        """With `about`: the id of what each is about. Only for kinds whose subjects have UUIDs."""
        pk = models.Func(models.F("event"), models.Value(":"), models.Value(2), function="split_part")
        return self.annotate(about=Cast(pk, models.UUIDField()))

    def heads(self) -> NoticeQuerySet:
        """Of those that belong together the latest of these; all that stand alone."""
        later = self.filter(
            ~models.Q(together=""),
            customer=models.OuterRef("customer"),
            together=models.OuterRef("together"),
            pk__gt=models.OuterRef("pk"),
        )
        return self.filter(models.Q(together="") | ~models.Exists(later))


class Notice(models.Model):
    """
    A message owed to a customer, by mail and in the portal.

    `event` names the fact that caused it, see `events.py`: one notice per kind, event and recipient, however often the
    cause is replayed. Text is rendered from `facts` in the customer's language. What is not true any more when it is about
    to be sent is not sent (overtaken). Notices with the same `together` (empty: none) are told in one mail and one row of
    the page, see `kinds/together.py`.

    Beside each that is to be mailed the database writes one for every confirmed recipient of its kind (`copy_to`), whoever wrote
    it and however many at once. These are mailed alone: the portal shows the customer's.
    """

    AT_CLOSING: ClassVar = deleted()
    MAY_BE_DELETED: ClassVar = True

    class Kind(models.TextChoices):
        RESOURCE_CREATED = "resource_created", _("Resource created")
        PROVISIONING_FAILED = "provisioning_failed", _("Provisioning failed, money returned")
        RESOURCE_RESIZED = "resource_resized", _("Resource resized")
        RESOURCE_RENEWED = "resource_renewed", _("Resource renewed")
        RESOURCE_RECOVERED = "resource_recovered", _("Resource recovered")
        RESOURCE_DELETED = "resource_deleted", _("Resource deleted")
        RESOURCE_TRASHED = "resource_trashed", _("Resource moved to the trash")
        RESOURCE_PURGED = "resource_purged", _("Resource deleted for good")
        RESOURCE_GONE = "resource_gone", _("Resource lost")
        RESOURCE_EXPIRING = "resource_expiring", _("Resource expires soon")
        RESOURCE_IN_GRACE = "resource_in_grace", _("Resource expired, still running")
        PURGE_COMING = "purge_coming", _("Resource will be deleted for good")
        RESOURCE_ROLLED_OVER = "resource_rolled_over", _("Resource continues as postpaid")
        AUTO_RENEW_ANNOUNCED = "auto_renew_announced", _("Auto-renewal ahead")
        AUTO_RENEW_DONE = "auto_renew_done", _("Auto-renewal done")
        AUTO_RENEW_FAILED = "auto_renew_failed", _("Auto-renewal failed")
        PAYMENT_RECEIVED = "payment_received", _("Payment received")
        PAYMENT_TAKEN_BACK = "payment_taken_back", _("Payment taken back")
        PAYMENT_GIVEN_BACK = "payment_given_back", _("Payment given back")
        PAYMENT_FAILED = "payment_failed", _("Payment failed")
        REFUND_BEGUN = "refund_begun", _("Return to the source begun")
        REFUND_DONE = "refund_done", _("Returned to the source")
        REFUND_FAILED = "refund_failed", _("Return to the source failed")
        PAYMENT_REQUESTED = "payment_requested", _("Somebody else asked to pay")
        PAYMENT_REQUEST_EXPIRED = "payment_request_expired", _("Somebody else asked to pay has not")
        TRANSFER_NOT_FOUND = "transfer_not_found", _("Bank transfer not found")
        REFUND = "refund", _("Refund to the wallet")
        INVOICE_ISSUED = "invoice_issued", _("Invoice issued")
        INVOICE_CORRECTED = "invoice_corrected", _("Invoice corrected")
        INVOICE_DUE = "invoice_due", _("Invoice due soon")
        INVOICE_OVERDUE = "invoice_overdue", _("Invoice overdue")
        DUNNING_ANNOUNCED = "dunning_announced", _("Blocking or stopping announced")
        DUNNING_DONE = "dunning_done", _("Blocked or stopped for overdue invoices")
        DUNNING_LIFTED = "dunning_lifted", _("No longer blocked or stopped")
        LINE_QUESTIONED = "line_questioned", _("Line of an invoice questioned")
        QUESTION_ANSWERED = "question_answered", _("Questioned line answered")
        INVOICE_PAID = "invoice_paid", _("Invoice paid")
        INVOICE_PARTIALLY_PAID = "invoice_partially_paid", _("Invoice partially paid")
        AUTOMATIC_PAYMENT = "automatic_payment", _("Automatic invoice payment")
        ACCOUNT_LINKED = "account_linked", _("Account linked")
        ACCOUNT_UNLINKED = "account_unlinked", _("Account unlinked")
        LINK_ENDED = "link_ended", _("Linked account ended")
        LINK_EXPIRES = "link_expires", _("Linked account expires soon")
        AUTOMATIC_CHARGE_OFF = "automatic_charge_off", _("Automatic charge switched off")
        CREDIT_ADJUSTED = "credit_adjusted", _("Credit adjusted")
        POC_GRANTED = "poc_granted", _("POC credit granted")
        POC_ENDING = "poc_ending", _("POC credit ends soon")
        POC_ENDED = "poc_ended", _("POC credit ended")
        CREDIT_LACKING = "credit_lacking", _("Credit does not cover use")
        CREDIT_STOPPED = "credit_stopped", _("Stopped for lack of credit")
        CREDIT_COVERS = "credit_covers", _("Credit covers use again")
        ACCESS_CHANGED = "access_changed", _("Access changed by our staff")
        BUDGET_REACHED = "budget_reached", _("Budget spent in part or wholly")
        BUDGET_FORECAST = "budget_forecast", _("Budget expected to be passed")
        CAP_REACHED = "cap_reached", _("Cap reached")
        CAP_LIFTED = "cap_lifted", _("Cap lifted")
        BALANCE_LOW = "balance_low", _("Wallet runs low")
        BILLING_MODE_SWITCHED = "billing_mode_switched", _("Billing mode switched")
        COMMITMENT_MADE = "commitment_made", _("Commitment agreed")
        COMMITMENT_ENDS = "commitment_ends", _("Commitment ends soon")

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        SENT = "sent", _("sent")
        PARKED = "parked", _("parked after repeated failures")
        OVERTAKEN = "overtaken", _("not sent, for it was no longer true")
        UNWANTED = "unwanted", _("not sent, for mails that only inform are not wanted")

    NOT_SENT: ClassVar = frozenset({State.OVERTAKEN, State.UNWANTED})

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_index=False, related_name="notices", verbose_name=_("customer")
    )
    kind = models.CharField(_("kind"), max_length=30, choices=Kind.choices)
    event = models.CharField(_("event"), max_length=120)
    together = models.CharField(_("told together with"), max_length=80, blank=True, default="", db_default="")
    recipient = models.EmailField(_("recipient"))
    copy_to = models.ForeignKey(
        Recipient,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("copy to"),
    )
    facts = models.JSONField(_("facts"), default=dict)
    at = models.DateTimeField(_("at"))
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    state = models.CharField(_("delivery"), max_length=9, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    sent_again = models.PositiveSmallIntegerField(_("sent again by staff"), default=0, db_default=0)
    error = models.TextField(_("last error"), blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_notice_per_kind_event_recipient", fields=["customer", "kind", "event", "recipient"]
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="notices_waiting_for_delivery", fields=["next_attempt_at"], condition=WAITING),
            models.Index(name="notices_of_a_customer_by_time", fields=["customer", "-id"]),
            models.Index(
                name="notices_that_belong_together",
                fields=["customer", "together", "-id"],
                condition=~models.Q(together=""),
            ),
            models.Index(
                name="notices_of_a_recipient", fields=["copy_to", "-id"], condition=models.Q(copy_to__isnull=False)
            ),
        ]
        triggers: ClassVar = [COPIED_TO_RECIPIENTS, NOT_WITHOUT_AN_ADDRESS, KEPT_UNTIL_THE_CLOSING]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.event}"

    @property
    def title(self) -> str:
        """What kind it is. `get_kind_display` puts all kinds into the reader's language for each row: a third of what a list by REST took."""
        return str(self.Kind(self.kind).label)


class Letter(models.Model):
    """
    A message to one person, by mail alone: it opens an account, or says that one was opened, or is for somebody who has none.
    Colleagues do not read it.

    It keeps no link: where it leads is known when it leaves (`letters.py`), so the table opens nothing to whoever reads it.
    Forgotten after a while: it may name people who never became anybody's users. `event`, where there is one, is told once.
    """

    MAY_BE_DELETED: ClassVar = True
    AT_CLOSING: ClassVar = deleted(of="user")

    class Kind(models.TextChoices):
        RESET_PASSWORD = "reset_password", _("Link to a new password")
        PASSWORD_CHANGED = "password_changed", _("Password changed")
        LEAVE_ADDRESS = "leave_address", _("Change of mail address: the present one is asked")
        REACH_ADDRESS = "reach_address", _("Change of mail address: the new one is asked")
        ADDRESS_TAKEN = "address_taken", _("Change of mail address: the new one has an account already")
        ADDRESS_CHANGED = "address_changed", _("Mail address changed")
        DOCUMENTS_MOVED = "documents_moved", _("Mail address for documents changed by our staff")
        SECOND_FACTOR_ON = "second_factor_on", _("Second factor set up")
        SECOND_FACTOR_OFF = "second_factor_off", _("Second factor switched off")
        PASSKEY_ADDED = "passkey_added", _("Passkey added")
        PASSKEY_REMOVED = "passkey_removed", _("Passkey removed")
        RECOVERY_CODES = "recovery_codes", _("New recovery codes")
        CODES_GUESSED = "codes_guessed", _("Codes of a second factor are guessed")
        SIGN_UP = "sign_up", _("Link of a sign-up")
        PRIVACY_REGISTERED = "privacy_registered", _("Privacy request registered")
        PRIVACY_ANSWERED = "privacy_answered", _("Privacy request answered")
        CONFIRM_RECIPIENT = "confirm_recipient", _("Link of a recipient")
        SIGN_UP_KNOWN = "sign_up_known", _("Sign-up with an address that has an account")
        INVITED = "invited", _("Invitation to a team")
        MEMBER_JOINED = "member_joined", _("A member of the team has joined")
        MEMBER_LEFT = "member_left", _("A member of the team has left")
        MEMBER_REMOVED = "member_removed", _("Removed from a team")
        ROLE_CHANGED = "role_changed", _("Another role in a team")
        OWNERSHIP_PASSED = "ownership_passed", _("Ownership passed on")
        PROVIDER_CHANGED = "provider_changed", _("Company sign-in changed")
        DOMAIN_MISSING = "domain_missing", _("Page of a domain missing")
        DOMAIN_ENDED = "domain_ended", _("Domain of the company sign-in ended")
        IDENTITY_BOUND = "identity_bound", _("Company sign-in used for the first time")
        JOINED_BY_PROVIDER = "joined_by_provider", _("Somebody new joined by the company sign-in")
        CLOSING_ASKED = "closing_asked", _("Account to be closed")
        CLOSING_CANCELLED = "closing_cancelled", _("Closing of the account cancelled")
        CLOSING_WAITS = "closing_waits", _("Closing of the account waits")
        ACCOUNT_CLOSED = "account_closed", _("Account closed")
        PAYER_ASKED = "payer_asked", _("Request to pay for somebody")
        PAYER_THANKED = "payer_thanked", _("Payment for somebody received")
        PAYER_MONEY_KEPT = "payer_money_kept", _("Payment for somebody became their credit")

    FAREWELLS: ClassVar = frozenset({Kind.ACCOUNT_CLOSED})
    """To whom nothing binds us any more: forgotten as soon as they have left."""
    State = Notice.State

    kind = models.CharField(_("kind"), max_length=30, choices=Kind.choices)
    recipient = models.EmailField(_("recipient"))
    language = models.CharField(_("language"), max_length=5)
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="letters", verbose_name=_("user")
    )
    about = models.UUIDField(_("about"), null=True, blank=True)
    event = models.CharField(_("event"), max_length=120, null=True, blank=True)
    facts = models.JSONField(_("facts"), default=dict)
    at = models.DateTimeField(_("at"))
    state = models.CharField(_("delivery"), max_length=9, choices=Notice.State.choices, default=Notice.State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    error = models.TextField(_("last error"), blank=True)

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        indexes: ClassVar = [
            models.Index(name="letters_waiting_for_delivery", fields=["next_attempt_at"], condition=WAITING),
            models.Index(name="letters_by_time", fields=["at"]),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_letter_per_kind_event_recipient", fields=["kind", "event", "recipient"])
        ]
        triggers: ClassVar = [
            frozen(
                "stays_as_it_was_written", columns=["kind", "recipient", "user_id", "about", "event", "facts", "at"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.recipient}"
