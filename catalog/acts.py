"""What staff do to the catalogue, and never alone."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.four_eyes import Act
from accounts.models import StaffAct
from accounts.rights import APPROVE_MONEY
from catalog.models import Item, Price
from catalog.services import back_date_price
from kernel import display
from kernel.actors import Actor
from kernel.shapes import Wording


class BackDatePrice(Act):
    """`facts`: item, unit_price, per_minutes, includes_vat, vat_rate, starts_at. What it will bill nobody knows yet: it always waits."""

    code = "back-date-price"
    label = _("price of time that has passed")
    right = APPROVE_MONEY

    def facts(self, act: StaffAct) -> list[tuple[Wording, object]]:
        asked = act.facts
        item = Item.objects.select_related("product").get(pk=asked["item"])
        return [
            (_("item"), f"{item} ({item.product})"),
            (_("negotiated with"), act.customer or "–"),
            (
                _("unit price"),
                f"{display.rate(Decimal(asked['unit_price']))} {display.SIGN} / {Price.Per(asked['per_minutes']).label}",
            ),
            (_("includes VAT"), _("yes") if asked["includes_vat"] else _("no")),
            (_("VAT rate"), f"{display.rate(100 * Decimal(asked['vat_rate']))} %"),
            (_("valid from"), display.instant(datetime.fromisoformat(asked["starts_at"]))),
        ]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> Price:
        asked = act.facts
        return back_date_price(
            UUID(asked["item"]),
            customer=act.customer,
            unit_price=Decimal(asked["unit_price"]),
            per_minutes=asked["per_minutes"],
            includes_vat=asked["includes_vat"],
            vat_rate=Decimal(asked["vat_rate"]),
            starts_at=datetime.fromisoformat(asked["starts_at"]),
            reason=act.reason,
            actor=actor,
            at=at,
        )
