"""
Letters: what they say, and where they lead.

The app that has the pages says where a kind leads (`leads`). It is asked when a letter leaves, so that the link stands in the
mail alone; what has ended meanwhile leads nowhere, and is not sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.for_whom import path_for
from accounts.may import Role
from kernel.shapes import Wording
from notifications.models import Letter
from notifications.render import Mail, in_one_line, say

Kind = Letter.Kind
Way = Callable[[Letter], str]
"""The path of the page that a letter leads to; empty when there is nothing to do there any more."""


class Words(NamedTuple):
    """
    What a kind says, with the letter's facts, its recipient and the user's address (`who`) put in. A fact that is missing costs its
    sentence.
    """

    subject: Wording
    sentences: tuple[Wording, ...]
    button: Wording


NOT_YOU = _("If it was not you, you need not do anything: nothing changes.")
TELL_US = _("If it was not you, set a new password at once, and tell us.")

LETTERS: dict[str, Words] = {
    Kind.RESET_PASSWORD: Words(
        _("Set a new password"),
        (
            _("A new password was asked for, for %(recipient)s. The link is good for one hour, and once."),
            NOT_YOU,
        ),
        _("Set a new password"),
    ),
    Kind.PASSWORD_CHANGED: Words(
        _("Your password was changed"),
        (
            _("The password of %(who)s was changed. Whoever was signed in elsewhere has been signed out."),
            _("These API keys go on working: %(keys)s. Revoke in the settings those that you do not know."),
            TELL_US,
        ),
        _("Set a new password"),
    ),
    Kind.LEAVE_ADDRESS: Words(
        _("Your mail address is to change"),
        (
            _("You want to sign in as %(address)s, no longer as %(recipient)s."),
            _("Please confirm it here and in the mail to the new address: it changes when both have."),
            _("If it was not you, do not confirm it, and set a new password at once."),
        ),
        _("Confirm the change"),
    ),
    Kind.REACH_ADDRESS: Words(
        _("Confirm your new mail address"),
        (
            _("You want to sign in as %(recipient)s from now on."),
            _("Please confirm it here and in the mail to your present address: it changes when both have."),
            NOT_YOU,
        ),
        _("Confirm the change"),
    ),
    Kind.ADDRESS_TAKEN: Words(
        _("You have an account already"),
        (
            _("Another account was to get the address %(recipient)s. You have an account with it already."),
            NOT_YOU,
        ),
        _("Sign in"),
    ),
    Kind.ADDRESS_CHANGED: Words(
        _("Your mail address was changed"),
        (_("You sign in as %(address)s from now on, no longer as %(recipient)s."), TELL_US),
        _("Set a new password"),
    ),
    Kind.DOCUMENTS_MOVED: Words(
        _("Our staff changed the mail address of your account"),
        (
            _("Invoices and notices of your account go to %(address)s from now on, no longer to %(recipient)s."),
            _("If you did not ask for this, please tell us at once."),
        ),
        _("Sign in"),
    ),
    Kind.SECOND_FACTOR_ON: Words(
        _("Your second factor is set up"),
        (_("Whoever signs in as %(who)s needs a code of your telephone from now on."), TELL_US),
        _("Set a new password"),
    ),
    Kind.SECOND_FACTOR_OFF: Words(
        _("Your second factor is switched off"),
        (_("The password alone is enough to sign in as %(who)s from now on."), TELL_US),
        _("Set a new password"),
    ),
    Kind.PASSKEY_ADDED: Words(
        _("A passkey was added"),
        (_("Whoever has the device on which it was made signs in as %(who)s with it."), TELL_US),
        _("Set a new password"),
    ),
    Kind.PASSKEY_REMOVED: Words(
        _("A passkey was removed"),
        (_("Nobody signs in as %(who)s with it any more."), TELL_US),
        _("Set a new password"),
    ),
    Kind.RECOVERY_CODES: Words(
        _("New recovery codes were made"),
        (_("The former recovery codes of %(who)s open nothing any more."), TELL_US),
        _("Set a new password"),
    ),
    Kind.CODES_GUESSED: Words(
        _("Somebody knows your password"),
        (
            _(
                "Somebody signs in as %(who)s with the right password, and guesses the codes of your second factor. They have not come in."
            ),
            _("If it was not you, set a new password at once: then your password is yours alone again."),
        ),
        _("Set a new password"),
    ),
    Kind.SIGN_UP: Words(
        _("Confirm your address, and your account is ready"),
        (
            _("Welcome. Confirm this address and choose a password: then your account is ready."),
            _("The link is good for three days."),
            NOT_YOU,
        ),
        _("Choose a password"),
    ),
    Kind.PRIVACY_ANSWERED: Words(
        _("Your request about your data is answered"),
        (_("We have answered what you asked about your personal data. The answer stands in the portal."),),
        _("See the answer"),
    ),
    Kind.PRIVACY_REGISTERED: Words(
        _("Your request about your data is registered"),
        (
            _(
                "We have registered what you asked about your personal data. You have our answer by %(on)s at the latest."
            ),
        ),
        _("See your requests"),
    ),
    Kind.CONFIRM_RECIPIENT: Words(
        _("May we write to you for %(customer)s?"),
        (
            _("%(customer)s wants this address to receive notices about their services here: %(topics)s."),
            _("We write to you when you agree. The link is good for three days, and once."),
            _("If you do not know what this is about, you need not do anything: we do not write again."),
        ),
        _("Agree"),
    ),
    Kind.SIGN_UP_KNOWN: Words(
        _("You have an account already"),
        (
            _("Somebody wanted to sign up with %(recipient)s. You have an account with this address already."),
            _("If you have forgotten your password, set a new one."),
            NOT_YOU,
        ),
        _("Set a new password"),
    ),
    Kind.INVITED: Words(
        _("%(inviter)s invites you to the team of %(customer)s"),
        (
            _("%(inviter)s invites you to work for %(customer)s, as %(role)s."),
            _("The link is good for seven days, and once. You choose a password then, or sign in as %(recipient)s."),
            _("If you do not know who that is, you need not do anything: nothing changes."),
        ),
        _("Join the team"),
    ),
    Kind.MEMBER_JOINED: Words(
        _("%(member)s has joined the team of %(customer)s"),
        (_("%(member)s has accepted the invitation and works for %(customer)s now, as %(role)s."),),
        _("See the team"),
    ),
    Kind.MEMBER_LEFT: Words(
        _("%(member)s has left the team of %(customer)s"),
        (
            _("%(member)s does not work for %(customer)s any more. API keys that they kept have stopped."),
            _("Take over those that shall go on, in the settings."),
        ),
        _("See the team"),
    ),
    Kind.MEMBER_REMOVED: Words(
        _("You do not belong to the team of %(customer)s any more"),
        (
            _("%(by)s has removed you from the team of %(customer)s. You have been signed out everywhere."),
            _("API keys that you kept there have stopped. What else you work for stays as it is."),
        ),
        _("Sign in"),
    ),
    Kind.ROLE_CHANGED: Words(
        _("You are %(role)s at %(customer)s now"),
        (_("%(by)s has changed your role in the team of %(customer)s: you are %(role)s from now on."),),
        _("Go to the portal"),
    ),
    Kind.OWNERSHIP_PASSED: Words(
        _("%(owner)s is owner of %(customer)s now"),
        (
            _("%(former)s has passed the ownership of %(customer)s on to %(owner)s."),
            _("If this was not agreed, tell us at once."),
        ),
        _("See the team"),
    ),
    Kind.PROVIDER_CHANGED: Words(
        _("How the team of %(customer)s signs in has changed"),
        (
            _("%(by)s: %(way_in)s"),
            _("The domain is %(domain)s."),
            _("The company sign-in is at %(host)s."),
            _("If this was not agreed, set a new password at once, and tell us."),
        ),
        _("See the company sign-in"),
    ),
    Kind.DOMAIN_MISSING: Words(
        _("The company sign-in misses its page at %(domain)s"),
        (
            _(
                "The page %(page)s does not say any more that %(domain)s belongs to %(customer)s. Your company's sign-in speaks for a domain "
                "as long as such a page does."
            ),
            _(
                "Put its line back by %(on)s: you find it in the settings. Else nobody of %(domain)s comes in by it from then on."
            ),
        ),
        _("See the company sign-in"),
    ),
    Kind.DOMAIN_ENDED: Words(
        _("The company sign-in of %(customer)s does not speak for %(domain)s any more"),
        (
            _(
                "For two weeks no page at %(domain)s has said that it belongs to %(customer)s. Nobody of it comes in by the company sign-in "
                "from now on, and whoever did is signed out."
            ),
            _("%(last)s was the last domain: the company sign-in is switched off."),
            _("Add the domain again once the page is there."),
        ),
        _("See the company sign-in"),
    ),
    Kind.IDENTITY_BOUND: Words(
        _("You sign in for %(customer)s by your company's sign-in"),
        (
            _("Whoever signs in at %(host)s as you comes in here as %(who)s from now on."),
            _("If it was not you, tell us and an owner of your team at once."),
        ),
        _("Go to the portal"),
    ),
    Kind.JOINED_BY_PROVIDER: Words(
        _("%(member)s has joined the team of %(customer)s"),
        (
            _(
                "%(member)s has come in by your company's sign-in at %(host)s and works for %(customer)s now, as %(role)s."
            ),
            _("You chose that people of your domains may join so; you can change it, or remove them from the team."),
        ),
        _("See the team"),
    ),
    Kind.CLOSING_ASKED: Words(
        _("The account of %(customer)s is to be closed"),
        (
            _("%(by)s has asked for the account of %(customer)s to be closed."),
            _("Our staff have asked for the account of %(customer)s to be closed: %(why)s"),
            _(
                "It closes on %(until)s. Until then each owner can cancel that in the portal, and everything goes on working."
            ),
            _(
                "Then all are signed out, API keys and linked accounts end, and what the law does not tell us to keep is deleted."
            ),
            _("Download before what you want to keep: invoices, and all that is kept about you."),
        ),
        _("See it, or cancel it"),
    ),
    Kind.CLOSING_CANCELLED: Words(
        _("The account of %(customer)s stays open"),
        (
            _("%(by)s has cancelled the closing of the account of %(customer)s."),
            _("Our staff have cancelled the closing of the account of %(customer)s: %(why)s"),
        ),
        _("Go to the portal"),
    ),
    Kind.CLOSING_WAITS: Words(
        _("The account of %(customer)s is not closed yet"),
        (
            _("The account of %(customer)s was to be closed, but something stands in the way. The portal says what."),
            _("It closes by itself when that is over. You can still cancel it."),
        ),
        _("See what it is"),
    ),
    Kind.ACCOUNT_CLOSED: Words(
        _("The account of %(customer)s is closed"),
        (
            _("The account of %(customer)s is closed. Nobody signs in any more, and nothing is charged."),
            _("What the law does not tell us to keep is deleted. Invoices are kept for ten years."),
            _("You are welcome at any time: sign up again then."),
        ),
        _("Privacy notice"),
    ),
    Kind.PAYER_ASKED: Words(
        _("%(shown_name)s asks you to pay %(amount)s"),
        (
            _("%(shown_name)s asks you to pay %(amount)s to %(seller)s for them."),
            _(
                "Look at what it is for and choose how to pay; you need no account here. The link is valid until %(until)s."
            ),
            _("Please do not pass it on. If you do not know who asks, ignore this mail: nothing is charged."),
        ),
        _("See what is to pay"),
    ),
    Kind.PAYER_THANKED: Words(
        _("Your payment of %(amount)s for %(shown_name)s has come"),
        (
            _("We have received %(amount)s, which you paid for %(shown_name)s. Thank you."),
            _("%(kept)s of it were not needed any more: they are credit of %(shown_name)s now."),
            _("The invoice goes to %(shown_name)s."),
        ),
        _("See what is to pay"),
    ),
    Kind.PAYER_MONEY_KEPT: Words(
        _("%(amount)s that you paid for %(shown_name)s are credit now"),
        (
            _("What you paid for %(shown_name)s could not be provided."),
            _(
                "The %(amount)s are credit of %(shown_name)s at %(seller)s now. Please settle with each other what becomes of them."
            ),
        ),
        _("See what is to pay"),
    ),
}
WAYS_IN = {
    "set": _("set up the company sign-in"),
    "on": _("switched the company sign-in on"),
    "off": _("switched the company sign-in off"),
    "domain-confirmed": _("confirmed a domain: the company sign-in lets its people in"),
    "domain-removed": _("removed a domain: the company sign-in does not let its people in any more"),
    "required": _("switched the company sign-in on, and nothing else lets people of its domains in"),
}
WORDED = {"role": lambda code: str(Role(code).label), "way_in": lambda code: str(WAYS_IN[code])}
"""Facts that are kept as codes."""
_ways: dict[str, Way] = {}


def leads(kind: Letter.Kind, way: Way) -> None:
    """An app tells where the letters of a kind lead."""
    _ways[kind] = way


def leads_to(page: str) -> Way:
    """To a page of the customer that the letter is `about`."""
    return lambda letter: path_for(reverse(page), letter.about)


def way_of(letter: Letter) -> str:
    """The path that `letter` leads to at this moment: a secret, if it opens something. Empty when it is overtaken."""
    return _ways[letter.kind](letter)


def render_letter(letter: Letter, path: str = "") -> Mail:
    """The mail of `letter` in the active language, which leads to `path`."""
    words = LETTERS[letter.kind]
    about = {"recipient": letter.recipient, "who": letter.user or letter.recipient, "seller": settings.SELLER_NAME}
    facts = {**about, **letter.facts}
    facts |= {name: WORDED[name](facts[name]) for name in WORDED if name in facts}
    subject = in_one_line(say(words.subject, facts))
    context = {
        "subject": subject,
        "sentences": [said for sentence in words.sentences if (said := say(sentence, facts))],
        "action_url": f"{settings.PUBLIC_URL}{path}" if path else "",
        "action_label": words.button,
    }
    return Mail(subject, render_to_string("mail/letter.txt", context), render_to_string("mail/letter.html", context))
