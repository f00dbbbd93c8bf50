"""Is everything up? `/readyz`: may this process be sent requests. `/healthz`: does the whole portal work.

Both answer 200 or 503 and name the parts, never the reason: that stands in the log.
"""

import logging
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from urllib.request import urlopen

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from lifecycle.models import DeliveryChannel

log = logging.getLogger(__name__)

SIGNS = ("worker", "courier", "beat")
SIGN_SECONDS = 15
SANDBOX_TIMEOUT_SECONDS = 2


def note_worker(queues: Iterable[str]) -> set[str]:
    """Leave the signs of life of a worker with these queues: worker or courier; returns which."""
    names = {"courier" if queue == settings.COURIERS else "worker" for queue in queues}
    for name in names:
        note_life(name)
    return names


def note_life(name: str) -> None:
    """Leave the sign of life of a worker, a courier or beat, which fades after SIGN_SECONDS."""
    try:
        cache.set(_sign(name), 1, SIGN_SECONDS)
    except RedisError:
        log.warning("health: no sign of %s, Redis does not answer", name)


def forget_signs() -> None:
    """Those of an earlier start."""
    cache.delete_many(map(_sign, SIGNS))


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """Answer whether this process can reach what every page needs."""
    return _answer({"database": _database, "redis": _redis})


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """Answer whether every part of the portal is up: also a worker, a courier and beat, and the sandbox gateway if there is one."""
    parts = {"database": _database, "redis": _redis} | {name: partial(_lives, name) for name in SIGNS}
    return _answer(parts | ({"sandbox": _sandbox} if settings.SANDBOX_URL else {}), _slow_products)


def _answer(parts: dict[str, Callable[[], bool]], slow: Callable[[], list[str]] | None = None) -> JsonResponse:
    found = {name: _is_up(name, probe) for name, probe in parts.items()}
    well = all(found.values())
    words = {name: "up" if up else "down" for name, up in found.items()}
    answer: dict[str, object] = {"status": "up" if well else "down", "parts": words}
    if slow and words["database"] == "up":
        answer["slow_products"] = slow()  # worth a word with their teams; nothing of ours is down
    return JsonResponse(answer, status=200 if well else 503)


def _is_up(name: str, probe: Callable[[], bool]) -> bool:
    try:
        return probe()
    except Exception:  # whatever the part's driver raises means the same here: it is down
        log.warning("health: %s is down", name, exc_info=True)
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _redis() -> bool:
    cache.get(_sign("worker"))  # a miss is as good as a hit: the server answered
    return True


def _lives(name: str) -> bool:
    return cache.get(_sign(name)) is not None


def _sign(name: str) -> str:
    return f"health:{name}"


def _slow_products() -> list[str]:
    return list(DeliveryChannel.objects.unwell().order_by("product__code").values_list("product__code", flat=True))


def _sandbox() -> bool:
    with urlopen(f"{settings.SANDBOX_URL}/healthz", timeout=SANDBOX_TIMEOUT_SECONDS) as answer:  # noqa: S310 - from the environment
        return bool(answer.status == HTTPStatus.OK)
