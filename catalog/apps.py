from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = _("Catalogue")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import catalog.acts
        import catalog.audit
        import catalog.coupon_acts
        import catalog.rights  # noqa: F401  # makes all of them known
        from catalog.closing import commitments_left
        from catalog.committed import facts_of_commitments
        from catalog.configuration import configuration_words, product_words
        from catalog.price_words import share_words
        from notifications.events import Subject
        from notifications.render import words_for
        from notifications.truth import knows
        from store.races import slower_is_told
        from team.closing import keeps_open

        words_for("product", product_words)
        words_for("configuration", configuration_words)
        words_for("share", share_words)
        slower_is_told(
            coupon_is_not_used_too_often="coupon-used-up", commitments_of_a_customer_never_overlap="committed-already"
        )
        keeps_open(commitments_left)
        knows(Subject.COMMITMENT, facts_of_commitments)
