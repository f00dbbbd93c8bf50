"""What every form of this site carries: the tag is Django's own, and names the customer besides."""

from __future__ import annotations

from django import template
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.for_whom import FIELD, customer_of_forms

register = template.Library()


@register.simple_tag(takes_context=True)
def csrf_token(context: template.Context) -> SafeString:
    """That the form comes from here, and for which customer its page was shown."""
    customer = customer_of_forms(context.get("request"))
    named = format_html('<input type="hidden" name="{}" value="{}">', FIELD, customer) if customer else ""
    return SafeString(CsrfTokenNode().render(context) + named)
