"""Who may do it, who is held meanwhile, and who finds out."""

from __future__ import annotations

from tests.sabotage.rules.where import ACTIONS, HELD, KEYS, ORDERS, TWO
from tests.sabotage.ways import code, edited

PEOPLE_AND_RIGHTS = (
    edited(
        "orders.services.checkout:place_order", "pk=quote_id, customer=customer", "pk=quote_id", f"{ORDERS}::the_quote_of_a_stranger",
        name="a quote is its customer's",
    ),
    edited(
        "orders.services.stories.base:own_resources", "customer=customer, ", "", f"{ORDERS}::the_resource_of_a_stranger",
        name="a resource is its customer's",
    ),
    edited(
        "accounts.models.keys:ApiKey.working", "filter(revoked_at=None)", "all()", f"{KEYS}::revoked", name="a revoked key opens nothing",
    ),
    edited(
        "accounts.may:allows", "return any(", "return True or any(", "tests/rights/test_every_address.py::test_each_role",
        name="a right that is missing is missed",
    ),
    edited(
        "accounts.access:portal_page", "if not need:", "if False:", "tests/rights/test_roles.py::test_what_declares_nothing",
        name="what a page does not declare is nobody's",
    ),
    edited(
        "accounts.admin.tasks:task_page", "if not task.may_do(signed_in(request), subject):", "if False:", "tests/admin/test_rights.py",
        name="a task of staff asks for its right",
    ),
    edited(
        "accounts.four_eyes:_decide", "if is_own and state in", "if False and state in", f"{TWO}::another_person_carries_it_out",
        name="nobody approves what they asked for",
    ),
    edited(
        "accounts.four_eyes:is_own_act", "return ", "return False and ", f"{TWO}::under_another_address",
        name="nobody becomes another person by another address",
    ),
    edited(
        "accounts.four_eyes:_is_within_limit", "return done + abs(amount) <= limit", "return True", f"{TWO}::parts_of_a_day",
        name="parts of a day add up to the limit of one person",
    ),
    edited(
        "accounts.four_eyes:_is_within_limit", "return done + abs(amount) <= limit", "return True", f"{TWO}::parts_of_a_day",
        name="above the limit somebody else approves",
    ),
    edited(
        "orders.services.switch:switch_billing_mode", "if what := _differences(", "if what := None and _differences(",
        f"{ACTIONS}switch.py::what_changed_before", name="a switch is carried out as it was rehearsed",
    ),
    edited(
        "orders.services.switch:_refuse", "if open_items:", "if False:", f"{ACTIONS}switch.py::while_orders_are_open",
        name="no switch while orders are open",
    ),
)  # fmt: skip
LOCK = ".select_for_update(no_key=True)"
LOCKS = (
    edited("accounts.models.people:CustomerQuerySet.lock", LOCK, "", f"{HELD}", name="the customer is held"),
    edited("catalog.models.coupons:CouponQuerySet.lock", LOCK, "", f"{HELD}::an_order", name="the coupon is held"),
    edited(
        "lifecycle.models.resource:ResourceQuerySet.lock", '.select_for_update(of=("self",), no_key=True)', "", f"{HELD}::stopping",
        name="the resource is held",
    ),
    edited(
        "lifecycle.models.resource:ResourceQuerySet.lock_all", 'self.select_for_update(of=("self",), no_key=True)', "self",
        f"{HELD}::an_order", name="the resources of an order are held",
    ),
    edited(
        "lifecycle.models.provisioning:ProvisioningRequestQuerySet.lock", '.select_for_update(of=("self",), no_key=True)', "",
        f"{HELD}::an_answer", name="the request to a team is held",
    ),
    edited(
        "orders.models.orders:OrderQuerySet.lock", '.select_for_update(of=("self",), no_key=True)', "", f"{HELD}::a_cancellation",
        name="the order is held",
    ),
    edited(
        "payments.models.attempts:PaymentQuerySet.lock", '.select_for_update(of=("self",), no_key=True)', "", f"{HELD}::news",
        name="the payment is held",
    ),
    edited(
        "invoices.models.documents:InvoiceQuerySet.lock_all", '.select_for_update(of=("self",), no_key=True)', "",
        f"{HELD}::paying_invoices", name="the invoices are held",
    ),
    edited(
        "invoices.services.release:release", '.select_for_update(of=("self",))', "", f"{HELD}::a_release",
        name="a bill that is released is held",
    ),
    edited(
        "invoices.services.month_end:work_on_next_chunk", "BillingChunk.objects.select_for_update(skip_locked=True, no_key=True)",
        "BillingChunk.objects", f"{HELD}::a_month_end", name="a chunk of the month end is claimed",
    ),
    edited(
        "invoices.services.month_end:work_on_next_chunk", "Customer.objects.select_for_update(no_key=True)", "Customer.objects",
        f"{HELD}::a_month_end", name="the customers of a chunk are held",
    ),
    edited(
        "invoices.services.month_end:_held", "BillingRun.objects.select_for_update()", "BillingRun.objects", f"{HELD}::a_month_end",
        name="a month end is planned once",
    ),
    edited(
        "accounts.four_eyes:_held", LOCK, "", f"{HELD}::a_second_person", name="an act for two is decided once",
    ),
)  # fmt: skip
AUDIT = (
    code(
        "billing_portal.auditor:_park", lambda *_, **__: None, "tests/jobs/test_looks.py::parks_the_customer",
        name="what the auditor finds parks its customer",
    ),
    edited(
        "billing_portal.auditor:_write_down", "Finding.note(", "str(", "tests/jobs/test_looks.py::parks_the_customer",
        name="what the auditor finds is shown to staff",
    ),
    code(
        "billing_portal.auditor:close_the_books", lambda **_: None, "tests/jobs/test_seals.py", name="every night is closed",
    ),
)  # fmt: skip
