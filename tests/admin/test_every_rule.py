"""Every rule of every row that staff edit is broken through its page: a sentence, never a name, and nothing changes."""

from __future__ import annotations

import logging
from contextlib import suppress

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.admin.base import LookOnlyAdmin
from accounts.models import Customer, CustomerGroup, User
from catalog.models import CommitmentOffer, Coupon, Discount, Item, Price, Product, TaxCategory
from invoices.models import Rung
from tests.cast import NOON, create, make_coupon, make_customer, make_user

EDITED = [model for model, page in admin.site._registry.items() if not isinstance(page, LookOnlyAdmin)]
RULES = {rule.name: (model, rule) for model in EDITED for rule in model._meta.constraints}
BEGINS = {"valid_from_0": "2026-04-01", "valid_from_1": "00:00"}
BEFORE_THAT = {"valid_until_0": "2026-03-20", "valid_until_1": "00:00"}

BROKEN = {
    "a_stage_of_the_end_lasts_90_days_at_most": {"grace_days": "91"},
    "late_renewal_is_a_known_policy": {"late_renewal": "never"},
    "what_lacks_credit_stops_a_day_after_it_was_told_or_later": {"days_without_credit": "0"},
    "a_product_is_of_a_kind_that_focus_knows": {"service_subcategory": "Gardening"},
    "item_code_is_unique_in_its_product": {"code": "small"},
    "price_is_not_negative": {"unit_price": "-1"},
    "metered_items_and_no_others_say_how_use_adds_up": {"aggregation": "sum"},
    "price_is_per_month_per_hour_or_per_unit_used": {"per_minutes": "7"},
    "only_prices_per_unit_used_have_tiers_and_bounds": {"cap": "5000"},
    "a_price_has_the_tiers_or_the_package_that_it_says": {"tiering": "package"},
    "what_is_included_and_the_least_and_the_most_are_sane": {"minimum": "2", "cap": "1"},
    "a_term_is_one_to_thirty_six_months": {"months": "37"},
    "only_time_is_priced_by_term": {"per_minutes": "0", "months": "12"},
    "price_starts_before_it_ends": BEFORE_THAT,
    "list_prices_of_an_item_never_overlap": {"customer": ""},
    "negotiated_prices_of_an_item_never_overlap": {"valid_from_0": "2026-06-01"},
    "discount_is_a_share": {"share": "0"},
    "an_offer_is_of_a_spend_that_can_be_billed": {"amount": "0"},
    "an_offer_takes_a_share_off": {"share": "0"},
    "an_offer_is_for_one_to_thirty_six_months": {"months": "37"},
    "an_offer_opens_before_it_closes": BEFORE_THAT,
    "discount_starts_before_it_ends": BEFORE_THAT,
    "discounts_of_a_customer_never_overlap": {"valid_from_0": "2026-06-01"},
    "coupon_takes_an_amount_or_a_share": {"share": "10"},
    "each_customer_can_use_a_coupon": {"maximum_uses_per_customer": "0"},
    "coupon_is_not_used_too_often": {"maximum_uses": "1"},
    "coupon_starts_before_it_ends": BEFORE_THAT,
    "what_does_harm_is_announced_and_comes_after_the_due_date": {"act": "block"},
    "a_rung_is_near_the_due_date": {"days": "400"},
    "a_rung_starts_before_it_ends": BEFORE_THAT,
    "a_ladder_does_the_same_once_on_a_day": {"days": "7"},
    "one_user_per_mail_address_however_written": {"email": "LAN@alice.example"},
}
"""Whoever adds a rule says here what breaks it."""
NO_FIELD = {"customer_billing_mode_is_known": {"billing_mode": "barter"}}
PAIRED = {"each_tier_has_its_price"}
"""Kept by the form itself, which has one box for both columns."""
"""What is asked of the row, but no page edits."""
IN_THE_PORTAL = {
    "whoever_is_forgotten_does_not_sign_in",
    "a_key_carries_rights_that_keys_may_carry", "a_keys_daily_limit_is_sane", "a_key_expires_after_it_was_made",
    "a_key_is_one_customers", "a_key_succeeds_one_of_its_customer", "sessions_of_a_customer_last_a_while_and_end",
}  # fmt: skip
"""Of rows that staff edit, but asked where customers type it, or followed from what they choose."""
UNIQUE = {
    "catalog.Product": {"code": "vserver"},
    "catalog.Coupon": {"code": "USED"},
    "accounts.CustomerGroup": {"name": "Key accounts"},
    "accounts.User": {"email": "lan@alice.example"},
    "auth.Group": {"name": "finance"},
}


