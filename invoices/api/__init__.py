"""Invoices, credit notes, the usage report and debts, as the REST API has them."""
