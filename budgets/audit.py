"""What is done with budgets."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.audit import Verb, tell_customers


class Did(Verb):
    SET_BUDGET = "set budget", _("set a budget")
    CHANGE_BUDGET = "change budget", _("changed a budget")
    SET_CAP = "set cap", _("set what happens when a budget is spent")
    LIFT_CAP = "lift cap", _("lifted a cap until the end of the month")
    SET_BALANCE_ALERT = "set balance alert", _("set when to be told of a low balance")
    REMOVE_BUDGET = "remove budget", _("removed a budget")


tell_customers(Did.LIFT_CAP)
