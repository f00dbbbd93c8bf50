"""Why what a provider says does not count, or nobody could ask it."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from kernel.errors import DomainError


class Flaw(TextChoices):
    """Why what a provider says does not count."""

    ADDRESS = "address", _("One of its addresses is none that we call: they begin with https:// and are public.")
    DISCOVERY = "discovery", _("There is no OpenID Connect provider at this issuer.")
    ISSUER = "issuer", _("It calls itself by another issuer than the one that is set up.")
    CODE = "code", _("It does not take the client id, the secret, or the address to return to.")
    SIGNATURE = "signature", _("What it says is not signed by one of its keys.")
    AUDIENCE = "audience", _("What it says is meant for somebody else than us.")
    EXPIRED = "expired", _("What it says is too old, or its clock is wrong.")
    NONCE = "nonce", _("What it says is the answer to another question than ours.")
    EVERYBODYS = "everybodys", _("It has accounts for everybody, and does not say which of them are your company's.")
    SUBJECT = "subject", _("It does not say who you are.")
    ADDRESS_MISSING = "address-missing", _("It does not say your mail address.")
    ADDRESS_UNVERIFIED = "address-unverified", _("It does not say that your mail address is verified.")
    FOREIGN = "foreign", _("Your mail address there is of a domain for which it does not speak here.")
    SOMEBODY_ELSE = "somebody-else", _("You are signed in there as somebody else than here.")
    LONG_AGO = "long-ago", _("It did not ask you anew who you are. Use your password instead.")


class ProviderAway(DomainError):
    code = "provider-away"
    status = 503
    message = _("Your company's sign-in does not answer. Please try again in a moment.")


class ProviderBusy(DomainError):
    """Nobody was called."""

    code = "provider-busy"
    status = 503
    message = _("Many sign in by their company at this moment. Please try again in a few seconds.")


class Untrusted(DomainError):
    """What came back is not to be believed; the sentence says why, for whoever set the provider up."""

    code = "provider-untrusted"
    status = 403

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.label, flaw=flaw.value)
        self.flaw = flaw
