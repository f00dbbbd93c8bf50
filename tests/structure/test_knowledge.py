"""
No app knows what lies above it, by import or otherwise.

The import contracts see imports. A table in SQL, a constraint, a model, a permission or an address that is named in a string
ties two apps together just as well: these are looked for here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module

import pytest
from django.apps import apps

from accounts.staff import RIGHTS
from store.races import races
from tests.structure.layers import LEDGER, ROOT, layers, may_know, modules, words_of

NAME = re.compile(r"[A-Za-z]\w*(?:[._]\w+)+")
LEADING = {"reverse", "reverse_lazy", "redirect", "resolve_url"}


@cache
def owners() -> dict[str, str]:
    """The app that owns each name: tables, constraints, indexes, models and permissions."""
    found: dict[str, str] = {}
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if meta.app_label not in {*layers(), LEDGER} or meta.proxy:
            continue
        names = [meta.db_table, meta.label_lower, meta.label]
        names += [part.name for part in (*meta.constraints, *meta.indexes)]
        names += [f"{meta.app_label}.{verb}_{meta.model_name}" for verb in meta.default_permissions]
        found |= dict.fromkeys(names, meta.app_label)
    return found | {right.permission: right.permission.split(".")[0] for right in RIGHTS}


@cache
def address_owners() -> dict[str, str]:
    """The app that has the page, by the name of its address."""
    found: dict[str, str] = {}
    for app in (*layers(), LEDGER):
        for name in ("urls", "api_urls"):
            if (ROOT / app / f"{name}.py").exists() and (app, name) != ("billing_portal", "urls"):
                found |= {
                    each.name: app for each in import_module(f"{app}.{name}").urlpatterns if getattr(each, "name", None)
                }
    return found


def owner_of(word: str) -> str | None:
    """Of a name, or of a table's column, sequence or key ("orders_order_quote_id_key")."""
    known = owners()
    parts = word.split("_")
    starts = (("_".join(parts[:count])) for count in range(len(parts), 1, -1))
    return known.get(word) or next((known[start] for start in starts if start in known), None)


def told_upwards(app: str, code: str) -> list[str]:
    """What the strings of `code`, a module of `app`, name although it belongs to an app that `app` may not know."""
    tree = ast.parse(code)
    named = [(line, word, owner_of(word)) for line, text in words_of(tree) for word in NAME.findall(text)]
    named += [(line, word, address_owners().get(word)) for line, word in addresses_of(tree)]
    return [f"line {line}: {word} of {owner}" for line, word, owner in named if owner and not may_know(app, owner)]


def addresses_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Names of addresses in calls that lead there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if called in LEADING and isinstance(node.args[0].value, str):
                yield node.lineno, node.args[0].value


def test_no_app_names_what_belongs_to_an_app_above_it() -> None:
    found = [
        f"{path.relative_to(ROOT)}, {what}" for app, path in modules() for what in told_upwards(app, path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize(
    ("app", "code", "found"),
    [
        ("invoices", "SQL = 'SELECT sum(amount) FROM payments_allocation a'", "payments_allocation of payments"),
        ("invoices", "SQL = f'DELETE FROM payments_payment WHERE id = {pk}'", "payments_payment of payments"),
        ("lifecycle", "X = 'one_open_attempt_per_payable'", "one_open_attempt_per_payable of payments"),
        ("accounts", "X = 'orders_order_quote_id_key'", "orders_order_quote_id_key of orders"),
        ("catalog", "apps.get_model('lifecycle.Resource')", "lifecycle.Resource of lifecycle"),
        ("accounts", "user.has_perm('payments.grant_credit')", "payments.grant_credit of payments"),
        ("accounts", "user.has_perm('invoices.view_invoice')", "invoices.view_invoice of invoices"),
        ("orders", "SQL = 'SELECT * FROM ledger_entry'", "ledger_entry of ledger"),
        ("payments", "page = reverse('order', args=[pk])", "order of orders"),
        ("notifications", "return redirect('wallet')", "wallet of payments"),
    ],
)
def test_a_planted_name_is_found(app: str, code: str, found: str) -> None:
    assert told_upwards(app, code) == [f"line 1: {found}"]


@pytest.mark.parametrize(
    ("app", "code"),
    [
        ("payments", "SQL = 'SELECT * FROM invoices_invoice JOIN ledger_entry USING (id)'"),
        ("billing_portal", "X = 'payments.grant_credit', 'orders_order', reverse('order')"),
        ("accounts", '"""Prose may say payments_allocation."""'),
    ],
)
def test_what_lies_below_may_be_named(app: str, code: str) -> None:
    assert told_upwards(app, code) == []


def test_the_names_of_all_apps_are_known() -> None:
    """Else the tests above could not fail."""
    assert {*layers(), LEDGER} - {*owners().values()} == {"demo", "foresight", "store", "kernel"}
    assert {"orders", "payments", "invoices", "notifications", "accounts"} <= {*address_owners().values()}


def test_a_race_is_about_a_constraint_that_there_is() -> None:
    assert [name for name in races() if owner_of(name) is None] == []
