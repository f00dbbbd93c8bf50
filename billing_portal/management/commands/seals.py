"""`manage.py seals`: the head of the sealed history, to be printed or mailed; `--export` writes the chain for an outsider."""

from __future__ import annotations

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandParser

from accounts.models import Seal
from billing_portal.auditor.history import chain


class Command(BaseCommand):
    help = "Print the head of the sealed history, or write the whole chain (see docs/check_seals.py)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--export", type=Path, help="write the chain to this file, a line of JSON for each seal")

    def handle(self, *args: object, export: Path | None = None, **options: object) -> None:
        if export:
            with export.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(seal, ensure_ascii=False) + "\n" for seal in chain())
        self.stdout.write(str(Seal.objects.order_by("-number").first() or "Nothing is sealed yet."))
