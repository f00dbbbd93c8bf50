"""Django's own, but for choices: which kinds, verbs and reasons there are is their registry's matter, and no column changes."""

from __future__ import annotations

from django.core.management.commands import makemigrations

from store.migrating import Autodetector


class Command(makemigrations.Command):
    autodetector = Autodetector
