"""Schemathesis reads the OpenAPI document and asks the portal all that it allows, and what it does not."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from math import inf
from typing import Any

import schemathesis
from schemathesis.engine import events, from_schema

from tests.fuzz.portal import Portal, one_connection

PHASES = ("examples", "coverage", "fuzzing", "stateful")
WELL_FORMED_BUT_REFUSED = ["2xx", "401", "402", "403", "404", "409", "410", "422", "429", "503"]
"""The document says what is well formed; what the facts of the business do not allow is refused all the same."""


def findings(
    portal: Portal,
    key: str,
    world: Mapping[str, str | int],
    *,
    phases: Sequence[str],
    seed: int,
    examples: int = 1,
    only: Collection[str] = (),
    until: float = inf,
    tell: Callable[[str], object] = len,
) -> list[str]:
    """
    What was found, a line each.

    :param world: the ids of things that exist, by the collection that they are in
    :param examples: how many of each operation, in the phases that make them up
    :param only: of the operations ("GET /api/v1/orders/") those to be asked; all without it
    :param until: when to stop, by `time.monotonic`
    :param tell: what hears of each finding at once
    """
    config = _configured(key, world, phases=phases, seed=seed, examples=examples, only=only)
    found: list[str] = []
    seen = len(portal.findings)
    with one_connection():
        schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", portal, config=config)
        stream = from_schema(schema).execute()
        for event in stream:
            for finding in _told_by(event):
                tell(finding)
                found.append(finding)
            for finding in portal.findings[seen:]:
                tell(finding)
            seen = len(portal.findings)
            if time.monotonic() > until:
                print(f"stopped early, after {portal.requests} requests")
                stream.stop()
                until = inf
    return sorted({*found, *portal.findings})


def _configured(
    key: str,
    world: Mapping[str, str | int],
    *,
    phases: Sequence[str],
    seed: int,
    examples: int,
    only: Collection[str],
) -> schemathesis.Config:
    return schemathesis.Config.from_dict(
        {
            "seed": seed,
            "headers": {"Accept-Language": "en"} | ({"Authorization": f"Bearer {key}"} if key else {}),
            "phases": {name: {"enabled": name in phases} for name in PHASES}
            | {
                "coverage": {"enabled": "coverage" in phases, "unexpected-methods": []}
            },  # tests/api/test_methods.py asks
            "generation": {"max-examples": examples, "no-shrink": True, "database": "none"},
            "operations": [
                {  # answers each record by itself, also what is wrong with it
                    "include-path": "/api/v1/usage/",
                    "checks": {"negative_data_rejection": {"expected-statuses": ["2xx", "4xx"]}},
                },
                *([{"exclude-name": sorted(only), "enabled": False}] if only else []),
                *(
                    {"include-path-regex": f"^/api/v1/{collection}/{{id}}/", "parameters": {"path.id": one}}
                    for collection, one in world.items()
                ),
            ],
            "checks": {
                "ignored_auth": {"enabled": False},  # cannot repeat a request to WSGI; tests/api/test_keys.py asks
                "positive_data_acceptance": {"expected-statuses": WELL_FORMED_BUT_REFUSED},
                "negative_data_rejection": {"expected-statuses": ["4xx"]},
                "missing_required_header": {"expected-statuses": ["400", "401", "403", "404"]},
            },
        }
    )


def _told_by(event: Any) -> Iterator[str]:
    match event:
        case events.ScenarioFinished():
            for case_id, checks in event.recorder.checks.items():
                for check in checks:
                    if check.failure_info is not None:
                        case = event.recorder.cases[case_id].value
                        failure = check.failure_info.failure
                        yield (
                            f"{case.operation.label} {check.name}: {failure.title}: {failure.message[:300]} "
                            f"| {case.as_curl_command()[:600]}"
                        )
        case events.NonFatalError() | events.FatalError():
            yield f"{type(event).__name__}: {getattr(event, 'value', None) or getattr(event, 'exception', '')}"
