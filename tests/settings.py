"""
The portal's settings for tests and for mypy: the real ones, from the environment alone, and what makes tests quick.

What a developer keeps in `.env`, or a running portal beside its data, is not read: tests are the same on every machine.
"""

import os
from unittest.mock import patch

os.environ.setdefault("SECRET_KEY", "for tests only, and long enough that Django has nothing to say about it")

with patch("billing_portal.environment.read_files"):
    from billing_portal.settings import *  # noqa: F403
    from billing_portal.settings import INSTALLED_APPS, STORAGES

INSTALLED_APPS = ["demo", *INSTALLED_APPS]  # without its sign-ins on every page
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # hundreds of users are made; none is real
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
STAFF_SECOND_FACTOR = False  # but where a test asks for it
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True  # nothing is collected
