"""What the portal offers for a resource whose paid time is over: in grace, and in the trash."""

from __future__ import annotations

from django.urls import reverse

from catalog.models import Product
from lifecycle.services.running import set_auto_renew
from lifecycle.services.sweeps import expire_resources
from tests.cast import DAY, JOB, MONTH, NOON, create, fresh, owner_of
from tests.markup import markup
from tests.portal.seen import signed_in, the_time_being

END = NOON + MONTH


def test_both_ways_out_of_the_trash_stand_side_by_side_with_their_prices(alice, small):
    """
    181,000 for 30 days, ended after 30 days, and in the trash since. Two days later: recovered, a month from now on;
    renewed, a month from the old end on, of which two days are over. Three months of renewal cost 543,000.
    """
    Product.objects.filter(pk=small.product_id).update(late_renewal="suspension", days_in_trash_after_expiry=7)
    (late,) = create(alice, small, name="late-01")
    expire_resources(actor=JOB, at=END)
    with the_time_being(END + 2 * DAY):
        owner = signed_in(alice)
        page = owner.get(reverse("recover", args=[late.pk]))
        recovered, renewed = markup(page).partition("Recover it")[2].partition("Renew it instead")[::2]
        assert "181,000" in recovered
        assert (END + 2 * DAY + MONTH).isoformat() in recovered
        assert END.isoformat() in renewed.partition("</tr>")[0]
        assert (END + MONTH).isoformat() in renewed.partition("</tr>")[0]
        assert "181,000" in renewed.partition("</tr>")[0]
        assert f'href="{reverse("renew")}?resource={late.pk}&amp;months=1"' in markup(page)
        longer = markup(owner.get(reverse("recover", args=[late.pk]), {"months": 3}))
        assert longer.count("543,000") >= 2
        assert f"?resource={late.pk}&amp;months=3" in longer


def test_a_product_without_late_renewal_offers_recovery_alone(alice, small):
    (late,) = create(alice, small, name="late-01")
    expire_resources(actor=JOB, at=END)
    with the_time_being(END + DAY):
        page = markup(signed_in(alice).get(reverse("recover", args=[late.pk])))
    assert "Renew it instead" not in page


def test_in_grace_auto_renew_can_be_switched_off_on_the_page(alice, small):
    """It cannot be switched on or changed then: what has ended is renewed by hand."""
    Product.objects.filter(pk=small.product_id).update(grace_days=15)
    (web,) = create(alice, small, name="web-01")
    set_auto_renew(web.pk, months=1, actor=owner_of(alice), at=NOON)
    with the_time_being(END + DAY):
        owner = signed_in(alice)
        page = markup(owner.get(reverse("resource", args=[web.pk])))
        assert 'name="months" value="0"' in page
        assert "Switch auto-renew off" in page
        assert "Switch auto-renew off" not in markup(signed_in(alice, "viewer").get(reverse("resource", args=[web.pk])))
        owner.post(reverse("resource-auto-renew", args=[web.pk]), {"months": "0"})
        assert fresh(web).auto_renew_months is None
        assert "Switch auto-renew off" not in markup(owner.get(reverse("resource", args=[web.pk])))
