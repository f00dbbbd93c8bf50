"""What staff do that opens a customer's account: the customer is told, and another person reviews it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.four_eyes import Act
from accounts.models import Customer, StaffAct, User
from accounts.rights import REVIEW_ACCESS
from accounts.services.keys import names_in_hand
from kernel.actors import Actor
from kernel.shapes import Wording
from notifications.models import Letter, Notice
from notifications.services import notice_of, tell_all, write_letter


class AccessAct(Act[None]):
    """
    `subject` is the user or key that it is about. `facts` may name `former_customer` and `former_email`: who could be robbed is told,
    not only who has it now; of a user, each customer that they belong to. A notice goes to where the customer's mails go today, so
    the one address hears of it by a `letter`.
    """

    right = REVIEW_ACCESS
    opens = True
    is_of_user: ClassVar[bool] = False
    letter: ClassVar[Letter.Kind | None] = None
    """To the former address if there is one, else to the subject's own."""

    def facts(self, act: StaffAct) -> list[tuple[Wording, object]]:
        return [(_("Customer"), act.customer or "–"), (_("Object"), act.subject), *act.facts.items()]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> None:
        """It is done already; what is left is to say so."""
        del actor
        former = [UUID(act.facts["former_customer"])] if "former_customer" in act.facts else []
        places = Q(pk__in=former) | Q(pk=act.customer_id)
        if self.is_of_user:
            places |= Q(memberships__user__email=act.subject)
        notices = [
            notice_of(
                customer, Notice.Kind.ACCESS_CHANGED, act.pk, at=at, act=self.code, who=act.subject, reason=act.reason
            )
            for customer in Customer.objects.filter(places).distinct().order_by("pk")
        ]
        tell_all(notices)
        if self.letter and (to := self.addressee(act)):
            language = act.customer.language if act.customer else settings.LANGUAGE_CODE
            user = User.objects.filter(email=act.subject).first()
            keys = names_in_hand(user, at=at) if user else ""
            write_letter(self.letter, to, language, at=at, user=user, address=act.subject, keys=keys)

    def addressee(self, act: StaffAct) -> str:
        return str(act.facts.get("former_email", ""))


class SetPassword(AccessAct):
    """Whoever signs in by it hears of it, not their customer alone."""

    letter = Letter.Kind.PASSWORD_CHANGED
    is_of_user = True
    code = "set-password"
    label = _("password set by staff")

    def addressee(self, act: StaffAct) -> str:
        return act.subject


class MakeUser(AccessAct):
    is_of_user = True
    code = "make-user"
    label = _("user made by staff")


class ChangeUser(AccessAct):
    letter = Letter.Kind.ADDRESS_CHANGED
    is_of_user = True
    code = "change-user"
    label = _("user changed by staff")


class TakeSecondFactor(AccessAct):
    is_of_user = True
    code = "take-second-factor"
    label = _("second factor taken away by staff")


class OpenPasswords(AccessAct):
    code = "open-passwords"
    label = _("passwords let in again beside the company sign-in, by staff")


class TakeDomain(AccessAct):
    opens = False
    code = "take-domain"
    label = _("domain of the company sign-in taken back by staff")


class MakeKey(AccessAct):
    code = "make-key"
    label = _("API key made by staff")


class RevokeKey(AccessAct):
    opens = False
    code = "revoke-key"
    label = _("API key revoked by staff")


class ChangeAddress(AccessAct):
    """The mail address for documents, to which bills go."""

    letter = Letter.Kind.DOCUMENTS_MOVED

    code = "change-address"
    label = _("mail address changed by staff")
