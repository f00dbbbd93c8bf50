#!/usr/bin/env python
"""Django's command line, with this project's settings."""

import os
import sys

from django.core.management import execute_from_command_line

from stack.refusals import refusals_in_words

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing_portal.settings")
    with refusals_in_words():
        execute_from_command_line(sys.argv)
