"""A page that starts a download can ask how far it is. Nothing else depends on that."""

import gc
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.urls import reverse
from redis.exceptions import ConnectionError

from accounts.models import Customer
from store import progress, tables
from tests.cast import fund
from tests.markup import markup
from tests.portal.seen import signed_in


@pytest.fixture(autouse=True)
def _every_row_is_noted(monkeypatch):
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0)
    monkeypatch.setattr(tables, "LINES_AT_ONCE", 1)


@pytest.fixture
def movements(bob: Customer) -> Customer:
    """Three of them."""
    for amount in (1_000, 2_000, 3_000):
        fund(bob, amount)
    return bob


def shown(client, token) -> str:
    return markup(client.get(reverse("download-progress", args=[token])))


def download(client, form, token):
    return client.get(reverse("credit-export", args=[form]), {"watch": token})


def test_the_page_learns_how_far_a_download_is(movements):
    client, token = signed_in(movements), uuid4()
    assert "Preparing the file" in shown(client, token)
    answer = download(client, "csv", token)
    assert "0 of 3 rows" in shown(client, token)
    lines = iter(answer.streaming_content)
    for _title_and_two_rows in range(3):
        next(lines)
    assert 'max="3" value="1"' in shown(client, token)  # the second is on its way
    assert len(list(lines)) == 1
    assert "3 rows, complete" in shown(client, token)
    assert "data-over" in shown(client, token)


def test_a_workbook_is_complete_when_it_is_written(movements):
    client, token = signed_in(movements), uuid4()
    assert len(download(client, "xlsx", token).getvalue()) > 1000
    assert "3 rows, complete" in shown(client, token)


def test_who_goes_away_is_told_that_the_file_was_not_completed(movements):
    client, token = signed_in(movements), uuid4()
    lines = iter(download(client, "csv", token).streaming_content)
    assert [next(lines)[:4], next(lines)[:4]] == ["\ufeffD".encode(), b"2020"]
    del lines
    gc.collect()
    assert "not completed" in shown(client, token)


def test_nobody_sees_the_progress_of_others(movements, alice):
    token = uuid4()
    download(signed_in(movements), "xlsx", token).getvalue()
    assert "Preparing the file" in shown(signed_in(alice), token)


@pytest.mark.parametrize("token", ["", "nonsense", "0" * 33, "\x00"])
def test_what_is_no_token_is_not_watched(movements, token):
    assert len(list(download(signed_in(movements), "csv", token).streaming_content)) == 4


def test_without_the_cache_the_download_is_the_same(movements, monkeypatch):
    def away(*args, **kwargs):
        raise ConnectionError

    monkeypatch.setattr(cache, "set", away)
    monkeypatch.setattr(cache, "get", away)
    client, token = signed_in(movements), uuid4()
    assert len(list(download(client, "csv", token).streaming_content)) == 4
    assert "Preparing the file" in shown(client, token)
