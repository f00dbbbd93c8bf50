"""
The environment as the settings read it: an empty value is no value, and what cannot work is refused with a sentence.

Imported by the settings, so it needs no settings itself. A refusal never repeats a secret.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from kernel.shapes import Json

LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
HOME_ENDINGS = (".localhost", ".local", ".internal", ".lan", ".test", ".home.arpa")
MAIL_BACKENDS = "django.core.mail.backends"
SIGNING_PROVIDERS = ("mailgun", "mailersend")
SHORTEST_KEY = 32
FEWEST_CHARACTERS = 8


class Environment(environ.Env):
    """Takes `NAME=` for not set, so a copy of `.env.example` means the same as no file; and a `$` for a character."""

    def get_value(
        self, var: str, cast: object = None, default: object = environ.Env.NOTSET, parse_default: bool = False
    ) -> object:
        given = self.ENVIRON.get(var)
        if given == "" and default is not self.NOTSET:
            return default
        if given is not None and given.startswith("$"):  # a password, not the name of another variable
            return self.parse_value(given, cast)
        return super().get_value(var, cast, default, parse_default)

    def limits(self, name: str, usual: int, *, by: str = "finance") -> dict[str, int]:
        """
        Amounts by group of staff, "finance=5000000,administrator=0"; unless given, this group and administrators have the usual one.

        :raises ImproperlyConfigured: it is written otherwise
        """
        pairs = [each.partition("=") for each in self.list(name, default=[])]
        if not all(group and amount.isdecimal() for group, _equals, amount in pairs):
            raise ImproperlyConfigured(
                f"{name} cannot be read: groups of staff with whole đồng are written finance=5000000,administrator=0."
            )
        given = {group: int(amount) for group, _equals, amount in pairs}
        return given or dict.fromkeys((by, "administrator"), usual)


def read_files(root: Path) -> None:
    """Add what `.env` says and, before it, what a running `make run` works with; the process' own environment comes first."""
    given = {name: value for name, value in os.environ.items() if value}
    Environment.read_env(root / ".env", overwrite=True)
    data = given.get("DATA_DIR") or os.environ.get("DATA_DIR") or str(root / ".data")
    Environment.read_env(root / data / "stack.env", overwrite=True)
    os.environ.update(given)


