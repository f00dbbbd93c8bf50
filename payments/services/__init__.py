"""How debts are settled: from the wallet, through gateways, by bank transfer. The only caller of the ledger."""
