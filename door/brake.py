"""
Guessing passwords is slow: who fails to sign in too often has to wait, a little longer each time. So does who asks for mails.

Counted in the cache (Redis) by user name and by address. Without Redis nobody is held up, but codes of a second factor are not
looked at. A browser that has signed in before, or has set the password, is counted for itself, so no stranger's failures keep its
user out; its mark is over with the password, so nobody gathers marks for guessing the next one.
"""

from __future__ import annotations

import hashlib
import logging
import math
import secrets
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import ngettext
from redis.exceptions import RedisError

from accounts.models import Customer, User
from kernel import display
from store.senders import network_of

logger = logging.getLogger(__name__)

FIRST_WAIT = 5
"""Seconds; each further failure doubles it."""
FORGOTTEN_AFTER = 3600
"""Seconds after the last failure."""
DEVICE_COOKIE = f"{settings.OURS_ALONE}known_device"
DEVICE_COOKIE_AGE = 90 * 86400


@dataclass(frozen=True, slots=True)
class Limit:
    """
    So many failures are `free`; later attempts are seconds apart, `longest` at most. Failures are forgotten so many seconds after
    the last one, and by a success, unless it is not `forgiving`: then a success takes back itself alone.
    """

    free: int
    longest: int
    forgotten_after: int = FORGOTTEN_AFTER
    forgiving: bool = True

    def wait_after(self, failures: int) -> int:
        """Seconds to wait after so many failures."""
        over = min(failures - self.free, 16)  # far beyond every `longest`
        return min(self.longest, FIRST_WAIT * 2 ** (over - 1)) if over > 0 else 0


DEVICE = Limit(free=5, longest=300)
NAME = Limit(free=5, longest=60)  # whoever fails for somebody else's name holds that one up for a minute at most
ADDRESS = Limit(
    free=20, longest=300, forgiving=False
)  # an office behind one address may slip more often; one's own account
# would wipe out the failures for others
CODES = Limit(free=5, longest=3600, forgotten_after=7 * 86400, forgiving=False)
"""Three of a million codes are right at any time: about 50 guesses in the first day, 24 in each later one, whoever signs in between."""
CODES_ARE_GUESSED = 10
"""With so many wrong ones their user is told: somebody knows the password."""
COMPANIES = Limit(free=20, longest=300, forgotten_after=900, forgiving=False)
"""Each asks somebody's provider where to go."""
MAILS_TO_ONE = Limit(free=3, longest=900)
MAILS_BY_ADDRESS = Limit(free=20, longest=900)


class Attempts:
    """What was tried before, by each subject that it is counted for."""

    def __init__(self, limits: Mapping[str, Limit]) -> None:
        self.limits = limits
        self.counted = False
        self.failures = 0
        """With this one, as long as it has not succeeded: of the subject that has most."""
        self.is_away = False
        """Whether Redis did not answer: nobody knows how many there were."""

    @classmethod
    def to_sign_in(cls, request: HttpRequest, name: str) -> Attempts:
        """With this name, from this browser or address."""
        device = _device_of(request, name)
        return cls(
            {f"device:{device}": DEVICE}
            if device
            else {f"name:{_digest(as_one(name))}": NAME, f"address:{_digest(network_of(request))}": ADDRESS}
        )

    @classmethod
    def of_codes(cls, request: HttpRequest, user: User) -> Attempts:
        """
        Codes of a second factor: of whoever knows the password already, in any number of sessions. A browser that has passed it counts
        by itself, no other: else each new password would begin the guesses anew.
        """
        device = _device_of(request, user.email, passed=True)
        return cls({f"code:device:{device}" if device else f"code:{user.pk}": CODES})

    @classmethod
    def to_go_to_companies(cls, request: HttpRequest) -> Attempts:
        """To be led to a company's own sign-in; each counts, for we call there."""
        return cls({f"companies:{_digest(network_of(request))}": COMPANIES})

    @classmethod
    def to_call_a_provider(cls, for_whom: Customer | User) -> Attempts:
        """To have a company's provider called, or a page of its domain, by who is signed in; each counts."""
        return cls({f"companies:for:{for_whom.pk}": COMPANIES})

    @classmethod
    def to_be_mailed(cls, request: HttpRequest, recipient: str) -> Attempts:
        """To have a mail sent there, whether anybody reads it or not; each counts."""
        return cls(
            {
                f"mails-to:{_digest(as_one(recipient))}": MAILS_TO_ONE,
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
        """It was right after all: this attempt does not count, and what is forgiving starts anew."""
        if not self.counted:
            return
        try:
            for subject, limit in self.limits.items():
                cache.delete(f"sign-in:{subject}:wait")
                if limit.forgiving:
                    cache.delete(f"sign-in:{subject}:failures")
                else:
                    _add(subject, -1, limit)
        except RedisError:
            logger.warning("sign-in: a success was not noted, Redis does not answer")

    def _count(self) -> int:
        self.counted = True
        for subject, limit in self.limits.items():
            failures = _add(subject, 1, limit)
            self.failures = max(self.failures, failures)
            wait = limit.wait_after(failures)
            if wait and not cache.add(f"sign-in:{subject}:wait", time.time() + wait, wait):
                return _left(subject) or 1  # another attempt was faster
        return 0


def _left(subject: str) -> int:
    """Seconds that are left to wait."""
    until = cache.get(f"sign-in:{subject}:wait")
    return max(1, math.ceil(until - time.time())) if until is not None else 0


def _add(subject: str, number: int, limit: Limit) -> int:
    """The failures counted so far, and this."""
    key = f"sign-in:{subject}:failures"
    cache.add(key, 0, limit.forgotten_after)
    try:
        total: int = cache.incr(key, number)
    except ValueError:  # forgotten just now
        return max(0, number)
    cache.touch(key, limit.forgotten_after)
    return total


def as_one(address: str) -> str:
    """The same for all spellings by which the database finds one user, and for a few more: "İ" and "I" are both its "i"."""
    parts = unicodedata.normalize("NFKD", address.strip().casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _password_mark(user: User) -> str:
    """Another one for each password; it says nothing about it, for what is kept of a password is salted."""
    return _digest(f"known device {user.password}")[:20]


def _device_of(request: HttpRequest, name: str, *, passed: bool = False) -> str:
    """The browser's own mark if this user has signed in with it before by the present password (and `passed` the second factor), else empty."""
    try:
        pk, password, device, has_passed = signing.loads(
            request.COOKIES.get(DEVICE_COOKIE, ""), salt=DEVICE_COOKIE, max_age=DEVICE_COOKIE_AGE
        )
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    user = User.objects.filter(pk=pk).first()
    is_theirs = user is not None and as_one(user.email) == as_one(name) and _password_mark(user) == password
    return str(device) if is_theirs and (has_passed or not passed) else ""


def in_words(seconds: int) -> str:
    """How long to wait."""
    if seconds > 90:
        return display.duration(math.ceil(seconds / 60), roughly=True)
    return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}


def mark_known(request: HttpRequest, answer: HttpResponseBase, user: User, *, passed: bool) -> None:
    """
    This browser is `user`'s until the password changes: strangers' failures do not concern it. Known, it stays the same one.

    :param passed: whether it has been let in by a second factor
    """
    device = _device_of(request, user.email) or secrets.token_urlsafe(12)
    mark = signing.dumps([user.pk, _password_mark(user), device, passed], salt=DEVICE_COOKIE)
    answer.set_cookie(
        DEVICE_COOKIE, mark, max_age=DEVICE_COOKIE_AGE, samesite="Lax", secure=settings.HTTPS, httponly=True
    )
