"""Help: the way to the page that answers what a page of the portal raises, and pictures of pages within help."""

from __future__ import annotations

from django import template
from django.template import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from billing_portal.help.pages import OF_PAGES, title_of
from kernel import display

register = template.Library()
PHONE = "(max-width: 40rem)"


@register.inclusion_tag("components/help_link.html", takes_context=True)
def page_help(context: Context) -> dict[str, str]:
    """Where the present page's questions are answered, if there is such a page."""
    match = getattr(context.get("request"), "resolver_match", None)
    slug = OF_PAGES.get(match.url_name or "") if match else None
    if slug is None:
        return {}
    return {"url": reverse("help-page", args=[slug]), "title": title_of(slug, display.language(get_language()))}


@register.simple_tag(takes_context=True)
def screen(context: Context, name: str, words: str) -> SafeString:
    """{% screen "wallet" "The wallet" %}: a picture of a page from `docs/screens`, in the reader's language and theme, as wide as the device."""
    chosen = context["theme"] if context["theme"] in {"light", "dark"} else ""

    def address(theme: str, suffix: str = "") -> str:
        return static(f"screens/{name}-{context['language']}-{chosen or theme}{suffix}.webp")

    sources = [
        (address("dark", "-phone"), f"{PHONE} and (prefers-color-scheme: dark)", 390, 844),
        (address("light", "-phone"), PHONE, 390, 844),
        (address("dark"), "(prefers-color-scheme: dark)", 1200, 750),
    ]
    return format_html(
        '<picture>{}<img src="{}" alt="{}" width="1200" height="750" loading="lazy"></picture>',
        format_html_join("", '<source srcset="{}" media="{}" width="{}" height="{}">', sources),
        address("light"),
        words,
    )
