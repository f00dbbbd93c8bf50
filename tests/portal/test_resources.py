"""The pages about resources: what they show, to whom, and what their buttons do."""

import re
from html import unescape

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from accounts.may import Role
from catalog.models import Product
from lifecycle.models import Resource
from lifecycle.services.sweeps import expire_resources
from orders.models import Action
from orders.services.delete import delete_resource
from payments.services.credit import grant_promotional_credit
from payments.services.wallet import wallet_of
from tests.cast import (
    DAY,
    JOB,
    NOON,
    STAFF,
    chosen,
    create,
    fresh,
    make_customer,
    make_item,
    make_product,
    order,
    owner_of,
    quote,
    switch_mode,
)
from tests.markup import markup
from tests.portal.seen import said, signed_in, the_time_being

TEN_DAYS_LATER = NOON + 10 * DAY


@pytest.fixture(autouse=True)
def _ten_days_later():
    with the_time_being(TEN_DAYS_LATER):
        yield


@pytest.fixture
def web(alice, small):
    """181,000 VND for 30 days, bought ten days ago."""
    return create(alice, small, name="web-01")[0]


@pytest.fixture
def owner(alice):
    return signed_in(alice)


def address(name: str, *resources: Resource, **query: str) -> str:
    return reverse(name, args=[resource.pk for resource in resources], query=query or None)


def words_of(page) -> str:
    """What a page says, without its markup."""
    return " ".join(unescape(strip_tags(page.content.decode())).split())


def test_the_list_shows_what_is_in_use(owner, web):
    page = owner.get(reverse("resources"))
    assert page.status_code == 200
    assert "web-01" in page.content.decode()
    assert "20 days left" in page.content.decode()


@pytest.mark.parametrize(
    ("query", "is_shown"),
    [
        ({"q": "web"}, True),
        ({"q": "db"}, False),
        ({"product": "vserver"}, True),
        ({"product": "nonsense"}, True),
        ({"health": "good"}, True),
        ({"health": "alert"}, False),
        ({"renewal": "auto"}, False),
        ({"renewal": "manual"}, True),
        ({"state": "stop"}, False),
        ({"state": "all", "after": "nonsense"}, True),
    ],
)
def test_filters_stand_in_the_address(owner, web, query, is_shown):
    assert (b"web-01" in owner.get(reverse("resources"), query).content) is is_shown


def test_the_export_holds_exactly_what_is_filtered(owner, alice, web, small):
    create(alice, small, name="db-01")
    table = b"".join(owner.get(reverse("resources-export", args=["csv"]), {"q": "web"}).streaming_content).decode()
    assert "web-01" in table
    assert "db-01" not in table
    workbook = owner.get(reverse("resources-export", args=["xlsx"]))
    assert b"".join(workbook.streaming_content).startswith(b"PK")
    for close in workbook._resource_closers:  # `workbook.close()` would take the test's connection along
        close()
    assert owner.get(reverse("resources-export", args=["exe"])).status_code == 404
    stranger = signed_in(make_customer()).get(reverse("resources-export", args=["csv"]))
    assert "web-01" not in b"".join(stranger.streaming_content).decode()


@pytest.mark.parametrize(
    ("days_left", "health"), [(16, "good"), (15, "warning"), (5, "warning"), (4, "alert"), (0, "alert")]
)
def test_the_health_filter_agrees_with_the_health_of_a_resource(owner, web, days_left, health):
    at = fresh(web).paid_until - days_left * DAY - DAY / 2
    with the_time_being(at):
        assert fresh(web).health(at) == health
        shown = {name for name in ("good", "warning", "alert", "expired") if _shows(owner, name)}
    assert shown == {health}


def _shows(client, health: str) -> bool:
    return b"web-01" in client.get(reverse("resources"), {"health": health}).content


@pytest.mark.parametrize("name", ["resources", "trash", "orders", "home"])
def test_a_list_costs_the_same_with_one_row_and_with_three(
    owner, alice, web, small, name, django_assert_num_queries, django_assert_max_num_queries
):
    trashed = create(alice, small, name="old")[0]
    delete_resource(trashed.pk, actor=owner_of(alice), at=TEN_DAYS_LATER)
    owner.get(reverse(name))
    with django_assert_max_num_queries(32) as first:
        owner.get(reverse(name))
    for other in create(alice, small, name="more", quantity=4)[:2]:
        delete_resource(other.pk, actor=owner_of(alice), at=TEN_DAYS_LATER)
    with django_assert_num_queries(len(first)):
        owner.get(reverse(name))


