"""Which app may know of which: as the import contracts of pyproject.toml say it, for everything that is not an import."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LEDGER, ITS_USERS, ITS_BASE = "ledger", {"payments", "billing_portal", "demo"}, {"accounts", "store", "kernel"}


@cache
def layers() -> list[str]:
    """The apps and what they rest on, the topmost first; the ledger stands beside them."""
    contracts: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    found: list[str] = next(one["layers"] for one in contracts if one["name"] == "Apps point downwards")
    return found


def may_know(app: str, other: str) -> bool:
    """Whether code of `app` may name what belongs to `other`."""
    if app == other:
        return True
    if LEDGER in (app, other):
        return app in ITS_USERS if other == LEDGER else other in ITS_BASE
    return layers().index(app) < layers().index(other)


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of ours that is not history, with its app."""
    for app in [*layers(), LEDGER]:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield app, path


def words_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """String constants with their lines, those in f-strings too. What only documents is left out."""
    documents = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node.lineno, node.value
