"""Is everything up? `/readyz`: may this process be sent requests. `/healthz`: does the whole portal work.

Both answer 200 or 503 and name the parts, never the reason: that stands in the log.
"""

import logging
from collections.abc import Callable
from http import HTTPStatus
from urllib.request import urlopen

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

log = logging.getLogger(__name__)

WORKER_SIGN = "health:worker"
WORKER_SIGN_SECONDS = 15
SANDBOX_TIMEOUT_SECONDS = 2


def note_worker() -> None:
    """Leave a worker's sign of life, which fades after `WORKER_SIGN_SECONDS`."""
    cache.set(WORKER_SIGN, 1, WORKER_SIGN_SECONDS)


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer whether this process can reach what every page needs."""
    return _answer({"database": _database, "redis": _redis})


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer whether every part of the portal is up: also a worker, and the sandbox gateway if there is one."""
    parts = {"database": _database, "redis": _redis, "worker": _worker}
    return _answer(parts | ({"sandbox": _sandbox} if settings.SANDBOX_URL else {}))


def _answer(parts: dict[str, Callable[[], bool]]) -> JsonResponse:
    found = {name: _is_up(name, probe) for name, probe in parts.items()}
    well = all(found.values())
    words = {name: "up" if up else "down" for name, up in found.items()}
    return JsonResponse({"status": "up" if well else "down", "parts": words}, status=200 if well else 503)


def _is_up(name: str, probe: Callable[[], bool]) -> bool:
    try:
        return probe()
    except Exception:  # whatever the part's driver raises means the same here: it is down
        log.warning("health: %s is down", name, exc_info=True)
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def _redis() -> bool:
    cache.get(WORKER_SIGN)  # a miss is as good as a hit: the server answered
    return True


def _worker() -> bool:
    return cache.get(WORKER_SIGN) is not None


def _sandbox() -> bool:
    with urlopen(f"{settings.SANDBOX_URL}/healthz", timeout=SANDBOX_TIMEOUT_SECONDS) as answer:  # noqa: S310 - from the environment
        return bool(answer.status == HTTPStatus.OK)
