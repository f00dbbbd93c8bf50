from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = _("Payments")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import payments.acts
        import payments.audit
        import payments.payer_letters
        import payments.rights  # noqa: F401  # makes all of them known
        from invoices.services.less import gives_back
        from notifications.events import Subject
        from notifications.render import words_for
        from notifications.transfers import asks_for_transfers
        from notifications.truth import knows
        from payments.closing import end_payments, payments_left
        from payments.failures import failure_words
        from payments.gateways.registry import refuse_half_configured
        from payments.payer_letters import facts_of_requests
        from payments.poc import facts_of_poc, products_words, runs_words
        from payments.queries import account_words, facts_of_payments, facts_of_shortages
        from payments.services.by_mail import ask_by_mail
        from payments.services.settle import give_back
        from payments.ways import facts_of_links
        from store.places import has_pages
        from store.races import slower_is_told
        from team.closing import ends_with_it, keeps_open

        refuse_half_configured()
        gives_back(give_back)
        keeps_open(payments_left)
        ends_with_it(end_payments)
        knows(Subject.PAYMENT, facts_of_payments)
        knows(Subject.SHORTAGE, facts_of_shortages)
        knows(Subject.LINK, facts_of_links)
        knows(Subject.REQUEST, facts_of_requests)
        knows(Subject.POC, facts_of_poc)
        words_for("products", products_words)
        words_for("runs", runs_words)
        words_for("names", ", ".join)
        asks_for_transfers(ask_by_mail)
        words_for("account", account_words)
        words_for("returned_to", account_words)
        words_for("failure", failure_words)
        words_for("kept_because", failure_words)
        has_pages(
            "payment",
            "payment-history",
            "monthly-statement",
            "invoice",
            "pay-invoices",
            "wallet",
            "held-credit",
            "credit-history",
            "linked-accounts",
            "payment-requests",
        )
        slower_is_told(one_open_attempt_per_payable="payment-open")
