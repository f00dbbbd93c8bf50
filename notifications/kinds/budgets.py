"""What is told about budgets, caps, and wallets that run low."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from notifications.events import Subject
from notifications.kinds.base import SEE_BUDGETS, SEE_WALLET, If, NoticeKind, Unless, everything, is_, is_not, same
from notifications.models import Notice

Kind = Notice.Kind
STILL_SO = everything(is_("is_standing"), same("limit"))
"""The budget is there, and its limit is the one that was told."""

BUDGETS: dict[str, NoticeKind] = {
    Kind.BUDGET_REACHED: NoticeKind(
        Subject.BUDGET,
        (
            If("percent", _("Your budget for %(budget)s is spent: %(limit)s"), ("100",)),
            _("%(percent)s %% of your budget for %(budget)s are spent"),
        ),
        (
            _("%(spent)s of %(limit)s for %(budget)s are spent in %(month)s."),
            Unless("acts", _("Nothing is stopped and no order refused because of it.")),
            If("acts", _("When all of it is spent, new orders are refused."), ("refuse", "both")),
            If(
                "acts",
                _("When all of it is spent, resources are stopped as you chose. Nothing is deleted."),
                ("stop", "both"),
            ),
        ),
        SEE_BUDGETS,
        holds=STILL_SO,
    ),
    Kind.BUDGET_FORECAST: NoticeKind(
        Subject.BUDGET,
        (_("Your budget for %(budget)s will probably be passed: %(expected)s of %(limit)s"),),
        (
            _("%(spent)s for %(budget)s are spent in %(month)s until now."),
            _("If nothing changes, it will be %(expected)s by its end: more than the limit of %(limit)s."),
        ),
        SEE_BUDGETS,
        holds=STILL_SO,
    ),
    Kind.CAP_REACHED: NoticeKind(
        Subject.BUDGET,
        (_("The cap for %(budget)s is reached: %(limit)s"),),
        (
            _("%(spent)s for %(budget)s are spent in %(month)s."),
            If(
                "acts",
                _(
                    "New orders are refused until you raise it or the month ends. What you have can be renewed all the same."
                ),
                ("refuse", "both"),
            ),
            _("%(stopped)s resources are stopped. Nothing is deleted."),
            If("stops", _("What is paid ahead runs on, and so does its metered use."), ("postpaid",)),
            If(
                "afterwards",
                _(
                    "Unless something else keeps them stopped, they start by themselves when you raise the cap, or when the month ends."
                ),
                ("again",),
            ),
            If(
                "afterwards",
                _("When you raise the cap, or when the month ends, you start them yourself."),
                ("by_hand",),
            ),
        ),
        SEE_BUDGETS,
        holds=is_("is_reached"),
        is_owed=True,
    ),
    Kind.CAP_LIFTED: NoticeKind(
        Subject.BUDGET,
        (_("The cap for %(budget)s is lifted"),),
        (
            If("because", _("Its limit was raised."), ("raised",)),
            If("because", _("The month has ended."), ("month_over",)),
            If("because", _("It was changed or removed."), ("changed",)),
            If("because", _("Less is spent by now, for money came back."), ("made_room",)),
            If("because", _("Our staff lifted it until the month ends."), ("staff",)),
            _("%(started)s resources that it had stopped are started."),
            If("afterwards", _("What it had stopped stays stopped until you start it."), ("by_hand",)),
        ),
        SEE_BUDGETS,
        holds=is_not("is_reached"),
        only_informs=True,
    ),
    Kind.BALANCE_LOW: NoticeKind(
        Subject.BALANCE,
        (_("Your wallet runs low: %(available)s are left"), _("Your wallet is empty")),
        (
            _("At today's rate of %(rate)s a day, what is available lasts for %(days)s days."),
            Unless("days", _("What runs now costs %(rate)s a day: what is available does not last for one.")),
            _("Top up, so that what you have can be renewed."),
        ),
        SEE_WALLET,
        holds=is_("is_low"),
    ),
}
ABOUT_BUDGETS = [kind for kind, told in BUDGETS.items() if told.about == Subject.BUDGET]
