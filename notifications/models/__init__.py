"""What we tell, whom else, and which addresses take no mail."""

from notifications.models.choices import MailChoice
from notifications.models.notices import Letter, Notice
from notifications.models.recipients import Recipient
from notifications.models.troubles import MailTrouble

__all__ = ["Letter", "MailChoice", "MailTrouble", "Notice", "Recipient"]
