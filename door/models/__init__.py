"""What is under way at the front door, what was agreed to there, and what is asked by the law on personal data."""

from door.models.addresses import CONFIRMED_WITHIN, AddressChange
from door.models.entries import Agreement, SignUp
from door.models.factors import SecondFactor
from door.models.privacy import PrivacyRequest

__all__ = ["CONFIRMED_WITHIN", "AddressChange", "Agreement", "PrivacyRequest", "SecondFactor", "SignUp"]
