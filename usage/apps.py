from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsageConfig(AppConfig):
    name = "usage"
    verbose_name = _("Use")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import usage.audit
        import usage.rights  # noqa: F401  # makes both known
