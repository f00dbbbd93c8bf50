"""What people do at the front door that is kept: by what they sign in."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.audit import Verb, tell_customers


class Did(Verb):
    WANT_SECOND_FACTOR = "require second factor", _("switched whether a second factor is required")
    SET_SESSION_TERMS = "set session terms", _("set how long people stay signed in")
    ANSWER_PRIVACY = "answer privacy request", _("answered a privacy request")
    CHANGE_ADDRESS = "change own address", _("changed the address by which they sign in")


tell_customers(Did.WANT_SECOND_FACTOR, Did.CHANGE_ADDRESS)
