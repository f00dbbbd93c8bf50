from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ForesightConfig(AppConfig):
    name = "foresight"
    verbose_name = _("Foresight")

    def ready(self) -> None:
        from store.places import has_pages

        has_pages("costs", "outlook", "difference")
