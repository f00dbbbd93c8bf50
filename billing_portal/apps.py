from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BillingPortalConfig(AppConfig):
    name = "billing_portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the whole process ask the business clock; nothing is queried here."""
        import billing_portal.audit
        import billing_portal.rights  # noqa: F401  # makes both known
        from billing_portal import clock, zone
        from store.rights import grant_rights
        from store.triggers import hold_triggers_always

        clock.install()
        zone.compare_at_first_connection()
        post_migrate.connect(hold_triggers_always, sender=self)
        post_migrate.connect(grant_rights, sender=self)
