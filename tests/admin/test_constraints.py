"""Whatever the database refuses, staff read as a sentence."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse

from accounts.admin.base import LookOnlyAdmin
from accounts.admin.rows import WholeRow
from accounts.models import User
from catalog.models import Coupon
from tests.cast import create, make_coupon, make_customer

EDITED = {
    model: page
    for model, page in admin.site._registry.items()
    if not isinstance(page, LookOnlyAdmin) and model._meta.constraints
}
FOR_OTHER_ROWS = {"a_key_is_one_customers", "a_key_succeeds_one_of_its_customer"}
"""No form can break them: what a row refers to is chosen among its customer's."""
CONSTRAINTS = [
    (model, constraint)
    for model in EDITED
    for constraint in model._meta.constraints
    if constraint.name not in FOR_OTHER_ROWS
]


def test_rows_with_rules_are_edited():
    assert {model._meta.label for model in EDITED} >= {
        "catalog.Coupon",
        "catalog.Price",
        "catalog.Discount",
        "catalog.Product",
    }
    assert len(CONSTRAINTS) >= 15


@pytest.mark.parametrize(("model", "constraint"), CONSTRAINTS, ids=lambda value: getattr(value, "name", ""))
def test_every_rule_of_a_row_that_staff_edit_has_its_sentence(model, constraint):
    sentence = str(constraint.violation_error_message)
    assert sentence != str(constraint.default_violation_error_message)
    assert constraint.name not in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize("model", EDITED, ids=lambda model: model.__name__)
def test_every_form_of_such_a_row_asks_all_of_its_rules(db, model):
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_staff=True)
    assert issubclass(EDITED[model].get_form(request), WholeRow)


def coupon_form(client, coupon=None, **data):
    fields = {
        "code": "TET", "amount": "10000", "share": "", "minimum_order": "0", "maximum_uses": "", "maximum_uses_per_customer": "1",
        "valid_from_0": "2020-01-01", "valid_from_1": "00:00", "valid_until_0": "", "valid_until_1": "", "reason": "Tết", **data,
    }  # fmt: skip
    address = (
        reverse("admin:catalog_coupon_change", args=[coupon.pk]) if coupon else reverse("admin:catalog_coupon_add")
    )
    return client.post(address, fields)


def errors(answer):
    return {name: list(found) for name, found in answer.context["adminform"].form.errors.items()}


def test_fewer_uses_than_there_were_are_refused_at_their_field(staff, small):
    coupon = make_coupon("TET", 10_000, maximum_uses=5)
    for _use in range(2):
        create(make_customer(credit=1_000_000), small, coupon="TET")
    answer = coupon_form(staff("catalogue"), coupon, maximum_uses="1")
    assert errors(answer) == {"maximum_uses": ["It has been used more often than that already."]}


def test_no_use_per_customer_is_refused_at_its_field(staff):
    assert "maximum_uses_per_customer" in errors(coupon_form(staff("catalogue"), maximum_uses_per_customer="0"))


def test_an_amount_and_a_share_are_refused_with_a_sentence(staff):
    answer = coupon_form(staff("catalogue"), share="10")
    assert "not both" in str(errors(answer))
    assert "coupon_takes" not in answer.content.decode()


def test_an_end_before_the_beginning_is_refused_with_a_sentence(staff):
    answer = coupon_form(staff("catalogue"), valid_until_0="2019-01-01", valid_until_1="00:00")
    assert "after the beginning" in str(errors(answer))
    assert not Coupon.objects.exists()
