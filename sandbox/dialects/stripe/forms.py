"""What Stripe's library sends: forms whose names are paths, `metadata[reference]=…` and `expand[0]=…`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sandbox.shapes import Json


def nested(pairs: Iterable[tuple[str, str]]) -> Json:
    """The form as objects in objects; of a list, the places are names ("0")."""
    found: Json = {}
    for name, value in pairs:
        first, *more = re.findall(r"[^\[\]]+", name) or [""]
        at = found
        for part in more:
            inner = at.setdefault(first, {})
            if not isinstance(inner, dict):
                break
            at, first = inner, part
        else:
            at[first] = value
    return found


def of(form: Json, *path: str) -> Json:
    """An object in it, empty where there is none."""
    for name in path:
        inner = form.get(name)
        form = inner if isinstance(inner, dict) else {}
    return form


def text(form: Json, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def whole(form: Json, name: str) -> int | None:
    value = text(form, name)
    return int(value) if re.fullmatch(r"\d{1,12}", value, re.ASCII) else None
