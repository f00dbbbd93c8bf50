"""The living page, the error pages and the rules that all templates and colours keep."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.http import Http404
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from billing_portal import look

ROOT = Path(settings.BASE_DIR)
TEMPLATES = [path for path in (ROOT / "templates").rglob("*.html") if "mail" not in path.parts]
PAIRS = [
    ("ink", "bg"),
    ("ink", "surface"),
    ("ink-soft", "bg"),
    ("ink-soft", "surface"),
    ("ink-soft", "sunken"),
    ("accent", "surface"),
]
PAIRS += [
    ("accent", "bg"),
    ("accent", "accent-soft"),
    ("on-fill", "accent-fill"),
    ("on-fill", "red-fill"),
    ("red", "surface"),
]
PAIRS += [(tone, f"{tone}-soft") for tone in ("green", "amber", "red", "slate", "grey")]


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_living_page_shows_every_component(settings, language):
    settings.DEBUG = True
    with translation.override(language):
        page = look.look(RequestFactory().get("/look/")).content.decode()
    assert ("1,234,567" if language == "en" else "1.234.567") in page
    for part in (
        "figures",
        "bars",
        "share",
        "stacks",
        "waterfall",
        "table--cards",
        "filters",
        "pager",
        "steps",
        "timeline",
        "price",
        "confirm",
        "empty",
        "explain",
    ):
        assert f'class="{part}' in page or f" {part}" in page, part


def test_the_living_page_is_closed_outside_the_demo(settings):
    settings.DEBUG = False
    with pytest.raises(Http404):
        look.look(RequestFactory().get("/look/"))


@pytest.mark.parametrize("page", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_error_pages_need_no_context(page):
    assert "<h1>" in render_to_string(page)


@pytest.mark.parametrize(("theme", "kept"), [("dark", True), ("auto", True), ("<script>", False), ("", False)])
def test_only_known_themes_are_kept(theme, kept):
    answer = look.set_theme(RequestFactory().post("/theme/", {"theme": theme, "next": "/wallet/?a=1"}))
    assert (answer.status_code, answer["Location"]) == (302, "/wallet/?a=1")
    assert ("theme" in answer.cookies) is kept


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_theme_switch_leads_nowhere_else(target):
    assert look.set_theme(RequestFactory().post("/theme/", {"theme": "dark", "next": target}))["Location"] == "/"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_need_no_inline_style_or_script(path):
    if path.name == "kept.html":
        return  # a file that is handed over: it stands alone, and no page's policy is about it
    source = path.read_text()
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    assert not re.search(r"(src|href)=[\"']https?://", source)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back"), PAIRS)
def test_text_stands_out_from_its_ground(scheme, front, back):
    """WCAG 2.2 AA: 4.5 to 1."""
    colours = read_colours(scheme)
    assert contrast(colours[front], colours[back]) >= 4.5


def read_colours(scheme: str) -> dict[str, str]:
    source = (ROOT / "static/css/tokens.css").read_text()
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", source)
    chosen = {name: light if scheme == "light" else dark for name, light, dark in pairs}
    return chosen | dict(re.findall(r"--([\w-]+): (#\w{6});", source))


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    channels = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


@pytest.mark.parametrize(
    "path",
    sorted([*(ROOT / "templates").rglob("*.html"), *(ROOT / "sandbox/templates").rglob("*.html")]),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_no_line_of_a_template_is_longer_than_a_screen_is_wide(path):
    assert [line for line in path.read_text().splitlines() if len(line) > 120] == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_value_of_an_attribute_is_broken_over_lines(path):
    """Classes and styles may be: blanks separate them anyway. "\\ntrue\\n" is not true."""
    broken = re.findall(r'\s([a-z-]+)="[^"<>]*\n[^"<>]*"', path.read_text())
    assert set(broken) <= {"class", "style"}
