from django.apps import AppConfig


class BillingPortalConfig(AppConfig):
    name = "billing_portal"
    default_auto_field = "django.db.models.BigAutoField"
