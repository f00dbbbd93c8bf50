"""When things happen, and in which order."""

from __future__ import annotations

from tests.sabotage.rules.where import ACTIONS, COUPONS, INSTANT, MEANWHILE, MONTH_END, ORDERS, RENEWAL
from tests.sabotage.ways import edited, words

TIME = (
    words(
        "lifecycle.services.sweeps:TIME_IN_THE_TRASH_IS_OVER", "purge_at <= %(at)s", "purge_at <= %(at)s + interval '1 minute'",
        f"{INSTANT}::nothing_is_deleted", name="nothing is purged a minute early",
    ),
    words(
        "lifecycle.services.sweeps:TIME_IN_THE_TRASH_IS_OVER", "purge_at <= %(at)s", "purge_at < %(at)s",
        f"{INSTANT}::nothing_is_deleted", name="what is over is purged at its instant",
    ),
    words(
        "lifecycle.services.sweeps:PAID_TIME_IS_OVER", "suspend_at <= %(at)s", "suspend_at <= %(at)s + interval '1 minute'",
        f"{INSTANT}::to_its_last_second", name="paid time is served to its end",
    ),
    words(
        "lifecycle.services.sweeps:EXPIRE", "days_in_trash_after_expiry", "days_in_trash_after_deletion",
        f"{INSTANT}::to_its_last_second", name="what expired is kept as expired resources are",
    ),
    edited(
        "lifecycle.services.trash:remove_resource", "days_in_trash_after_deletion", "days_in_trash_after_expiry",
        f"{INSTANT}::kept_as_long", name="what was deleted is kept as deleted resources are",
    ),
    edited(
        "lifecycle.models.resource:Resource.is_recoverable", "at < self.purge_at", "at <= self.purge_at",
        f"{INSTANT}::too_late", f"{ACTIONS}over_and_late.py::quoted_in_time", name="nothing comes back at the instant of its purge",
    ),
    edited(
        "orders.services.stories.recover:Recover.refusal", "return None if resource.is_recoverable(at) else NotRecoverable", "return None",
        f"{INSTANT}::too_late", name="a recovery that is paid too late gives the money back",
    ),
    edited(
        "orders.services.stories.renew:Renew.refusal", "if resource.paid_until != part.period.starts_at:", "if False:",
        f"{MEANWHILE}::the_end_has_moved", name="a renewal begins where the paid time ends",
    ),
    edited(
        "orders.services.stories.resize:Resize.refusal", "if resource.paid_until != part.period.ends_at:", "if False:",
        f"{ACTIONS}auto_renew_terms.py::on_the_last_morning", name="a resize ends where the paid time ends",
    ),
    edited(
        "orders.services.stories.resize:Resize.refusal", "return ChargeCorrected if", "return None if",
        f"{MEANWHILE}::was_corrected", name="a resize gives back what is charged by then",
    ),
    edited(
        "orders.services.checkout:place_order", "    refuse_stale(quote, at=at)\n", "", f"{ORDERS}::good_for_fifteen_minutes",
        name="a quote is good for fifteen minutes",
    ),
    edited(
        "invoices.services.month_end:plan_run", "if at < month.period.ends_at:", "if False:", f"{MONTH_END}::only_when_it_is_over",
        name="a month is billed when it is over",
    ),
    edited(
        "catalog.services:find_coupon", "at >= coupon.valid_until", "at > coupon.valid_until", f"{COUPONS}::first_instant",
        name="a coupon ends at its instant",
    ),
    edited(
        "catalog.services:find_coupon", "at < coupon.valid_from", "False", f"{COUPONS}::first_instant",
        name="a coupon begins at its instant",
    ),
)  # fmt: skip
ORDER_OF_THINGS = (
    edited(
        "catalog.services:refuse_used_up", "_uses_of(coupon, customer) >= coupon.maximum_uses_per_customer or", "False or",
        f"{COUPONS}::as_often", name="a coupon is used so often by a customer",
    ),
    edited(
        "catalog.services:reserve_coupon", "    refuse_used_up(Coupon.objects.lock(coupon.pk), customer)\n", "",
        f"{COUPONS}::last_use_is_taken", name="a coupon's last use is looked up when it is taken",
    ),
    edited(
        "catalog.services:refuse_used_up", "coupon.uses >= coupon.maximum_uses", "False", f"{COUPONS}::whoever_used_it",
        name="a coupon is used so often in all",
    ),
    edited(
        "catalog.services:return_coupon", ".exclude(state=Redemption.State.RETURNED)", ".none()", f"{COUPONS}::holds_its_use",
        name="an order that ended gives its coupon back",
    ),
    edited(
        "catalog.services:find_coupon", "if allowed and not", "if False and not", f"{COUPONS}::its_products",
        name="a coupon is for its products",
    ),
    edited(
        "catalog.services:find_coupon", "if subtotal < coupon.minimum_order:", "if False:", f"{COUPONS}::its_products",
        name="a coupon has its minimum order",
    ),
    edited(
        "orders.services.checkout:refuse_open_orders", "if item:", "if False:", f"{ORDERS}::only_one_order",
        name="one order at a time for a resource",
    ),
    edited(
        "orders.services.delete:delete_resource", "    refuse_open_orders([resource])\n", "", f"{MEANWHILE}::while_an_order",
        name="nothing is deleted while an order for it waits",
    ),
    edited(
        "orders.services.delete:delete_resource", "    refuse_while_pending(resource)\n", "", f"{MEANWHILE}::while_a_change",
        name="nothing is deleted while a change is carried out",
    ),
    edited(
        "orders.services.checkout:_hold_resources", "        refuse_while_pending(resource)\n", "", f"{MEANWHILE}::while_a_change",
        name="nothing is ordered while a change is carried out",
    ),
    edited(
        "orders.services.delete:purge_resource", "    refuse_open_orders([resource])\n", "", f"{ACTIONS}over_and_late.py::for_good",
        name="nothing is deleted for good while an order would bring it back",
    ),
    edited(
        "orders.services.offers:compute_offer", "    refuse_blocked(customer.pk, action)\n", "",
        f"{ACTIONS}dunning.py::when_orders_are_blocked", name="who owes too long orders nothing",
    ),
    edited(
        "orders.services.checkout:place_order", "if quote.total > 0 and means not in", "if False and means not in",
        f"{ORDERS}::not_given_away", name="what costs something has a means of payment",
    ),
    edited(
        "orders.services.renewal:due_of", "due.hindrance = ChangePending.code", "pass", f"{RENEWAL}::being_changed",
        name="what is being changed is not renewed by itself",
    ),
    edited(
        "invoices.services.release:release", "if parked.state != ParkedBilling.State.PARKED:", "if False:", f"{MEANWHILE}::released_once",
        name="a bill that was held back is released once",
    ),
    edited(
        "invoices.services.release:release", "if parked.resource_id and", "if False and", f"{ACTIONS}held_back.py::of_one_resource",
        name="of one resource nothing is released while all is held",
    ),
)  # fmt: skip
