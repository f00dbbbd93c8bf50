from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DoorConfig(AppConfig):
    name = "door"
    verbose_name = _("Front door")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import door.audit
        import door.rights
        import door.ways  # noqa: F401  # makes all three known
        from accounts.services.team import when_removed
        from door.documents import PRIVACY_VERSION, applies
        from door.services.sessions import end_sessions
        from store.places import has_pages

        has_pages("privacy", "account_reauthenticate")
        applies("privacy", version=PRIVACY_VERSION, page="privacy")
        when_removed(end_sessions)
