"""Help, for customers and for whoever is not one yet."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from accounts.access import has_a_portal, portal_page
from accounts.may import MEMBERS
from billing_portal.help.pages import SLUGS, found, page, pages
from kernel import display

LONGEST = 100


@require_GET
def index(request: HttpRequest) -> HttpResponseBase:
    wanted = request.GET.get("q", "").strip()[:LONGEST]
    language = display.language(get_language())
    shown = found(wanted, language) if wanted else list(pages(language))
    return _in_its_frame(request, "help/index.html", {"wanted": wanted, "pages": shown})


@require_GET
def help_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    if slug not in SLUGS:
        raise Http404
    language = display.language(get_language())
    place = SLUGS.index(slug)
    context = {
        "page": page(slug, language, request.COOKIES.get("theme", "")),
        "others": [other for other in pages(language) if other.slug != slug],
        "following": page(SLUGS[place + 1], language) if place + 1 < len(SLUGS) else None,
    }
    return _in_its_frame(request, "help/page.html", context)


def _in_its_frame(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponseBase:
    """With the menu of the portal for who has one."""
    shown = _within_the_portal if has_a_portal(request) else render
    return shown(request, template, context)


@portal_page(MEMBERS)
def _within_the_portal(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    return render(request, template, context)
