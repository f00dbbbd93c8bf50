"""What allauth asks of us: whom to tell by which letter, where to go next, what to say."""

from __future__ import annotations

from typing import ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.access import signed_in
from accounts.language import speak_unless_chosen
from accounts.models import User
from accounts.services.keys import keys_in_hand, names_in_hand
from door import by_provider, lasting
from door.brake import mark_known
from door.onward import is_ours, leads_somewhere, page_wanted
from door.services import tell_user
from door.services.sessions import note_session
from door.stages import FACTOR, OWN
from kernel import clock
from kernel.shapes import Json, Wording
from notifications.models import Letter
from store.senders import address_of_sender

OF_THE_PERSON = frozenset(
    {
        *("mfa_add_webauthn", "mfa_remove_webauthn", "mfa_activate_totp", "mfa_deactivate_totp"),
        *("mfa_view_recovery_codes", "mfa_generate_recovery_codes"),
        *("own-data", "own-data-take", "own-data-cancel", "own-data-mails"),
    }
)
"""Pages that only one's own means open."""
Carried = Json
"""
What a sign-in carries along through its stages, of a provider's word: `mark` where that lets in, `claims` and `provider` where
it is believed once a password was shown (`door.stages.Bind`); `FACTOR`, `OWN`.
"""


class Adapter(DefaultAccountAdapter):
    """Every mail is a letter, every sentence ours: what is not named here is not sent and not said."""

    LETTERS: ClassVar[dict[str, Letter.Kind]] = {
        "account/email/password_changed": Letter.Kind.PASSWORD_CHANGED,
        "account/email/password_reset": Letter.Kind.PASSWORD_CHANGED,
        "mfa/email/totp_deactivated": Letter.Kind.SECOND_FACTOR_OFF,
        "mfa/email/webauthn_added": Letter.Kind.PASSKEY_ADDED,
        "mfa/email/webauthn_removed": Letter.Kind.PASSKEY_REMOVED,
    }
    WRITTEN = frozenset({"mfa/email/totp_activated", "mfa/email/recovery_codes_generated"})
    """allauth says these after the commit; the page has written the letter by then, in the transaction of what it tells."""
    AGAIN: ClassVar[dict[str, Wording]] = {
        "reauthenticate": _("By your password instead"),
        "mfa_reauthenticate": _("By a code instead"),
        "mfa_reauthenticate:webauthn": _("By a passkey instead"),
        "company": _("By your company's sign-in instead"),
    }
    """How one shows anew who one is."""
    MESSAGES: ClassVar[dict[str, Wording]] = {
        "account/messages/password_changed.txt": _("Your password is changed. Elsewhere you are signed out."),
        "mfa/messages/totp_activated.txt": _("Your second factor is set up."),
        "mfa/messages/totp_deactivated.txt": _("Your second factor is switched off."),
        "mfa/messages/webauthn_added.txt": _("Your passkey is ready: you can sign in with it."),
        "mfa/messages/webauthn_removed.txt": _("The passkey is removed: nobody signs in with it any more."),
    }

    def reauthenticate(self, user: User, password: str) -> bool:
        return bool(user.check_password(password))

    def send_mail(self, template_prefix: str, email: str, context: object) -> None:
        raise NotImplementedError(f"no letter says {template_prefix}")

    def send_notification_mail(
        self, template_prefix: str, user: User, context: object = None, email: str | None = None
    ) -> None:
        if template_prefix in self.WRITTEN:
            return
        kind, at, language = self.LETTERS[template_prefix], clock.now(), get_language() or ""
        if kind == Letter.Kind.PASSWORD_CHANGED:
            tell_user(user, kind, at=at, language=language, keys=names_in_hand(user, at=at))
        else:
            tell_user(user, kind, at=at, language=language)

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: object, **kwargs: object
    ) -> None:
        if sentence := self.MESSAGES.get(message_template or ""):
            messages.add_message(request, level, str(sentence))

    def is_safe_url(self, url: str) -> bool:
        """This host alone, and no step back from https."""
        request = context.request
        return is_ours(request, url)

    def is_ajax(self, request: HttpRequest) -> bool:
        """Pages answer with pages, whoever asks."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Customers come to the portal, staff to the staff area."""
        user = request.user
        if user.is_authenticated and user.is_staff and not user.customer:
            return reverse("admin:index")
        url: str = super().get_login_redirect_url(request)
        return url

    def get_reauthentication_methods(self, user: User) -> list[dict[str, object]]:
        """
        By which one shows anew who one is; without a password and a second factor by a new password, which is mailed. A provider's word
        counts for nothing that is the person's own, and opens what others give them too.
        """
        found: list[dict[str, object]] = super().get_reauthentication_methods(user)
        request = context.request
        if by_provider.opened_by(request.session) and page_wanted(request) not in OF_THE_PERSON:
            found.append({"id": "company", "url": reverse("company-again")})
        if not found:
            return [{"id": "new_password", "description": "", "url": reverse("account_reset_password")}]
        return [{**way, "description": self.AGAIN[str(way["id"])]} for way in found]

    def get_login_stages(self) -> list[str]:
        ours = {"allauth.mfa.stages.AuthenticateStage": "door.stages.AskForFactor"}
        return [*(ours.get(stage, stage) for stage in super().get_login_stages()), "door.stages.Bind"]

    def pre_login(
        self, request: HttpRequest, user: object, *, signal_kwargs: Carried | None, **facts: object
    ) -> HttpResponse | None:
        """Whoever has to come by their company's provider goes there: a password that is right is not enough."""
        assert isinstance(user, User)
        refused: HttpResponse | None = super().pre_login(request, user, signal_kwargs=signal_kwargs, **facts)
        if refused is None and not signal_kwargs and by_provider.is_kept_out(user):
            messages.error(request, _("Your company wants you to come in by its own sign-in."))
            return redirect(f"{reverse('company-door')}?{urlencode({'email': user.email})}")
        return refused

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        if keys_in_hand(signed_in(request), at=clock.now()):
            return reverse("keys-after-password")
        return self.get_login_redirect_url(request) if request.user.is_staff else reverse("settings")

    def post_login(
        self, request: HttpRequest, user: object, *, signal_kwargs: Carried | None, **facts: object
    ) -> HttpResponse:
        """
        The portal speaks the customer's language from now on, and knows this browser again, but not by a provider's word alone: that
        says nothing of the password.
        """
        assert isinstance(user, User)
        carried = signal_kwargs or {}
        by_provider.note_opening(request.session, user, carried.get("mark"), has_factor=bool(carried.get(FACTOR)))
        user.belongs = by_provider.counted(request, user)
        answer: HttpResponse = super().post_login(request, user, signal_kwargs=None, **facts)
        if isinstance(answer, HttpResponseRedirect) and not leads_somewhere(request, user, answer.url):
            answer = redirect(self.get_login_redirect_url(request))
        if user.customer:
            speak_unless_chosen(request, answer, user.customer.language)
        if not carried or OWN in carried:
            mark_known(request, answer, user, passed=is_mfa_enabled(user))
        note_browser(request, user)
        return answer


def note_browser(request: HttpRequest, user: User) -> None:
    """This browser is signed in."""
    if not request.session.session_key:
        request.session.save()
    lasting.begin(request.session)
    note_session(
        user,
        request.session.session_key or "",
        address=str(address_of_sender(request) or ""),
        company=(by_provider.opened_by(request.session) or {}).get("customer", ""),
        browser=request.META.get("HTTP_USER_AGENT", ""),
    )