def usable_key(key: str) -> str:
    """
    `key`, if it can sign sessions.

    :raises ImproperlyConfigured: there is none, or it can be guessed
    """
    if not key:
        raise ImproperlyConfigured(
            "Set SECRET_KEY: `make env` writes one into .env (and `make run` keeps one beside its data)."
        )
    if len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_CHARACTERS:
        raise ImproperlyConfigured(
            f"SECRET_KEY is too easy to guess: it takes {SHORTEST_KEY} characters or more, {FEWEST_CHARACTERS} of them different. "
            'One is made by: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    return key


def readable_url(name: str, url: str) -> str:
    """
    `url`, if its parts can be told apart.

    :raises ImproperlyConfigured: a password in it holds a character that means something in an address
    """
    try:
        parts = urlsplit(url)
        torn = parts.port == 0 or parts.fragment or "@" in parts.path + parts.query
    except ValueError:
        torn = True
    if torn:
        raise ImproperlyConfigured(
            f"{name} cannot be read as an address. In its password write / as %2F, # as %23, ? as %3F, @ as %40, % as %25"
            + (f", or set {name.removesuffix('_URL')}_PASSWORD as it is." if name != "EMAIL_URL" else ".")
        )
    return url


def database(env: Environment) -> Json:
    """PostgreSQL as DATABASE_URL names it; every statement, lock and idle transaction of ours has an end."""
    found = env.db_url_config(readable_url("DATABASE_URL", env.str("DATABASE_URL", "postgres:///billing_portal")))
    options = found.setdefault("OPTIONS", {})
    found |= {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": options.pop("host", found["HOST"]),  # ?host=/a/socket/folder
        "PASSWORD": env.str("DATABASE_PASSWORD", found["PASSWORD"]),  # as it is; in an address, / # @ are %2F %23 %40
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
    ours = {
        "statement_timeout": env.int("DATABASE_STATEMENT_TIMEOUT_MS", 30_000),
        "lock_timeout": env.int("DATABASE_LOCK_TIMEOUT_MS", 10_000),
        "idle_in_transaction_session_timeout": env.int("DATABASE_IDLE_TIMEOUT_MS", 120_000),
        "cursor_tuple_fraction": 1,  # whoever opens a cursor here reads all of it; the default plans for a tenth
    }
    options |= {
        "connect_timeout": 5,
        "prepare_threshold": 5,  # lets `store.prepared` prepare; Django's own cursors never do
        "options": " ".join(f"-c {name}={value}" for name, value in ours.items()),
    }
    if env.bool("DATABASE_POOL", False):  # for the web process: its threads share connections
        # As many as threads: nobody waits for a connection but while the database is away, and then not for long.
        options["pool"] = {"min_size": 1, "max_size": env.int("DATABASE_POOL_SIZE", 8), "timeout": 3}
        found["CONN_MAX_AGE"] = 0
    return found


def owner(env: Environment, application: str) -> dict[str, str]:
    """
    USER and PASSWORD of who owns the tables, where that is another than who runs the portal.

    :raises ImproperlyConfigured: it is the same
    """
    if not (name := env.str("DATABASE_OWNER", "")):
        return {}
    if name == application:
        raise ImproperlyConfigured("DATABASE_URL names the owner of the tables: the portal runs as somebody else.")
    return {"USER": name, "PASSWORD": env.str("DATABASE_OWNER_PASSWORD", "")}


def mail(env: Environment, *, folder: Path) -> dict[str, object]:
    """Django's EMAIL_... settings: the server that EMAIL_URL names, or files in `folder`."""
    none = {"EMAIL_HOST": "", "EMAIL_PORT": 0, "EMAIL_HOST_USER": "", "EMAIL_HOST_PASSWORD": ""}
    none |= {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False}
    url = env.str("EMAIL_URL", "")
    if not url:
        return none | {"EMAIL_BACKEND": f"{MAIL_BACKENDS}.filebased.EmailBackend", "EMAIL_FILE_PATH": str(folder)}
    found = none | env.email_url_config(readable_url("EMAIL_URL", url))
    if found["EMAIL_BACKEND"] == f"{MAIL_BACKENDS}.smtp.EmailBackend":
        found["EMAIL_BACKEND"] = "notifications.smtp.EmailBackend"  # which has a deadline for the whole of a mail
    return found


def mail_events(env: Environment) -> tuple[str, str]:
    """The mail provider that tells of bounces and complaints, and the key by which it signs them; nothing for neither."""
    provider, key = env.str("MAIL_EVENTS", ""), env.str("MAIL_EVENTS_KEY", "")
    if provider not in {"", *SIGNING_PROVIDERS}:
        raise ImproperlyConfigured(f"MAIL_EVENTS is one of {', '.join(SIGNING_PROVIDERS)}: they sign what they tell.")
    if bool(provider) != bool(key):
        raise ImproperlyConfigured("MAIL_EVENTS and MAIL_EVENTS_KEY belong together: set both, or neither.")
    return provider, key


def with_password(url: str, password: str) -> str:
    """`url` with `password`, whatever its characters are; without one, as it is."""
    if not password:
        return url
    parts = urlsplit(url)
    login, _, place = parts.netloc.rpartition("@")
    user = login.partition(":")[0]
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{place}").geturl()


def host_of(url: str) -> str:
    """As ALLOWED_HOSTS writes it: without a port, an IPv6 address in brackets."""
    host = urlsplit(url).hostname or ""
    return f"[{host}]" if ":" in host else host


def is_at_home(url: str) -> bool:
    """Is this an address that only this machine or its own network reaches."""
    host = host_of(url)
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return "." not in host or host.endswith(HOME_ENDINGS)
    return address.is_private or address.is_loopback or address.is_link_local


def refuse_demo_in_public(public_url: str, parts: Mapping[str, object], *, meant: bool) -> None:
    """
    Whoever shows a demo to the world says so twice: its sign-ins are published, its money is pretended, its clock moves.

    :param parts: what of a demo is on, by the name of its setting
    :raises ImproperlyConfigured: something is, at an address that strangers reach, and it was not `meant`
    """
    found = [name for name, on in parts.items() if on]
    if found and not meant and not is_at_home(public_url):
        raise ImproperlyConfigured(
            f"{public_url} can be reached by strangers, and {' and '.join(found)} "
            f"{'is' if len(found) == 1 else 'are'} set: published sign-ins, pretended money and a clock that moves belong "
            "to a demo. Leave it out; a demo that is really meant for the public also says DEMO_IN_PUBLIC=1."
        )
