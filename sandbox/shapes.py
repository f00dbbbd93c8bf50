"""Names for what has no narrower type where it passes."""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
"""An object of JSON: who wrote it says its keys."""
