"""Serve the sandbox: `python -m sandbox [--host 127.0.0.1] [--port 8010]`, settings from the environment."""

from __future__ import annotations

import argparse
import logging

from werkzeug.serving import make_server

from .app import create

parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=8010)
options = parser.parse_args()
logging.getLogger("werkzeug").setLevel(logging.WARNING)
# A thread per request: a fault may hang for half a minute, and the others must not notice.
make_server(options.host, options.port, create(), threaded=True).serve_forever()
