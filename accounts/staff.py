"""What staff may do: four groups, declared here and kept in the database, where staff can be put into them."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_noop as _


class Right(NamedTuple):
    """A task beyond looking at and editing rows, as a permission on the model `on` ("app.model")."""

    on: str
    codename: str
    name: str

    @property
    def permission(self) -> str:
        return f"{self.on.split('.')[0]}.{self.codename}"


SWITCH_BILLING_MODE = Right("accounts.customer", "switch_billing_mode", _("Can switch the billing mode of a customer"))
VIEW_AS_CUSTOMER = Right("accounts.customer", "view_as_customer", _("Can view the portal as a customer does"))
MOVE_CLOCK = Right("accounts.customer", "move_clock", _("Can move the demo clock"))
RECORD_BANK_TRANSFER = Right("payments.payment", "record_bank_transfer", _("Can record a bank transfer"))
CHECK_PAYMENT = Right("payments.payment", "check_payment", _("Can ask the gateway about a payment"))
TAKE_BACK_PAYMENT = Right("payments.payment", "take_back_payment", _("Can book that a payment was taken back"))
SETTLE_PAYMENT = Right("payments.payment", "settle_payment", _("Can decide what became of a payment that is held"))
REQUEST_ADJUSTMENT = Right("payments.payment", "request_adjustment", _("Can ask for a credit adjustment"))
GRANT_CREDIT = Right("payments.payment", "grant_credit", _("Can grant promotional credit"))
APPROVE_MONEY = Right("accounts.staffact", "approve_money", _("Can approve what moves money above a limit"))
REVIEW_ACCESS = Right("accounts.staffact", "review_access", _("Can review what opened a customer's account"))
CORRECT_INVOICE = Right("invoices.invoice", "correct_invoice", _("Can issue a credit note"))
RUN_BILLING = Right("invoices.billingrun", "run_billing", _("Can run and rehearse the month-end"))
RELEASE_BILLING = Right("invoices.parkedbilling", "release_billing", _("Can release a parked billing"))
RESTORE_RESOURCE = Right("lifecycle.resource", "restore_resource", _("Can restore a resource from the trash"))
REPORT_GONE = Right("lifecycle.resource", "report_gone", _("Can report a resource as lost"))
FAIL_PROVISIONING = Right("lifecycle.provisioningrequest", "fail_provisioning", _("Can fail a stuck provisioning"))
RETRY_REQUEST = Right("lifecycle.provisioningrequest", "retry_request", _("Can retry a parked provisioning request"))
RETRY_PRODUCT = Right("lifecycle.deliverychannel", "retry_product", _("Can have a product's requests tried again now"))
RETRY_NOTICE = Right("notifications.notice", "retry_notice", _("Can retry a parked notice"))
REVOKE_CUSTOMER_KEY = Right("accounts.customerkey", "revoke_customer_key", _("Can revoke a customer's API key"))
REOPEN_PRICE = Right("catalog.price", "reopen_price", _("Can let a price go on that was ended by mistake"))
BACK_DATE_PRICE = Right("catalog.price", "back_date_price", _("Can ask for a price of time that has passed"))
REVOKE_PRODUCT_KEY = Right("catalog.productkey", "revoke_product_key", _("Can revoke a product's API key"))

RIGHTS = [value for value in list(globals().values()) if isinstance(value, Right)]

APPS = ("accounts", "catalog", "lifecycle", "invoices", "ledger", "payments", "orders", "notifications")
CATALOGUE = ("product", "item", "price", "discount", "coupon")

SUPPORT = [
    VIEW_AS_CUSTOMER,
    SWITCH_BILLING_MODE,
    CHECK_PAYMENT,
    RESTORE_RESOURCE,
    REPORT_GONE,
    FAIL_PROVISIONING,
    RETRY_REQUEST,
    RETRY_PRODUCT,
    RETRY_NOTICE,
    REVOKE_CUSTOMER_KEY,
    MOVE_CLOCK,
]
FINANCE = [
    SWITCH_BILLING_MODE,
    RECORD_BANK_TRANSFER,
    CHECK_PAYMENT,
    SETTLE_PAYMENT,
    TAKE_BACK_PAYMENT,
    REQUEST_ADJUSTMENT,
    APPROVE_MONEY,
    GRANT_CREDIT,
    CORRECT_INVOICE,
    RUN_BILLING,
    RELEASE_BILLING,
    RETRY_NOTICE,
]


@transaction.atomic
def ensure_staff_groups() -> dict[str, Group]:
    """
    Make the groups support, finance, catalogue and auditor with exactly these rights; run again, it repairs them.

    Auditors see everything and change nothing; the catalogue group sees what is sold and to whom; nobody but superusers
    makes staff, or reviews what opened a customer's account.
    """
    own = {right.permission: _keep(right) for right in RIGHTS}
    rows = Permission.objects.filter(content_type__app_label__in=APPS).select_related("content_type")
    known = {f"{row.content_type.app_label}.{row.codename}": row for row in rows}
    looking = {name for name, row in known.items() if row.codename.startswith("view_") and name not in own}
    customers = {f"accounts.{verb}" for verb in ("change_customer", "add_user", "change_user", "add_customerkey")}
    catalogue = {f"catalog.{verb}_{model}" for model in CATALOGUE for verb in ("add", "change")}
    given = {
        "support": looking | customers | {"accounts.add_customer"} | {right.permission for right in SUPPORT},
        "finance": looking | {right.permission for right in FINANCE},
        "catalogue": {name for name in looking if name.startswith("catalog.")}
        | catalogue
        | {"accounts.view_customer", "catalog.add_productkey"}
        | {right.permission for right in (REVOKE_PRODUCT_KEY, REOPEN_PRICE, BACK_DATE_PRICE)},
        "auditor": looking,
    }
    groups = {}
    for name, permissions in given.items():
        groups[name], _made = Group.objects.get_or_create(name=name)
        groups[name].permissions.set(known[permission] for permission in permissions)
    return groups


def _keep(right: Right) -> Permission:
    app, model = right.on.split(".")
    content_type = ContentType.objects.get_by_natural_key(app, model)
    permission, _made = Permission.objects.update_or_create(
        content_type=content_type, codename=right.codename, defaults={"name": right.name}
    )
    return permission


ON_ROWS = {
    "add": gettext_lazy("add"),
    "change": gettext_lazy("change"),
    "delete": gettext_lazy("delete"),
    "view": gettext_lazy("view"),
}


def permission_words(permission: Permission) -> str:
    """What a permission allows, as people say it: on which rows, or the task."""
    verb, _underscore, rest = permission.codename.partition("_")
    model = permission.content_type.model_class()
    if model is not None and verb in ON_ROWS and rest == model._meta.model_name:
        name = str(model._meta.verbose_name_plural)
        return f"{name[:1].upper()}{name[1:]}: {ON_ROWS[verb]}"
    return gettext(permission.name)
