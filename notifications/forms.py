"""What customers type about who else is told."""

from __future__ import annotations

from typing import Unpack

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel.fields import field_of
from kernel.shapes import FormOptions, Sent
from notifications.kinds import TOPIC_WORDS
from notifications.models import Notice, Recipient
from notifications.recipients import choosable


class RecipientForm(forms.Form):
    """A new recipient, or what one that is there receives."""

    email = forms.EmailField(label=_("Mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    language = forms.ChoiceField(label=_("Language of its mails"), choices=[("vi", "Tiếng Việt"), ("en", "English")])
    kinds = forms.MultipleChoiceField(
        label=_("Receives"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one kind of notice.")},
    )

    def __init__(
        self, data: Sent = None, *, recipient: Recipient | None = None, **options: Unpack[FormOptions]
    ) -> None:
        told = "id_%s"
        if recipient:
            options["initial"] = {"language": recipient.language, "kinds": recipient.kinds}
            told = f"id_{recipient.pk}_%s"
        super().__init__(data, auto_id=told, **options)
        self.recipient = recipient
        if recipient:
            del self.fields["email"]
        field_of(self, forms.MultipleChoiceField, "kinds").choices = [
            (str(TOPIC_WORDS[topic]), [(kind, str(Notice.Kind(kind).label)) for kind in of_topic])
            for topic, of_topic in choosable().items()
        ]
