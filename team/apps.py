from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TeamConfig(AppConfig):
    name = "team"
    verbose_name = _("Team")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import team.audit
        import team.rights
        import team.ways  # noqa: F401  # makes all three known
        from store.places import has_pages

        has_pages("team", "closing")
