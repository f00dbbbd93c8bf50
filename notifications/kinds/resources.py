"""What is told about resources: what was done with them, and what time brings."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from notifications.events import Subject
from notifications.kinds.base import (
    IS_RUNNING,
    SEE_INVOICE,
    SEE_RESOURCE,
    SEE_WALLET,
    WHAT_IT_IS,
    WHAT_WAS_BOUGHT,
    If,
    NoticeKind,
    Row,
    Unless,
    ahead,
    everything,
    one_of,
    same,
)
from notifications.kinds.groups import (
    EXPIRING,
    IN_GRACE,
    NOT_RENEWED,
    OF_AN_ORDER,
    PURGE_COMING,
    PURGED,
    RENEWAL_ANNOUNCED,
    RENEWED,
    ROLLED_OVER,
    TRASHED,
)
from notifications.models import Notice

Kind = Notice.Kind

PAID_UNTIL = _("It is paid until %(until)s.")
BILLED_MONTHLY = If("postpaid", _("Its usage is billed at the end of each month."))
RENEW_BY = _("Buy a paid period by %(renew_by)s, or it moves to the trash.")
NO_PRICE = _("Its configuration has no price at present.")
ASK_SUPPORT = _("Please contact support before then, so that it can be renewed.")
WAITS_FOR_RENEWAL = everything(IS_RUNNING, same("paid_until"), ahead("paid_until"))
"""Runs on the same paid time, which is not over."""

RESOURCES: dict[str, NoticeKind] = {
    Kind.RESOURCE_CREATED: NoticeKind(
        Subject.RESOURCE,
        (_("%(resource)s is ready"),),
        (_("%(resource)s has been set up and is running."), PAID_UNTIL, BILLED_MONTHLY),
        SEE_RESOURCE,
        WHAT_WAS_BOUGHT,
        IS_RUNNING,
        together=(OF_AN_ORDER,),
        only_informs=True,
    ),
    Kind.PROVISIONING_FAILED: NoticeKind(
        Subject.RESOURCE,
        (_("Your order for %(resource)s could not be carried out"),),
        (
            _("Your order for %(resource)s could not be carried out."),
            _("Reason: %(reason)s"),
            _("%(amount)s are back in your wallet as credit."),
            _("%(poc)s are POC credit again."),
            _("%(lost)s of POC credit are lost, for it has ended."),
            _("Everything else is as before, and you can order again at any time."),
        ),
        SEE_WALLET,
        WHAT_IT_IS,
        together=(OF_AN_ORDER,),
    ),
    Kind.RESOURCE_RESIZED: NoticeKind(
        Subject.RESOURCE,
        (_("%(resource)s has its new size"),),
        (
            Unless("stopped", _("%(resource)s runs with its new configuration.")),
            If("stopped", _("%(resource)s has its new configuration. It is stopped, as it was before.")),
            PAID_UNTIL,
            BILLED_MONTHLY,
        ),
        SEE_RESOURCE,
        WHAT_WAS_BOUGHT,
        IS_RUNNING,
        together=(OF_AN_ORDER,),
        only_informs=True,
    ),
    Kind.RESOURCE_RENEWED: NoticeKind(
        Subject.RESOURCE,
        (_("%(resource)s is renewed"),),
        (_("%(resource)s is renewed."), PAID_UNTIL),
        SEE_RESOURCE,
        WHAT_WAS_BOUGHT,
        IS_RUNNING,
        together=(OF_AN_ORDER,),
        only_informs=True,
    ),
    Kind.RESOURCE_RECOVERED: NoticeKind(
        Subject.RESOURCE,
        (_("%(resource)s is back"),),
        (
            Unless("by_staff", _("%(resource)s was taken out of the trash and runs again.")),
            If("by_staff", _("Our staff took %(resource)s out of the trash, and it runs again.")),
            PAID_UNTIL,
            RENEW_BY,
            BILLED_MONTHLY,
        ),
        SEE_RESOURCE,
        WHAT_WAS_BOUGHT,
        IS_RUNNING,
        together=(OF_AN_ORDER,),
        only_informs=True,
    ),
    Kind.RESOURCE_DELETED: NoticeKind(
        Subject.RESOURCE,
        (_("%(resource)s was deleted"),),
        (
            _("%(resource)s was deleted."),
            _("%(refund)s for unused time are back in your wallet."),
            _("%(poc)s for unused time are POC credit again."),
            _("%(lost)s of POC credit are lost, for it has ended."),
            _("It can be taken back until %(undoable_until)s. After that its data are gone for good."),
        ),
        SEE_RESOURCE,
        holds=one_of("state", "suspense", "deleted"),
    ),
    Kind.RESOURCE_TRASHED: NoticeKind(
        Subject.RESOURCE,
        (_("%(resource)s has ended and is in the trash"),),
        (
            _("The paid time of %(resource)s is over: it was stopped and moved to the trash."),
            _("Its data are kept until %(purge_at)s. Recover it before then if you still need it."),
        ),
        SEE_RESOURCE,
        holds=everything(one_of("state", "suspense"), same("purge_at"), ahead("purge_at")),
        together=(TRASHED,),
        is_owed=True,
    ),
    Kind.RESOURCE_PURGED: NoticeKind(
        Subject.RESOURCE,
        (_("%(resource)s is deleted for good"),),
        (_("%(resource)s was deleted for good. Its data are gone and cannot be brought back."),),
        SEE_RESOURCE,
        together=(PURGED,),
    ),
    Kind.RESOURCE_GONE: NoticeKind(
        Subject.RESOURCE,
        (_("%(resource)s has been lost"),),
        (
            _("We are sorry: %(resource)s was lost and cannot be brought back. Nothing is charged for it from now on."),
            _("%(refund)s for unused time are back in your wallet."),
            _("%(poc)s for unused time are POC credit again."),
        ),
        SEE_RESOURCE,
    ),
    Kind.RESOURCE_EXPIRING: NoticeKind(
        Subject.RESOURCE,
        (_("%(resource)s ends on %(paid_until)s"),),
        (
            _("The paid time of %(resource)s ends on %(paid_until)s."),
            _("Renew it before then, or it is stopped and moved to the trash."),
        ),
        SEE_RESOURCE,
        holds=everything(WAITS_FOR_RENEWAL, same("auto_renew")),
        together=(EXPIRING,),
    ),
    Kind.RESOURCE_IN_GRACE: NoticeKind(
        Subject.RESOURCE,
        (_("%(resource)s has expired and still runs"),),
        (
            _("The paid time of %(resource)s is over. It runs on for a while."),
            _("Renew it before %(suspend_at)s, or it is stopped and moved to the trash."),
        ),
        SEE_RESOURCE,
        holds=everything(IS_RUNNING, same("suspend_at"), ahead("suspend_at")),
        together=(IN_GRACE,),
        is_owed=True,
    ),
    Kind.PURGE_COMING: NoticeKind(
        Subject.RESOURCE,
        (_("%(resource)s will soon be deleted for good"),),
        (
            _("%(resource)s is in the trash and will be deleted for good on %(purge_at)s."),
            _("Recover it before then if you still need it."),
        ),
        SEE_RESOURCE,
        holds=everything(one_of("state", "suspense"), same("purge_at"), ahead("purge_at")),
        together=(PURGE_COMING,),
        is_owed=True,
    ),
    Kind.RESOURCE_ROLLED_OVER: NoticeKind(
        Subject.RESOURCE,
        (_("%(resource)s continues as postpaid"),),
        (
            _("The paid time of %(resource)s has ended, and it runs on without a break."),
            _("Since %(from)s its usage is billed at the end of each month."),
        ),
        SEE_RESOURCE,
        holds=everything(IS_RUNNING, one_of("mode", "postpaid")),
        together=(ROLLED_OVER,),
    ),
    Kind.AUTO_RENEW_ANNOUNCED: NoticeKind(
        Subject.RESOURCE,
        (
            _("%(shortfall)s are missing to renew %(resource)s"),
            If("reason_code", _("%(resource)s has no price for its renewal"), ("no-price",)),
            _("%(resource)s will be renewed automatically"),
        ),
        (
            _("%(resource)s ends on %(paid_until)s."),
            Unless(
                "shortfall",
                _("It is renewed from your wallet on %(first_try)s for %(total)s, if the credit is there then."),
            ),
            If("reason_code", NO_PRICE, ("no-price",)),
            If("reason_code", ASK_SUPPORT, ("no-price",)),
            If("shortfall", _("Its automatic renewal costs %(total)s.")),
            If("shortfall", _("Your wallet has %(available)s for it.")),
            If("shortfall", _("%(shortfall)s are missing: top up before %(first_try)s, or before a later try.")),
            Unless(
                "reason_code", _("It is tried 7, 4 and 1 days before the end and on the last day, until it succeeds.")
            ),
            _("The price has risen: at the price of the last period it would be %(total_before)s."),
        ),
        SEE_RESOURCE,
        (*WHAT_IT_IS, Row(_("Next period"), "%(from)s – %(until)s"), Row(_("Price"), "%(total)s")),
        everything(WAITS_FOR_RENEWAL, same("auto_renew")),
        together=(RENEWAL_ANNOUNCED,),
    ),
    Kind.AUTO_RENEW_DONE: NoticeKind(
        Subject.INVOICE,
        (_("%(resource)s was renewed automatically"),),
        (
            _("%(resource)s was renewed automatically."),
            _("%(total)s were taken from your wallet."),
            _("The new period begins on %(from)s, where the last one ends, and ends on %(until)s."),
        ),
        SEE_INVOICE,
        (
            *WHAT_IT_IS,
            Row(_("Period"), "%(from)s – %(until)s"),
            Row(_("Paid from your wallet"), "%(total)s"),
            Row(_("Invoice"), "%(number)s"),
        ),
        current=("number",),
        together=(RENEWED,),
        only_informs=True,
    ),
    Kind.AUTO_RENEW_FAILED: NoticeKind(
        Subject.RESOURCE,
        (_("%(resource)s could not be renewed automatically"),),
        (
            _("%(resource)s could not be renewed automatically."),
            _("The renewal costs %(total)s, and your wallet lacks %(shortfall)s of it."),
            If("reason_code", NO_PRICE, ("no-price",)),
            If("reason_code", _("An order for it still awaited payment."), ("order-open",)),
            If("reason_code", _("A change of it was still being carried out."), ("change-pending",)),
            _("Its paid time ends on %(paid_until)s."),
            If("reason_code", _("Top up, or renew it yourself, before then."), ("insufficient-credit",)),
            If("reason_code", ASK_SUPPORT, ("no-price",)),
        ),
        SEE_RESOURCE,
        (Row(_("Support"), "%(support)s"),),
        holds=WAITS_FOR_RENEWAL,
        together=(NOT_RENEWED,),
    ),
}
