"""Pages about paying: invoices with what paid them, payments, the wallet and every movement in it."""
