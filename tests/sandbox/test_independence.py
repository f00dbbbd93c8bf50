"""The sandbox is a second opinion only as long as it shares nothing with the application."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.config import Config

ROOT = Path(__file__).resolve().parents[2]
SANDBOX_MAY_IMPORT = {"cryptography", "flask", "httpx", "sandbox", "werkzeug"}
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


def test_importing_the_sandbox_makes_no_file_and_needs_no_setting(tmp_path):
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / "sandbox").rglob("*.py"))
        if path.name != "__main__.py"
    ]

    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import " + ", ".join(modules)
    subprocess.run([sys.executable, "-B", "-c", code], cwd=tmp_path, check=True, env={"PATH": ""})

    assert list(tmp_path.iterdir()) == []


def test_where_its_file_is_has_to_be_said():
    with pytest.raises(KeyError, match="SANDBOX_DB"):
        Config.from_env({})


ADAPTERS = sorted(
    {path.name for path in (ROOT / "payments" / "gateways").glob("*.py")} - {"__init__.py", "registry.py"}
)


@pytest.mark.parametrize("name", ADAPTERS)
def test_adapters_know_neither_django_nor_our_models(name):
    assert foreign_imports(ROOT / "payments" / "gateways" / name) <= ADAPTERS_MAY_IMPORT
