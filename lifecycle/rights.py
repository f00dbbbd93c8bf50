"""What staff may do with resources and with what product teams are asked."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from accounts.staff import Staff, declare, show

show("lifecycle", Staff.SUPPORT, Staff.FINANCE, Staff.AUDITOR)

RESTORE_RESOURCE = declare(
    "lifecycle.resource", "restore_resource", _("Can restore a resource from the trash"), Staff.SUPPORT
)
RETRY_REQUEST = declare(
    "lifecycle.provisioningrequest", "retry_request", _("Can retry a parked provisioning request"), Staff.SUPPORT
)
RETRY_PRODUCT = declare(
    "lifecycle.deliverychannel", "retry_product", _("Can have a product's requests tried again now"), Staff.SUPPORT
)
