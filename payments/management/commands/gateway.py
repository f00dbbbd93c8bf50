"""`manage.py gateway check [CODE]`: whether the gateways that are set up can be reached and know us. `list` shows all."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kernel import clock
from payments.gateways import GATEWAYS, UnknownGateway, gateway, open_codes
from payments.gateways.probe import trouble_with


class Command(BaseCommand):
    help = "Ask a gateway something harmless, or list the gateways with the settings that each needs."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        check = acts.add_parser("check")
        check.add_argument("code", nargs="?", help="all that are set up, without it")
        acts.add_parser("list")

    def handle(self, *args: object, act: str = "", code: str | None = None, **options: object) -> None:
        if act == "list":
            self._list()
        else:
            self._check([code] if code else open_codes())

    def _list(self) -> None:
        for code, entry in GATEWAYS.items():
            self.stdout.write(f"{code:<14} {'on' if entry.is_on else 'off':<4} {', '.join(entry.needs)}")

    def _check(self, codes: list[str]) -> None:
        """:raises CommandError: one of them is not set up, or something is wrong with it"""
        troubles = 0
        for code in codes:
            try:
                trouble = trouble_with(gateway(code), at=clock.now())
            except UnknownGateway as unknown:
                needs = f": set {', '.join(GATEWAYS[code].needs)}" if code in GATEWAYS else ""
                raise CommandError(f"{code} is not set up{needs}.") from unknown
            troubles += bool(trouble)
            self.stdout.write(f"{code}: {trouble or 'it answers, and knows us'}")
        if troubles:
            raise CommandError(f"{troubles} of {len(codes)} cannot be used as they are.")
