"""What is told about payment on behalf: to who asks for it, and by mail to who is asked."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from notifications.events import Subject
from notifications.kinds.base import (
    SEE_AS_PAYER,
    SEE_REQUESTS,
    NoticeKind,
    above_zero,
    ahead,
    everything,
    one_of,
)
from notifications.models import Notice

Kind = Notice.Kind

ON_BEHALF: dict[str, NoticeKind] = {
    Kind.PAYMENT_REQUESTED: NoticeKind(
        Subject.REQUEST,
        (_("You have asked %(payer)s to pay %(amount)s"),),
        (
            _(
                "You have asked %(payer)s to pay %(amount)s for you. We have sent them a link; it is valid until %(until)s."
            ),
            _(
                "Whatever is paid by it is booked as your own payment. You can pay yourself or withdraw the link at any time."
            ),
            _("If this was not you, withdraw it and tell us at once."),
        ),
        SEE_REQUESTS,
    ),
    Kind.PAYMENT_REQUEST_EXPIRED: NoticeKind(
        Subject.REQUEST,
        (_("%(payer)s has not paid the %(amount)s"),),
        (
            _("The link by which %(payer)s could pay %(amount)s for you is not valid any more, and nothing has come."),
            _("Ask again, or pay yourself."),
        ),
        SEE_REQUESTS,
        holds=one_of("state", "expired"),
    ),
    Kind.PAYER_ASKED: NoticeKind(
        Subject.REQUEST,
        (_("%(shown_name)s asks you to pay %(amount)s"),),
        (
            _("%(shown_name)s asks you to pay %(amount)s to %(seller)s for them."),
            _(
                "Look at what it is for and choose how to pay; you need no account here. The link is valid until %(until)s."
            ),
            _("Please do not pass it on. If you do not know who asks, ignore this mail: nothing is charged."),
        ),
        SEE_AS_PAYER,
        holds=everything(one_of("state", "open"), above_zero("due"), ahead("until")),
    ),
    Kind.PAYER_THANKED: NoticeKind(
        Subject.REQUEST,
        (_("Your payment of %(amount)s for %(shown_name)s has come"),),
        (
            _("We have received %(amount)s, which you paid for %(shown_name)s. Thank you."),
            _("%(kept)s of it were not needed any more: they are credit of %(shown_name)s now."),
            _("The invoice goes to %(shown_name)s."),
        ),
        SEE_AS_PAYER,
    ),
    Kind.PAYER_MONEY_KEPT: NoticeKind(
        Subject.REQUEST,
        (_("%(amount)s that you paid for %(shown_name)s are credit now"),),
        (
            _("What you paid for %(shown_name)s could not be provided."),
            _(
                "The %(amount)s are credit of %(shown_name)s at %(seller)s now. Please settle with each other what becomes of them."
            ),
        ),
        SEE_AS_PAYER,
    ),
}
