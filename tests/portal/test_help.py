"""Help: every page in both languages, with figures that the pricing function says today, and a way to it where it is asked."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from accounts.models import Customer
from billing_portal.help.pages import FOLDER, OF_PAGES, SLUGS, found, page
from tests.cast import make_user
from tests.markup import markup

LANGUAGES = ("en", "vi")
SCREENS = FOLDER.parent / "screens"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_there_in_each_language_and_no_other(language: str) -> None:
    assert sorted(path.stem for path in (FOLDER / language).iterdir()) == sorted(SLUGS)


@pytest.mark.parametrize("slug", SLUGS)
def test_both_languages_say_the_same_figures_in_the_same_order(slug: str) -> None:
    """So many headings, tables and pictures as well."""
    shapes = []
    for language in LANGUAGES:
        said = page(slug, language).html
        figures = re.findall(r'<span class="money">([\d.,]+)', said)
        parts = re.findall(r"<(h2|table|picture|img|blockquote|li|tr)\b", said)
        shapes.append(([re.sub(r"\D", "", figure) for figure in figures], parts))
        assert "{{" not in said, "every figure is known"
        assert "{%" not in said
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_has_a_picture_that_is_there(language: str) -> None:
    for slug in SLUGS:
        shown = re.findall(r'(?:src|srcset)="([^"]*/screens/[^"]+)"', page(slug, language).html)
        assert shown, slug
        assert [
            one for one in shown if not (SCREENS / f"{one.rpartition('/')[2].partition('.')[0]}.webp").exists()
        ] == []


def test_the_worked_examples_come_from_the_rules() -> None:
    """60 days with a coupon; a resize with 50 days left; a deletion with 20 days left; a whole October with VAT on top.

    Of 1,000,000 a month 543,000 + 170,500 are spent, 71 %. 250 GB at 1,000 beyond 100: 150,000 + 10 % = 165,000; 60 GB more: 66,000.
    """

    def amounts(slug: str) -> list[int]:
        said = re.findall(r'<span class="money">([\d,]+)', page(slug, "en").html)
        return [int(amount.replace(",", "")) for amount in said]

    assert amounts("prepaid-and-postpaid") == [
        90_000, 35_000, 180_000, 70_000, 20_000, 230_000,
        150_000, 155_000, 15_500, 170_500,
    ]  # fmt: skip
    assert amounts("life-of-a-resource") == [
        181_000, 543_000, 520_000, 866_667, 301_667, 565_000,
        181_000, 120_667,
        181_000, 165_000, 1_980_000, 1_485_000, 48_000, 1_437_000,
    ]  # fmt: skip
    assert amounts("reading-a-bill") == [150_000, 155_000, 15_500, 170_500]
    assert amounts("costs") == [543_000, 187_033, 150_000, 165_000, 170_500, 5_500]
    assert amounts("budgets") == [
        1_000_000, 543_000, 170_500, 713_500,
        500_000, 800_000, 1_000_000, 1_560_000, 2_273_500,
    ]  # fmt: skip
    assert amounts("held-credit") == [1_000, 165_000, 66_000, 231_000]
    assert amounts("tags") == [520_000, 181_000, 701_000]


def test_days_and_rates_come_from_the_rules_too() -> None:
    """The reminders of an end go out 7, 4, 1 and 0 days before; the tax of the example is 10 %."""
    said = {(slug, language): page(slug, language).words for slug in SLUGS for language in LANGUAGES}
    assert "We remind you 7, 4, 1, 0 days before" in said["life-of-a-resource", "en"]
    assert "nhắc bạn trước 7, 4, 1, 0 ngày" in said["life-of-a-resource", "vi"]
    assert "good for 7 days and once" in said["teams-and-keys", "en"]
    assert "within 3 days" in said["teams-and-keys", "en"]
    assert "có hiệu lực 7 ngày" in said["teams-and-keys", "vi"]
    assert "VAT 10 %" in said["prepaid-and-postpaid", "en"]
    assert "Thuế GTGT 10 %" in said["prepaid-and-postpaid", "vi"]


def test_every_page_that_leads_to_help_exists_and_leads_to_a_page_of_it() -> None:
    names = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    assert set(OF_PAGES) <= names
    assert set(OF_PAGES.values()) == set(SLUGS), "each is asked somewhere"


def test_whoever_manages_a_team_is_led_to_how_it_works(alice: Customer) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user(alice))
    for page_of, slug in (("team", "teams-and-keys"), ("recipients", "teams-and-keys"), ("buyers", "invoices")):
        assert reverse("help-page", args=[slug]) in markup(client.get(reverse(page_of))), page_of


def test_links_within_help_lead_somewhere() -> None:
    for language in LANGUAGES:
        for slug in SLUGS:
            for address in re.findall(r'href="([^"]+)"', page(slug, language).html):
                assert address.startswith("/"), address
                try:
                    get_resolver().resolve(address)
                except NoReverseMatch:
                    pytest.fail(f"{slug} leads to {address}")


@pytest.mark.parametrize(
    ("wanted", "language", "first"),
    [
        ("auto-renew", "en", "life-of-a-resource"),
        ("thung rac", "vi", "recovering"),
        ("RECOVERY codes", "en", "teams-and-keys"),
        ("chuyen khoan", "vi", "paying"),
        ("ví", "vi", "paying"),
        ("tran chi", "vi", "budgets"),
        ("held", "en", "held-credit"),
        ("of elephants", "en", None),
        ("", "en", None),
    ],
)
def test_help_is_searched_by_words_in_any_order_and_without_accents(
    wanted: str, language: str, first: str | None
) -> None:
    pages = [one.slug for one in found(wanted, language)]
    assert (first in pages) if first else pages == []


def test_accents_that_are_typed_count() -> None:
    for wanted in ("chuyen khoan", "chuyển khoản"):
        assert "paying" in [one.slug for one in found(wanted, "vi")]
    assert found("chuyền khoản", "vi") == []


def test_strangers_read_it_too_and_find_whom_to_ask(db: None, settings: object) -> None:
    settings.SELLER_SALES, settings.SELLER_SUPPORT = "sales@seller.example", "support@seller.example"  # type: ignore[attr-defined]
    for slug in ("", *SLUGS):
        answer = Client().get(reverse("help-page", args=[slug]) if slug else reverse("help"))
        said = answer.content.decode()
        assert answer.status_code == 200
        assert "sales@seller.example" in said
        assert "support@seller.example" in said
    assert Client().get(reverse("help-page", args=["nothing"])).status_code == 404


def test_the_wallet_leads_to_paying_and_a_search_finds_it(alice: Customer) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user(alice))
    assert f'<a class="learn" href="{reverse("help-page", args=["paying"])}">' in markup(client.get(reverse("wallet")))
    assert reverse("help-page", args=["recovering"]) in markup(client.get(reverse("help"), {"q": "trash"}))
    assert "Recovering what was deleted" in markup(client.get(reverse("search"), {"q": "trash"}))


def test_a_page_is_rendered_once_for_each_language_and_theme() -> None:
    """Whatever a cookie calls its theme: strangers read it, and search all of them."""
    assert page("paying", "en", "dark") is page("paying", "en", "dark")
    assert page("paying", "en", "nonsense") is page("paying", "en")
    assert page("paying", "en") is not page("paying", "vi")
