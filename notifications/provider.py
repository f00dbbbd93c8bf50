"""
What the mail provider tells by its webhook: django-anymail checks the signature and reads the dialect, here it is taken.

Which provider, if any, is a setting (`MAIL_EVENTS`). Only those that sign what they send are known: an address that takes no mail
any more is nothing that a stranger may say.
"""

from __future__ import annotations

from typing import NamedTuple

from anymail.signals import AnymailTrackingEvent, EventType, tracking
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt

from kernel import clock
from notifications.models import MailTrouble
from notifications.troubles import note_trouble


class Provider(NamedTuple):
    """The view that checks its signature, and the setting of anymail that holds the key."""

    view: str
    key: str


PROVIDERS = {
    "mailgun": Provider("anymail.webhooks.mailgun.MailgunTrackingWebhookView", "webhook_signing_key"),
    "mailersend": Provider("anymail.webhooks.mailersend.MailerSendTrackingWebhookView", "signing_secret"),
}
TOLD = {
    EventType.BOUNCED: MailTrouble.Why.BOUNCED,
    EventType.REJECTED: MailTrouble.Why.BOUNCED,
    EventType.COMPLAINED: MailTrouble.Why.COMPLAINED,
}


@csrf_exempt
def mail_events(request: HttpRequest) -> HttpResponseBase:
    """The provider's door; there is none while no provider is set."""
    provider = PROVIDERS.get(settings.MAIL_EVENTS)
    if provider is None:
        raise Http404
    view = import_string(provider.view).as_view(**{provider.key: settings.MAIL_EVENTS_KEY})
    answer: HttpResponseBase = view(request)
    return answer


def heard(event: AnymailTrackingEvent, **_: object) -> None:
    """A mail came back, or its reader calls it unwanted; all else that providers tell changes nothing."""
    why = TOLD.get(event.event_type)
    if why is None or not event.recipient:
        return
    known = event.event_id or f"{event.message_id}:{event.event_type}:{event.recipient}"
    detail = event.description or event.mta_response or event.reject_reason or ""
    note_trouble(event.recipient, why, event=str(known), detail=str(detail), at=clock.now())


tracking.connect(heard, dispatch_uid="notifications.provider")