def test_a_resource_page_costs_the_same_with_more_history(owner, web, alice, django_assert_max_num_queries):
    with django_assert_max_num_queries(25) as first:
        assert owner.get(address("resource", web)).status_code == 200
    order(quote(alice, Action.RENEW, TEN_DAYS_LATER, resources=[str(web.pk)], months=1))
    with django_assert_max_num_queries(len(first)):
        page = owner.get(address("resource", web))
    assert page.content.count(b"ruler--paid") >= 2


def test_a_row_says_from_when_until_when(owner, web):
    assert "10 Mar 2026 –until 9 Apr 2026" in words_of(owner.get(reverse("resources"))), "on two lines"


def test_what_continues_as_postpaid_is_well_and_asks_for_nothing(owner, alice, web):
    """Three days before its paid time ends on 9 April: others are said to end very soon then."""
    soon = fresh(web).paid_until - 3 * DAY
    with the_time_being(soon):
        before = words_of(owner.get(reverse("resources")))
        switch_mode(alice, "postpaid", at=soon)
        row, page = words_of(owner.get(reverse("resources"))), words_of(owner.get(address("resource", web)))
        home = words_of(owner.get(reverse("home")))
    assert "Ends very soon" in before
    assert "until 9 Apr 2026 then postpaid" in row
    assert "It continues as postpaid on 9 Apr 2026, 12:00, at the end of its paid time, without interruption." in page
    assert "web-01 · continues as postpaid" in home
    for shown in (row, page, home):
        assert "Ends very soon" not in shown
    for shown in (row, page):
        assert "3 days left" not in shown


def test_whether_a_smaller_size_gives_something_back_is_said_before_it_is_chosen(owner, alice, web):
    [final] = create(alice, make_item(make_product("final", is_refundable=False), "small", 181_000))
    lost = "This product is not refundable: a smaller configuration gives nothing back."
    assert lost in words_of(owner.get(address("resize", final)))
    refunded = words_of(owner.get(address("resize", web)))
    assert lost not in refunded
    assert "the rest goes to your wallet" in refunded


def test_a_stranger_finds_nothing_of_others(web):
    stranger = signed_in(make_customer())
    for name in ("resource", "resize", "recover", "resource-delete", "resource-purge"):
        assert stranger.get(address(name, web)).status_code == 404
    assert stranger.post(address("resource-delete", web), {"confirmation": "web-01"}).status_code == 404
    assert stranger.post(reverse("resource-act", args=[web.pk, "stop"])).status_code == 404
    assert stranger.get(f"{reverse('renew')}?resource={web.pk}").status_code == 404
    assert b"web-01" not in stranger.get(reverse("resources")).content
    assert fresh(web).state == "active"


def test_who_is_not_signed_in_signs_in_first(client, web):
    assert client.get(address("resource", web)).url.startswith("/login/")


def test_a_viewer_sees_but_cannot_act(alice, web):
    viewer = signed_in(alice, Role.VIEWER)
    page = viewer.get(address("resource", web)).content.decode()
    assert "web-01" in page
    assert "Reboot" not in page
    assert "Delete…" not in page
    for url, data in [
        (reverse("resource-act", args=[web.pk, "stop"]), {}),
        (address("resource-delete", web), {"confirmation": "web-01"}),
        (address("resource-auto-renew", web), {"months": "1"}),
        (reverse("resources-bulk"), {"do": "auto_renew", "months": "1", "resource": str(web.pk)}),
        (address("resize", web), {"step": "continue"}),
    ]:
        assert viewer.post(url, data).status_code == 403
    assert (fresh(web).state, fresh(web).auto_renew_months) == ("active", None)


@pytest.mark.parametrize(("verb", "state"), [("stop", "stop"), ("reboot", "active")])
def test_buttons_act_and_say_so(owner, web, verb, state):
    answer = owner.post(reverse("resource-act", args=[web.pk, verb]), follow=True)
    assert answer.redirect_chain == [(address("resource", web), 302)]
    assert "&quot;web-01&quot; is" in answer.content.decode()
    assert fresh(web).state == state


def test_a_refused_button_leads_back_with_the_sentence(owner, web):
    page = "http://testserver" + address("resource", web)
    answer = owner.post(reverse("resource-act", args=[web.pk, "start"]), headers={"referer": page})
    assert (answer.status_code, answer.url) == (303, address("resource", web))
    assert said(answer) == ['This is not possible while the resource is "Active".']


@pytest.mark.parametrize("referer", ["", "https://evil.example/x", "http://testserver.evil.example/", "nonsense"])
def test_a_refusal_from_elsewhere_is_a_page_with_its_status(owner, web, referer):
    answer = owner.post(reverse("resource-act", args=[web.pk, "start"]), headers={"referer": referer})
    assert answer.status_code == 409
    assert "This is not possible while" in answer.content.decode()


