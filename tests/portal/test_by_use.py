"""What is billed by use stands on the page of a new resource with its price; it is chosen by nobody."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from tests.cast import NOON, make_metered
from tests.markup import markup
from tests.portal.seen import signed_in, the_time_being


@pytest.fixture
def traffic(vserver, small):
    return make_metered(
        vserver, "traffic", 500, included=Decimal(100), cap=3_000_000,
        tiering="graduated", tier_from=[Decimal(1000)], tier_prices=[Decimal(450)],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "title", "phrases"),
    [
        ("en", "Billed by use", ["100 GB included each month", "above 1,000 GB: 450 ₫ per GB", "at most 3,000,000 ₫ a month"]),
        ("vi", "Tính theo mức sử dụng", ["mỗi tháng đã gồm 100 GB", "trên 1.000 GB: 450 ₫ mỗi GB", "nhiều nhất 3.000.000 ₫ một tháng"]),
    ],
)  # fmt: skip
def test_the_page_of_a_new_resource_says_what_use_costs(alice, traffic, language, title, phrases):
    with the_time_being(NOON):
        answer = signed_in(alice).get(
            reverse("new-resource-of", args=["vserver"]), headers={"accept-language": language}
        )
    page = markup(answer)
    assert title in page
    for phrase in phrases:
        assert phrase in page.replace("\xa0", " ")
    assert {"en": "that much of your credit is held", "vi": "số dư tương ứng được tạm giữ"}[language] in page
    assert f'name="extra-{traffic.pk}"' not in page


def test_who_pays_afterwards_reads_that_it_is_billed_by_the_month(bob, traffic):
    with the_time_being(NOON):
        answer = signed_in(bob).get(reverse("new-resource-of", args=["vserver"]), headers={"accept-language": "en"})
    assert "What is used in a month is billed when it has ended" in markup(answer)
