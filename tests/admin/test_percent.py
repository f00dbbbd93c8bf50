"""Staff read and type rates and shares in percent; what is kept is a fraction."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import override

from catalog.models import Coupon, Discount
from kernel.fields import PercentField
from tests.cast import LONG_AGO
from tests.markup import markup


@pytest.mark.parametrize(
    ("written", "kept"),
    [("10", "0.1"), ("10 %", "0.1"), ("8,5", "0.085"), ("8.5%", "0.085"), ("0", "0"), ("0.5 %", "0.005"), ("100", "1")],
)
def test_a_share_is_written_in_percent(written, kept):
    assert PercentField(max_digits=5, decimal_places=4).clean(written) == Decimal(kept)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("0.1", "Write 10 for ten percent"),
        ("0,08", "Write 10 for ten percent"),
        ("ten", "Enter a percentage"),
        ("-1", "Enter a percentage"),
        ("101", "at most 100"),
        ("8.12345", "Enter a percentage"),
    ],
)
def test_what_may_have_been_meant_otherwise_is_asked_again(written, says):
    with override("en"):
        with pytest.raises(ValidationError) as refused:
            PercentField(max_digits=5, decimal_places=4).clean(written)
        assert says in refused.value.messages[0].replace("\xa0", " ")


def test_what_is_kept_is_shown_in_percent_again(staff, alice, vserver):
    client = staff("catalogue")
    Discount.objects.create(customer=alice, product=vserver, share=Decimal("0.125"), valid_from=LONG_AGO)
    coupon = Coupon.objects.create(code="TET", share=Decimal("0.2"), valid_from=LONG_AGO)
    assert "12.5 %" in markup(client.get(reverse("admin:catalog_discount_changelist"))).replace("\xa0", " ")
    page = markup(client.get(reverse("admin:catalog_coupon_change", args=[coupon.pk])))
    assert 'value="20 %"' in page
