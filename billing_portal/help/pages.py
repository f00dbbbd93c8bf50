"""
The pages of help: one file each in `docs/help/<language>/`, in Markdown, whose figures, links and pictures are template tags.

    # Title
    What it is about, in a sentence.
    ## ...

`OF_PAGES` says which page of the portal leads to which of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.template import Context, Engine, Template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import override
from markdown_it import MarkdownIt

from billing_portal.help.figures import figures

SLUGS = (
    "getting-started",
    "prepaid-and-postpaid",
    "life-of-a-resource",
    "paying",
    "recovering",
    "invoices",
    "reading-a-bill",
    "costs",
    "tags",
    "budgets",
    "held-credit",
    "teams-and-keys",
    "company-sign-in",
)
OF_PAGES = {
    "home": "getting-started",
    "new-resource": "getting-started",
    "new-resource-of": "prepaid-and-postpaid",
    "checkout": "prepaid-and-postpaid",
    "quote": "prepaid-and-postpaid",
    "resources": "life-of-a-resource",
    "resource": "life-of-a-resource",
    "renew": "life-of-a-resource",
    "resize": "life-of-a-resource",
    "order": "paying",
    "wallet": "paying",
    "held-credit": "held-credit",
    "linked-accounts": "paying",
    "pay-invoices": "paying",
    "payment": "paying",
    "payment-history": "paying",
    "poc-credit": "paying",
    "budgets": "budgets",
    "budget-last-month": "budgets",
    "resource-tags": "tags",
    "payment-requests": "paying",
    "credit-history": "paying",
    "trash": "recovering",
    "recover": "recovering",
    "resource-delete": "recovering",
    "billing-history": "invoices",
    "invoice": "reading-a-bill",
    "usage-report": "reading-a-bill",
    "costs": "costs",
    "outlook": "costs",
    "difference": "costs",
    "tag-spend": "tags",
    "commitments": "prepaid-and-postpaid",
    "settings": "teams-and-keys",
    "team": "teams-and-keys",
    "activity": "teams-and-keys",
    "recipients": "teams-and-keys",
    "closing": "teams-and-keys",
    "buyers": "invoices",
    "mfa_index": "teams-and-keys",
    "usersessions_list": "teams-and-keys",
    "company": "company-sign-in",
}
FOLDER = Path(settings.BASE_DIR) / "docs" / "help"
THEMES = frozenset({"light", "dark"})
LOADED = "{% load portal help %}"


@dataclass(frozen=True, slots=True)
class HelpPage:
    slug: str
    title: str
    lead: str
    html: SafeString
    words: str
    """All that it says, without marks: what a search looks into."""


@cache
def _source(slug: str, language: str) -> Template:
    return Template(LOADED + (FOLDER / language / f"{slug}.md").read_text(), engine=Engine.get_default())


def page(slug: str, language: str, theme: str = "") -> HelpPage:
    """:raises KeyError: there is none of this name"""
    if slug not in SLUGS:
        raise KeyError(slug)
    return _rendered(slug, language, theme if theme in THEMES else "")


@cache
def _rendered(slug: str, language: str, theme: str) -> HelpPage:
    """Once per process: nothing in it changes while the portal runs."""
    with override(language):
        said = _source(slug, language).render(Context({**figures(), "language": language, "theme": theme}))
    title, lead, body = said.strip().split("\n\n", 2)
    html = _tables_without_empty_heads(MarkdownIt("commonmark").enable("table").render(body))
    words = f"{lead} {re.sub(r'<[^>]+>', ' ', html)}"
    return HelpPage(slug, title.removeprefix("# "), lead, mark_safe(html), " ".join(words.split()))  # noqa: S308  # our own text


def _tables_without_empty_heads(html: str) -> str:
    """Markdown wants a head for each table; a corner that says nothing is no head, and a row of these is none at all."""
    html = re.sub(r"<thead>\s*<tr>\s*(<th></th>\s*)+</tr>\s*</thead>\s*", "", html)
    return html.replace("<th></th>", "<td></td>")


def title_of(slug: str, language: str) -> str:
    with (FOLDER / language / f"{slug}.md").open() as file:
        return file.readline().removeprefix("# ").strip()


def pages(language: str) -> Iterator[HelpPage]:
    return (page(slug, language) for slug in SLUGS)


def found(wanted: str, language: str) -> list[HelpPage]:
    """Pages in which a word begins with each of `wanted`, in whatever order; accents count where they are typed."""
    form = _bare if wanted == _bare(wanted) else str.lower
    begun = [re.compile(rf"(?<!\w){re.escape(form(word))}") for word in wanted.split()]
    return [
        one
        for one in (pages(language) if begun else ())
        if all(begin.search(form(f"{one.title} {one.words}")) for begin in begun)
    ]


def _bare(text: str) -> str:
    """In small letters, without accents."""
    parts = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(part for part in parts if not unicodedata.combining(part))
