from django.apps import AppConfig


class BillingPortalConfig(AppConfig):
    name = "billing_portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the whole process ask the business clock; nothing is queried here."""
        from billing_portal import clock

        clock.install()
