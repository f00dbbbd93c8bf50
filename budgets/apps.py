from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BudgetsConfig(AppConfig):
    name = "budgets"
    verbose_name = _("Budgets")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import budgets.audit
        import budgets.rights  # noqa: F401  # makes both known
        from budgets.closing import end_budgets
        from budgets.services.balance import facts_of_balances
        from budgets.words import budget_words, facts_of_budgets
        from notifications.events import Subject
        from notifications.render import words_for
        from notifications.truth import knows
        from store.places import has_pages
        from store.races import slower_is_told
        from team.closing import ends_with_it

        knows(Subject.BUDGET, facts_of_budgets)
        knows(Subject.BALANCE, facts_of_balances)
        words_for("budget", budget_words)
        ends_with_it(end_budgets)
        has_pages("budgets")
        slower_is_told(one_budget_of_the_same="budget-there")
