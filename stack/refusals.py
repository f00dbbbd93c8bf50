"""A setting that cannot work ends a command with its sentence; a trace-back would bury it, and might show a secret."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def refusals_in_words() -> Iterator[None]:
    """End the process with the sentence of an `ImproperlyConfigured`, code 2."""
    from django.core.exceptions import ImproperlyConfigured

    try:
        yield
    except ImproperlyConfigured as refusal:
        print(refusal, file=sys.stderr)
        sys.exit(2)
