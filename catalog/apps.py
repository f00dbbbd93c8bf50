from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = _("Catalogue")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import catalog.acts
        import catalog.audit  # noqa: F401  # makes both known
        from catalog.configuration import configuration_words, product_words
        from notifications.render import words_for

        words_for("product", product_words)
        words_for("configuration", configuration_words)
