"""Who is asked to belong to a team, and the end of an account."""

from team.models.closings import LEAST, Closing
from team.models.invitations import GOOD_FOR, Invitation

__all__ = ["GOOD_FOR", "LEAST", "Closing", "Invitation"]
