from django.urls import path

from budgets.views import balance, budgets

urlpatterns = [
    path("budgets/", budgets.budgets, name="budgets"),
    path("budgets/low-balance/", balance.set_alert, name="balance-alert"),
    path("budgets/<uuid:budget_id>/", budgets.change, name="budget-change"),
    path("budgets/<uuid:budget_id>/cap/", budgets.cap, name="budget-cap"),
    path("budgets/<uuid:budget_id>/readers/", budgets.readers, name="budget-readers"),
    path("budgets/<uuid:budget_id>/last-month/", budgets.last_month, name="budget-last-month"),
    path("budgets/<uuid:budget_id>/remove/", budgets.remove, name="budget-remove"),
]
