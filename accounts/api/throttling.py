"""How often a principal may ask."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from accounts.principals import Principal

if TYPE_CHECKING:
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)


class PrincipalThrottle(SimpleRateThrottle):
    """Counts in Redis; without Redis nobody is held up."""

    scope = "principal"

    def get_cache_key(self, request: Request, view: object) -> str | None:
        principal: object = request.user
        return f"throttle:{principal.somebody}" if isinstance(principal, Principal) else None

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return super().allow_request(request, view)
        except RedisError:
            logger.warning("API throttling is off: Redis does not answer")
            return True
