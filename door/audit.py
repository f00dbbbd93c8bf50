"""What people do at the front door that is kept: by what they sign in."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.audit import Verb, tell_customers


class Did(Verb):
    WANT_SECOND_FACTOR = "require second factor", _("switched whether a second factor is required")
    SET_SESSION_TERMS = "set session terms", _("set how long people stay signed in")
    TAKE_DATA = "take data", _("downloaded all that is kept")
    ASK_PRIVACY = "ask for privacy", _("sent a request about personal data")
    NOTE_PRIVACY = "note privacy request", _("put a privacy request on record")
    ANSWER_PRIVACY = "answer privacy request", _("answered a privacy request")
    SET_PROVIDER = "set up company sign-in", _("set up the company sign-in")
    ADD_DOMAIN = "add domain", _("added a domain to the company sign-in")
    CONFIRM_DOMAIN = "confirm domain", _("confirmed a domain of the company sign-in")
    REMOVE_DOMAIN = "remove domain", _("removed a domain of the company sign-in")
    TRY_PROVIDER = "try company sign-in", _("tried the company sign-in")
    SWITCH_PROVIDER = "switch company sign-in", _("switched the company sign-in")
    BIND_IDENTITY = "bind identity", _("signed in by the company sign-in for the first time")
    FORGET_IDENTITY = "forget identity", _("had the company sign-in forget whom it means")
    CHANGE_ADDRESS = "change own address", _("changed the address by which they sign in")


tell_customers(Did.WANT_SECOND_FACTOR, Did.CHANGE_ADDRESS, Did.SWITCH_PROVIDER, Did.REMOVE_DOMAIN)
