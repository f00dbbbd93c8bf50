"""Budgets in the API."""
