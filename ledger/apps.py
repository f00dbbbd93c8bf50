from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    name = "ledger"
    verbose_name = _("Ledger")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import ledger.rights  # noqa: F401  # makes them known
        from store.races import slower_is_told

        slower_is_told(a_wallet_is_never_negative="insufficient-credit")
