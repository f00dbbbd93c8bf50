"""The WSGI application, set up from the environment."""

from .config import Config
from .web import create_app

app = create_app(Config.from_env())
