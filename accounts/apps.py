from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Customers")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import accounts.audit
        import accounts.rights  # noqa: F401  # makes both known
        from store.places import has_pages
        from store.races import slower_is_told

        has_pages("settings", "buyers")
        slower_is_told(one_answer_per_principal_and_key="still-running")
