from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("Notices")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import notifications.acts
        import notifications.audit
        import notifications.provider
        import notifications.recipients
        import notifications.rights  # noqa: F401  # makes all of them known
