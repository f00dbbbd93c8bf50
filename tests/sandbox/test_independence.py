"""The sandbox is a second opinion only as long as it shares nothing with the application."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SANDBOX_MAY_IMPORT = {"flask", "httpx", "sandbox", "werkzeug"}
ADAPTERS_MAY_IMPORT = {
    "cryptography",
    "httpx",
    "kernel",
    "store",
    "stripe",
}  # store.outgoing, the one way out of the house


def foreign_imports(path: Path) -> set[str]:
    """Top-level packages outside the standard library that a file imports absolutely."""
    from sys import stdlib_module_names

    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").split(".")[0])
    return names - stdlib_module_names


@pytest.mark.parametrize("path", sorted((ROOT / "sandbox").rglob("*.py")), ids=lambda path: path.name)
def test_the_sandbox_never_imports_the_application(path):
    assert foreign_imports(path) <= SANDBOX_MAY_IMPORT


ADAPTERS = sorted(
    {path.name for path in (ROOT / "payments" / "gateways").glob("*.py")} - {"__init__.py", "registry.py"}
)


@pytest.mark.parametrize("name", ADAPTERS)
def test_adapters_know_neither_django_nor_our_models(name):
    assert foreign_imports(ROOT / "payments" / "gateways" / name) <= ADAPTERS_MAY_IMPORT
