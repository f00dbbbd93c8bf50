"""What staff do that opens a customer's account: the customer is told, and another person reviews it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.four_eyes import Act
from accounts.models import Customer, StaffAct
from accounts.rights import REVIEW_ACCESS
from kernel.actors import Actor
from kernel.shapes import Wording
from notifications.models import Notice
from notifications.services import notice_of, tell_all


class AccessAct(Act):
    """
    `subject` is the user or key that it is about. `facts` may name `former_customer` and `former_email`: who could be robbed is told,
    not only who has it now.
    """

    right = REVIEW_ACCESS

    def facts(self, act: StaffAct) -> list[tuple[Wording, object]]:
        return [(_("Customer"), act.customer or "–"), (_("Object"), act.subject), *act.facts.items()]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> None:
        """It is done already; what is left is to say so."""
        del actor
        former = [UUID(act.facts["former_customer"])] if "former_customer" in act.facts else []
        concerned = [act.customer, *Customer.objects.filter(pk__in=former)]
        notices = [
            notice_of(
                customer, Notice.Kind.ACCESS_CHANGED, act.pk, at=at, act=self.code, who=act.subject, reason=act.reason
            )
            for customer in concerned
            if customer is not None
        ]
        for notice in notices:
            notice.recipient = act.facts.get("former_email", notice.recipient)
        tell_all(notices)


class SetPassword(AccessAct):
    code = "set-password"
    label = _("password set by staff")


class MakeUser(AccessAct):
    code = "make-user"
    label = _("user made by staff")


class ChangeUser(AccessAct):
    code = "change-user"
    label = _("user changed by staff")


class TakeSecondFactor(AccessAct):
    code = "take-second-factor"
    label = _("second factor taken away by staff")


class MakeKey(AccessAct):
    code = "make-key"
    label = _("API key made by staff")


class RevokeKey(AccessAct):
    code = "revoke-key"
    label = _("API key revoked by staff")


class ChangeAddress(AccessAct):
    """The mail address for documents, to which passwords and bills go."""

    code = "change-address"
    label = _("mail address changed by staff")