def test_auto_renew_is_switched_on_and_off(owner, web):
    owner.post(address("resource-auto-renew", web), {"months": "3"})
    assert fresh(web).auto_renew_months == 3
    owner.post(address("resource-auto-renew", web), {"months": "0"})
    assert fresh(web).auto_renew_months is None
    assert owner.post(address("resource-auto-renew", web), {"months": "5"}).status_code == 422


def test_auto_renew_is_said_with_the_days_of_its_rule(owner, web, monkeypatch):
    assert "From the wallet, 7 days before the end; tried again 4, 1 and 0 days before." in words_of(
        owner.get(address("resource", web))
    )
    monkeypatch.setattr("orders.views.forms.MILESTONES", (0, 2, 9))
    assert "From the wallet, 9 days before the end; tried again 2 and 0 days before." in words_of(
        owner.get(address("resource", web))
    )


def test_deleting_shows_the_refund_and_asks_for_the_name(owner, alice, web):
    before = wallet_of(alice.pk).available
    page = owner.get(address("resource-delete", web)).content.decode()
    assert "120,667" in page
    assert "27 Mar 2026" in page
    wrong = owner.post(address("resource-delete", web), {"confirmation": "web"})
    assert (wrong.status_code, fresh(web).state) == (422, "active")
    right = owner.post(address("resource-delete", web), {"confirmation": "web-01"})
    assert (right.status_code, fresh(web).state) == (303, "suspense")
    assert wallet_of(alice.pk).available == before + 120_667


def test_the_trash_shows_until_when_and_purges_after_typing(owner, alice, web):
    delete_resource(web.pk, actor=owner_of(alice), at=TEN_DAYS_LATER)
    page = owner.get(reverse("trash")).content.decode()
    assert "web-01" in page
    assert "7 days left" in page
    assert owner.post(address("resource-purge", web), {"confirmation": "no"}).status_code == 422
    assert fresh(web).state == "suspense"
    owner.post(address("resource-purge", web), {"confirmation": "web-01"})
    assert fresh(web).state == "deleted"
    assert owner.post(address("resource-purge", web), {"confirmation": "web-01"}).status_code == 409


def test_the_trash_is_taken_away_as_it_is_filtered(owner, alice, web, small):
    """web-01 was deleted by its customer; what nobody renewed has expired."""
    create(alice, small, name="db-01", at=NOON - 25 * DAY)
    expire_resources(actor=JOB, at=TEN_DAYS_LATER)
    delete_resource(web.pk, actor=owner_of(alice), at=TEN_DAYS_LATER)
    for asked, names in (
        ({}, {"web-01", "db-01"}),
        ({"reason": "deleted"}, {"web-01"}),
        ({"reason": "expired"}, {"db-01"}),
        ({"q": "web"}, {"web-01"}),
    ):
        page = owner.get(reverse("trash"), asked).content.decode()
        export = owner.get(reverse("trash-export", args=["csv"]), asked)
        table = b"".join(export.streaming_content).decode()
        for name in ("web-01", "db-01"):
            assert (name in page, name in table) == (name in names, name in names), asked


def test_many_get_auto_renew_at_once_and_each_refusal_is_named(owner, alice, web, small):
    (stale,) = create(alice, small, name="stale")
    delete_resource(stale.pk, actor=owner_of(alice), at=TEN_DAYS_LATER)
    chosen_ones = {"do": "auto_renew", "months": "1", "resource": [str(web.pk), str(stale.pk)], "query": "q=web"}
    answer = owner.post(reverse("resources-bulk"), chosen_ones)
    assert answer.url == "/resources/?q=web"
    assert said(answer) == ["1 resource changed.", 'stale: This is not possible while the resource is "In trash".']
    assert (fresh(web).auto_renew_months, fresh(stale).auto_renew_months) == (1, None)


def test_strangers_resources_in_a_bulk_are_passed_over(web):
    stranger = signed_in(make_customer())
    stranger.post(reverse("resources-bulk"), {"do": "auto_renew", "months": "1", "resource": str(web.pk)})
    stranger.post(reverse("resources-delete"), {"confirmation": "1", "resource": str(web.pk)})
    assert (fresh(web).auto_renew_months, fresh(web).state) == (None, "active")


