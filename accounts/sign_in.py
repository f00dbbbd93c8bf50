"""
Guessing passwords is slow: who fails to sign in too often has to wait, a little longer each time.

Counted in the cache (Redis) by user name and by address. Without Redis nobody is held up. A browser that has signed in
before is counted for itself, so no stranger's failures keep its user out.
"""

from __future__ import annotations

import hashlib
import logging
import math
import secrets
import time
from dataclasses import dataclass
from typing import TypeVar

from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from redis.exceptions import RedisError

from accounts.models import User
from kernel import display
from store.senders import network_of

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer", bound=HttpResponseBase)

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


class Attempts:
    """What was tried before with this name, and from this browser or address."""

    def __init__(self, request: HttpRequest, name: str) -> None:
        device = _device_of(request, name)
        self.limits = (
            {f"device:{device}": DEVICE}
            if device
            else {f"name:{_digest(name)}": NAME, f"address:{_digest(network_of(request))}": ADDRESS}
        )
        self.counted = False

    def begin(self) -> int:
        """
        Count one attempt, as failed until `succeed`; answers the seconds to wait if it is too early for it.

        Counting comes first, so that guesses sent at once do not all find the count of before.
        """
        try:
            wait = max(_left(subject) for subject in self.limits) or self._count()
        except RedisError:
            logger.warning("sign-in: nobody is held up, Redis does not answer")
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


class HeldUp(AuthenticationForm):
    """A sign-in form that counts; `retry_after` are the seconds to wait, 0 when the password was looked at."""

    retry_after = 0

    def clean(self) -> dict[str, object]:
        name = self.cleaned_data.get("username")
        if not name or not self.cleaned_data.get("password") or self.request is None:
            return super().clean()
        attempts = Attempts(self.request, name)
        self.retry_after = attempts.begin()
        if self.retry_after:
            logger.warning("sign-in: %s is held up for %s s", network_of(self.request), self.retry_after)
            raise forms.ValidationError(
                _("Too many attempts to sign in failed. Please wait %(span)s, then try again.")
                % {"span": _in_words(self.retry_after)},
                code="throttled",
            )
        cleaned = super().clean()
        attempts.succeed()
        return cleaned


class StaffHeldUp(HeldUp, AdminAuthenticationForm):
    """The same for the staff area."""


def _in_words(seconds: int) -> str:
    if seconds > 90:
        return display.duration(math.ceil(seconds / 60))
    return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}


def answer_sign_in(request: HttpRequest, answer: Answer) -> Answer:
    """The answer of a sign-in page: 429 for who has to wait, the mark of a known browser for who is in."""
    form = (getattr(answer, "context_data", None) or {}).get("form")
    if wait := getattr(form, "retry_after", 0):
        answer.status_code = 429
        answer["Retry-After"] = str(wait)
    elif request.method == "POST" and answer.status_code == 302 and request.user.is_authenticated:
        _mark(answer, request.user)
    return answer


def _mark(answer: HttpResponseBase, user: User) -> None:
    mark = signing.dumps([_digest(user.email), secrets.token_urlsafe(12)], salt=DEVICE_COOKIE)
    answer.set_cookie(
        DEVICE_COOKIE, mark, max_age=DEVICE_COOKIE_AGE, samesite="Lax", secure=settings.HTTPS, httponly=True
    )