@pytest.fixture
def forms(alice, bob, small):
    """What each page takes, as it is: the rows that the broken ones collide with are there."""
    make_coupon("USED", 10_000)
    CustomerGroup.objects.create(name="Key accounts")
    make_user(alice)
    User.objects.filter(customers=alice).update(email="lan@alice.example")
    Price.objects.create(item=small, customer=alice, unit_price=1, valid_from=NOON.replace(month=5))
    Discount.objects.create(customer=alice, product=small.product, share="0.1", valid_from=NOON.replace(month=5))
    why = {"reason": "asked"}
    ends = {"valid_until_0": "2026-04-20", "valid_until_1": "00:00"}
    return {
        Product: {
            "code": "other", "name": "a", "name_en": "a", "days_in_trash_after_expiry": "7", "days_in_trash_after_deletion": "7",
            "grace_days": "0", "late_renewal": "grace", "service_subcategory": "Caching", "provisioner": "polling",
            "return_urls": "[]",
            "items-TOTAL_FORMS": "0", "items-INITIAL_FORMS": "0", **why,
        },
        Item: {
            "product": small.product_id, "code": "new", "name": "a", "name_en": "a", "kind": "volume", "unit": "GB",
            "maximum": "1", "position": "0", "least_held": "0",
        },
        Price: {
            "item": small.pk, "customer": alice.pk, "unit_price": "1", "per_minutes": "43200", "tax_category": "standard",
            "tiering": "flat", "included": "0", "minimum": "0", **BEGINS, **ends,
            **why,
        },
        TaxCategory: {
            "code": "new", "name": "a", "name_en": "a", "rates-TOTAL_FORMS": "0", "rates-INITIAL_FORMS": "0",
        },
        CommitmentOffer: {
            "name": "a", "name_en": "a", "amount": "1000", "share": "10", "months": "12", **BEGINS, **ends, **why,
        },
        Discount: {"customer": alice.pk, "product": small.product_id, "share": "20", **BEGINS, **ends, **why},
        Coupon: {
            "code": "TET", "amount": "10000", "minimum_order": "0", "maximum_uses": "2", "maximum_uses_per_customer": "1",
            **BEGINS, **why,
        },
        User: {"email": "new@alice.example", "customer": alice.pk, "role": "viewer", "usable_password": "false", **why},
        Customer: {"name": "Carol", "email": "carol@carol.example", "language": "vi"},
        Group: {"name": "new"},
        CustomerGroup: {"name": "new", **why},
        Rung: {"act": "remind", "days": "5", "announced_days": "0", **BEGINS, **ends, **why},
    }  # fmt: skip


