"""
Guessing passwords is slow: who fails to sign in too often has to wait, a little longer each time. So does who asks for mails.

Counted in the cache (Redis) by user name and by address. Without Redis nobody is held up, but codes of a second factor are not
looked at. A browser that has signed in before is counted for itself, so no stranger's failures keep its user out.
"""

from __future__ import annotations

import hashlib
import logging
import math
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import ngettext
from redis.exceptions import RedisError

from accounts.models import User
from kernel import display
from store.senders import network_of

logger = logging.getLogger(__name__)

FIRST_WAIT = 5
"""Seconds; each further failure doubles it."""
FORGOTTEN_AFTER = 3600
"""Seconds after the last failure."""
DEVICE_COOKIE = "known_device"
DEVICE_COOKIE_AGE = 180 * 86400


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures are `free`; later attempts are seconds apart, `longest` at most."""

    free: int
    longest: int

    def wait_after(self, failures: int) -> int:
        """Seconds to wait after so many failures."""
        over = min(failures - self.free, 16)  # far beyond every `longest`
        return min(self.longest, FIRST_WAIT * 2 ** (over - 1)) if over > 0 else 0


DEVICE = Limit(free=5, longest=300)
NAME = Limit(free=5, longest=60)  # whoever fails for somebody else's name holds that one up for a minute at most
ADDRESS = Limit(free=20, longest=300)  # an office behind one address may slip more often


CODES = Limit(free=5, longest=300)
MAILS_TO_ONE = Limit(free=3, longest=900)
MAILS_BY_ADDRESS = Limit(free=20, longest=900)


class Attempts:
    """What was tried before, by each subject that it is counted for."""

    def __init__(self, limits: Mapping[str, Limit]) -> None:
        self.limits = limits
        self.counted = False
        self.is_away = False
        """Whether Redis did not answer: nobody knows how many there were."""

    @classmethod
    def to_sign_in(cls, request: HttpRequest, name: str) -> Attempts:
        """With this name, from this browser or address."""
        device = _device_of(request, name)
        return cls(
            {f"device:{device}": DEVICE}
            if device
            else {f"name:{_digest(name)}": NAME, f"address:{_digest(network_of(request))}": ADDRESS}
        )

    @classmethod
    def of_codes(cls, user: User) -> Attempts:
        """Codes of a second factor: of whoever knows the password already."""
        return cls({f"code:{user.pk}": CODES})

    @classmethod
    def to_be_mailed(cls, request: HttpRequest, recipient: str) -> Attempts:
        """To have a mail sent there, whether anybody reads it or not; each counts."""
        return cls(
            {
                f"mails-to:{_digest(recipient)}": MAILS_TO_ONE,
                f"mails-by:{_digest(network_of(request))}": MAILS_BY_ADDRESS,
            }
        )

    def begin(self) -> int:
        """
        Count one attempt, as failed until `succeed`; answers the seconds to wait if it is too early for it.

        Counting comes first, so that guesses sent at once do not all find the count of before.
        """
        try:
            wait = max(_left(subject) for subject in self.limits) or self._count()
        except RedisError:
            logger.warning("sign-in: nobody is counted, Redis does not answer")
            self.is_away = True
            return 0
        return wait

    def succeed(self) -> None:
        """It was the right password after all: this attempt does not count, and the name starts anew."""
        if not self.counted:
            return
        try:
            for subject in self.limits:
                cache.delete(f"sign-in:{subject}:wait")
                if subject.startswith("address:"):  # else one's own account would wipe out the failures for others
                    _add(subject, -1)
                else:
                    cache.delete(f"sign-in:{subject}:failures")
        except RedisError:
            logger.warning("sign-in: a success was not noted, Redis does not answer")

    def _count(self) -> int:
        self.counted = True
        for subject, limit in self.limits.items():
            wait = limit.wait_after(_add(subject, 1))
            if wait and not cache.add(f"sign-in:{subject}:wait", time.time() + wait, wait):
                return _left(subject) or 1  # another attempt was faster
        return 0


def _left(subject: str) -> int:
    """Seconds that are left to wait."""
    until = cache.get(f"sign-in:{subject}:wait")
    return max(1, math.ceil(until - time.time())) if until is not None else 0


def _add(subject: str, number: int) -> int:
    """The failures counted so far, and this."""
    key = f"sign-in:{subject}:failures"
    cache.add(key, 0, FORGOTTEN_AFTER)
    try:
        total: int = cache.incr(key, number)
    except ValueError:  # forgotten just now
        return max(0, number)
    cache.touch(key, FORGOTTEN_AFTER)
    return total


def _digest(text: str) -> str:
    return hashlib.sha256(text.strip().casefold().encode(errors="replace")).hexdigest()


def _device_of(request: HttpRequest, name: str) -> str:
    """The browser's own mark if this user has signed in with it before, else empty."""
    try:
        user, device = signing.loads(
            request.COOKIES.get(DEVICE_COOKIE, ""), salt=DEVICE_COOKIE, max_age=DEVICE_COOKIE_AGE
        )
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(device) if user == _digest(name) else ""


def in_words(seconds: int) -> str:
    """How long to wait."""
    if seconds > 90:
        return display.duration(math.ceil(seconds / 60))
    return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}


def mark_known(answer: HttpResponseBase, user: User) -> None:
    """This browser is `user`'s from now on: strangers' failures do not concern it."""
    mark = signing.dumps([_digest(user.email), secrets.token_urlsafe(12)], salt=DEVICE_COOKIE)
    answer.set_cookie(
        DEVICE_COOKIE, mark, max_age=DEVICE_COOKIE_AGE, samesite="Lax", secure=settings.HTTPS, httponly=True
    )
