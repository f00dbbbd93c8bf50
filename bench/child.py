"""A process that measures one function: `python -m bench.child module:name '{"argument": 1}'`, started by `Worker`."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module

import django
from django.db import connection


def main() -> None:
    """Say that we are ready, wait for the word, answer with what the function returns."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "billing_portal.settings"
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever else is printed is not the answer
    django.setup()
    module, name = sys.argv[1].split(":")
    function = getattr(import_module(module), name)
    connection.ensure_connection()
    print("ready", file=answers, flush=True)
    if sys.stdin.readline():
        result = function(**json.loads(sys.argv[2]))
        print(json.dumps(result), file=answers, flush=True)


if __name__ == "__main__":
    main()
