from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LifecycleConfig(AppConfig):
    name = "lifecycle"
    verbose_name = _("Resources")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import lifecycle.audit  # noqa: F401  # makes its acts known
        from lifecycle.queries import facts_of_resources
        from notifications.events import Subject
        from notifications.truth import knows

        knows(Subject.RESOURCE, facts_of_resources)
