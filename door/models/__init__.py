"""What is under way at the front door, and what was agreed to there."""

from door.models.addresses import CONFIRMED_WITHIN, AddressChange
from door.models.entries import Agreement, SignUp
from door.models.factors import SecondFactor

__all__ = ["CONFIRMED_WITHIN", "AddressChange", "Agreement", "SecondFactor", "SignUp"]
