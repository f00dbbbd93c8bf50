"""Budgets in notices: what they are about, kept as a code, and what is so of them today."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from budgets.models import Budget, Hit, Scope
from catalog.models import Product


def code_of(budget: Budget) -> str:
    """As notices keep it: "everything", "product:<id>", "key:<name>", "tag:Environment=production"."""
    rest = budget.tag or (budget.key.name if budget.key else budget.product_id)
    return f"{budget.scope}:{rest}" if rest else str(budget.scope)


def told_to(budget: Budget) -> dict[str, object]:
    """Of a notice's facts: which of the recipients it is for, where they are named."""
    return {"readers": [str(pk) for pk in budget.readers]} if budget.readers else {}


def budget_words(code: str) -> str:
    """In the active language, as it stands in a sentence after "for"."""
    scope, _colon, rest = code.partition(":")
    match scope:
        case Scope.PRODUCT:
            return str(Product.objects.filter(pk=rest).first() or "")
        case Scope.KEY:
            return _("the API key %(name)s") % {"name": rest}
        case Scope.TAG:
            return _("what is tagged %(tag)s") % {"tag": rest}
        case _:
            return _("everything")


def facts_of_budgets(pks: set[UUID]) -> dict[UUID, dict[str, object]]:
    """What notices about budgets are held against."""
    standing = Exists(Hit.objects.standing().filter(budget=OuterRef("pk")))
    rows = Budget.objects.filter(pk__in=pks).annotate(is_reached=standing)
    return {
        pk: {"limit": limit, "is_standing": removed is None, "is_reached": is_reached}
        for pk, limit, removed, is_reached in rows.values_list("pk", "monthly_limit", "removed_at", "is_reached")
    }
