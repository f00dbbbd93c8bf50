"""Who did it: a value that travels with every service call and ends in the history."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class ActorKind(TextChoices):
    CUSTOMER = "customer", _("customer")
    STAFF = "staff", _("staff")
    PRODUCT_TEAM = "product_team", _("product team")
    SYSTEM = "system", _("system")


@dataclass(frozen=True, slots=True)
class Actor:
    """
    `kind` says in which role, `name` identifies the user, key or job ("lan@example.vn", "job:expire"); `address` from where,
    if from anywhere: it is nobody's identity. `key` is the API key that acts, if one does: what it spends counts.
    """

    kind: ActorKind
    name: str
    address: str = field(default="", compare=False)
    key: UUID | None = field(default=None, compare=False)

    @classmethod
    def job(cls, name: str) -> Actor:
        return cls(ActorKind.SYSTEM, f"job:{name}")

    def at_address(self, address: object) -> Actor:
        """The same, who came from there; of no address (`None`) from nowhere."""
        return replace(self, address=str(address or ""))

    @classmethod
    def payer(cls, email: str) -> Actor:
        """Somebody without an account, whom a customer asked to pay."""
        return cls(ActorKind.SYSTEM, f"payer:{email}")

    @classmethod
    def reader(cls, email: str) -> Actor:
        """Somebody without an account, who follows a link of a mail to this address."""
        return cls(ActorKind.SYSTEM, f"reader:{email}")

    @property
    def is_staff(self) -> bool:
        return self.kind == ActorKind.STAFF

    def __str__(self) -> str:
        return self.name


def who(name: str) -> str:
    """The name of an actor as people read it: a job is what happens by itself, a key is one of somebody's programs."""
    kind, _colon, rest = name.partition(":")
    if kind == "job":
        return gettext("the payment gateway") if rest.startswith("notice:") else gettext("automatically")
    if kind == "reader":
        return gettext("the reader of %(name)s") % {"name": rest}
    if kind == "payer":
        return gettext("%(name)s, who was asked to pay") % {"name": rest}
    return gettext("API key %(name)s") % {"name": rest} if kind == "key" else name
