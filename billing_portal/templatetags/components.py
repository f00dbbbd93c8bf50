"""
Parts of a page with a body: what stands between the tags is what they say, however it is laid out there.

    {% notice "amber" title=_("Ends soon") %}{% translate "It is not renewed automatically." %}{% endnotice %}
    {% nothing "search" _("Nothing matches") to=request.path label=_("Clear the filters") %}...{% endnothing %}
    {% crumb "orders" %}{% translate "Orders" %}{% endcrumb %}
    {% go "renew" resource=resource.pk icon="renew" css="button--main" %}{% translate "Renew" %}{% endgo %}
    {% press "resource-act" resource.pk "stop" icon="pause" %}{% translate "Stop" context "verb" %}{% endpress %}

Where something leads is a page's name with its arguments, or an address; what else is named goes into its query.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.access import is_open, rights_of
from billing_portal.templatetags.portal import icon as symbol
from billing_portal.templatetags.portal import tone_icon

register = template.Library()


@register.simple_block_tag
def notice(content: str, tone: str, *, title: str = "", icon: str = "", to: str = "", label: str = "") -> SafeString:
    """What one should know: tone (green, amber, red, blue, slate), perhaps a title, and a button that leads on."""
    return render_to_string(
        "components/notice.html",
        {
            "tone": tone,
            "icon": icon or tone_icon(tone),
            "title": title,
            "text": _bare(content),
            "url": to and _address(to),
            "label": label,
        },
    )


@register.simple_block_tag
def nothing(content: str, icon: str, title: str, *, to: str = "", label: str = "") -> SafeString:
    """What stands where a list would be, and the next step."""
    return render_to_string(
        "components/empty.html",
        {"icon": icon, "title": title, "text": _bare(content), "url": to and _address(to), "label": label},
    )


@register.simple_block_tag
def crumb(content: str, to: str, *args: object) -> SafeString:
    """The way up, above the heading."""
    return format_html(
        '<a class="crumb" href="{}">{}{}</a>', _address(to, *args), symbol("chevron-left"), _bare(content)
    )


@register.simple_block_tag(takes_context=True)
def go(
    context: template.Context,
    content: str,
    to: str,
    *args: object,
    icon: str = "",
    then: str = "",
    css: str = "",
    **query: object,
) -> SafeString:
    """A link that looks like a button; `icon` before its words, `then` behind them. Nothing for who has no business there."""
    if _is_closed(context, to):
        return SafeString("")
    return format_html(
        '<a class="button{}{}" href="{}">{}{}{}</a>',
        " " if css else "",
        css,
        _address(to, *args, **query),
        symbol(icon) if icon else "",
        _bare(content),
        symbol(then) if then else "",
    )


@register.simple_block_tag(takes_context=True)
def press(
    context: template.Context, content: str, to: str, *args: object, icon: str = "", css: str = "", **posted: object
) -> SafeString:
    """A button that does something at once; what else is named is posted with it. Nothing for who may not."""
    if _is_closed(context, to):
        return SafeString("")
    return render_to_string(
        "components/press.html",
        {
            "request": context.get("request"),
            "csrf_token": context.get("csrf_token", ""),
            "action": _address(to, *args),
            "posted": posted,
            "icon": icon,
            "css": css,
            "words": _bare(content),
        },
    )


def _is_closed(context: template.Context, page: str) -> bool:
    rights = rights_of(context.get("request"))
    return rights is not None and not is_open(page, rights)


def _bare(content: str) -> SafeString:
    """Rendered by a template, so safe already; without the line breaks around it."""
    return SafeString(content.strip())


def _address(to: str, *args: object, **query: object) -> str:
    address = to if to[:1] in {"/", "?", "#"} or "://" in to else reverse(to, args=args)
    return f"{address}?{urlencode(_given(query), doseq=True)}" if query else address


def _given(query: Mapping[str, object]) -> dict[str, object]:
    return {name: value if isinstance(value, list | tuple) else str(value) for name, value in query.items()}
