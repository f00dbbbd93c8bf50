from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LifecycleConfig(AppConfig):
    name = "lifecycle"
    verbose_name = _("Resources")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import lifecycle.audit
        import lifecycle.checks
        import lifecycle.rights  # noqa: F401  # makes all three known
        from catalog.queries import counts_uses
        from lifecycle.closing import resources_left
        from lifecycle.queries import facts_of_resources, running_with
        from notifications.events import Subject
        from notifications.truth import knows
        from store.races import slower_is_told
        from team.closing import keeps_open

        knows(Subject.RESOURCE, facts_of_resources)
        counts_uses(running_with)
        keeps_open(resources_left)
        slower_is_told(one_unanswered_request_per_resource="change-pending")
