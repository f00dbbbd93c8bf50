"""Where letters lead: asked when one leaves, so that what opens an account is nowhere but in that mail."""

from __future__ import annotations

from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse

from accounts.models import User
from door.marks import mark_of
from door.models import AddressChange, SignUp
from door.services import tell_user
from door.services.passwords import find_user
from notifications.letters import leads, leads_to
from notifications.models import Letter

Side = AddressChange.Side


def _new_password(letter: Letter) -> str:
    user = letter.user
    if user is None:
        return _passed_on(letter, find_user(letter.recipient), Letter.Kind.RESET_PASSWORD)
    if not user.is_active or user.email != letter.recipient:
        return ""
    key = default_token_generator.make_token(user)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})


def _confirm_former(letter: Letter) -> str:
    return _confirm(letter, Side.FORMER)


def _confirm_new(letter: Letter) -> str:
    other = find_user(letter.recipient)
    if other is not None:
        return _passed_on(letter, other if other != letter.user else None, Letter.Kind.ADDRESS_TAKEN)
    return _confirm(letter, Side.NEW)


def _confirm(letter: Letter, side: Side) -> str:
    if letter.about is None or not AddressChange.objects.under_way().filter(pk=letter.about).exists():
        return ""
    return reverse("address-confirm", args=[mark_of("address", letter.about, side.value)])


def _sign_up(letter: Letter) -> str:
    if letter.about is None or not SignUp.objects.filter(pk=letter.about, done_at=None).exists():
        return ""
    known = find_user(letter.recipient)
    if known is not None:
        return _passed_on(letter, known, Letter.Kind.SIGN_UP_KNOWN)
    return reverse("sign-up-confirm", args=[mark_of("sign-up", letter.about)])


def _passed_on(letter: Letter, user: User | None, kind: Letter.Kind) -> str:
    """
    What was written to an address that somebody typed is not sent. Whoever signs in with it gets their own letter, at the address that is
    kept: one that only looks like it is somebody else's.
    """
    if user is not None and user.is_active:
        tell_user(user, kind, at=letter.at, language=letter.language)
    return ""


leads(Letter.Kind.SIGN_UP, _sign_up)
leads(Letter.Kind.SIGN_UP_KNOWN, lambda letter: reverse("account_reset_password"))
leads(Letter.Kind.RESET_PASSWORD, _new_password)
leads(Letter.Kind.LEAVE_ADDRESS, _confirm_former)
leads(Letter.Kind.REACH_ADDRESS, _confirm_new)
for told in (
    Letter.Kind.PASSWORD_CHANGED,
    Letter.Kind.SECOND_FACTOR_ON,
    Letter.Kind.SECOND_FACTOR_OFF,
    Letter.Kind.PASSKEY_ADDED,
    Letter.Kind.PASSKEY_REMOVED,
    Letter.Kind.RECOVERY_CODES,
    Letter.Kind.CODES_GUESSED,
):
    leads(told, lambda letter: reverse("account_reset_password"))
leads(Letter.Kind.ADDRESS_CHANGED, lambda letter: reverse("account_reset_password"))
leads(Letter.Kind.DOCUMENTS_MOVED, lambda letter: reverse("account_login"))
leads(Letter.Kind.PRIVACY_REGISTERED, leads_to("own-data"))
leads(Letter.Kind.PRIVACY_ANSWERED, leads_to("own-data"))
for of_owners in (Letter.Kind.PROVIDER_CHANGED, Letter.Kind.DOMAIN_MISSING, Letter.Kind.DOMAIN_ENDED):
    leads(of_owners, leads_to("company"))
leads(Letter.Kind.IDENTITY_BOUND, leads_to("home"))
leads(Letter.Kind.ADDRESS_TAKEN, lambda letter: reverse("account_login"))