def test_before_deleting_it_is_said_what_promotional_credit_comes_back_and_what_is_lost(small):
    """181,000: 60,000 of A, which has ended, 100,000 of B and 21,000 bought; of 120,667 are 14,000 bought and 6,667 lost."""
    customer = make_customer(credit=21_000)
    for amount, days in ((60_000, 5), (100_000, 90)):
        grant_promotional_credit(customer, amount, expires_at=NOON + days * DAY, reason="x", actor=STAFF, at=NOON)
    [server] = create(customer, small)
    client = signed_in(customer)
    for page in (address("resource-delete", server), address("resources-delete", resource=str(server.pk))):
        shown = client.get(page).content.decode()
        assert "114,000\u00a0₫ go back to your wallet." in shown
        assert "Of it, 100,000\u00a0₫ are promotional credit, to be spent until 8 Jun 2026" in shown
        assert "6,667\u00a0₫ were paid with promotional credit that has ended since: this part is lost." in shown


def test_many_are_deleted_after_typing_their_number(owner, alice, web, small):
    other = create(alice, small, name="db-01")[0]
    query = f"?resource={web.pk}&resource={other.pk}"
    moved = owner.post(reverse("resources-bulk"), {"do": "delete", "resource": [str(web.pk), str(other.pk)]})
    assert moved.url == reverse("resources-delete") + query
    assert "241,334" in owner.get(moved.url).content.decode()
    assert owner.post(moved.url, {"confirmation": "yes"}).status_code == 422
    assert fresh(web).state == "active"
    owner.post(moved.url, {"confirmation": "2"})
    assert {fresh(web).state, fresh(other).state} == {"suspense"}


def test_nothing_ticked_is_said(owner, web):
    answer = owner.post(reverse("resources-bulk"), {"do": "delete"})
    assert said(answer) == ["Tick the resources that you mean first."]


def test_a_resource_under_change_offers_nothing(owner, alice, web, large):
    order(quote(alice, Action.RESIZE, TEN_DAYS_LATER, resource=str(web.pk), items=chosen(large)))
    page = owner.get(address("resource", web)).content.decode()
    assert "A change is under way" in page
    assert "Reboot" not in page


def test_postpaid_customers_are_not_offered_to_renew(bob, small):
    (media,) = create(bob, small, name="media")
    page = signed_in(bob).get(address("resource", media)).content.decode()
    assert ">Resize<" in page
    assert "/renew/" not in page
    assert "ruler--open" in page


def test_home_names_what_needs_attention(owner, alice, web):
    with the_time_being(fresh(web).paid_until - DAY):
        page = owner.get(reverse("home")).content.decode()
    assert "web-01" in page
    assert "1 day left of its paid time" in page


def test_home_offers_a_viewer_a_look_not_an_order(alice, web):
    with the_time_being(fresh(web).paid_until - DAY):
        page = signed_in(alice, Role.VIEWER).get(reverse("home")).content.decode()
    assert "web-01" in page
    assert reverse("renew") not in page


def test_days_of_grace_are_no_gap_in_the_ruler(owner, web):
    Product.objects.filter(pk=web.product_id).update(grace_days=15)
    with the_time_being(fresh(web).paid_until + DAY):
        page = owner.get(address("resource", web)).content.decode()
    assert "days of grace: renewed now, the next period begins where the last one ended" in page
    assert 'class="ruler--gap"' not in page
    assert "no invoice covers" not in page


def test_a_resource_of_an_hour_ago_has_a_ruler_of_hours(bob, small):
    (young,) = create(bob, small, at=TEN_DAYS_LATER - DAY / 24, name="young")
    page = markup(signed_in(bob).get(address("resource", young)))
    assert re.search(r'class="ruler__date"[^>]*>\d\d:\d\d</text>', page)


def test_a_new_customer_is_told_the_next_step(db):
    page = signed_in(make_customer()).get(reverse("home")).content.decode()
    assert "Order your first resource" in page
    assert "Order the first one" in signed_in(make_customer()).get(reverse("resources")).content.decode()


def test_names_are_shown_as_text(alice, small):
    create(alice, small, name="<script>alert(1)</script>")
    page = signed_in(alice).get(reverse("resources")).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_in_vietnamese_amounts_are_grouped_with_points(alice, web):
    client = signed_in(alice)
    client.cookies["django_language"] = "vi"
    page = client.get(address("resource", web)).content.decode()
    assert "181.000" in page
    assert "Vòng đời và hóa đơn" in page


def test_products_without_trash_say_that_it_cannot_be_undone(alice):
    store = make_item(make_product("vstorage", days_in_trash_after_deletion=0, is_refundable=False), "p1", 100_000)
    (bucket,) = create(alice, store, name="bucket")
    page = signed_in(alice).get(address("resource-delete", bucket)).content.decode()
    assert "cannot be undone" in page
    assert "not refundable" in page
