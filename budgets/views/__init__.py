"""Pages about budgets."""
