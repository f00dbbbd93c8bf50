"""What customers and users were told: each notice and letter as it was sent, and those that could not be delivered."""

from __future__ import annotations

from datetime import datetime

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.admin.base import LookOnlyAdmin
from accounts.admin.tasks import Task
from kernel.actors import Actor
from kernel.shapes import Cleaned
from notifications.delivery import retry_notice
from notifications.gathered import mail_as_sent
from notifications.letters import render_letter
from notifications.models import Letter, MailChoice, MailTrouble, Notice, Recipient
from notifications.posting import retry_letter
from notifications.render import language_of
from notifications.rights import MEND_ADDRESS, RETRY_LETTER, RETRY_NOTICE
from notifications.troubles import mend_address


class RetryNotice(Task[Notice]):
    name = "retry"
    label = _("Send again")
    lead = _(
        "The notice waits for delivery again, with all of its attempts ahead; what does not hold any more is not sent."
    )
    button = _("Send again")
    right = RETRY_NOTICE

    def is_open(self, subject: Notice, at: datetime) -> bool:
        return subject.state in {Notice.State.PARKED, Notice.State.SENT}

    def carry_out(self, subject: Notice, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        retry_notice(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("The notice waits for delivery.")


@admin.register(Notice)
class NoticeAdmin(LookOnlyAdmin):
    about = ("customer", "copy_to")
    tasks = (RetryNotice(),)
    list_display = ("at", "kind", "customer", "recipient", "copy_to", "state", "attempts", "sent_at")
    list_select_related = ("customer", "copy_to")
    list_filter = ("state", "kind")
    search_fields = ("customer__name", "recipient", "event")
    date_hierarchy = "at"
    fieldsets = (
        (None, {"fields": ("kind", "customer", "recipient", "copy_to", "at", "event", "together")}),
        (
            _("Delivery"),
            {"fields": ("state", "attempts", "next_attempt_at", "sent_at", "sent_again", "error", "read_at")},
        ),
        (_("As it is mailed"), {"fields": ("mail",)}),
        (_("Facts"), {"fields": ("facts",), "classes": ("collapse",)}),
    )

    @admin.display(description=_("mail"))
    def mail(self, notice: Notice) -> SafeString:
        """In the language of its reader."""
        with override(language_of(notice)):
            mail = mail_as_sent(notice)
        return format_html("<b>{}</b><pre>{}</pre>", mail.subject, mail.text)


class RetryLetter(Task[Letter]):
    name = "retry"
    label = _("Send again")
    lead = _("The letter waits for delivery again, with all of its attempts ahead.")
    button = _("Send again")
    right = RETRY_LETTER

    def is_open(self, subject: Letter, at: datetime) -> bool:
        return subject.state == Letter.State.PARKED

    def carry_out(self, subject: Letter, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        retry_letter(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("The letter waits for delivery.")


@admin.register(Letter)
class LetterAdmin(LookOnlyAdmin):
    """As it is mailed, but for its link: that opens an account."""

    tasks = (RetryLetter(),)
    list_display = ("at", "kind", "recipient", "user", "state", "attempts", "sent_at")
    list_select_related = ("user",)
    list_filter = ("state", "kind")
    search_fields = ("recipient", "user__email")
    date_hierarchy = "at"
    fieldsets = (
        (None, {"fields": ("kind", "recipient", "user", "language", "at")}),
        (_("Delivery"), {"fields": ("state", "attempts", "next_attempt_at", "sent_at", "error")}),
        (_("As it is mailed"), {"fields": ("mail",)}),
    )

    @admin.display(description=_("mail"))
    def mail(self, letter: Letter) -> SafeString:
        """In its language."""
        with override(letter.language):
            mail = render_letter(letter)
        return format_html("<b>{}</b><pre>{}</pre>", mail.subject, mail.text)


@admin.register(Recipient)
class RecipientAdmin(LookOnlyAdmin):
    """Whom else customers let us write to; what each was sent is a list beside it."""

    about = ("customer",)
    list_display = ("email", "customer", "language", "asked_at", "confirmed_at", "removed_at")
    list_select_related = ("customer",)
    list_filter = ("language",)
    search_fields = ("email", "customer__name")
    fieldsets = (
        (None, {"fields": ("customer", "email", "language", "what")}),
        (_("Agreement"), {"fields": ("asked_by", "asked_at", "confirmed_at", "removed_at")}),
    )

    @admin.display(description=_("kinds of notices"))
    def what(self, recipient: Recipient) -> str:
        return ", ".join(str(Notice.Kind(kind).label) for kind in recipient.kinds)


@admin.register(MailChoice)
class MailChoiceAdmin(LookOnlyAdmin):
    """Who withdrew the consent to mails that only inform, or gave it again, and when."""

    about = ("customer",)
    list_display = ("at", "customer", "is_wanted")
    list_select_related = ("customer",)
    list_filter = ("is_wanted",)
    search_fields = ("customer__name",)
    date_hierarchy = "at"


class MendAddress(Task[MailTrouble]):
    name = "mend"
    label = _("It works again")
    lead = _("We write to this address again. If mails come back once more, the provider tells so.")
    button = _("It works again")
    right = MEND_ADDRESS

    def is_open(self, subject: MailTrouble, at: datetime) -> bool:
        return subject.mended_at is None

    def carry_out(self, subject: MailTrouble, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        mend_address(subject.email, customer=None, reason=data["reason"], actor=actor, at=at)
        return text("We write to this address again.")


@admin.register(MailTrouble)
class MailTroubleAdmin(LookOnlyAdmin):
    tasks = (MendAddress(),)
    list_display = ("email", "why", "at", "mended_at", "mended_by")
    list_filter = ("why",)
    search_fields = ("email",)
    date_hierarchy = "at"
    fieldsets = ((None, {"fields": ("email", "why", "detail", "at", "mended_at", "mended_by")}),)
