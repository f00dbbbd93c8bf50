"""What people find in their mail boxes."""

from __future__ import annotations

import re

from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage

from kernel import clock
from notifications.posting import deliver_letters


def mails() -> list[EmailMessage]:
    """What has been sent by now, the latest last."""
    deliver_letters(at=clock.now())
    return mail.outbox


def mail_to(address: str) -> EmailMessage:
    """The latest to `address`."""
    return [one for one in mails() if one.to == [address]][-1]


def link_in(message: EmailMessage) -> str:
    """The path that it leads to, the same in both of its bodies."""
    (path,) = re.findall(rf": {re.escape(settings.PUBLIC_URL)}(\S+)", str(message.body))
    assert f'href="{settings.PUBLIC_URL}{path}"' in str(message.alternatives[0].content)  # type: ignore[attr-defined]
    return path
