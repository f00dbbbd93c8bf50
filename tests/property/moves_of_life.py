"""Moves: what customers and staff do with resources."""

from __future__ import annotations

from django.db.models import F

from invoices.models import ParkedBilling
from invoices.services.release import release
from lifecycle.services.running import reboot_resource, set_auto_renew, start_resource, stop_resource
from lifecycle.services.trash import restore_resource
from orders.services.delete import delete_resource, preview_deletion, purge_resource
from payments.services.wallet import wallet_of
from tests.cast import STAFF, owner_of, switch_mode
from tests.property.stage import Stage


class MovesOfLife(Stage):
    def stop(self) -> None:
        resource = self.resource("active")
        self.offered(
            "stop", resource, lambda: stop_resource(resource.pk, actor=owner_of(resource.customer), at=self.at)
        )

    def start(self) -> None:
        resource = self.resource("stop")
        self.offered(
            "start", resource, lambda: start_resource(resource.pk, actor=owner_of(resource.customer), at=self.at)
        )

    def reboot(self) -> None:
        resource = self.resource("active")
        self.offered(
            "reboot", resource, lambda: reboot_resource(resource.pk, actor=owner_of(resource.customer), at=self.at)
        )

    def auto_renew(self) -> None:
        resource, months = self.resource("active", "stop"), self.random.choice([1, 1, 3, None])
        self.offered("auto_renew", resource, lambda: set_auto_renew(
            resource.pk, months=months, actor=owner_of(resource.customer), at=self.at))  # fmt: skip

    def delete(self) -> None:
        resource = self.resource("active", "stop")
        promised = preview_deletion(resource, at=self.at).refund if resource.is_running else 0
        had = wallet_of(resource.customer_id).available
        self.offered(
            "delete", resource, lambda: delete_resource(resource.pk, actor=owner_of(resource.customer), at=self.at)
        )
        self.must(
            wallet_of(resource.customer_id).available == had + promised, "deleting gave back another amount than shown"
        )

    def empty_trash(self) -> None:
        resource = self.resource("suspense")
        self.offered(
            "purge", resource, lambda: purge_resource(resource.pk, actor=owner_of(resource.customer), at=self.at)
        )

    def restore(self) -> None:
        restore_resource(self.resource("suspense").pk, reason="asked for it", actor=STAFF, at=self.at)

    def switch(self) -> None:
        customer = self.customer()
        to = "postpaid" if customer.is_prepaid else "prepaid"
        self.say(f"{customer.name} to {to}")
        switch_mode(customer, to, at=self.at)

    def release_parked(self) -> None:
        for parked in ParkedBilling.objects.filter(state="parked").order_by(F("resource").asc(nulls_first=True), "pk")[
            :1
        ]:
            self.must(parked.cause == ParkedBilling.Cause.OUTLIER, f"billing failed: {parked.reason}")
            release(parked.pk, reason="looked at it", actor=STAFF, at=self.at)
