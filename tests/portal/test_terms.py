"""The terms: open to everybody, and kept by their day with every order."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from pathlib import Path

from django.conf import settings
from django.test import Client
from django.urls import reverse

from orders import terms
from orders.models import Order
from tests.cast import create
from tests.markup import markup
from tests.portal.seen import signed_in

WORDS = "94b2"
"""The beginning of the digest of the words of `terms.VERSION`."""


def test_the_terms_are_read_without_signing_in_and_tell_nothing_of_anybody(alice, small):
    stranger = Client(headers={"accept-language": "en"})
    page = stranger.get(reverse("terms"))
    assert page.status_code == 200
    assert "A month is 30 days of 24 hours." in markup(page)
    assert f'<th scope="row">{small.product}</th>' in markup(page)
    assert "sessionid" not in page.cookies
    assert f'href="{reverse("terms")}"' in markup(stranger.get(reverse("account_login")))


def test_whoever_is_signed_in_reads_the_terms_within_the_portal(alice, small):
    assert reverse("wallet") in markup(signed_in(alice).get(reverse("terms")))


def test_an_order_keeps_the_terms_that_were_accepted(alice, small):
    [server] = create(alice, small)
    placed = Order.objects.get(items__resource=server)
    assert placed.terms_version == terms.VERSION
    page = markup(signed_in(alice).get(reverse("order", args=[placed.pk])))
    assert "Terms accepted" in page
    assert f'datetime="{terms.VERSION}"' in page


def test_whoever_changes_the_words_of_the_terms_changes_their_day():
    """A new day and, in the same breath, the digest of the words that are new."""
    source = (Path(settings.BASE_DIR) / "templates/orders/terms.html").read_text()
    said = re.findall(r'\{% translate "([^"]+)"|\{% blocktranslate[^%]*%\}(.*?)\{% endblocktranslate', source, re.S)
    words = " ".join(" ".join("".join(one).split()) for one in said)
    assert (terms.VERSION, hashlib.sha256(words.encode()).hexdigest()[:4]) == ("2026-11-27", WORDS)
    assert date.fromisoformat(terms.VERSION)
