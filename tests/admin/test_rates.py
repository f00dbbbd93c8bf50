"""Staff and rates of VAT: entered by two, rehearsed before, said wherever prices are shown."""

from __future__ import annotations

import csv
from io import StringIO

from django.urls import reverse

from accounts.models import StaffAct
from catalog.models import TaxCategory, TaxRate
from tests.admin.doing import do, sentences
from tests.cast import create, enter, make_customer, make_item
from tests.markup import markup


def test_a_rate_is_asked_for_by_finance_and_approved_by_somebody_else(staff):
    first, second = staff("finance"), staff("finance")
    category = TaxCategory.objects.get()
    asked = {"since": "2027-01-01", "rate": "8 %", "source": "204/2025/QH15"}
    assert do(first, category, "rate", **asked).status_code == 302
    act = StaffAct.objects.get()
    assert (act.act, act.state, act.amount) == ("enter-tax-rate", "waiting", None)
    page = markup(second.get(reverse("admin:accounts_staffact_task", args=[act.pk, "approve"])))
    assert all(said in page for said in ("Standard rate", "1 Jan 2027", "204/2025/QH15"))
    assert do(second, act, "approve", key="k2").status_code == 302
    assert TaxRate.objects.latest("pk").since.isoformat() == "2027-01-01"
    page = markup(second.get(reverse("admin:catalog_taxcategory_changelist")))
    assert "until 31 Dec 2026" in page
    assert "204/2025/QH15" in markup(second.get(reverse("admin:catalog_taxcategory_change", args=["standard"])))


def test_a_rate_that_says_nothing_new_is_refused_with_a_sentence(staff):
    asked = {"since": "2026-03-10", "rate": "10", "source": "a law"}
    assert "rate of that day already" in sentences(do(staff("finance"), TaxCategory.objects.get(), "rate", **asked))
    assert not StaffAct.objects.exists()


def test_what_a_late_rate_leaves_to_be_corrected_waits_for_finance(staff, alice, vserver):
    """181,500 that should have been 178,200: on the front page, in the list, and put right on the page of the invoice."""
    [server] = create(alice, make_item(vserver, "plain", 165_000, includes_vat=False))
    enter("standard", "2026-03-10", "0.08")
    client, invoice = staff("finance"), server.invoices.get()
    assert "another rate than the law says" in markup(client.get(reverse("admin:index")))
    found = client.get(reverse("admin:invoices_invoice_changelist"), {"vat": "late"})
    assert [row.number for row in found.context["cl"].result_list] == [invoice.number]
    assert do(client, invoice, "tax-anew", reason="NQ 1/2026").status_code == 302
    assert not client.get(reverse("admin:invoices_invoice_changelist"), {"vat": "late"}).context["cl"].result_list
    assert server.invoices.get(credited=0).total == 178_200


def test_the_catalogue_group_looks_at_categories_and_enters_no_rates(staff):
    client = staff("catalogue")
    assert client.get(reverse("admin:catalog_taxcategory_changelist")).status_code == 200
    assert do(client, TaxCategory.objects.get(), "rate", since="2027-01-01", rate="8", source="x").status_code == 403


def test_a_change_is_rehearsed_in_sums_and_taken_away_by_resource(staff, alice, vserver):
    """181,500 and 178,200 each, see the actions; at first it is the change that is known to come."""
    create(alice, make_item(vserver, "plain", 165_000, includes_vat=False), quantity=2, auto_renew_months=1)
    enter("standard", "2027-01-01", "0.08")
    client = staff("finance")
    address = reverse("admin:vat_rehearsal")
    page = markup(client.get(address))
    assert 'value="2027-01-01"' in page
    asked = {"category": "standard", "since": "2027-01-01", "rate": "8 %"}
    page = markup(client.get(address, asked)).replace("\N{NO-BREAK SPACE}", " ").replace("&nbsp;", " ")
    assert all(amount in page for amount in ("363,000 ₫", "33,000 ₫", "356,400 ₫", "26,400 ₫", "−6,600 ₫"))
    answer = client.get(reverse("admin:vat_rehearsal_export", args=["csv"]), asked)
    rows = list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [(row["Customer"], row["From that day on"], row["Difference"]) for row in rows] == [
        ("Alice", "178200", "-3300")
    ] * 2


def test_a_rehearsal_asks_as_often_for_many_as_for_one(staff, vserver, django_assert_max_num_queries):
    client = staff("finance")
    item = make_item(vserver, "plain", 165_000)
    asked = {"category": "standard", "since": "2027-01-01", "rate": "8 %"}
    create(make_customer(credit=10**7), item)
    client.get(reverse("admin:vat_rehearsal"), asked)
    with django_assert_max_num_queries(30) as one:
        client.get(reverse("admin:vat_rehearsal"), asked)
    for _more in range(2):
        create(make_customer(credit=10**7), item, quantity=3)
    with django_assert_max_num_queries(len(one)):
        client.get(reverse("admin:vat_rehearsal"), asked)


def test_a_rehearsal_is_for_who_sees_invoices_and_needs_a_rate(staff):
    assert staff("catalogue").get(reverse("admin:vat_rehearsal")).status_code == 403
    client = staff("finance")
    assert client.get(reverse("admin:vat_rehearsal_export", args=["csv"])).status_code == 404
    assert client.get(reverse("admin:vat_rehearsal"), {"rate": "0.08"}).status_code == 200
