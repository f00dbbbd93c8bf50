"""The WSGI application, set up from the environment when it is asked for: importing this makes no file and starts nothing."""

from __future__ import annotations

from flask import Flask

from .config import Config
from .web import create_app


def create() -> Flask:
    """For a server that takes a factory: `gunicorn "sandbox.app:create()"`."""
    return create_app(Config.from_env())
