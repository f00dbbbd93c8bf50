"""What staff do with resources and with requests to product teams."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.audit import Verb, tell_customers


class Did(Verb):
    RETRY_REQUEST = "retry request", _("tried a request again")
    TRY_PRODUCT_AGAIN = "try a product again", _("tried a product's system again")
    RESTORE = "restore resource", _("restored a resource")


tell_customers(Did.RESTORE)
