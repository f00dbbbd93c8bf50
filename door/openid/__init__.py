"""
OpenID Connect as we speak it with a customer's provider.

Nothing of a provider is kept between two sign-ins, so a key that it takes back opens nothing from that moment on.
"""

from door.openid.calls import host_of, read_page
from door.openid.code_flow import GOOGLE, Endpoints, authorization_url, endpoints_of, redeem
from door.openid.flaws import Flaw, ProviderAway, ProviderBusy, Untrusted
from door.openid.tokens import Claims, verify

__all__ = [
    "GOOGLE",
    "Claims",
    "Endpoints",
    "Flaw",
    "ProviderAway",
    "ProviderBusy",
    "Untrusted",
    "authorization_url",
    "endpoints_of",
    "host_of",
    "read_page",
    "redeem",
    "verify",
]
