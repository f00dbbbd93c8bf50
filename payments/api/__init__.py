"""Payments, the wallet and its history; topping up, paying invoices, bank transfers, linked accounts."""
