"""What is done with what customers asked for."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.audit import Verb, tell_customers


class Did(Verb):
    SWITCH_BILLING_MODE = "switch billing mode", _("switched the billing mode")
    CHOOSE_BUYER = "choose buyer", _("chose to whom an order is invoiced")
    GIVE_UP = "give up provisioning", _("gave up provisioning")
    REPORT_GONE = "report gone", _("reported a resource gone")


tell_customers(Did.SWITCH_BILLING_MODE, Did.GIVE_UP, Did.REPORT_GONE)
