"""Whatever stands in an address of the staff area: a page, a redirect or "there is no such thing", never an error of ours."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import SuspiciousOperation
from django.test import RequestFactory

from accounts.models import IdempotencyKey, User
from tests.admin.doing import page_of
from tests.admin.test_pages import REGISTERED, address
from tests.admin.world import populate

ODD = ["a\x00b", "0", "99999", "9" * 25, "x"]
PAGING = [
    "o=99&q=%00&_popup=1",
    "o=-1.2.x&p=-1&_facets=1",
    "p=99999999999&q=%22",
    "all=&e=1",
    "_to_field=password",
]


def filters_of(model) -> list[str]:
    """The names that filters and the dates above a list put into its address."""
    page = admin.site._registry[model]
    named = [each[0] if isinstance(each, tuple) else each for each in page.list_filter]
    names = [name for each in named if isinstance(each, str) for name in (each, f"{each}__exact")]
    days = [f"{page.date_hierarchy}__{part}" for part in ("year", "day")] if page.date_hierarchy else []
    return [*names, *days]


def listed(model, boss: User, **asked: str) -> int:
    """As the list's own page answers, read but not drawn."""
    request = RequestFactory().get(address(model, "changelist"), asked)
    request.user = boss
    try:
        [*admin.site._registry[model].get_changelist_instance(request).result_list]
    except IncorrectLookupParameters:
        return 302
    except SuspiciousOperation:
        return 400
    return 200


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create_user("boss@portal.example", is_staff=True, is_superuser=True)


def test_no_filter_makes_a_list_fail(boss):
    populate(1)
    for model in REGISTERED:
        for name in [*filters_of(model), "pk"]:
            for value in ODD:
                assert listed(model, boss, **{name: value}) in {200, 302, 400}, (model, name, value)


def test_no_filter_makes_its_page_fail(superuser):
    """All that is above a list is drawn from its address, days too: once for each value, all filters at once."""
    populate(1)
    for model in REGISTERED:
        for value in ODD:
            asked = dict.fromkeys(filters_of(model), value)
            assert superuser.get(address(model, "changelist"), asked).status_code in {200, 302, 400}, (model, value)


@pytest.mark.parametrize(
    ("place", "column"),
    [
        ("catalog/product", "webhook_secret"),
        ("catalog/productkey", "digest"),
        ("accounts/user", "password"),
        ("accounts/customerkey", "digest"),
    ],
)
def test_no_secret_is_guessed_letter_by_letter_through_a_filter(superuser, place, column):
    populate(1)
    for lookup in ("", "__startswith", "__gt", "__regex"):
        assert superuser.get(f"/admin/{place}/", {f"{column}{lookup}": "a"}).status_code == 400, lookup


def test_lists_are_filtered_only_by_what_pages_offer(boss):
    """What filters, dates and links from other pages put into an address is taken, any other column is refused."""
    populate(1)
    for model in REGISTERED:
        page = admin.site._registry[model]
        offered = {name.partition("__")[0] for name in filters_of(model)} | {*page.about}
        for field in model._meta.concrete_fields:
            status = listed(model, boss, **{f"{field.name}__isnull": "1"})
            refused = field.name not in offered
            assert (status == 400) == refused, (model, field.name, status, page.list_filter)


@pytest.mark.parametrize("query", PAGING)
def test_no_paging_makes_a_list_fail(superuser, query):
    populate(1)
    for model in REGISTERED:
        assert superuser.get(f"{address(model, 'changelist')}?{query}").status_code in {200, 302, 400}, model


def test_rows_that_cannot_be_are_not_there(superuser):
    pages = [(pk, "change") for pk in ("x", "%00", "_00", "9" * 25, "..", "_5F")]
    pages += [("%00", page) for page in ("history", "delete", "task/revoke")]
    for model in REGISTERED:
        lists = address(model, "changelist")
        for pk, page in pages:
            assert superuser.get(f"{lists}{pk}/{page}/").status_code in {302, 403, 404}, (model, pk, page)


@pytest.mark.parametrize(
    "place",
    [
        "autocomplete/?term=%00&app_label=accounts&model_name=membership&field_name=customer",
        "r/{content_type}/x/",
        "r/%00/x/",
        "catalog/price/add/?item=x",
        "catalog/price/add/?item=%00",
        "accounts/user/add/?customer=x",
    ],
)
def test_other_odd_addresses(superuser, place):
    from django.contrib.contenttypes.models import ContentType

    known = ContentType.objects.get_by_natural_key("accounts", "customer").pk
    answer = superuser.get(f"/admin/{place.format(content_type=known)}")
    assert answer.status_code in {200, 400, 404}


def test_a_form_with_an_odd_key_is_carried_out_once(staff, alice):
    client = staff("finance")
    wish = {"amount": "10000", "reason": "typo", "key": "a\x00b" * 100}

    assert client.post(page_of(alice, "adjust-credit"), wish).status_code == 302
    assert client.post(page_of(alice, "adjust-credit"), wish).status_code == 422
    assert IdempotencyKey.objects.count() == 1