def add(client, model, form):
    return client.post(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add"), form)


def sender(client, name):
    """How the row is sent that breaks the rule, and what is there before."""
    model, _rule = RULES[name]
    if name != "coupon_is_not_used_too_often":
        return (lambda form: add(client, model, form)), rows(model)
    page = reverse("admin:catalog_coupon_change", args=[used_twice().pk])
    return (lambda form: client.post(page, form)), rows(model)


def rows(model):
    return list(model._default_manager.order_by("pk").values())


def refused_with_a_sentence(answer, name):
    assert answer.status_code == 200
    page = answer.content.decode()
    assert name not in page
    assert "violates" not in page
    wrong = [
        str(sentence)
        for found in answer.context["errors"]
        for sentence in ([found] if isinstance(found, str) else found)
    ]
    assert wrong
    assert all(sentence.endswith(".") for sentence in wrong), wrong
    return wrong


def test_every_rule_is_broken_here():
    assert set(RULES) == set(BROKEN) | set(NO_FIELD) | PAIRED | IN_THE_PORTAL
    unique = {
        model._meta.label
        for model in EDITED
        if any(field.unique and field.editable and not field.primary_key for field in model._meta.concrete_fields)
    }
    assert unique - {"accounts.CustomerKey"} == set(UNIQUE), "which key it takes the place of, nobody types"


def test_what_is_broken_below_is_taken_as_it_is(superuser, forms):
    for model, form in forms.items():
        answer = add(superuser, model, form)
        assert answer.status_code == 302, (model, answer.context["errors"])


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_a_sentence_and_nothing_changes(superuser, forms, caplog, name):
    model, _rule = RULES[name]
    form = {**forms[model], **BROKEN[name]}
    send, before = sender(superuser, name)
    answer = send(form)
    refused_with_a_sentence(answer, name)
    assert rows(model) == before
    assert_asked(caplog)


@pytest.mark.parametrize("name", BROKEN)
def test_what_the_question_misses_the_database_answers_and_the_page_says_it(superuser, forms, monkeypatch, name):
    """Django takes a rule for kept when asking it fails. Then the row is refused when it is saved, or by another field's check."""
    model, rule = RULES[name]
    form = {**forms[model], **BROKEN[name]}
    monkeypatch.setattr(type(rule), "validate", lambda *_a, **_k: None)
    send, before = sender(superuser, name)
    answer = send(form)
    refused_with_a_sentence(answer, name)
    assert rows(model) == before


@pytest.mark.parametrize("name", NO_FIELD)
def test_what_no_page_edits_is_not_changed_by_sending_it(superuser, forms, name):
    model, _rule = RULES[name]
    assert add(superuser, model, {**forms[model], **NO_FIELD[name]}).status_code == 302
    assert model._default_manager.latest("created_at").billing_mode == "prepaid"


@pytest.mark.parametrize("label", UNIQUE)
def test_what_is_there_once_is_refused_with_a_sentence(superuser, staff, forms, label):
    model = next(model for model in EDITED if model._meta.label == label)
    before = rows(model)
    answer = add(superuser, model, {**forms[model], **UNIQUE[label]})
    refused_with_a_sentence(answer, "_key")
    assert rows(model) == before


def test_two_items_of_one_code_on_a_product_are_refused_with_a_sentence(superuser, forms):
    item = {
        "position": "0",
        "least_held": "0",
        "code": "same",
        "name": "a",
        "name_en": "a",
        "kind": "volume",
        "unit": "GB",
        "maximum": "1",
    }
    both = {f"items-{number}-{name}": value for number in range(2) for name, value in item.items()}
    form = {**forms[Product], **both, "items-TOTAL_FORMS": "2"}
    refused_with_a_sentence(add(superuser, Product, form), "item_code_is_unique_in_its_product")
    assert not Product.objects.filter(code="other").exists()


def test_every_sentence_can_be_said():
    """Django puts the rule's name into it: a per cent sign that stands alone ends in an error."""
    assert all(
        rule.get_violation_error_message() == str(rule.violation_error_message)
        for name, (_model, rule) in RULES.items()
        if name not in IN_THE_PORTAL
    )


def test_every_rule_can_be_asked(forms, caplog, db):
    """Of a row of nothing but empty columns, and of each row that is there: no question fails in the database."""
    for model, rule in RULES.values():
        for row in (model(), *model._default_manager.all()):
            with suppress(ValidationError):
                rule.validate(model, row)
    assert_asked(caplog)


def assert_asked(caplog):
    assert [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and "check()" in record.getMessage()
    ] == []


def used_twice():
    coupon = make_coupon("TET", 10_000, maximum_uses=5)
    for _use in range(2):
        create(make_customer(credit=1_000_000), Item.objects.get(code="small"), coupon="TET")
    return coupon
