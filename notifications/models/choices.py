"""Which mails a customer lets us send beyond those that it has to get, and from when to when."""

from __future__ import annotations

from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.models.closed import opens_nothing_when_closed
from store.personal import Because, kept
from store.triggers import append_only

TAKEN_IN_TURN = pgtrigger.Trigger(
    name="is_withdrawn_and_given_in_turn",
    level=pgtrigger.Row,
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func="""
    PERFORM FROM accounts_customer WHERE id = NEW.customer_id FOR NO KEY UPDATE;  -- one after the other
    IF NEW.is_wanted = coalesce(
        (SELECT c.is_wanted FROM notifications_mailchoice c WHERE c.customer_id = NEW.customer_id ORDER BY c.id DESC LIMIT 1),
        TRUE
    ) THEN
        RAISE EXCEPTION 'customer % has chosen so already', NEW.customer_id USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM notifications_mailchoice c WHERE c.customer_id = NEW.customer_id AND c.at > NEW.at) THEN
        RAISE EXCEPTION 'customer % has chosen later already', NEW.customer_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
    """,
)


class MailChoiceQuerySet(models.QuerySet["MailChoice"]):
    def latest_first(self) -> Self:
        return self.order_by("-id")


class MailChoice(models.Model):
    """
    That a customer has withdrawn its consent to mails that only inform (`NoticeKind.only_informs`), or has given it again.

    A dated fact that is never changed (who it was, the audit trail says): the latest counts, from the moment at which it stands. Without any
    they are sent, as since the account was opened.
    """

    AT_CLOSING: ClassVar = kept(Because.PROOF)

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_index=False, related_name="mail_choices", verbose_name=_("customer")
    )
    is_wanted = models.BooleanField(_("mails that only inform are wanted"))
    at = models.DateTimeField(_("at"))

    objects = MailChoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("choice of mails")
        verbose_name_plural = _("choices of mails")
        indexes: ClassVar = [models.Index(name="choices_of_a_customer_by_time", fields=["customer", "-id"])]
        triggers: ClassVar = [append_only(), opens_nothing_when_closed(), TAKEN_IN_TURN]

    def __str__(self) -> str:
        return f"{self.pk}: {self.is_wanted}"
