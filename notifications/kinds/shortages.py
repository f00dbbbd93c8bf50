"""What is told where credit does not cover what prepaid resources use."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from notifications.events import Subject
from notifications.kinds.base import SEE_WALLET, If, NoticeKind, Unless, among, is_, is_not
from notifications.kinds.together import SEE_RESOURCES
from notifications.models import Notice

Kind = Notice.Kind

SHORTAGES: dict[str, NoticeKind] = {
    Kind.CREDIT_LACKING: NoticeKind(
        Subject.SHORTAGE,
        (
            If("on", _("Resources of %(product)s stop on %(on)s, unless you top up %(shortfall)s")),
            _("Your credit does not cover what %(product)s uses: %(shortfall)s are missing"),
        ),
        (
            _(
                "What your resources of %(product)s have used, and will use in the next days, comes to %(shortfall)s more than your credit."
            ),
            _(
                "Unless you top up, what your credit does not cover stops on %(on)s: %(names)s. Nothing on it is deleted."
            ),
            Unless("on", _("They run on. What your credit does not pay is still to pay when the month is over.")),
        ),
        SEE_WALLET,
        holds=among("on", "days"),
        is_owed=True,
    ),
    Kind.CREDIT_STOPPED: NoticeKind(
        Subject.SHORTAGE,
        (_("Resources of %(product)s were stopped: your credit does not cover what they use"),),
        (
            _(
                "Your credit does not cover what these resources of %(product)s use, and they were stopped: %(names)s."
                " Nothing on them was deleted."
            ),
            _(
                "Top up, and they start again at once, unless something else keeps them stopped or you want to start them yourself."
            ),
        ),
        SEE_WALLET,
        holds=is_("in_force"),
        is_owed=True,
    ),
    Kind.CREDIT_COVERS: NoticeKind(
        Subject.SHORTAGE,
        (_("Your resources of %(product)s start again"),),
        (
            _(
                "Your credit covers again what %(product)s uses. What was stopped for that alone starts; what you had stopped,"
                " or want to start yourself, stays stopped."
            ),
        ),
        SEE_RESOURCES,
        holds=is_not("again"),
        only_informs=True,
    ),
}
