"""What is told about payment on behalf to who asks for it. Who is asked reads letters (`letters.py`)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from notifications.events import Subject
from notifications.kinds.base import SEE_REQUESTS, NoticeKind, one_of
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
        holds=one_of("state", "open"),
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
}
