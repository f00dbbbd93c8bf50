"""
A CHECK lets pass what it cannot tell.

SQL compares an empty column with nothing: the result is unknown, and a constraint refuses only what is false. So a rule that
compares a column that may be empty says as well what holds when it is.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db.models import CheckConstraint, F, Model, Q

from catalog.models import Coupon

RULES = [
    (model, rule)
    for model in apps.get_models()
    if not model._meta.proxy
    for rule in model._meta.constraints
    if isinstance(rule, CheckConstraint)
]


def unknown(model: type[Model], condition: Q, said: frozenset[str] = frozenset()) -> Iterator[str]:
    """Columns that may be empty and are compared where nothing says what holds then; `said` by the conditions around."""
    empties = {
        lookup.removesuffix("__isnull")
        for lookup, *value in (child for child in condition.children if isinstance(child, tuple))
        if (lookup.endswith("__isnull") and (condition.connector == Q.OR) == value[0]) or value == [None]
    }
    for child in condition.children:
        if isinstance(child, Q):
            yield from unknown(model, child, said | empties)
            continue
        assert isinstance(child, tuple)
        lookup, value = child
        if lookup.endswith("__isnull") or value is None:
            continue
        compared = {
            lookup.split("__", maxsplit=1)[0],
            *({vars(value)["name"].split("__")[0]} if isinstance(value, F) else ()),
        }
        yield from (name for name in compared if model._meta.get_field(name).null and name not in said | empties)


@pytest.mark.parametrize(("model", "rule"), RULES, ids=lambda value: getattr(value, "name", ""))
def test_no_rule_passes_because_a_column_is_empty(model: type[Model], rule: CheckConstraint) -> None:
    assert isinstance(rule.condition, Q)
    assert sorted(set(unknown(model, rule.condition))) == []


def test_a_rule_that_forgets_an_empty_column_is_found() -> None:
    assert {*unknown(Coupon, Q(amount__gt=0, share__isnull=True) | Q(amount__isnull=True, share__gt=0))} == {
        "amount",
        "share",
    }
    assert not {*unknown(Coupon, Q(amount__isnull=True) | Q(amount__gt=0))}
