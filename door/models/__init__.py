"""What is under way at the front door, and what was agreed to there."""

from door.models.addresses import CONFIRMED_WITHIN, AddressChange
from door.models.entries import Agreement, SignUp

__all__ = ["CONFIRMED_WITHIN", "AddressChange", "Agreement", "SignUp"]
