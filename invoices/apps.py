from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class InvoicesConfig(AppConfig):
    name = "invoices"
    verbose_name = _("Invoices")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import invoices.audit
        import invoices.rights  # noqa: F401  # makes both known
        from catalog.rates import knows_what_is_taxed
        from invoices.attached import files_of_invoices
        from invoices.closing import bills_left
        from invoices.explain import line_words
        from invoices.queries import facts_of_invoices, facts_of_steps
        from invoices.services.ladder import ensure_ladder
        from invoices.vat import mistaxed
        from notifications.events import Subject
        from notifications.files import has_files
        from notifications.render import words_for
        from notifications.truth import knows
        from store.places import has_pages
        from team.closing import keeps_open

        post_migrate.connect(ensure_ladder, sender=self)
        knows(Subject.INVOICE, facts_of_invoices)
        knows(Subject.DUNNING, facts_of_steps)
        words_for("line", line_words)
        has_files(Subject.INVOICE, files_of_invoices)
        keeps_open(bills_left)
        knows_what_is_taxed(mistaxed)
        has_pages("credit-note-pdf", "billing-history", "commitments", "usage-report")
